"""The readings that the proofs share, and what two warehouses must agree on."""

from __future__ import annotations

from tthc import flows
from tthc.warehouse import database

STREAMS = ["city__progress_events", "city__dossiers"]
BASE = {"at": "2025-07-05T18:00:00+07:00", "from": "2025-07-01", "to": "2025-07-05"}
NEXT = {"at": "2025-09-30T18:00:00+07:00", "from": "2025-07-01", "to": "2025-07-08"}
MONTHS = ["2025-07", "2025-08"]

#: Names and instants of a reading may differ between two runs; what the reading said may not.
_OF_THE_RUN = {"fetch_id", "fetched_at", "row_number", "missing_since", "valid_to"}
_HISTORY = {
    "core.dossier_versions": "dossier_code",
    "core.progress_event_versions": "dossier_code, occurred_at, status, text_key",
    "core.procedure_versions": "procedure_code",
    "core.working_day_versions": "day",
}
_NEWEST = (
    "SELECT DISTINCT ON (commune_code, calendar, period) * FROM indicators.builds"
    " ORDER BY commune_code, calendar, period, build_id DESC"
)
_VALUES = (
    f"SELECT b.calendar, b.period, v.level, v.code, v.indicator, v.numerator, v.denominator, v.value, v.status"
    f" FROM indicators.values AS v INNER JOIN ({_NEWEST}) AS b USING (build_id)"
)
_REVISIONS = (
    "SELECT calendar, period, revision_number, content_hash, approved_by, reason FROM indicators.revisions"
)
_ACCOUNTING = (
    "SELECT stream, kind, window_from, window_to, is_complete, announced_count, read_count, merged_count,"
    " unchanged_count, quarantined_count, superseded_count FROM ops.fetches WHERE state = 'merged'"
)
#: A row that was refused and mended again leaves its resolved line; what is still open is what counts.
_QUARANTINE = "SELECT stream, row_key, row_hash, rules FROM ops.quarantine WHERE state = 'open'"


def read_on(pull: dict[str, str] = NEXT) -> list[dict]:
    """Read and merge the streams for the window of a pull; return the accounting of each."""
    return flows.ingest(STREAMS, pull["from"], pull["to"], progress=str)


def checksums(
    url: str, *, accounting: bool = True, fingerprints: bool = True, commune: str | None = None
) -> dict[str, tuple[int, str]]:
    """Return rows and a checksum of every table of core and marts, of values, revisions and open refusals.

    Numbers and instants that belong to the run are left out; the place in its chain and whether it is in force
    stand for them. ``accounting`` adds that of every merged reading; without ``fingerprints`` the hash of what was
    read is left out, for readings that said the same in other words. ``commune``: only its rows.
    """
    only = f" WHERE commune_code = '{commune}'" if commune else ""
    also = f" AND commune_code = '{commune}'" if commune else ""
    left_out = _OF_THE_RUN if fingerprints else _OF_THE_RUN | {"row_hash"}
    found = {}
    with database.connection(url) as connection:
        columns: dict[str, list[str]] = {}
        for row in connection.execute(
            "SELECT format('%s.%s', c.table_schema, c.table_name) AS name, c.column_name"
            " FROM information_schema.columns AS c INNER JOIN pg_class AS t ON t.relname = c.table_name"
            " AND t.relnamespace = c.table_schema::regnamespace WHERE c.table_schema IN ('core', 'marts')"
            " AND t.relkind IN ('r', 'p') AND NOT t.relispartition ORDER BY 1, c.ordinal_position"
        ):
            columns.setdefault(row["name"], []).append(row["column_name"])
        assert len(columns) > 12, columns
        for name, every in columns.items():
            shown = [each for each in every if each not in left_out or name == "core.procedures_in_force"]
            shown += ["missing_since IS NULL AS is_there"] if "missing_since" in every else []
            if name in _HISTORY:
                order = (
                    f"PARTITION BY commune_code, {_HISTORY[name]} ORDER BY fetched_at, fetch_id, row_number"
                )
                shown += ["valid_to IS NULL AS is_in_force", f"row_number() OVER ({order}) AS place"]
            found[name] = _checksum(connection, f"SELECT {', '.join(shown)} FROM {name}{only}")
        found["indicators.values"] = _checksum(connection, f"{_VALUES}{only}")
        found["indicators.revisions"] = _checksum(connection, f"{_REVISIONS}{only}")
        refused = _QUARANTINE if fingerprints else _QUARANTINE.replace(" row_hash,", "")
        found["ops.quarantine"] = _checksum(connection, f"{refused}{also}")
        if accounting:
            found["ops.fetches"] = _checksum(connection, f"{_ACCOUNTING}{also}")
    return found


def nothing_lost_or_twice(url: str) -> None:
    """Check what no disturbance may break: the equation of every reading, and one version in force of each key."""
    with database.connection(url) as connection:
        merged = connection.execute(
            "SELECT *, merged_count + unchanged_count + quarantined_count + superseded_count AS told,"
            " (SELECT sum(record_count) FROM ops.fetch_pages AS p WHERE p.fetch_id = f.fetch_id) AS received"
            " FROM ops.fetches AS f WHERE state = 'merged'"
        ).fetchall()
        assert merged
        for fetch in merged:
            assert fetch["read_count"] == fetch["told"], fetch
            assert fetch["kind"] == "file" or fetch["read_count"] == fetch["received"], fetch
        for history, key in _HISTORY.items():
            table = history.replace("_versions", "s")
            in_force = connection.execute(
                f"SELECT count(*) AS n, count(DISTINCT (commune_code, {key})) AS keys,"
                f" (SELECT count(*) FROM {table}) AS newest FROM {history} WHERE valid_to IS NULL"
            ).fetchone()
            assert in_force["n"] == in_force["keys"] == in_force["newest"], (history, in_force)


def same(found: dict, expected: dict, why: object) -> None:
    """Fail with the names of the tables that differ."""
    different = [name for name in expected if found[name] != expected[name]]
    assert not different, f"{different} differ: {why}"


def _checksum(connection, query: str) -> tuple[int, str]:
    row = connection.execute(
        f"SELECT count(*) AS n, coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")), '') AS hash"
        f" FROM ({query}) AS t"
    ).fetchone()
    return row["n"], row["hash"]
