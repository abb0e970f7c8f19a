"""How a file writes dates, numbers and codes: proved by the whole file, or asked, never guessed."""

import datetime

import pytest

from tests.sources.sheets import HEADERS, LEDGER, csv, row, xlsx
from tthc.errors import UsageError
from tthc.sources.spreadsheets import Choices, examine, rows, with_choices
from tthc.sources.streams import streams

KNOWN = [LEDGER, *streams().values()]
DAY = datetime.date


def column(header, lines, choices=None):
    """Return one column of a csv and of a workbook with these rows, which must agree."""
    read = []
    for body in (csv([HEADERS, *lines]), xlsx([HEADERS, *lines])):
        found = rows(with_choices(body, choices) if choices else body, LEDGER)
        read.append([each.values[header] for each in found])
    assert read[0] == read[1]
    return read[0]


def dated(*texts):
    return [row(f"V-{number}", begun_on=text, due_on=None) for number, text in enumerate(texts)]


def test_a_day_comes_before_its_month():
    read = column(
        "Ngày giao", dated("03/04/2025", "13/04/2025", "1.7.2025", "2-7-2025", "ngày 05 tháng 8 năm 2025")
    )
    assert read == ["03/04/2025", "13/04/2025", "1/7/2025", "2/7/2025", "05/8/2025"]
    assert column("Ngày giao", dated("03/04/2025")) == ["03/04/2025"]
    assert column("Ngày giao", dated("08:30, 13/04/2025", "13/04/2025 08:30:00", "2025-04-03")) == [
        "08:30, 13/04/2025",
        "13/04/2025 08:30:00",
        "2025-04-03",
    ]


def test_a_file_that_proves_that_months_come_first_is_read_so_and_says_so():
    lines = dated("04/13/2025", "04/25/2025", "12/31/2025", "03/04/2025")
    assert column("Ngày giao", lines) == ["13/04/2025", "25/04/2025", "31/12/2025", "04/03/2025"]
    (note,) = examine(csv([HEADERS, *lines]), KNOWN).notes
    assert "tháng trước ngày" in note and "C2" in note


@pytest.mark.parametrize(
    "texts",
    [
        ["04/25/2025", "03/04/2025"],
        ["04/25/2025", "25/04/2025", "03/04/2025"],
        ["04/25/2025", "05/26/2025", "06/27/2025", "25/04/2025"],
    ],
)
def test_a_file_that_does_not_prove_it_is_asked(texts):
    body = csv([HEADERS, *dated(*texts)])
    with pytest.raises(UsageError, match="--dates month-first") as caught:
        examine(body, KNOWN)
    assert "C2" in str(caught.value) and "2025" not in str(caught.value)
    with pytest.raises(UsageError, match="--dates month-first"):
        list(rows(body, LEDGER))
    assert examine(body, KNOWN, Choices(dates="day-first")).row_count == len(texts)
    assert column("Ngày giao", dated(*texts), Choices(dates="month-first"))[0] == "25/04/2025"
    assert column("Ngày giao", dated(*texts), Choices(dates="day-first"))[0] == "04/25/2025"


def test_one_mistyped_date_among_many_right_ones_turns_nothing_round():
    lines = dated(*(f"{day}/04/2025" for day in range(13, 20)), "03/04/2025", "04/25/2025")
    assert column("Ngày giao", lines)[-2:] == ["03/04/2025", "04/25/2025"]


def test_dates_that_a_foreign_excel_turned_round_are_asked_about():
    """It made dates of 03/04 (as March 4th) and left 13/04 as a text."""
    lines = [row("V-1", begun_on=DAY(2025, 3, 4)), row("V-2", begun_on="13/04/2025")]
    body = xlsx([HEADERS, *lines])
    with pytest.raises(UsageError, match="--dates swapped") as caught:
        examine(body, KNOWN)
    assert "“Ngày giao”" in str(caught.value) and "Sổ!C2" in str(caught.value)
    read = {
        choice: [each.values["Ngày giao"] for each in rows(with_choices(body, Choices(dates=choice)), LEDGER)]
        for choice in ("swapped", "day-first")
    }
    assert read == {"swapped": ["2025-04-03", "13/04/2025"], "day-first": ["2025-03-04", "13/04/2025"]}
    fine = [
        row("V-1", begun_on=DAY(2025, 3, 4)),
        row("V-2", begun_on=DAY(2025, 3, 20)),
        row("V-3", begun_on="13/04/2025"),
    ]
    assert examine(xlsx([HEADERS, *fine]), KNOWN).row_count == 3


@pytest.mark.parametrize("is_1904", [False, True])
def test_real_dates_and_serial_numbers_of_both_systems(is_1904):
    serial = (DAY(2025, 7, 1) - (DAY(1904, 1, 1) if is_1904 else DAY(1899, 12, 30))).days
    lines = [row("V-1", begun_on=DAY(2025, 7, 1), due_on=serial), row("V-2", begun_on=serial + 0.5, due_on=3)]
    read = [each.values for each in rows(xlsx([HEADERS, *lines], is_1904=is_1904), LEDGER)]
    assert [read[0]["Ngày giao"], read[0]["Hạn xong"]] == ["2025-07-01", "2025-07-01"]
    # 3 is no day that anybody means: it stays what it is, and is refused as a row.
    assert [read[1]["Ngày giao"], read[1]["Hạn xong"]] == ["2025-07-01T12:00:00", "3"]


def test_a_number_like_a_date_is_left_to_whoever_reads_dates():
    assert [
        each.values["Ngày giao"] for each in rows(xlsx([HEADERS, row("V-1", begun_on=20250701)]), LEDGER)
    ] == ["20250701"]


def scored(*texts, amount=None):
    return [row(f"V-{n}", score=text, amount_vnd=amount, people_count=None) for n, text in enumerate(texts)]


def test_dots_group_thousands_when_the_file_says_so():
    assert column("Điểm", scored("1.234", "85,5", "1.234.567,25")) == ["1234", "85.5", "1234567.25"]
    assert column("Điểm", [row("V-1", score="1.234", people_count="2.345")]) == ["1234"]
    assert column("Số người", [row("V-1", people_count="2.345"), row("V-2", people_count="1 234")]) == [
        "2345",
        "1234",
    ]


def test_dots_stand_before_fractions_when_the_file_says_so():
    lines = scored("1.234", "85.5", "0.125", "1,234.5")
    assert column("Điểm", lines) == ["1.234", "85.5", "0.125", "1234.5"]


@pytest.mark.parametrize(
    "lines",
    [
        scored("1.234"),
        scored("1,234", "5"),
        scored("1.234", "85,5", "12.5"),
        [row("V-1", score="85.5", amount_vnd="50.000")],
        [row("V-1", score=None, amount_vnd="50.000", people_count="1,234")],
    ],
)
def test_a_file_that_does_not_say_is_asked(lines):
    body = csv([HEADERS, *lines])
    with pytest.raises(UsageError, match="--thousands dot"):
        examine(body, KNOWN)
    assert examine(body, KNOWN, Choices(thousands="dot")).row_count == len(lines)


def test_what_a_person_chose_is_how_it_is_read():
    assert column("Điểm", scored("1.234"), Choices(thousands="dot")) == ["1234"]
    assert column("Điểm", scored("1.234"), Choices(thousands="comma")) == ["1.234"]


def test_amounts_are_read_as_they_are_written():
    lines = [
        row("V-1", amount_vnd="1.500.000 đ"),
        row("V-2", amount_vnd="50.000"),
        row("V-3", amount_vnd="2500000"),
    ]
    assert column("Kinh phí", lines) == ["1500000đ", "50000", "2500000"]


def test_codes_that_excel_made_numbers_are_given_back_when_that_is_certain():
    lines = [
        row("V-1", card=31085000017), row("V-2", card=123456789), row("V-3", card="031085000017"),
        row("V-4", card=1085000017),
    ]  # fmt: skip
    read = [each.values["Số CCCD"] for each in rows(xlsx([HEADERS, *lines]), LEDGER)]
    assert read == ["031085000017", "123456789", "031085000017", "1085000017"]


def test_codes_whose_digits_are_lost_are_left_out_and_told():
    lines = [row("V-1", card="3.1085E+10"), row(1234567890123456789, card="031085000017"), row("V-3")]
    body = xlsx([HEADERS, *lines])
    assert [(each.values["Mã việc"], each.values["Số CCCD"]) for each in rows(body, LEDGER)] == [
        ("V-1", None),
        (None, "031085000017"),
        ("V-3", "031085000017"),
    ]
    (note,) = examine(body, KNOWN).notes
    assert "2 ô mã" in note and "Sổ!H2" in note and "Sổ!A3" in note and "1085" not in note


def test_spaces_that_nobody_sees_and_letters_in_two_forms():
    names = ["\ufeffMã\u00a0việc", "Nô\u0323i dung viê\u0323c", *HEADERS[2:]]
    body = csv([names, ["\u200bV-1\u00a0", " Rà soát thủ tu\u0323c ", *row("")[2:]]])
    (found,) = rows(body, LEDGER)
    assert (found.values["Mã việc"], found.values["Nội dung việc"]) == ("V-1", "Rà soát thủ tục")
