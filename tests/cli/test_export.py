"""``tthc export``: files that hold what the tables hold, of what analysts may read, and never in secret."""

from datetime import date
from decimal import Decimal

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.sql.cases import insert
from tthc import cli
from tthc.indicators import build, publish
from tthc.reports import parquet
from tthc.warehouse import database
from tthc.workdays import periods


@pytest.fixture
def filled(warehouse, member) -> str:
    """Return the URL of a warehouse with dossiers of this commune and another, and July published."""
    with database.connection(warehouse) as connection:
        insert(
            connection,
            "marts.dossiers",
            [
                {"_times": 25, "dossier_code": "A{n}", "used_working_days": 3, "flags": ["channel_is_known"]},
                {"dossier_code": "B", "alive_through": "2025-07-18", "received_at": "2025-07-10 23:30+07",
                 "pauses": "{[2025-07-11,2025-07-12)}"},
                {"dossier_code": "C", "commune_code": "99999"},
            ],
        )  # fmt: skip
        build.build(connection, periods.parse("2025-07"))
        publish.publish(connection, periods.parse("2025-07"), "Người duyệt", "thử")
    return warehouse


def logged(url: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT accessed_by, action, subject, reason FROM ops.access_log"
        ).fetchall()


def test_an_analyst_reads_back_what_the_tables_hold(filled, member, monkeypatch, tmp_path):
    monkeypatch.setattr(parquet, "BATCH", 10)
    analyst = member(filled, "analyst")
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", analyst)
    assert cli.main(["export", "marts", "--out", str(tmp_path / "ra"), "--reason", "học"]) == 0
    files = {path.name.removesuffix(".parquet"): path for path in (tmp_path / "ra").iterdir()}
    with psycopg.connect(filled) as connection:
        names = connection.execute(
            "SELECT 'marts.' || relname FROM pg_class WHERE relnamespace = 'marts'::regnamespace"
            " AND relkind IN ('r', 'p', 'v') AND NOT relispartition"
        ).fetchall()
        assert sorted(files) == sorted(name for (name,) in names) and len(files) > 15
        for name, path in files.items():
            (count,) = connection.execute(
                f"SELECT count(*) FROM {name} AS t WHERE coalesce(to_jsonb(t) ->> 'commune_code', '11674') = '11674'"
            ).fetchone()
            assert pq.read_metadata(path).num_rows == count, name
        wanted = connection.execute(
            "SELECT count(*), sum(used_working_days), max(received_at), min(received_on), count(outcome),"
            " sum(array_length(flags, 1)) FROM marts.dossiers WHERE commune_code = '11674'"
        ).fetchone()
    table = pq.read_table(files["marts.dossiers"])
    rows = table.to_pylist()
    assert wanted == (
        len(rows),
        sum(row["used_working_days"] or 0 for row in rows),
        max(row["received_at"] for row in rows if row["received_at"]),
        min(row["received_on"] for row in rows),
        sum(row["outcome"] is not None for row in rows),
        sum(len(row["flags"]) for row in rows),
    )
    assert len(rows) == 26 and pq.ParquetFile(files["marts.dossiers"]).num_row_groups == 3
    (closed,) = (row for row in rows if row["dossier_code"] == "B")
    assert closed["alive_through"] == date(2025, 7, 18) and "2025-07-11" in closed["pauses"]
    assert {row["alive_through"] for row in rows if row is not closed} == {None}
    received = table.schema.field("received_on").metadata
    assert received[b"postgres_type"] == b"date" and "nhận" in received[b"comment"].decode()
    assert "hồ sơ" in table.schema.metadata[b"comment"].decode()
    ((who, action, subject, reason),) = logged(filled)
    assert who in analyst and (action, reason) == ("xuất Parquet", "học") and "dossiers" in subject


def test_numbers_keep_their_decimals(filled, tmp_path):
    assert cli.main(["export", "indicators", "--out", str(tmp_path), "--table", "explanations"]) == 0
    with psycopg.connect(filled) as connection:
        wanted = connection.execute("SELECT sum(value), count(*) FROM indicators.explanations").fetchone()
    rows = pq.read_table(tmp_path / "indicators.explanations.parquet").to_pylist()
    assert (sum(row["value"] or Decimal(0) for row in rows), len(rows)) == wanted and wanted[0] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["restricted"], "Lược đồ restricted không xuất ra tệp"),
        (["ops"], "Lược đồ ops không xuất ra tệp"),
        (["marts", "--table", "staff"], "Không có marts.staff"),
    ],
)
def test_what_is_not_for_files_is_refused(filled, tmp_path, capsys, arguments, said):
    assert cli.main(["export", *arguments, "--out", str(tmp_path / "ra")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "ra").exists() and logged(filled) == []


def test_what_analysts_may_not_read_is_not_written_even_by_the_owner(filled, tmp_path, capsys):
    with psycopg.connect(filled) as connection:
        connection.execute("REVOKE SELECT ON marts.officials FROM tthc_analyst")
    assert cli.main(["export", "marts", "--out", str(tmp_path / "ra")]) == 1
    assert "marts.officials" in capsys.readouterr().err
    assert not (tmp_path / "ra").exists() and logged(filled) == []


def test_who_may_not_note_the_export_exports_nothing(filled, member, monkeypatch, tmp_path):
    with psycopg.connect(filled) as connection:
        connection.execute("REVOKE INSERT ON ops.access_log FROM tthc_analyst")
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", member(filled, "analyst"))
    assert cli.main(["export", "marts", "--out", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.parquet")) == []
