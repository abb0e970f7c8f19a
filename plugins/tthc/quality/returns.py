"""Return sheets on their way back: which row of a file that somebody mended is which quarantined row.

A return sheet has the headers of its stream and four of our own. The stream's are read like those of any file;
ours are read here, by the same reader, so that a row is found under the address that it has in staging.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg

from tthc import settings
from tthc.quality.naming import runner
from tthc.sources import spreadsheets
from tthc.sources.contents import Content
from tthc.sources.streams import Column, Stream
from tthc.vietnamese.names import header_key

CASE, REASON, PLACE, MENDER = "Số cách ly", "Lý do trả lại", "Địa chỉ dòng bị trả", "Người sửa"
_OURS = frozenset(header_key(header) for header in (CASE, REASON, PLACE, MENDER))
_NUMBER = re.compile(r"\s*CL\s*-?\s*(\d{1,18})\s*", re.IGNORECASE)
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Claim:
    """What a row of a file says of itself: the number of its case, and who mended it (None when it does not say)."""

    address: str
    case_number: int
    mended_by: str | None


def case_text(number: int) -> str:
    """Return the number of a case as a return sheet shows it: never taken for a count, nor changed by Excel.

    >>> case_text(12)
    'CL-12'
    """
    return f"CL-{number}"


def is_ours(header: str) -> bool:
    """Say whether a header belongs to return sheets, not to a stream."""
    return header_key(header) in _OURS


def is_return_sheet(unknown: Iterable[str]) -> bool:
    """Say whether a file, by its headers that no declaration names, is a return sheet."""
    return header_key(CASE) in {header_key(header) for header in unknown}


def claims_in(body: bytes | Content, unknown: Iterable[str]) -> list[Claim]:
    """Return what the rows of a return sheet say; ``body`` is the file as it is archived.

    A row without a number, or with something else there, claims nothing.
    """
    has_mender = header_key(MENDER) in {header_key(header) for header in unknown}
    claims = []
    for row in spreadsheets.rows(body, _stream(has_mender)):
        number = _NUMBER.fullmatch(row.values.get(CASE) or "")
        if number:
            name = " ".join((row.values.get(MENDER) or "").split())[:_LONGEST_NAME] or None
            claims.append(Claim(f"{row.sheet}!{row.row}", int(number[1]), name))
    return claims


def note_claims(
    connection: psycopg.Connection, stream: Stream, fetch_id: int, claims: list[Claim], by: str | None = None
) -> list[int]:
    """Write down what the rows of a reading claim; return the numbers that are no case of this stream.

    ``by`` mended the rows that do not say who did. Belongs into the transaction that receives the file.
    """
    run = runner(connection)
    rows = run(
        "SELECT quarantine_id FROM ops.quarantine WHERE commune_code = %s AND stream = %s AND quarantine_id = ANY (%s)",
        (settings.commune_code(), stream.stream, [claim.case_number for claim in claims]),
    ).fetchall()
    known = {number for (number,) in rows}
    for claim in claims:
        if claim.case_number in known:
            run(
                "INSERT INTO ops.returned_rows (fetch_id, address, quarantine_id, mended_by)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (fetch_id, claim.address, claim.case_number, claim.mended_by or by),
            )
    return sorted({claim.case_number for claim in claims} - known)


def _stream(has_mender: bool) -> Stream:
    columns = [Column(name="case_number", header=CASE, type="text", required=True)]
    if has_mender:
        columns.append(Column(name="mended_by", header=MENDER, type="text"))
    return Stream(
        stream="returned_rows",
        title="Phiếu trả lại",
        kind="file",
        table="ops.returned_rows",
        key=("case_number",),
        suite="",
        columns=tuple(columns),
    )
