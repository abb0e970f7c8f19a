"""Back to the sender: what is refused goes out as a sheet, comes back mended, and closes exactly its cases."""

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.proof.small_pull import checksums
from tests.streams import harness
from tests.streams.harness import context, demo_file, load
from tests.streams.return_sheet import Sheet
from tthc.flows import desk
from tthc.quality.returns import MENDER, REASON
from tthc.sources import spreadsheets

STREAMS = harness.file_streams()
every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stream)
WHO, WHY = "Trần Văn Kiểm", "trả đơn vị sửa"


def sent_back(stream, tmp_path, **options) -> list[dict]:
    return desk.export(WHO, WHY, stream=stream.stream, out=str(tmp_path / "phiếu"), progress=str, **options)


def quarantine_rows(url: str, where: str = "true") -> list[dict]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(
            f"SELECT * FROM ops.quarantine WHERE {where} ORDER BY quarantine_id"
        ).fetchall()


def data(url: str) -> dict:
    """Return the checksums of everything that is not the ledger."""
    return {table: sums for table, sums in checksums(url).items() if not table.startswith("ops.")}


@every_stream
def test_a_sheet_that_comes_back_as_it_went_changes_nothing(stream, warehouse, tmp_path):
    body, planted = demo_file(stream).broken(context())
    load(tmp_path, "lỗi.xlsx", body)
    before, opened = data(warehouse), quarantine_rows(warehouse)
    assert len(opened) == len(planted) > 0
    number = 0
    for written in sent_back(stream, tmp_path):
        sheet = Sheet(written["path"])
        for row in sheet.rows:
            number += 1
            assert sheet.wrong(row), (row[0].value, sheet.cell(row, REASON).value)
            for header in sheet.wrong(row):
                assert sheet.cell(row, header).comment.text
        told = load(tmp_path, f"{number}.xlsx", sheet.path.read_bytes())
        harness.adds_up(told)
        assert told["quarantined"] == told["read"] == len(sheet.rows) == written["rows"]
    assert number == len(planted)
    assert data(warehouse) == before
    after = quarantine_rows(warehouse)
    assert [(r["quarantine_id"], r["row_hash"], r["state"]) for r in after] == [
        (r["quarantine_id"], r["row_hash"], "open") for r in opened
    ]
    assert {row["seen_count"] for row in after} == {2}
    with psycopg.connect(warehouse) as connection:
        # A few rows picked out of an export say nothing of what else there was on their days.
        assert connection.execute(
            "SELECT count(covers) FROM ops.fetches WHERE fetch_id IN (SELECT fetch_id FROM ops.returned_rows)"
        ).fetchone() == (0,)


@every_stream
def test_a_mended_sheet_closes_the_same_cases(stream, warehouse, tmp_path):
    file = demo_file(stream)
    good = list(spreadsheets.rows(file.write(context()), stream))
    load(tmp_path, "lỗi.xlsx", file.broken(context())[0])
    before, opened = data(warehouse), quarantine_rows(warehouse)
    for number, written in enumerate(sent_back(stream, tmp_path)):
        sheet = Sheet(written["path"])
        for place, row in enumerate(sheet.rows):
            # Somebody finds that the row should have been one that is in the register already.
            for header, text in good[place].values.items():
                sheet.cell(row, header).value = text
            sheet.cell(row, MENDER).value = "Lê Thị Sửa"
        told = load(tmp_path, f"sửa {number}.xlsx", sheet.saved())
        harness.adds_up(told)
        assert (told["quarantined"], told["merged"]) == (0, 0)
    assert data(warehouse) == before
    closed = quarantine_rows(warehouse)
    assert [row["quarantine_id"] for row in closed] == [row["quarantine_id"] for row in opened]
    assert {(row["state"], row["decided_by"]) for row in closed} == {("resolved", "Lê Thị Sửa")}
    assert all(row["closed_fetch_id"] > row["fetch_id"] and row["closed_row_number"] for row in closed)
