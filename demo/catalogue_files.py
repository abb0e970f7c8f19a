"""The two registers that every commune begins with: its catalogue of procedures and its working calendar."""

from datetime import date, timedelta

from . import registers
from .exports.tables import Bad, Cells, comma_separated, planted, workbook
from .procedures import CATALOGUE, NO_DEADLINE
from .spelling import folded
from .stream_file import Context, Expected, Row, StreamFile
from .units import NAMES

_TITLE = ("DANH MỤC TTHC THUỘC THẨM QUYỀN CỦA UBND XÃ AN HƯNG",)
_DAYS = ("Ngày", "Làm việc", "Lý do", "Văn bản")
#: An invented calendar of a year that nobody has published: every second Monday off, one Saturday worked for it.
_YEAR, _NOTICE = 2028, "Lịch mẫu, không phải thông báo thật"


def _procedure_cells() -> list[Cells]:
    return [
        dict(zip(registers.HEADERS, registers.cells(procedure, row), strict=True))
        for row, procedure in enumerate(CATALOGUE, start=2)
    ]


def _procedures(context: Context) -> list[Row]:
    found = []
    for row, procedure in enumerate(CATALOGUE, start=2):
        field = registers.retyped(procedure.field, row)
        found.append(
            {
                "procedure_code": procedure.code,
                "name": procedure.name,
                "field": field,
                "field_key": folded(field),
                "service_level": procedure.level,
                "deadline_working_days": procedure.deadline if isinstance(procedure.deadline, int) else None,
                "has_no_deadline": procedure.deadline == NO_DEADLINE,
                "gives_result": procedure.gives_result,
                "unit_name": NAMES[procedure.unit],
            }
        )
    return found


def _write_procedures(context: Context) -> bytes:
    return workbook(_TITLE, registers.HEADERS, _procedure_cells(), "Danh mục")


def _broken_procedures(context: Context) -> tuple[bytes, list[Expected]]:
    good = _procedure_cells()
    mistakes: list[Bad] = [
        (good[0] | {"Mã TTHC": "ANHUNG-01"}, "procedure_code_is_valid"),
        (good[1] | {"Mã TTHC": "9.000001", "Tên TTHC": None}, "name_is_given"),
        (good[2] | {"Mã TTHC": "9.000002", "Mức độ DVC": "Mức độ 4"}, "service_level_is_known"),
        (good[3] | {"Mã TTHC": "9.000003", "Thời hạn (ngày làm việc)": "năm ngày"}, "deadline_is_known"),
    ]
    mixed, expected = planted(good, mistakes, first_row=len(_TITLE) + 2)
    return workbook(_TITLE, registers.HEADERS, mixed, "Danh mục"), expected


def _days(context: Context) -> list[Row]:
    mondays = [date(_YEAR, 1, 3) + timedelta(days=14 * n) for n in range(20)]
    off = [{"day": day, "is_working": False, "reason": "Nghỉ để thử", "document": _NOTICE} for day in mondays]
    swapped = {"day": date(_YEAR, 1, 8), "is_working": True, "reason": "Làm bù", "document": _NOTICE}
    return [*off, swapped]


def _day_cells(context: Context) -> list[Cells]:
    return [
        dict(
            zip(
                _DAYS,
                (f"{row['day']:%d/%m/%Y}", "Có" if row["is_working"] else "Không", row["reason"], _NOTICE),
                strict=True,
            )
        )
        for row in _days(context)
    ]


def _write_days(context: Context) -> bytes:
    return comma_separated(_DAYS, _day_cells(context))


def _broken_days(context: Context) -> tuple[bytes, list[Expected]]:
    good = _day_cells(context)
    mistakes: list[Bad] = [
        (good[0] | {"Ngày": "30/02/2028"}, "day_is_readable"),
        (good[0] | {"Ngày": "11/01/2028", "Làm việc": "Nửa ngày"}, "working_is_yes_or_no"),
        (good[0] | {"Ngày": "12/01/2028", "Văn bản": None}, "document_is_given"),
        (good[0] | {"Ngày": "13/01/2028", "Lý do": None}, "reason_is_given"),
    ]
    mixed, expected = planted(good, mistakes, first_row=2)
    return comma_separated(_DAYS, mixed), expected


CATALOGUES: dict[str, StreamFile] = {
    "register__procedures": StreamFile(
        "register__procedures", "danh_muc_tthc.xlsx", _write_procedures, _procedures, _broken_procedures
    ),
    "register__working_days": StreamFile(
        "register__working_days", "lich_lam_viec_2028.csv", _write_days, _days, _broken_days
    ),
}
