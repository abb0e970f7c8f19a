"""The way to the seal as commands, the same steps as the DAG: score check, open, seal, changes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tthc.cli import output, scoring_tables
from tthc.cli.figures import MonthCalendar
from tthc.cli.options import AsJson, PeriodLabel

By = Annotated[str, typer.Option("--by", metavar="AI", help="Ai làm việc này.", show_default=False)]
Why = Annotated[
    str | None, typer.Option("--reason", metavar="LÝ_DO", help="Xem để làm gì.", show_default=False)
]
Missing = Annotated[
    str | None,
    typer.Option(
        "--continue-missing",
        metavar="LÝ_DO",
        help="Còn thiếu tự chấm hoặc điểm của người đứng đầu mà vẫn tiếp tục: nói vì sao; được ghi lại.",
        show_default=False,
    ),
]
Version = Annotated[
    int | None,
    typer.Option(
        "--version", metavar="SỐ", help="Phiên bản đã niêm; không nêu: mới nhất.", show_default=False
    ),
]


def check(
    period: PeriodLabel,
    by: By,
    calendar: MonthCalendar = "month",
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm mọi phiếu của kỳ trước khi mở hoặc niêm: sai gì, còn thiếu ai, khiếu nại nào chưa trả lời.

    Cần nhóm tthc_hr; để lại một dòng ở ops.access_log. Có điều không đúng thì trả về 1; còn thiếu thì không.

    Ví dụ: tthc score check 2025 --by "Trần Thị Lan"
    """
    from tthc.errors import TthcError
    from tthc.evaluation import process
    from tthc.warehouse import database
    from tthc.workdays import periods

    with database.connection() as connection:
        found = process.compute(
            connection, periods.parse(period, calendar), by, reason or "kiểm phiếu đánh giá"
        )
    if as_json:
        output.as_json(
            {
                "period": period,
                "content_hash": found.content_hash,
                "sheet_count": len(found.subjects),
                "provisional_count": found.provisional_count,
                "problems": list(found.problems),
                "missing": [one._asdict() for one in found.missing],
                "unanswered": found.unanswered,
            }
        )
    else:
        _told(found, period)
    if found.problems:
        raise TthcError(f"{len(found.problems)} điều không đúng: sửa ở sổ hoặc số liệu gốc rồi kiểm lại.")


def _told(found: Any, period: str) -> None:
    from tthc.sources import streams

    answers = streams.stream_named("register__objections").words("answer")
    output.as_table(("Không đúng",), [(text,) for text in found.problems], f"Kiểm phiếu kỳ {period}")
    output.as_table(
        ("Mã", "Tự chấm", "Mục chờ người đứng đầu"),
        [(one.code, "chưa" if one.lacks_own else "có", list(one.items)) for one in found.missing],
        "Còn thiếu điểm",
    )
    output.as_table(
        ("Khiếu nại", "Của", "Mục", "Ngày nhận", "Ngày trả lời", "Trả lời"),
        [
            (
                one["objection_code"],
                one["official_code"] or one["unit_code"],
                one["item_code"] or "cả phiếu",
                one["filed_on"],
                one["answered_on"],
                answers.get(one["answer"], "chưa trả lời"),
            )
            for one in found.objections
        ],
        "Khiếu nại",
    )
    output.note(f"{len(found.subjects)} phiếu, {found.provisional_count} phiếu tạm.")


def open_window(
    period: PeriodLabel,
    by: By,
    calendar: MonthCalendar = "month",
    opened_on: Annotated[
        str | None,
        typer.Option(
            "--opened-on",
            metavar="NGÀY",
            help="Đã cho xem từ ngày ấy (năm-tháng-ngày); không nêu: hôm nay. Ngày ghi vào kho vẫn là hôm nay.",
            show_default=False,
        ),
    ] = None,
    missing: Missing = None,
    as_json: AsJson = False,
) -> None:
    """Giữ lại mọi phiếu như cho xem, và bắt đầu năm ngày làm việc nhận khiếu nại.

    Ví dụ: tthc score open 2025 --by "Trần Thị Lan"
    """
    from tthc.flows import score_period

    told = score_period.open_window(
        period, by, calendar=calendar, opened_on=opened_on, missing_reason=missing, progress=output.note
    )
    _said(told, as_json)


def seal(
    period: PeriodLabel,
    by: By,
    other: Annotated[
        str,
        typer.Option(
            "--and", metavar="AI", help="Người duyệt thứ hai, phải là người khác.", show_default=False
        ),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="LÝ_DO", help="Lời duyệt, ví dụ số biên bản họp.", show_default=False
        ),
    ],
    calendar: MonthCalendar = "month",
    missing: Missing = None,
    as_json: AsJson = False,
) -> None:
    """Niêm mọi phiếu của kỳ sau khi hết hạn khiếu nại và hai người đã duyệt; niêm lại thì thành phiên bản mới.

    Đã niêm thì không ai sửa được, kể cả chủ kho. Lệnh tin hai cái tên được gõ; DAG score_period đòi hai tài khoản.

    Ví dụ: tthc score seal 2025 --by "Trần Thị Lan" --and "Phạm Văn Minh" --reason "biên bản 12/BB-UBND"
    """
    from tthc.evaluation.sealed import Approvals
    from tthc.flows import score_period

    told = score_period.seal(
        period, by, Approvals(by, reason, other, reason), calendar=calendar, missing_reason=missing,
        progress=output.note,
    )  # fmt: skip
    _said(told, as_json)


def changes(
    period: PeriodLabel,
    by: By,
    calendar: MonthCalendar = "month",
    version: Version = None,
    against: Annotated[
        int | None,
        typer.Option(
            "--against", metavar="SỐ", help="So với phiên bản; không nêu: liền trước.", show_default=False
        ),
    ] = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Cho biết phiếu nào khác giữa hai phiên bản đã niêm: điểm, mức, mục nào đổi.

    Ví dụ: tthc score changes 2025 --by "Trần Thị Lan"
    """
    from tthc.errors import UsageError
    from tthc.evaluation import people, sealed
    from tthc.warehouse import database
    from tthc.workdays import periods

    parsed = periods.parse(period, calendar)
    with database.connection() as connection:
        people.refuse_others(connection)
        newer = sealed.sealed(connection, parsed, version)
        if newer["version"] == 1 and against is None:
            raise UsageError(f"Kỳ {period} mới có phiên bản 1: chưa có gì để so.")
        older = sealed.sealed(connection, parsed, against or newer["version"] - 1)
        sides = []
        for run in (older, newer):
            why = reason or "so hai phiên bản đã niêm"
            seen = sealed.read(connection, parsed, "sealed", run["version"], by=by, reason=why)
            sides.append({key: one.sheet for key, one in seen.items()})
        told = sealed.differences(*sides)
    if as_json:
        output.as_json({"period": period, "a": older["version"], "b": newer["version"], "sheets": told})
        return
    scoring_tables.versions(told, older["version"], newer["version"], period)


def _said(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.as_json(told)
        return
    names = {
        "version": "phiên bản", "sheet_count": "số phiếu", "opened_on": "mở ngày", "closes_on": "nhận khiếu nại đến",
        "content_hash": "dấu các phiếu", "chain_hash": "dấu mắt xích",
    }  # fmt: skip
    output.facts([(names[name], told[name]) for name in names])
