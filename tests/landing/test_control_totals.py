"""What an export says of itself: its totals are held against what was read, its window decides what it covers."""

from datetime import date
from pathlib import Path

import pytest

from demo.exports import payments, portal_dossiers
from demo.exports.tables import workbook
from tthc import cli, flows
from tthc.indicators import definitions
from tthc.reports import reconciliation
from tthc.sources.own_totals import count_in, window_in
from tthc.warehouse import database

TITLE = "DANH SÁCH HỒ SƠ TRÊN CỔNG DỊCH VỤ CÔNG QUỐC GIA"


def dossier(number: int, day: str = "10/07/2025") -> dict[str, str]:
    return {
        "STT": str(number),
        "Mã hồ sơ": f"G22.99-{number:04}",
        "Mã thủ tục": "1.000001",
        "Cơ quan giải quyết": "Phòng Kinh tế",
        "Hình thức nộp": "Trực tuyến",
        "Ngày tiếp nhận": f"{day} 08:00:00",
        "Ngày hẹn trả": "20/07/2025 17:00:00",
        "Trạng thái hồ sơ": "Đang xử lý",
    }


def load(
    folder: Path,
    title: tuple[str, ...],
    rows: list[dict],
    headers=portal_dossiers.HEADERS,
    name: str = "tệp.xlsx",
) -> dict:
    path = folder / name
    path.write_bytes(workbook(title, headers, rows, "Hồ sơ"))
    (done,) = flows.load([str(path)], progress=str)
    return done


def asked(query: str, *arguments) -> list[dict]:
    with database.connection() as connection:
        return connection.execute(query, arguments).fetchall()


def totals(fetch_id: int) -> list[tuple]:
    rows = asked("SELECT * FROM ops.control_totals WHERE fetch_id = %s ORDER BY measure", fetch_id)
    return [(row["measure"], row["said"], row["counted"], row["place"]) for row in rows]


def test_a_row_of_totals_is_kept_and_agrees(warehouse, tmp_path) -> None:
    rows = [dossier(1), dossier(2), {"STT": "Tổng cộng", "Mã hồ sơ": "2"}]
    done = load(tmp_path, (TITLE,), rows)
    assert (done["read"], done["merged"]) == (2, 2)
    assert totals(done["fetch_id"]) == [("rows", 2, 2, "Hồ sơ!5")]
    assert not asked("SELECT FROM ops.incidents WHERE kind = 'control_total'")


@pytest.mark.parametrize(
    ("title", "last"),
    [
        ((TITLE, "Tổng số: 5 hồ sơ"), None),
        ((TITLE,), {"STT": "Tổng số hồ sơ: 5"}),
        ((TITLE,), {"STT": "Tổng cộng", "Trạng thái hồ sơ": "5"}),
        ((TITLE, "Tổng số: 2 hồ sơ"), {"STT": "Cộng", "Mã thủ tục": "5"}),
    ],
)
def test_a_gap_is_told_with_the_numbers_it_touches(warehouse, tmp_path, title, last) -> None:
    rows = [dossier(1), dossier(2, "14/08/2025"), *([last] if last else [])]
    done = load(tmp_path, title, rows)
    ((measure, said, counted, _),) = totals(done["fetch_id"])
    assert (measure, said, counted, done["read"]) == ("rows", 5, 2, 2)
    with database.connection() as connection:
        (gap,) = reconciliation.gaps(connection)
    assert (gap["gap"], gap["months"]) == (-3, ["2025-07", "2025-08"])
    assert {"national_portal_receipt_rate", "two_system_match_rate"} <= set(gap["indicators"])
    declared = definitions.indicators()
    assert all("portal__dossiers" in declared[id].sources for id in gap["indicators"])
    (incident,) = asked("SELECT * FROM ops.incidents WHERE kind = 'control_total'")
    assert "two_system_match_rate" in incident["message"] and "2025-08" in incident["message"]
    # A later export of the same days that agrees heals it, and so does taking the file back.
    rows = [dossier(number) for number in (1, 2, 3)] + [dossier(4, "14/08/2025"), dossier(5, "14/08/2025")]
    later = load(tmp_path, (TITLE, "Tổng số: 5 hồ sơ"), rows)
    assert [
        row["closed_at"] is None for row in asked("SELECT * FROM ops.incidents WHERE kind = 'control_total'")
    ] == [False]
    flows.unload(later["fetch_id"], progress=str)
    flows.unload(done["fetch_id"], progress=str)
    assert not asked("SELECT FROM ops.incidents WHERE kind = 'control_total' AND closed_at IS NULL")
    assert not asked("SELECT FROM marts.control_totals")


def test_sums_are_held_against_their_own_columns(warehouse, tmp_path) -> None:
    def payment(number: int, amount: str) -> dict[str, str]:
        return {
            "STT": str(number),
            "Mã giao dịch": f"GD-{number:04}",
            "Mã hồ sơ": f"H24.12-250701-{number:04}",
            "Số tiền": amount,
            "Trạng thái thanh toán": "Đã thanh toán",
            "Ngày thu phí": "10/07/2025 08:00:00",
        }

    rows = [payment(1, "1.250.000"), payment(2, "50.000"), {"STT": "Tổng cộng", "Số tiền": "1.350.000"}]
    done = load(tmp_path, ("GIAO DỊCH",), rows, headers=payments.HEADERS)
    assert totals(done["fetch_id"]) == [("amount_vnd", 1_350_000, 1_300_000, "Hồ sơ!5")]


@pytest.mark.parametrize(
    ("title", "days", "covers"),
    [
        ("Từ ngày 01/07/2025 đến ngày 31/07/2025", ("10/07/2025", "11/07/2025"), "{[2025-07-01,2025-08-01)}"),
        ("HỒ SƠ THÁNG 7 NĂM 2025", ("10/07/2025", "02/08/2025"), "{[2025-07-01,2025-08-01)}"),
        ("An Hưng, ngày 31 tháng 7 năm 2025", ("10/07/2025", "20/07/2025"), "{[2025-07-10,2025-07-21)}"),
        (
            "Ngày xuất: 31/07/2025",
            ("10/03/2020", "20/07/2025"),
            "{[2020-03-10,2020-03-11),[2025-07-20,2025-07-21)}",
        ),
    ],
)
def test_an_export_covers_its_window_or_the_days_of_its_rows(
    warehouse, tmp_path, title, days, covers
) -> None:
    done = load(tmp_path, (TITLE, title), [dossier(n, day) for n, day in enumerate(days, start=1)])
    (fetch,) = asked("SELECT covers::text FROM ops.fetches WHERE fetch_id = %s", done["fetch_id"])
    (coverage,) = asked("SELECT covered::text FROM core.portal_coverage")
    assert fetch["covers"] == coverage["covered"] == covers
    flows.unload(done["fetch_id"], progress=str)
    assert not asked("SELECT FROM core.portal_coverage")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("(Từ 01/07/2025 - 15/07/2025)", (date(2025, 7, 1), date(2025, 7, 15))),
        ("Từ ngày: 1/7/2025 đến hết ngày 15/7/2025", (date(2025, 7, 1), date(2025, 7, 15))),
        ("Kỳ báo cáo tháng 02/2026", (date(2026, 2, 1), date(2026, 2, 28))),
        ("Từ ngày 31/07/2025 đến ngày 01/07/2025", None),
        ("Từ ngày 32/07/2025 đến ngày 33/07/2025", None),
        ("Tháng 13 năm 2025", None),
        ("Quyết định 766/QĐ-TTg ngày 23 tháng 6 năm 2022", None),
        ("Danh sách hồ sơ", None),
    ],
)
def test_windows_are_read_only_where_one_is_printed(text, days) -> None:
    assert window_in(text) == days


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Tổng số: 1.234 hồ sơ", 1234),
        ("TỔNG CỘNG: 12 giao dịch", 12),
        ("Tổng số hồ sơ: 0", 0),
        ("Tổng cộng", None),
        ("Báo cáo tổng hợp quý 3", None),
        ("Tổng đài 1022", None),
    ],
)
def test_counts_are_read_in_words(text, count) -> None:
    assert count_in(text) == count


def test_the_command_shows_the_gap_beside_the_classes(warehouse, tmp_path, capsys) -> None:
    load(tmp_path, (TITLE, "Tổng số: 3 hồ sơ"), [dossier(1), dossier(2)])
    capsys.readouterr()
    assert cli.main(["reconcile", "2025-07"]) == 0
    said = capsys.readouterr()
    assert "Thiếu ở hệ thống thành phố" in said.out and "G22.99-0001" in said.out
    assert "SỐ TỔNG LỆCH" in said.err and "nguồn ghi 3 dòng" in said.err
    assert cli.main(["reconcile", "2025-07", "--unit", "kinh_te", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("unit_code,class,title,dossier_code") and len(lines) == 3
    assert cli.main(["reconcile", "2025-08"]) == 0
    assert "SỐ TỔNG LỆCH" not in capsys.readouterr().err
    assert cli.main(["reconcile", "2025-07", "--unit", "không-có"]) == 2
    flows.refresh(["2025-07"], progress=str)
    assert cli.main(["explain", "two_system_match_rate", "2025-07", "--draft", "--format", "csv"]) == 0
    assert "missing_in_city" in capsys.readouterr().out
