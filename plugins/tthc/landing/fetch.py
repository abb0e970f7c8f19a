"""One reading of a city stream: ask, archive, write down, until nothing is missing or it is known what is.

Days are asked in windows of at most a calendar month, dossier codes in groups. A window is complete when a
page said that none follows and the distinct keys are at least what any of its pages announced. Otherwise it
is read again in halves, down to single days; a day still short after three passes is kept and marked. Where a
city announces no count, a window is complete when two passes met the same keys (all three, if they met none).

Every page is archived and committed before the next is asked for, and how a window ended is committed with
its last page: a reading that is killed goes on where it stood.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date

import psycopg

from tthc import settings
from tthc.errors import Busy, UsageError
from tthc.landing import incidents, ledger
from tthc.landing.archive import Archive
from tthc.landing.completeness import KeysSeen, days_with_rows_before, larger, same_passes
from tthc.landing.due import halves, months
from tthc.landing.due import last_complete as last_complete
from tthc.landing.due import short_days as short_days
from tthc.landing.due import windows_to_read as windows_to_read
from tthc.landing.due import year_is_due as year_is_due
from tthc.sources import dialects
from tthc.sources.streams import Stream

CODES_IN_GROUP = 100
PASSES = 3
SHORT_WINDOW = "short_window"

Progress = Callable[[str], None]


def fetch(
    connection: psycopg.Connection,
    stream: Stream,
    window_from: date | None,
    window_to: date | None,
    *,
    codes: Sequence[str] = (),
    days: Sequence[date] = (),
    kind: str = "window",
    waits: bool = True,
    progress: Progress | None = None,
) -> int:
    """Read a stream of the configured city into the archive; return the fetch_id, now in state ``fetched``.

    Both days are inside; None for both asks for codes only. ``days`` are single days to read besides (those
    of :func:`short_days`). An interrupted reading of the same stream, source, window and kind, not older than
    a day, is continued. ``connection`` is in autocommit. While another process reads this stream it waits,
    and says so; unless it ``waits``, that is Busy.

    Raises Unreachable when the city does not answer (what was read stays, the next call goes on from there),
    TthcError when it refuses.
    """
    if not connection.autocommit:
        raise ValueError("fetch needs a connection in autocommit")
    city = settings.city()
    if city.dialect not in stream.paths and city.dialect in dialects.DIALECTS:
        raise UsageError(
            f"sources/{stream.stream}.yaml chưa có địa chỉ (paths) cho cách đọc “{city.dialect}”."
        )
    client = dialects.client_for(city)
    say = progress or (lambda message: None)
    request = {
        "stream": stream.stream,
        "source": client.source,
        "kind": kind,
        "window_from": window_from,
        "window_to": window_to,
    }
    with _alone(connection, stream, say, waits):
        ledger.leave_old_fetches(connection, stream.stream)
        with connection.transaction():
            fetch_id = ledger.unfinished_fetch(connection, **request)
            if fetch_id is None:
                fetch_id = ledger.begin_fetch(connection, **request)
                if window_from is not None and window_to is not None:
                    for first, last in months(window_from, window_to):
                        ledger.add_window(connection, fetch_id, window_from=first, window_to=last)
            else:
                say(f"{stream.title}: đọc tiếp lần đọc {fetch_id} đang dở.")
            _add_days(connection, fetch_id, days)
            _add_codes(connection, fetch_id, codes, min(CODES_IN_GROUP, client.codes_at_once))
        reading = _Reading(connection, stream, fetch_id, client, city.dialect, say)
        while window := reading.next_window():
            reading.read(window)
        with connection.transaction():
            ledger.finish_fetch(connection, fetch_id)
            _close_incidents(connection, stream, fetch_id)
    return fetch_id


class _Reading:
    """A fetch in progress: what is open in the ledger, and where the next page and row go."""

    def __init__(
        self,
        connection: psycopg.Connection,
        stream: Stream,
        fetch_id: int,
        client: dialects.Client,
        dialect: str,
        say: Progress,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._path = stream.paths[dialect]
        self._fetch_id = fetch_id
        self._client = client
        self._say = say
        self._archive = Archive(settings.archive_url())
        self._split = dialects.record_splitter(dialect)
        pages = ledger.pages_of(connection, fetch_id)
        self._page_number = pages[-1].page_number + 1 if pages else 1
        self._next_row = pages[-1].first_row + pages[-1].record_count if pages else 1

    def next_window(self) -> ledger.Window | None:
        """Return the window to read now, None when all are read."""
        return ledger.next_window(self._connection, self._fetch_id)

    def read(self, window: ledger.Window) -> None:
        """Read one pass over a window from where it stands, and write down how it ended."""
        keys = KeysSeen(self._stream)
        announced: int | None = None
        largest, source_page = 1, 1
        for page in ledger.pages_of(self._connection, self._fetch_id, window.window_number):
            keys.add(self._split(self._archive.get(page.sha256)))
            announced = larger(announced, page.announced_count)
            largest = max(largest, page.record_count)
            source_page = page.source_page + 1
        over = False
        while not over:
            answer = self._ask(window, source_page)
            met_before = len(keys)
            keys.add(self._split(answer.body))
            announced = larger(announced, answer.total_count)
            largest = max(largest, answer.records)
            # A city that never says the end would be read for ever: empty pages, far more than announced, or,
            # where nothing is announced, the same page again.
            if announced is None:
                endless = len(keys) == met_before
            else:
                endless = answer.records == 0 or source_page > 20 + 2 * -(-announced // largest)
            over = not answer.has_next or endless
            stored = self._archive.store(answer.body)
            with self._connection.transaction():
                self._write(window, source_page, answer, stored)
                if over:
                    self._judge(window, keys, announced, end_was_seen=answer.has_next is False)
            self._page_number += 1
            self._next_row += answer.records
            progress = f"trang {source_page}, {_told(len(keys), announced)}"
            self._say(f"{self._stream.title}: {_asked(window)}, {progress}.")
            source_page += 1

    def _ask(self, window: ledger.Window, source_page: int) -> dialects.Page:
        if window.dossier_codes is not None:
            return self._client.codes(self._path, window.dossier_codes, source_page)
        return self._client.window(self._path, window.window_from, window.window_to, source_page)

    def _write(self, window: ledger.Window, source_page: int, answer: dialects.Page, stored) -> None:
        page = ledger.Page(
            fetch_id=self._fetch_id,
            page_number=self._page_number,
            window_number=window.window_number,
            source_page=source_page,
            sha256=stored.sha256,
            first_row=self._next_row,
            record_count=answer.records,
            byte_count=len(answer.body),
            announced_count=answer.total_count,
            has_next=bool(answer.has_next),
            answered_at=answer.answered_at,
        )
        ledger.add_page(self._connection, page, stored)

    def _judge(
        self, window: ledger.Window, keys: KeysSeen, announced: int | None, *, end_was_seen: bool
    ) -> None:
        """Close a window whose pass is over, and plan what must be read again."""
        is_last_pass, distinct = window.pass_number >= PASSES, len(keys)
        is_counted = announced is not None
        if is_counted:
            # Records without a key may stand in for one that is missing: only asking again can tell.
            complete = end_was_seen and keys.reach(announced, surely=not is_last_pass)
        else:
            alike = same_passes(self._connection, self._archive, self._split, self._stream, window, keys)
            # An answer that is empty by mistake looks like an end: it takes one more to be believed.
            complete = end_was_seen and alike >= (2 if distinct else PASSES)
        if window.dossier_codes is not None:
            # A code may be gone from the city; that nothing at all came is worth asking again.
            complete = end_was_seen and (is_last_pass or (complete and distinct > 0))
        elif complete and not distinct:
            complete = not self._had_rows(window)
        again: list[dict] = []
        if complete:
            state = "complete"
        elif (
            window.dossier_codes is None
            and window.window_from < window.window_to
            and (is_counted or is_last_pass or not end_was_seen)
        ):
            state = "split"
            parts = halves(window.window_from, window.window_to)
            again = [{"window_from": first, "window_to": last} for first, last in parts]
        elif not is_last_pass:
            state = "split"
            again = [
                {
                    "window_from": window.window_from,
                    "window_to": window.window_to,
                    "dossier_codes": window.dossier_codes,
                    "pass_number": window.pass_number + 1,
                }
            ]
        else:
            state = "short"
            incidents.open_incident(
                self._connection,
                SHORT_WINDOW,
                _subject(self._stream, window),
                f"{self._stream.title}, {_asked(window)}: sau {PASSES} lượt vẫn chưa đọc đủ "
                f"({_told(distinct, announced)}). Những gì đã nhận được giữ lại, "
                "lần đọc sau sẽ hỏi lại; nếu còn mãi, hỏi bên vận hành hệ thống thành phố.",
            )
        ledger.close_window(self._connection, window, state, announced=announced or 0, distinct=distinct)
        for part in again:
            ledger.add_window(self._connection, self._fetch_id, **part)

    def _had_rows(self, window: ledger.Window) -> bool:
        return bool(
            days_with_rows_before(
                self._connection,
                self._archive,
                self._split,
                self._stream,
                self._fetch_id,
                window.window_from,
                window.window_to,
            )
        )


def _add_days(connection: psycopg.Connection, fetch_id: int, days: Sequence[date]) -> None:
    """Plan single days that no planned window holds."""
    planned = [w for w in ledger.windows_of(connection, fetch_id) if w.window_from is not None]
    for day in sorted(set(days)):
        if not any(window.window_from <= day <= window.window_to for window in planned):
            ledger.add_window(connection, fetch_id, window_from=day, window_to=day)


def _add_codes(connection: psycopg.Connection, fetch_id: int, codes: Sequence[str], at_once: int) -> None:
    """Plan the codes that no planned group holds. The comma separates codes, so none can hold one."""
    groups = [window.dossier_codes or [] for window in ledger.windows_of(connection, fetch_id)]
    planned = {code for group in groups for code in group}
    wanted = [code for code in dict.fromkeys(codes) if code and "," not in code and code not in planned]
    for start in range(0, len(wanted), at_once):
        group = wanted[start : start + at_once]
        ledger.add_window(connection, fetch_id, dossier_codes=group)


def _close_incidents(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> None:
    """Close the incidents of the days, and of the codes, that this reading has completed."""
    windows = ledger.windows_of(connection, fetch_id)
    groups = [window.state for window in windows if window.dossier_codes is not None]
    for subject in incidents.open_subjects(connection, SHORT_WINDOW):
        name, _, what = subject.partition(" ")
        if name != stream.stream:
            continue
        if what == "codes":
            done = "complete" in groups and "short" not in groups
        else:
            day = date.fromisoformat(what)
            done = any(
                window.state == "complete"
                and window.window_from is not None
                and window.window_from <= day <= window.window_to
                for window in windows
            )
        if done:
            because = f"Lần đọc {fetch_id} đã đọc đủ."
            incidents.close_incident(connection, SHORT_WINDOW, subject, because)


def _subject(stream: Stream, window: ledger.Window) -> str:
    what = "codes" if window.dossier_codes is not None else window.window_from.isoformat()
    return f"{stream.stream} {what}"


def _told(distinct: int, announced: int | None) -> str:
    return f"{distinct} bản ghi" if announced is None else f"{distinct}/{announced} bản ghi được báo"


def _asked(window: ledger.Window) -> str:
    if window.dossier_codes is not None:
        return f"{len(window.dossier_codes)} mã hồ sơ"
    if window.window_from == window.window_to:
        return f"ngày {window.window_from:%d/%m/%Y}"
    return f"{window.window_from:%d/%m/%Y}–{window.window_to:%d/%m/%Y}"


@contextmanager
def _alone(connection: psycopg.Connection, stream: Stream, say: Progress, waits: bool) -> Iterator[None]:
    """Hold the right to read this stream of this commune; say so, or raise Busy, while another process holds it."""
    name = f"fetch {settings.commune_code()} {stream.stream}"
    lock = "hashtextextended(%s, 0)"
    (free,) = connection.execute(f"SELECT pg_try_advisory_lock({lock})", (name,)).fetchone()
    if not free:
        if not waits:
            raise Busy(f"{stream.title}: đang có lần đọc khác của xã này.")
        say(f"{stream.title}: đang có lần đọc khác, chờ lần đó xong…")
        connection.execute(f"SELECT pg_advisory_lock({lock})", (name,))
    try:
        yield
    finally:
        # A broken connection has given its lock back already.
        with suppress(psycopg.OperationalError):
            connection.execute(f"SELECT pg_advisory_unlock({lock})", (name,))
