"""A header that nobody declared is proposed, shown without personal values, and accepted by a person."""

import datetime
import shutil

import msgspec
import pytest

from tests.sources.sheets import HEADERS, LEDGER, csv, row, xlsx
from tthc import settings
from tthc.errors import UsageError
from tthc.sources import accepted_headers, streams
from tthc.sources.accepted_headers import AcceptedHeader
from tthc.sources.spreadsheets import cell_of, examine, propose, recognise, rows

KNOWN = [LEDGER, *streams.streams().values()]
TODAY = datetime.date(2025, 8, 1)
RENAMED = [
    "Mã công việc",
    "Nội dung",
    "Ngày được giao",
    "Hạn làm xong",
    "Kinh phí (đồng)",
    "Điểm",
    "Số người",
    "Số CCCD",
]


@pytest.fixture
def own_sources(tmp_path, monkeypatch):
    """Let this test write accepted headers into a folder of its own; return it."""
    shutil.copytree(settings.root() / "sources", tmp_path / "sources")
    monkeypatch.setenv("TTHC_ROOT", str(tmp_path))
    return tmp_path / "sources"


def accept(*lines):
    return accepted_headers.accept(
        LEDGER, [AcceptedHeader(by="Trần Văn Duyệt", on=TODAY, **line) for line in lines]
    )


def by_header(proposal):
    return {column.header: column for column in proposal.columns}


def test_renamed_headers_are_proposed_with_a_preview_of_what_may_be_shown():
    body = xlsx([["SỔ VIỆC"], ["STT", *RENAMED, "Người làm việc"], [1, *row("V-1"), "Nguyễn Văn Thử"]])
    found = propose(body, KNOWN)
    assert (found.stream, found.sheet, found.header_row, found.missing) == ("register__thu", "Sổ", 2, ())
    columns = by_header(found)
    assert {header: columns[header].column for header in RENAMED} == dict(
        zip(RENAMED, [c.name for c in LEDGER.staged_columns], strict=True)
    )
    assert columns["Điểm"].is_known and not columns["Mã công việc"].is_known
    assert 0.5 < columns["Hạn làm xong"].likeness < 1
    assert columns["Mã công việc"].preview == ["V-1"] and columns["Mã công việc"].letter == "B"
    assert columns["Số CCCD"].preview is None
    assert columns["Người làm việc"].column is None and columns["Người làm việc"].preview is None
    assert "Nguyễn" not in msgspec.json.encode(found).decode()
    # A proposal loads nothing.
    with pytest.raises(UsageError, match="tthc sources map"):
        list(rows(body, LEDGER))


def test_a_missing_and_an_extra_column_are_told():
    body = csv([[*HEADERS[:-1], "Màu áo"], [*row("V-1")[:-1], "xanh"]])
    found = propose(body, KNOWN)
    assert found.missing == ("Số CCCD",)
    assert by_header(found)["Màu áo"].column is None


def test_a_stream_can_be_named_and_headers_may_stand_in_several_rows():
    body = xlsx(
        [
            ["Mã việc", "Nội dung việc", "Thời gian", None],
            [None, None, "Ngày giao việc", "Hạn xong việc"],
            row("V-1")[:4],
        ]
    )
    found = propose(body, KNOWN, "register__thu")
    assert by_header(found)["Thời gian > Ngày giao việc"].column == "begun_on"
    with pytest.raises(UsageError, match="Không thấy dòng nào"):
        propose(csv([["xyz", "qrs"], ["1", "2"]]), KNOWN, "register__thu")


def test_what_a_person_accepted_is_read_from_then_on(own_sources):
    lines = [RENAMED, row("V-1")]
    body = xlsx(lines)
    assert recognise(csv([["Màu áo", "Cỡ giày"], ["xanh", "40"]]), KNOWN) is None
    path = accept(
        *({"column": c.name, "header": h} for c, h in zip(LEDGER.staged_columns, RENAMED, strict=True))
    )
    assert path == own_sources / "headers" / "register__thu.yaml"
    assert recognise(body, KNOWN) is LEDGER
    (found,) = rows(body, LEDGER)
    assert found.values == dict(zip(HEADERS, [*row("V-1")[:5], "85.5", *row("V-1")[6:]], strict=True))
    assert cell_of(body, LEDGER, "Sổ!2", "due_on") == ("Sổ", 2, "D")
    # What the declaration knows is still known.
    assert recognise(xlsx([HEADERS, row("V-1")]), KNOWN) is LEDGER


def test_each_decision_is_one_reviewed_line_with_its_author_and_day(own_sources):
    accept({"column": "due_on", "header": "Hạn: “xong”, #1"})
    path = accept({"column": "score", "absent": True})
    accept({"column": "due_on", "header": "HẠN XONG, #1"})
    text = path.read_text(encoding="utf-8")
    assert text.count("\n- ") == 2 and "Trần Văn Duyệt" in text and "2025-08-01" in text
    assert accepted_headers.accepted("register__thu") == [
        AcceptedHeader(column="due_on", header="Hạn: “xong”, #1", by="Trần Văn Duyệt", on=TODAY),
        AcceptedHeader(column="score", absent=True, by="Trần Văn Duyệt", on=TODAY),
    ]


def test_a_column_that_may_be_missing_is_empty(own_sources):
    without = [[cell for at, cell in enumerate(line) if at != 5] for line in (HEADERS, row("V-1"))]
    body = csv(without)
    with pytest.raises(UsageError, match="thiếu cột “Điểm”"):
        examine(body, KNOWN)
    accept({"column": "score", "absent": True})
    assert examine(body, KNOWN).row_count == 1
    (found,) = rows(body, LEDGER)
    assert "Điểm" not in found.values and found.values["Số người"] == "3"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"column": "khong_co", "header": "x"}, "không có cột"),
        ({"column": "score", "header": "Ngày giao"}, "đã là của cột"),
        ({"column": "score", "header": " * "}, "phải có chữ"),
        ({"column": "code", "absent": True}, "bắt buộc"),
    ],
)
def test_what_cannot_be_accepted(own_sources, line, said):
    with pytest.raises(UsageError, match=said):
        accept(line)
    with pytest.raises(UsageError, match="tên người quyết định"):
        accepted_headers.accept(LEDGER, [AcceptedHeader(column="score", header="Điểm số", by=" ", on=TODAY)])
    assert not (own_sources / "headers" / "register__thu.yaml").exists()


@pytest.mark.parametrize(
    "text",
    ["- {column: score}", "- {column: score, by: A, on: 2025-01-01}", "- {column: x, header: y, by: A, on: 2025-01-01}",
     "a: [", "- {column: score, header: y, absent: true, by: A, on: 2025-01-01}"],
)  # fmt: skip
def test_a_wrong_file_of_decisions_is_named(own_sources, text):
    path = own_sources / "headers" / "register__thu.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"sources/headers/register__thu\.yaml"):
        examine(csv([HEADERS, row("V-1")]), KNOWN)
