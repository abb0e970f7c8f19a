"""Readings that a test tells itself: their bodies lie in a real archive, and every later step is the real one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import tuple_row

from tthc import settings
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.warehouse import database

STREAM = "city__dossiers"
#: So many good rows beside the drawn ones, so that a few refused ones stop no batch.
FILLERS = 24


@dataclass(frozen=True)
class Row:
    """What a reading says of a dossier: ``content`` tells versions apart; a bad one is refused."""

    key: str
    content: int
    is_good: bool = True

    def record(self) -> dict[str, Any]:
        """Return it in the words of the city."""
        return {
            "MaHoSo": self.key,
            "MaTTHC": "1.004944",
            "KenhThucHien": str(1 + self.content % 3),
            "TrangThaiHoSo": "4",
            "NgayNopHoSo": "2025-06-30 08:00:00",
            "NgayTiepNhan": "2025-07-01 08:00:00" if self.is_good else "không rõ",
            "NgayHenTra": f"2025-07-{10 + self.content:02} 17:00:00",
            "DonViXuLy": "Phòng Kinh tế",
        }


def fillers(name: str) -> list[Row]:
    """Return the rows that every reading of one scene has besides."""
    return [Row(f"{name}-DAY-{number:02}", 0) for number in range(FILLERS)]


def archived(
    moment: datetime,
    pages: Sequence[Sequence[Row | dict[str, Any]]],
    *,
    kind: str = "window",
    stream: str = STREAM,
    tampered: tuple[bytes, bytes] = (b"", b""),
) -> int:
    """Archive a reading answered at ``moment`` and write it into the ledger as read whole; return its number.

    ``tampered`` are bytes of the bodies, and what stands in their place.
    """
    archive = Archive(settings.archive_url())
    window = {"window_from": date(2025, 1, 1), "window_to": date(2025, 12, 31)}
    with database.connection(autocommit=True, rows=tuple_row) as connection, connection.transaction():
        fetch_id = ledger.begin_fetch(connection, stream=stream, source="share thử", kind=kind, **window)
        ledger.add_window(connection, fetch_id, **window)
        first_row = 1
        for number, rows in enumerate(pages, start=1):
            records = [row.record() if isinstance(row, Row) else row for row in rows]
            body = json.dumps({"data": records, "moment": str(moment)}).encode()
            body = body.replace(*tampered) if tampered[0] else body
            stored = archive.store(body)
            page = ledger.Page(
                fetch_id=fetch_id,
                page_number=number,
                window_number=1,
                source_page=number,
                sha256=stored.sha256,
                first_row=first_row,
                record_count=len(rows),
                byte_count=len(body),
                announced_count=None,
                has_next=number < len(pages),
                answered_at=moment,
            )
            ledger.add_page(connection, page, stored)
            first_row += len(rows)
        (whole,) = ledger.windows_of(connection, fetch_id)
        ledger.close_window(connection, whole, "complete", announced=0, distinct=0)
        ledger.finish_fetch(connection, fetch_id)
    return fetch_id
