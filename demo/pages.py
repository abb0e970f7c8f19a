"""One page of an answer in any dialect, disturbed by whatever trouble its turn brings."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from . import canary, dates, opencps, share
from .broken_answers import broken
from .dossier import decode, encode
from .native import Asked
from .snapshot import Row

if TYPE_CHECKING:
    from .server import Desk

#: Nothing that is kept is among them: an answer without one of these still says the same.
DROPPABLE_FIELDS = ("GhiChu", "TenLinhVuc", "ThongTinTra", "TrichYeuHoSo", "ChucDanh", "Fax")


def answer(desk: Desk, speech: ModuleType, kind: str, query: Mapping[str, str]) -> Response:
    """Return the answer of one address; ``speech`` is the module of its dialect."""
    question = speech.asked(kind, query)
    # The names that the sharing API's troubles were always drawn by.
    spoken = kind if speech is share else f"{speech.__name__.rpartition('.')[2]} {kind}"
    troubles, name = desk.troubles, f"{spoken}?{sorted(query.items())}"
    attempt = troubles.next_attempt(name)
    body = encode(_page(desk, speech, spoken, question, name, attempt))
    trouble = troubles.transport(name, attempt, has_tokens=speech is not opencps)
    if trouble:
        return broken(
            trouble, body, desk.clock.now().replace(tzinfo=dates.VIETNAM), troubles.part(name, attempt, 2)
        )
    return Response(body, media_type="application/json; charset=utf-8")


def _page(desk: Desk, speech: ModuleType, spoken: str, question: Asked, name: str, attempt: int) -> dict:
    """Return the envelope of one page."""
    snapshot, kind, start, size = desk.snapshot(), question.kind, question.start, question.size
    if question.codes:
        found = snapshot.codes(kind, question.codes)
    else:
        found = snapshot.window(kind, question.first, question.last)
    rows = found.by_update() if question.by_update else found.rows
    troubles, row_count, total = desk.troubles, len(rows), found.total
    end = row_count if size is None else start + size
    shown = rows[start:end]
    if shown and not question.codes:
        window = (spoken, question.first, question.last)
        key, one_day = repr(window), question.first == question.last

        def wrong(kind: str) -> bool:
            return troubles.content(kind, name, attempt, key, one_day)

        if wrong("empty_data"):
            if troubles.part(name, attempt, 2):
                return speech.silent()
            return speech.envelope(question, [], min(row_count, end), total)
        if speech is opencps and end < row_count and wrong("lost_end"):
            shown = rows[start:]
        elif start == 0 and end < row_count and wrong("shifting_pages"):
            # The newest have not arrived yet: this page starts further down, the next one repeats its end.
            late = 1 + troubles.part(name, attempt, 20)
            shown, total = rows[late : late + end], max(0, total - late)
        if wrong("moving_total"):
            total += 1 + troubles.part(name, attempt, 9) if start == 0 else -1
    items = [msgspec.Raw(speech.body(kind, body)) for body in _disturbed(desk, shown, name, attempt)]
    return speech.envelope(question, items, row_count, total)


def _disturbed(desk: Desk, rows: list[Row], name: str, attempt: int) -> list[bytes]:
    """Return the bodies of ``rows`` with at most one record repeated, widened or narrowed; the truth
    comes last."""
    troubles = desk.troubles
    bodies = [row.body for row in rows]
    if not rows:
        return bodies
    place = troubles.part(name, attempt, len(rows))
    if troubles.record("unknown_field", name, attempt):
        record = decode(bodies[place])
        record["TruongMoi2026"] = canary.PHONE
        for part in record.get("TaiLieuNop") or ():
            part["NguoiKyMoi"] = canary.NAME
        bodies[place] = encode(record)
    if troubles.record("missing_field", name, attempt):
        record = decode(bodies[place])
        for field in DROPPABLE_FIELDS:
            record.pop(field, None)
        bodies[place] = encode(record)
    if rows[place].is_clean and troubles.record("repeat_record", name, attempt):
        record = decode(bodies[place])
        other = {"TrangThaiHoSo": "4", "NgayHenTra": record.get("NgayTiepNhan"), "KenhThucHien": "3"}
        bodies.insert(place, encode(record | other if "NgayTiepNhan" in record else record))
    return bodies
