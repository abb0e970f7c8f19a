"""The way of an evaluation from numbers to sealed sheets: audit, who is missing, the window for objections, the seal.

Nothing here decides for people: what is sealed is what two of them approved, by its hash, after everybody could see
it and object for five working days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.evaluation import cases, entered, sealed, telling
from tthc.evaluation.cases import Gathered
from tthc.evaluation.sealed import Approvals, Subject
from tthc.evaluation.sheets import Sheet
from tthc.vietnamese.instants import ZONE
from tthc.workdays.periods import Period

#: So many working days after the day on which sheets are opened objections are taken.
WINDOW = 5
#: Each line of a sheet is rounded by itself, the total once.
_ROUNDING = Decimal("0.01")


class Missing(NamedTuple):
    """One official of whom points are missing: their own, or items that the head owes."""

    code: str
    lacks_own: bool
    items: tuple[str, ...]


@dataclass(frozen=True)
class Computed:
    """All sheets of a period as they would be opened or sealed now, and what is wrong or missing."""

    gathered: Gathered
    subjects: tuple[Subject, ...]
    content_hash: str
    problems: tuple[str, ...]
    missing: tuple[Missing, ...]
    objections: tuple[dict[str, Any], ...]

    @property
    def unanswered(self) -> list[str]:
        """The codes of objections without an answer."""
        return [one["objection_code"] for one in self.objections if one["answer"] is None]

    @property
    def provisional_count(self) -> int:
        """How many sheets stand on numbers that are not whole."""
        return sum(one.sheet["is_provisional"] for one in self.subjects)


def compute(connection: psycopg.Connection, period: Period, by: str, reason: str) -> Computed:
    """Return the sheets of everybody, audited. Reading them leaves a line in ``ops.access_log`` first."""
    if period.kind not in ("quarter", "year"):
        raise UsageError(f"Chỉ đánh giá theo quý hoặc năm, ví dụ 2025-Q3, 2025; không phải {period.label}.")
    found = cases.gather(connection, period, subject="mọi người", by=by, reason=reason)
    subjects = tuple(
        sealed.subject(telling.told(sheet)) for sheet in (*found.units.values(), *found.people.values())
    )
    objections = tuple(entered.objections(connection, period))
    return Computed(
        found,
        subjects,
        sealed.content_hash(subjects),
        (*audit(connection, found), *_of_nobody(found, objections)),
        missing(found),
        objections,
    )


def audit(connection: psycopg.Connection, found: Gathered) -> list[str]:
    """Return what cannot be right: sums, ranges, somebody missing, somebody twice, points that cannot count."""
    wrong = [
        text for sheet in (*found.units.values(), *found.people.values()) for text in audit_of_sheet(sheet)
    ]
    judged = cases.rules_of(found.persons, found.period)
    wrong += [
        f"{one.code}: có quãng công tác trong kỳ mà không có phiếu."
        for one in found.persons
        if one.staff_kind in judged and one.code not in found.people
    ]
    period = {"commune": settings.commune_code(), "first": found.period.start, "last": found.period.end}
    wrong += [
        f"Đơn vị {row['unit_code']}: đang hoạt động mà không có phiếu."
        for row in connection.execute(_UNITS, period)
        if row["unit_code"] not in found.units
    ]
    wrong += [
        f"{row['official_code']}: hai quãng công tác chồng ngày nhau trong kỳ; sửa sổ cán bộ."
        for row in connection.execute(_TWICE, period)
    ]
    applied = sorted({free.exemption_code for one in found.persons for free in one.exempted})
    wrong += [
        f"Miễn trừ {row['exemption_code']}: người duyệt {row['approver_code']} không có quãng công tác vào ngày duyệt."
        for row in connection.execute(_STRANGERS, {**period, "applied": applied})
    ]
    twice = Counter((one.level_of, one.code) for one in (*found.units.values(), *found.people.values()))
    wrong += [f"{code}: có {count} phiếu." for (_, code), count in twice.items() if count > 1]
    return [*wrong, *found.problems]


def audit_of_sheet(sheet: Sheet) -> list[str]:
    """Return what is wrong with the arithmetic of one sheet, worked out again from what it tells."""
    told = telling.told(sheet)
    lines = [line for line in told["items"] if line["state"] != "đứng ngoài"]
    tolerance = _ROUNDING * max(len(lines), 1)
    wrong = []
    for line in lines:
        if line["points"] is not None and not 0 <= line["points"] <= line["weight"]:
            wrong.append(f"mục {line['item']} được {line['points']} trên {line['weight']} điểm")
    weights = sum((line["weight"] for line in lines), Decimal(0))
    if lines and abs(weights - 100) > tolerance:
        wrong.append(f"các mục cộng lại {weights} điểm, không phải 100")
    least, most = told["points_least"], told["points_most"]
    if not 0 <= least <= most <= 100:
        wrong.append(f"điểm từ {least} đến {most}, ngoài 0 đến 100")
    off = told["deducted_points"] if sheet.rules.deductions.is_counted else Decimal(0)
    got = sum((line["points"] for line in lines if line["points"] is not None), Decimal(0))
    owed = sum((line["weight"] for line in lines if line["points"] is None), Decimal(0))
    # A group that takes deductions stops at nothing, so a total may be more than what is left of it.
    for name, total, whole in (("ít nhất", least, got), ("nhiều nhất", most, got + owed)):
        if not whole - off - tolerance <= total <= whole + tolerance or (
            not off and abs(total - whole) > tolerance
        ):
            wrong.append(f"tổng {name} là {total}, các mục cộng lại {whole}, trừ {off}")
    return [f"{told['code']}: {text}." for text in wrong]


def _of_nobody(found: Gathered, objections: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {*found.units, *found.people}
    return [
        f"Khiếu nại {one['objection_code']}: người hoặc đơn vị ấy không có phiếu trong kỳ."
        for one in objections
        if (one["official_code"] or one["unit_code"]) not in known
    ]


def missing(found: Gathered) -> tuple[Missing, ...]:
    """Return of whom points are missing, among those who are rated."""
    gaps = []
    for code, sheet in found.people.items():
        if not sheet.is_rated or sheet.person is None:
            continue
        items = tuple(line.item.code for line in sheet.waiting)
        if items or not sheet.person.self_scored:
            gaps.append(Missing(code, not sheet.person.self_scored, items))
    return tuple(gaps)


def open_window(
    connection: psycopg.Connection,
    found: Computed,
    by: str,
    *,
    opened_on: date | None = None,
    missing_reason: str | None = None,
) -> dict[str, Any]:
    """Keep the sheets as people are shown them and begin to take objections; return the run. Safe to repeat: the same
    sheets are opened once, others begin a window of their own.

    ``opened_on``: sheets were shown on a day before today, which the run then says. Raises TthcError while something is
    wrong, or while points are missing and nobody said why to go on.
    """
    refuse_wrong(found)
    _refuse_missing(found, missing_reason)
    day = opened_on or today()
    if day > today():
        raise UsageError(f"Ngày mở khiếu nại {day:%d/%m/%Y} còn chưa tới.")
    period = found.gathered.period
    sealed.lock(connection, period)
    last, newest = (sealed.run(connection, period, state) for state in ("opened", "sealed"))
    is_open = last is not None and (newest is None or last["version"] > newest["version"])
    # What is shown already goes on being shown: to run this again on another day begins no other window.
    if is_open and last["content_hash"] == found.content_hash and opened_on in (None, last["opened_on"]):
        return last
    return sealed.write(
        connection,
        period,
        "opened",
        found.subjects,
        revision=_revision(found),
        window=(day, last_day(connection, day)),
        made_by=by,
        missing=[list(one) for one in found.missing],
        missing_reason=missing_reason if found.missing else None,
        objection_count=len(found.objections),
    )


def opened(connection: psycopg.Connection, period: Period) -> dict[str, Any]:
    """Return the open run of a period; raise TthcError when none is open."""
    last, newest = (sealed.run(connection, period, state) for state in ("opened", "sealed"))
    if last is None or (newest is not None and last["version"] <= newest["version"]):
        raise TthcError(
            f"Kỳ {period.label} chưa mở cho xem và khiếu nại: mở bằng “tthc score open {period.label} --by …”"
            " hoặc DAG score_period."
        )
    return last


def last_day(connection: psycopg.Connection, day: date) -> date:
    """Return the last day on which objections are taken; raise TthcError when the calendar does not reach it."""
    found = connection.execute(
        "SELECT marts.working_day_after(%s, %s, %s) AS day", (settings.commune_code(), day, WINDOW)
    ).fetchone()["day"]
    if found is None:
        raise TthcError(
            f"Chưa công bố lịch làm việc cho {WINDOW} ngày làm việc sau ngày {day:%d/%m/%Y}: nạp ngày nghỉ, ngày"
            " làm bù vào luồng register__working_days rồi chạy lại."
        )
    return found


def ready(
    connection: psycopg.Connection, found: Computed, missing_reason: str | None = None
) -> dict[str, Any]:
    """Return the open run when everything is there to seal; raise TthcError that says what is not.

    The window is over, every objection has its answer, nothing is wrong, and what is missing was accepted.
    """
    run = opened(connection, found.gathered.period)
    if today() <= run["closes_on"]:
        raise TthcError(
            f"Còn trong thời hạn khiếu nại: mở ngày {run['opened_on']:%d/%m/%Y}, nhận đến hết ngày"
            f" {run['closes_on']:%d/%m/%Y}. Chạy lại sau ngày ấy."
        )
    if found.unanswered:
        raise TthcError(
            f"Còn {len(found.unanswered)} khiếu nại chưa trả lời. Trả lời, ghi vào sổ khiếu nại"
            " (register__objections), nạp sổ rồi chạy lại; xem: tthc score check."
        )
    refuse_wrong(found)
    _refuse_missing(found, missing_reason or run["missing_reason"])
    return run


def seal(
    connection: psycopg.Connection,
    found: Computed,
    by: str,
    approvals: Approvals,
    *,
    content_hash: str | None = None,
    missing_reason: str | None = None,
) -> dict[str, Any]:
    """Seal the sheets as the next version of the period; return the run. The same content is not sealed twice.

    ``content_hash`` is what the two approved: raises TthcError when the sheets are no longer those.
    """
    refuse_one_person(approvals)
    period = found.gathered.period
    sealed.lock(connection, period)
    if content_hash is not None and content_hash != found.content_hash:
        raise TthcError(
            "Phiếu đã đổi từ khi được duyệt (sổ hoặc số công bố vừa đổi): xem lại, duyệt lại từ đầu."
        )
    newest = sealed.run(connection, period, "sealed")
    if newest is not None and newest["content_hash"] == found.content_hash:
        return newest
    run = ready(connection, found, missing_reason)
    return sealed.write(
        connection,
        period,
        "sealed",
        found.subjects,
        revision=_revision(found),
        window=(run["opened_on"], run["closes_on"]),
        made_by=by,
        missing=[list(one) for one in found.missing],
        missing_reason=(missing_reason or run["missing_reason"]) if found.missing else None,
        objection_count=len(found.objections),
        opened_run_id=run["score_run_id"],
        approvals=approvals,
    )


def refuse_one_person(approvals: Approvals) -> None:
    """Raise UsageError unless two different people approved, each with words."""
    first, second = (" ".join(name.split()).casefold() for name in (approvals.first_by, approvals.second_by))
    if not first or not second:
        raise UsageError("Niêm phiếu cần hai người duyệt: bên tổng hợp và bên quyết định.")
    if first == second:
        raise UsageError(
            f"Hai lần duyệt đều là {approvals.first_by}: người tổng hợp và người quyết định phải là hai người."
        )
    if not approvals.first_reason.strip() or not approvals.second_reason.strip():
        raise UsageError("Mỗi lần duyệt cần một lời (lý do).")


def moved(
    connection: psycopg.Connection, found: Computed, run: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return what differs between the sheets of a run and those of now; all of them without a run."""
    before = {} if run is None else sealed.sheets(connection, run)
    return sealed.differences(before, {one.key: sealed.restored(one.sheet) for one in found.subjects})


def today() -> date:
    """Return the day in Viet Nam."""
    return datetime.now(ZONE).date()


def refuse_wrong(found: Computed) -> None:
    """Raise TthcError when anything cannot be right; it says how much, and where to see what."""
    if found.problems:
        raise TthcError(
            f"Kiểm lại phiếu thấy {len(found.problems)} điều không đúng, nên dừng ở đây. Xem từng điều:"
            f" tthc score check {found.gathered.period.label} --by …; sửa ở sổ hoặc số liệu gốc rồi chạy lại."
        )


def _refuse_missing(found: Computed, reason: str | None) -> None:
    if found.missing and not (reason or "").strip():
        own = sum(one.lacks_own for one in found.missing)
        heads = sum(bool(one.items) for one in found.missing)
        raise TthcError(
            f"Còn thiếu: {own} người chưa tự chấm, {heads} người chưa đủ điểm của người đứng đầu. Nạp sổ chấm điểm"
            " (register__assessments) rồi chạy lại, hoặc tiếp tục khi thiếu và nói vì sao. Xem là ai:"
            f" tthc score check {found.gathered.period.label} --by …"
        )


def _revision(found: Computed) -> Mapping[str, Any]:
    if found.gathered.revision is None:
        raise TthcError(f"Kỳ {found.gathered.period.label} chưa công bố: chỉ mở và niêm từ số đã công bố.")
    return found.gathered.revision


_UNITS = "SELECT unit_code FROM core.units WHERE commune_code = %(commune)s AND is_active ORDER BY sort_order"
#: Who approved an exemption that counts, without being at a post on that day.
_STRANGERS = """
SELECT e.exemption_code, a.approver_code
FROM core.exemptions AS e
CROSS JOIN LATERAL (
    VALUES (e.first_approver_code, e.first_approved_on), (e.second_approver_code, e.second_approved_on)
) AS a (approver_code, approved_on)
WHERE
    e.commune_code = %(commune)s AND e.exemption_code = ANY (%(applied)s)
    AND NOT EXISTS (
        SELECT FROM restricted.staff AS s
        WHERE
            s.commune_code = e.commune_code AND s.kind = 'posting'
            AND lower(s.official_code) = lower(a.approver_code)
            AND a.approved_on BETWEEN s.starts_on AND coalesce(s.ends_on, 'infinity')
    )
ORDER BY e.exemption_code, a.approver_code
"""
_TWICE = """
SELECT DISTINCT a.official_code
FROM restricted.staff AS a
INNER JOIN restricted.staff AS b
    ON b.commune_code = a.commune_code AND b.official_code = a.official_code AND b.kind = a.kind
    AND b.starts_on > a.starts_on AND b.starts_on <= coalesce(a.ends_on, 'infinity')
WHERE
    a.commune_code = %(commune)s AND a.kind = 'posting'
    AND b.starts_on <= %(last)s AND coalesce(a.ends_on, 'infinity') >= %(first)s
ORDER BY a.official_code
"""
