"""The national catalogue as the portal exports it: a file for each ministry, its cells as people pasted them."""

import unicodedata
from random import Random

from ..procedures import CATALOGUE, Procedure
from ..stream_file import Context, Expected, Row, StreamFile
from .tables import Bad, Cells, numbered, planted, workbook

STREAM = "portal__procedures"
HEADERS = ("STT", "Mã số", "Tên", "Cơ quan ban hành", "Cơ quan thực hiện", "Lĩnh vực")
#: The demo's own ministries; every other field belongs to the last one.
MINISTRIES = {
    "Bộ Tư pháp": ("Hộ tịch", "Chứng thực", "Hòa giải ở cơ sở", "Nuôi con nuôi"),
    "Bộ Xây dựng": ("Hoạt động xây dựng", "Hạ tầng kỹ thuật", "Quy hoạch đô thị và nông thôn"),
    "Bộ Công an": ("Đăng ký, quản lý cư trú", "Tổ chức cai nghiện ma túy và quản lý sau cai nghiện"),
    "Bộ Nông nghiệp và Môi trường": (),
}
FIRST = "Bộ Tư pháp"
EXECUTING = "Ủy ban nhân dân cấp xã"


def issued_by(ministry: str) -> list[Procedure]:
    """Return the procedures of one ministry, in the order of the catalogue."""
    of_others = {field for fields in MINISTRIES.values() for field in fields}
    fields = MINISTRIES[ministry]
    return [
        procedure
        for procedure in CATALOGUE
        if procedure.field in fields or (not fields and procedure.field not in of_others)
    ]


def rows_of(ministry: str) -> list[Row]:
    """Return the rows of one ministry's file, as the core table holds them."""
    return [
        {
            "procedure_code": procedure.code,
            "name": " ".join(procedure.name.split()),
            "issuing_agency": ministry,
            "executing_agency": EXECUTING,
            "field": procedure.field,
        }
        for procedure in issued_by(ministry)
    ]


def _pasted(rng: Random, text: str) -> str:
    """Return a text as a cell of the portal holds it: untrimmed, broken into lines, sometimes decomposed."""
    roll = rng.random()
    if roll < 0.2:
        text = text.replace(" ", "\n", 1)
    elif roll < 0.3:
        text = text.replace(" ", "\u00a0", 1)
    elif roll < 0.4:
        text = text.replace(" ", "   ", 2)
    if rng.random() < 0.3:
        text = f"  {text}\n "
    return unicodedata.normalize("NFD", text) if rng.random() < 0.3 else text


def _code(rng: Random, code: str) -> str | float:
    """Return a code as text, with a suffix, or as the number that Excel made of it."""
    roll = rng.random()
    if roll < 0.2:
        return float(code)
    return f" {code}" if roll < 0.3 else f"{code}.000.00.00.H24" if roll < 0.4 else code


def cells_of(ministry: str, seed: int) -> list[Cells]:
    """Return the rows of one ministry as the portal writes them."""
    rng = Random(f"{seed}/danh mục/{ministry}")
    return [
        {
            "Mã số": _code(rng, row["procedure_code"]),
            "Tên": _pasted(rng, row["name"]),
            "Cơ quan ban hành": _pasted(rng, row["issuing_agency"]),
            "Cơ quan thực hiện": _pasted(rng, row["executing_agency"]),
            "Lĩnh vực": _pasted(rng, row["field"]),
        }
        for row in rows_of(ministry)
    ]


def _title(ministry: str) -> tuple[str]:
    return (f"DANH SÁCH THỦ TỤC HÀNH CHÍNH - {ministry.upper()}",)


def _book(ministry: str, rows: list[Cells]) -> bytes:
    return workbook(_title(ministry), HEADERS, numbered(rows), "Danh sách")


def rows(context: Context) -> list[Row]:
    """Return the rows of the first ministry's file."""
    return rows_of(FIRST)


def write(context: Context) -> bytes:
    """Return the file of the first ministry; those of the others are in ``more``."""
    return _book(FIRST, cells_of(FIRST, context.seed))


def more(context: Context) -> dict[str, bytes]:
    """Return the files of the other ministries by name."""
    others = [ministry for ministry in MINISTRIES if ministry != FIRST]
    return {
        f"thu_tuc_bo_{number}.xlsx": _book(ministry, cells_of(ministry, context.seed))
        for number, ministry in enumerate(others, start=2)
    }


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the first ministry's file with one row of each mistake between the good ones."""
    good = cells_of(FIRST, context.seed)
    plain: Cells = {
        "Tên": "Thủ tục nhập nhầm",
        "Cơ quan ban hành": FIRST,
        "Cơ quan thực hiện": EXECUTING,
        "Lĩnh vực": "Hộ tịch",
    }
    mistakes: list[Bad] = [
        (plain, "procedure_code_is_valid"),
        (plain | {"Mã số": "TTHC-NB-12"}, "procedure_code_is_valid"),
        (plain | {"Mã số": "9.000001", "Tên": " \n "}, "name_is_given"),
    ]
    mixed, expected = planted(good, mistakes, first_row=3)
    return _book(FIRST, mixed), expected


FILE = StreamFile(STREAM, "thu_tuc_bo_1.xlsx", write, rows, broken, more)
