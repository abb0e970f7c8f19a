"""The desk on a small register of tasks: sent back, mended, still wrong, taken back; and what it leaves behind."""

import os
import stat
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.proof.untouched import everything, files_in
from tests.streams.return_sheet import Sheet
from tthc import flows, settings
from tthc.errors import UsageError
from tthc.flows import desk
from tthc.quality.returns import CASE, MENDER, PLACE, REASON
from tthc.sources.streams import stream_named

TASKS = stream_named("register__tasks")
HEADERS = [column.header for column in TASKS.staged_columns]
GOOD = {
    "Mã nhiệm vụ": "NV-01", "Nội dung nhiệm vụ": "Ban hành kế hoạch", "Loại việc": "Nhiệm vụ", "Nguồn giao": "KH 07",
    "Đơn vị thực hiện": "Phòng Kinh tế", "Ngày giao": "03/03/2025", "Hạn hoàn thành": "25/03/2025",
    "Trạng thái": "Đang thực hiện",
}  # fmt: skip
CANARY = "Hoàng-Văn-Chim-Yến"
WHO, WHY = "Trần Văn Kiểm", "trả đơn vị sửa"


@pytest.fixture
def office(warehouse, tmp_path):
    """Return what loads rows of the register, sends refused ones back, and looks at the ledger."""
    return Office(warehouse, tmp_path)


class Office:
    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self._files = url, folder, 0

    def load(self, *rows: dict, by: str | None = None) -> dict:
        lines = [";".join(HEADERS)]
        lines += [";".join(GOOD.get(h, "") if h not in row else row[h] for h in HEADERS) for row in rows]
        return self.load_bytes("\n".join(lines).encode("utf-8-sig"), by=by)

    def load_bytes(self, body: bytes, by: str | None = None) -> dict:
        self._files += 1
        path = self.folder / f"{self._files}.xlsx"
        path.write_bytes(body)
        (told,) = flows.load([str(path)], progress=str, by=by)
        return told

    def send_back(self, **options) -> list[Sheet]:
        out = options.pop("out", str(self.folder / "phiếu"))
        written = desk.export(WHO, WHY, out=out, progress=str, **options)
        return [Sheet(each["path"]) for each in written]

    def rows(self, statement: str) -> list[dict]:
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(statement).fetchall()

    def cases(self) -> list[tuple]:
        found = self.rows("SELECT * FROM ops.quarantine ORDER BY quarantine_id")
        return [(row["quarantine_id"], row["state"], row["decided_by"]) for row in found]

    def tasks(self) -> dict[str, str]:
        return {row["task_code"]: row["unit_code"] for row in self.rows("SELECT * FROM core.tasks")}


def many(*wrong: dict) -> list[dict]:
    """Return good rows enough for the batch to pass, then the wrong ones."""
    good = [{"Mã nhiệm vụ": f"NV-{n:02}"} for n in range(10, 10 + 5 * len(wrong))]
    return [*good, *wrong]


def test_a_row_without_a_key_is_mended_under_its_own_number(office):
    office.load(*many({"Mã nhiệm vụ": "", "Nội dung nhiệm vụ": "Việc quên mã"}))
    ((case, *_),) = office.cases()
    before = office.tasks()
    (sheet,) = office.send_back()
    (row,) = sheet.rows
    assert row[0].value == f"CL-{case}"
    assert sheet.wrong(row) == ["Mã nhiệm vụ"]
    assert "Đặt cho việc một mã riêng" in sheet.cell(row, "Mã nhiệm vụ").comment.text
    assert sheet.cell(row, PLACE).value == "dòng 7"
    assert "mã nhiệm vụ" in sheet.cell(row, REASON).value
    sheet.cell(row, "Mã nhiệm vụ").value = "NV-77"
    sheet.cell(row, MENDER).value = " Lê  Thị Sửa "
    told = office.load_bytes(sheet.saved())
    assert (told["read"], told["merged"], told["quarantined"]) == (1, 1, 0)
    assert office.tasks() == before | {"NV-77": "kinh_te"}
    (closed,) = office.rows("SELECT * FROM ops.quarantine")
    assert (closed["state"], closed["decided_by"], closed["closed_row_number"]) == (
        "resolved",
        "Lê Thị Sửa",
        1,
    )
    assert closed["closed_fetch_id"] == told["fetch_id"]
    assert closed["decided_at"].date() == datetime.now(closed["decided_at"].tzinfo).date()
    # Both versions can be opened: the refused one and the mended one.
    assert office.rows("SELECT count(*) AS n FROM ops.fetch_pages")[0]["n"] >= 2
    assert office.rows("SELECT * FROM ops.incidents") == []

    flows.unload(told["fetch_id"], progress=str)
    assert office.tasks() == before
    assert office.cases() == [(case, "open", None)]


def test_the_inbox_takes_a_mended_sheet_like_any_file(office):
    office.load(*many({"Mã nhiệm vụ": "", "Trạng thái": "Gần xong"}))
    (sheet,) = office.send_back()
    (row,) = sheet.rows
    assert sheet.wrong(row) == ["Mã nhiệm vụ", "Trạng thái"]
    sheet.cell(row, "Mã nhiệm vụ").value, sheet.cell(row, "Trạng thái").value = "NV-55", "Chưa thực hiện"
    sheet.cell(row, MENDER).value = "Lê Thị Sửa"
    inbox = Path(settings.inbox_url())
    inbox.mkdir(parents=True)
    (inbox / "phiếu đã sửa.xlsx").write_bytes(sheet.saved())
    os.utime(inbox / "phiếu đã sửa.xlsx", (1_750_000_000, 1_750_000_000))
    assert flows.inbox("payments__transactions", progress=str) == []
    (fetch_id,) = flows.inbox("register__tasks", progress=str)
    assert flows.take_in(fetch_id, progress=str)["merged"] == 1
    assert [entry[1:] for entry in office.cases()] == [("resolved", "Lê Thị Sửa")]
    assert flows.inbox("register__tasks", progress=str) == []


def test_what_is_still_wrong_keeps_its_case_open_beside_what_is_mended(office):
    wrong = [{"Mã nhiệm vụ": "", "Nội dung nhiệm vụ": f"Việc {n}"} for n in range(3)]
    office.load(*many(*wrong))
    numbers = [number for number, *_ in office.cases()]
    (sheet,) = office.send_back()
    for place, row in enumerate(sheet.rows):
        sheet.cell(row, MENDER).value = "Lê Thị Sửa"
        if place != 1:
            sheet.cell(row, "Mã nhiệm vụ").value = f"NV-7{place}"
        else:
            # Another mistake in place of the first.
            sheet.cell(row, "Mã nhiệm vụ").value = "NV-71"
            sheet.cell(row, "Trạng thái").value = "Gần xong"
    told = office.load_bytes(sheet.saved())
    assert (told["merged"], told["quarantined"]) == (2, 1)
    *old, (newest, state, _) = office.cases()
    assert [entry[1:] for entry in old] == [("resolved", "Lê Thị Sửa")] * 3
    assert state == "open"
    (still,) = office.rows(f"SELECT * FROM ops.quarantine WHERE quarantine_id = {newest}")
    assert (still["case_id"], still["row_key"]) == (numbers[1], "NV-71")

    # The next sheet carries the number that the unit knows already.
    (again,) = office.send_back()
    (row,) = again.rows
    assert row[0].value == f"CL-{numbers[1]}"
    assert again.wrong(row) == ["Trạng thái"]
    again.cell(row, "Trạng thái").value = "Đang thực hiện"
    last = office.load_bytes(again.saved(), by="Phạm Văn Nạp")
    assert last["merged"] == 1
    assert {(state, by) for _, state, by in office.cases()} == {
        ("resolved", "Lê Thị Sửa"),
        ("resolved", "Phạm Văn Nạp"),
    }
    flows.unload(last["fetch_id"], progress=str)
    assert [n for n, state, _ in office.cases() if state == "open"] == [newest]
    flows.unload(told["fetch_id"], progress=str)
    assert [n for n, state, _ in office.cases() if state == "open"] == numbers


def test_nothing_mended_leaves_the_case_as_it_is(office):
    office.load(*many({"Trạng thái": "Gần xong"}))
    ((case, *_),) = office.cases()
    (sheet,) = office.send_back()
    told = office.load_bytes(sheet.path.read_bytes())
    assert (told["read"], told["quarantined"]) == (1, 1)
    assert office.cases() == [(case, "open", None)]


def test_a_number_of_nobody_is_told_and_the_row_is_loaded(office, tmp_path, capsys):
    office.load(*many({"Trạng thái": "Gần xong"}))
    (sheet,) = office.send_back()
    (row,) = sheet.rows
    row[0].value = "CL-999999"
    sheet.cell(row, "Trạng thái").value = "Đang thực hiện"
    sheet.cell(row, "Mã nhiệm vụ").value = "NV-99"
    said = []
    path = tmp_path / "x.xlsx"
    path.write_bytes(sheet.saved())
    (told,) = flows.load([str(path)], progress=said.append)
    assert told["merged"] == 1
    assert any("CL-999999" in line for line in said)
    assert [state for _, state, _ in office.cases()] == ["open"]


def test_a_good_file_of_the_same_key_closes_the_case_too(office):
    office.load(*many({"Trạng thái": "Gần xong"}))
    told = office.load({})
    assert office.cases()[0][1:] == ("resolved", "tthc")
    flows.unload(told["fetch_id"], progress=str)
    assert office.cases()[0][1:] == ("open", None)


def test_a_sheet_is_for_its_owner_and_leaves_a_line_in_the_log(office):
    wrong = {"Mã nhiệm vụ": "", "Nội dung nhiệm vụ": CANARY}
    office.load(*many(wrong, wrong | {"Đơn vị thực hiện": "Phòng Lạ"}, {"Trạng thái": CANARY}))
    before = files_in(office.folder)
    sheets = office.send_back(unit="phòng kinh tế")
    assert [len(sheet.rows) for sheet in sheets] == [2]
    (unknown,) = office.send_back(unit="không rõ đơn vị")
    assert len(unknown.rows) == 1
    for sheet in (*sheets, unknown):
        assert stat.S_IMODE(sheet.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(sheet.path.parent.stat().st_mode) == 0o700
        assert CANARY in str([[cell.value for cell in row] for row in sheet.rows])
    new = {Path(name) for name, *_ in files_in(office.folder) - before}
    assert new == {sheet.path for sheet in (*sheets, unknown)}
    first, second = office.rows("SELECT * FROM ops.access_log ORDER BY access_id")
    assert (first["accessed_by"], first["reason"], first["action"]) == (WHO, WHY, "quarantine.export")
    numbers = [number for number, *_ in office.cases()]
    assert first["subject"] == (
        f"register__tasks · Phòng Kinh tế · 2 dòng: {numbers[0]}, {numbers[2]}"
        f" · sha256:{sha256(sheets[0].path.read_bytes()).hexdigest()}"
    )
    assert "không rõ đơn vị · 1 dòng" in second["subject"]
    # The value stands nowhere but in the sheets and in the encrypted archive.
    with psycopg.connect(office.url) as connection:
        for (table,) in connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname IN ('ops', 'core', 'marts', 'staging')"
        ).fetchall():
            assert not connection.execute(
                f"SELECT FROM {table} AS t WHERE t::text LIKE %s LIMIT 1", (f"%{CANARY}%",)
            ).fetchall(), table


@pytest.mark.parametrize("place", ["state", "archive", "inbox", "root"])
def test_a_sheet_never_lies_where_it_must_not(office, place):
    folder = {
        "state": settings.state, "archive": settings.archive_url, "inbox": settings.inbox_url, "root": settings.root,
    }[place]()  # fmt: skip
    office.load(*many({"Trạng thái": "Gần xong"}))
    before = everything(office.url)
    with pytest.raises(UsageError, match="--out"):
        office.send_back(out=str(Path(folder) / "a" / ".." / "b"))
    assert everything(office.url) == before


def test_a_sheet_needs_a_person_a_reason_and_a_known_unit(office):
    office.load(*many({"Trạng thái": "Gần xong"}))
    for by, reason in (("", "x"), ("x", " ")):
        with pytest.raises(UsageError, match="--by"):
            desk.export(by, reason, out=str(office.folder))
    with pytest.raises(UsageError, match="kinh_te"):
        office.send_back(unit="Phòng Không Có")
    assert office.send_back(unit="van_phong") == []
    assert office.rows("SELECT * FROM ops.access_log") == []


def test_headers_of_ours_are_no_unknown_columns(office):
    office.load(*many({"Trạng thái": "Gần xong"}))
    (sheet,) = office.send_back()
    assert [*sheet.headers][:3] == [CASE, REASON, PLACE]
    assert [*sheet.headers][3:-1] == HEADERS
    sheet.cell(sheet.rows[0], "Trạng thái").value = "Đang thực hiện"
    office.load_bytes(sheet.saved())
    assert office.rows("SELECT * FROM ops.incidents") == []
