"""Readings that are staged by hand, in a prepared warehouse: what the audit and the quarantine work on."""

from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.quality import rule_rows
from tthc.quality.audit import Audit, audit
from tthc.sources.streams import Stream, stream_named
from tthc.vietnamese.names import name_key

VIETNAM = timezone(timedelta(hours=7))
COMMUNE = "11674"
NAMESPACE = UUID("5f0c2b7e-0b1f-4b51-9a53-3f6f1f6f0c11")
KNOWN_PROCEDURE = "1.004944"
LEVEL_2_PROCEDURE = "2.000635"


def moment(text: str) -> datetime:
    """Return ``2025-07-10 08:00`` as an instant in Viet Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


READ_AT = moment("2025-08-01 09:00")

GOOD: dict[str, dict[str, Any]] = {
    "city__dossiers": {
        "dossier_code": "000.00.01.H24-250710-0001",
        "procedure_code": KNOWN_PROCEDURE,
        "procedure_code_as_received": KNOWN_PROCEDURE,
        "channel": "1",
        "status": 10,
        "submitted_at": moment("2025-07-09 16:00"),
        "received_at": moment("2025-07-10 08:00"),
        "due_at": moment("2025-07-20 17:00"),
        "finished_at": moment("2025-07-18 10:00"),
        "handed_over_at": moment("2025-07-18 15:00"),
        "unit_name": "Phòng Kinh tế",
        "unit_key": name_key("Phòng Kinh tế"),
        "components": Jsonb([]),
        "fees": Jsonb([]),
        "supplements": Jsonb([]),
        "results": Jsonb([]),
        "apologies": Jsonb([]),
    },
    "city__progress_events": {
        "dossier_code": "000.00.01.H24-250710-0001",
        "occurred_at": moment("2025-07-10 08:00"),
        "status": 4,
        "text_key": "00000000000000000000000000000001",
        "official_key": "00000000000000000000000000000002",
        "unit_key": name_key("Phòng Kinh tế"),
    },
    "register__procedures": {
        "procedure_code": "1.004944",
        "procedure_name": "Thủ tục để thử",
        "field_name": "Hộ tịch",
        "field_key": name_key("Hộ tịch"),
        "service_level_name": "Toàn trình",
        "deadline_text": "5",
        "gives_result": True,
        "lead_unit_name": "Phòng Kinh tế",
    },
    "register__working_days": {
        "day": date(2025, 9, 2),
        "is_working": False,
        "reason": "Quốc khánh",
        "document": "Bộ luật Lao động 2019, Điều 112",
    },
    **{stream: rows.good for stream, rows in rule_rows.every().items()},
}


class Readings:
    """Stages rows as a reading would have brought them, and judges them."""

    def __init__(self, url: str, connection: psycopg.Connection) -> None:
        self.url = url
        self.connection = connection
        self._uid = 0

    def begin(self, stream: str, read_at: datetime = READ_AT, **fetch: Any) -> int:
        """Open a reading with one archived page; return its number."""
        values = {
            "commune_code": COMMUNE,
            "stream": stream,
            "source": "thử",
            "kind": "window" if stream.startswith("city__") else "file",
            "state": "fetched",
            "fetched_at": read_at,
            "is_complete": True,
        } | fetch
        names = sql.SQL(", ").join(map(sql.Identifier, values))
        places = sql.SQL(", ").join(sql.Placeholder() * len(values))
        fetch_id = self.connection.execute(
            sql.SQL("INSERT INTO ops.fetches ({}) VALUES ({}) RETURNING fetch_id").format(names, places),
            list(values.values()),
        ).fetchone()[0]
        self.window(fetch_id, 1, "complete")
        return fetch_id

    def window(self, fetch_id: int, number: int, state: str, **values: Any) -> None:
        """Add a window to a reading."""
        self.connection.execute(
            "INSERT INTO ops.fetch_windows"
            " (fetch_id, window_number, window_from, window_to, dossier_codes, state)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                fetch_id,
                number,
                values.get("window_from"),
                values.get("window_to"),
                values.get("codes"),
                state,
            ),
        )

    def page(self, fetch_id: int, number: int, first_row: int, count: int, sha256: str) -> None:
        """Add an archived page to a reading."""
        self.connection.execute(
            "INSERT INTO ops.archive_objects (sha256, byte_count, stored_byte_count, codec, key_id)"
            " VALUES (%s, 1, 1, 'thử', 'thử') ON CONFLICT DO NOTHING",
            (sha256,),
        )
        self.connection.execute(
            "INSERT INTO ops.fetch_pages (fetch_id, page_number, window_number, source_page, sha256,"
            " first_row, record_count, byte_count, has_next, answered_at)"
            " VALUES (%s, %s, 1, %s, %s, %s, %s, 1, false, now())",
            (fetch_id, number, number, sha256, first_row, count),
        )

    def stage(
        self, fetch_id: int, stream: str, rows: list[dict[str, Any]], read_at: datetime = READ_AT
    ) -> None:
        """Stage rows, each given by what differs from a good one; the hash follows from the content."""
        for number, changes in enumerate(rows, start=1):
            self._uid += 1
            own = {name: changes[name] for name in changes if name in ("address", "answered_at")}
            content = GOOD[stream] | {name: v for name, v in changes.items() if name not in own}
            text = repr([(name, str(getattr(v, "obj", v))) for name, v in sorted(content.items())])
            values = {
                "fetch_id": fetch_id,
                "row_number": number,
                "row_uid": self._uid,
                "row_hash": uuid5(NAMESPACE, text),
                "answered_at": read_at,
                "unreadable": [],
                **content,
                **own,
            }
            self.connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(*stream_named(stream).staging_table.split(".")),
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join(sql.Placeholder() * len(values)),
                ),
                list(values.values()),
            )

    def judge(
        self, stream: str, rows: list[dict[str, Any]], read_at: datetime = READ_AT, **fetch: Any
    ) -> Audit:
        """Stage rows as a reading of their own and judge it."""
        fetch_id = self.begin(stream, read_at, **fetch)
        self.stage(fetch_id, stream, rows, read_at)
        return audit(self.url, stream_named(stream), fetch_id)

    def verdicts(self, fetch_id: int) -> dict[int, tuple[set[str], set[str]]]:
        """Return (refused, warned) by row number; rows without anything are absent."""
        return {
            number: (set(refused), set(warned))
            for number, refused, warned in self.connection.execute(
                "SELECT row_number, refused, warned FROM staging.verdicts WHERE fetch_id = %s", (fetch_id,)
            )
        }

    def stream(self, name: str) -> Stream:
        """Return a declared stream."""
        return stream_named(name)
