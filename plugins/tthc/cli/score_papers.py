"""Papers and evidence packs of an evaluation as commands: score paper, score mine, pack make, pack verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.figures import MonthCalendar
from tthc.cli.options import AsJson, Draft, PeriodLabel
from tthc.cli.wording import Command, Group

UnitCode = Annotated[
    str | None, typer.Option("--unit", metavar="MÃ", help="Của một đơn vị.", show_default=False)
]
OfficialCode = Annotated[
    str | None,
    typer.Option(
        "--official",
        metavar="MÃ",
        help="Của một người; cần nhóm tthc_hr, mỗi lần lập được ghi lại.",
        show_default=False,
    ),
]
By = Annotated[str | None, typer.Option("--by", metavar="AI", help="Ai lập.", show_default=False)]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="LÝ_DO", help="Lập để làm gì.", show_default=False)
]
IsSealed = Annotated[
    bool, typer.Option("--sealed", help="Như đã niêm, phiên bản mới nhất.", show_default=False)
]
Version = Annotated[
    int | None, typer.Option("--version", metavar="SỐ", help="Một phiên bản đã niêm.", show_default=False)
]
WithPdf = Annotated[
    bool | None,
    typer.Option(
        "--pdf/--no-pdf",
        help="Lập cả PDF (cần LibreOffice); không nêu thì lập khi máy có.",
        show_default=False,
    ),
]


def paper(
    period: PeriodLabel,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="THƯ_MỤC", help="Nơi đặt giấy tờ, chỉ chủ tệp đọc được.", show_default=False
        ),
    ],
    unit: UnitCode = None,
    official: OfficialCode = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Phiếu của mọi đơn vị, mọi người, bảng điểm các đơn vị, danh sách gửi hội đồng thi đua.",
            show_default=False,
        ),
    ] = False,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    is_sealed: IsSealed = False,
    version: Version = None,
    with_pdf: WithPdf = None,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Lập giấy tờ đánh giá: phiếu (docx, PDF), bảng điểm đơn vị và danh sách gửi hội đồng thi đua (xlsx).

    Tên tệp nói giấy tờ gì, của mã nào, kỳ nào, lần công bố nào; không có họ tên: phiếu để dòng trống cho họ tên. Mỗi
    phiếu cá nhân để lại một dòng ở ops.access_log trước khi tệp có.

    Ví dụ: tthc score paper 2025 --unit kinh_te --out ~/danh-gia-2025

    Ví dụ: tthc score paper 2025 --all --out ~/danh-gia-2025 --by "Trần Thị Lan" --reason "hồ sơ đánh giá"
    """
    from tthc.flows import score_papers

    made = score_papers.write(
        period, out, calendar=calendar, unit=unit, official=official, everything=everything, draft=draft,
        is_sealed=is_sealed, version=version, with_pdf=with_pdf, by=by, reason=reason, progress=output.note,
    )  # fmt: skip
    if as_json:
        output.as_json(made)
        return
    output.as_table(("Tệp", "SHA-256"), ((each["path"], each["sha256"][:16]) for each in made), "Đã lập")


def mine(
    period: PeriodLabel,
    official: OfficialCode = None,
    calendar: MonthCalendar = "month",
    opened: Annotated[
        bool, typer.Option("--opened", help="Phiếu đang mở cho khiếu nại, chưa niêm.", show_default=False)
    ] = False,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Xem phiếu của mình (người đứng đầu: của đơn vị mình) đã mở hoặc đã niêm, bằng tài khoản của chính mình.

    Cơ sở dữ liệu chỉ cho thấy phiếu mà tài khoản được phép, và ghi mỗi lần xem vào ops.access_log trước khi cho đọc.

    Ví dụ: tthc score mine 2025 --reason "xem kết quả"
    """
    from tthc.cli import scoring_tables
    from tthc.errors import TthcError
    from tthc.evaluation import sealed
    from tthc.warehouse import database
    from tthc.workdays import periods

    parsed = periods.parse(period, calendar)
    state: sealed.State = "opened" if opened else "sealed"
    with database.connection() as connection:
        if not sealed.may_ask(connection):
            raise TthcError(
                "Tài khoản này không được xin xem phiếu: cần nhóm tthc_reader hoặc tthc_hr (docs/roles.md)."
            )
        seen = sealed.read(connection, parsed, state, code=official, by=by, reason=reason)
    told = [one.sheet for (kind, code), one in seen.items() if kind == "official" or code == official]
    if not told:
        raise TthcError(
            f"Không có phiếu nào của {official or 'ai'} ở kỳ {parsed.label} mà tài khoản này được xem: hoặc kỳ chưa"
            " niêm (thử --opened), hoặc tài khoản chưa có ở restricted.readers (docs/roles.md)."
        )
    if as_json:
        output.as_json(told)
        return
    for sheet in told:
        scoring_tables.sheet(sheet)


def build() -> typer.Typer:
    """Return the group ``tthc pack``."""
    app = typer.Typer(
        name="pack",
        cls=Group,
        no_args_is_help=True,
        help="Gói chứng cứ của một phiếu: phiếu, số đã công bố, từng dòng đứng sau, bộ quy tắc; kiểm được ở máy khác.",
    )
    app.command("make", cls=Command)(make)
    app.command("verify", cls=Command)(verify)
    return app


def make(
    period: PeriodLabel,
    out: Annotated[Path, typer.Option("--out", metavar="TỆP", help="Tệp zip sẽ ghi.", show_default=False)],
    unit: UnitCode = None,
    official: OfficialCode = None,
    calendar: MonthCalendar = "month",
    is_sealed: IsSealed = False,
    version: Version = None,
    with_pdf: WithPdf = None,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Lập gói chứng cứ (zip) của phiếu một đơn vị hoặc một người, từ bản công bố có hiệu lực.

    Cùng bản công bố thì cùng từng byte. Gói tự kiểm trước khi được ghi. Dấu của gói ở ops.access_log khi là của người.

    Ví dụ: tthc pack make 2025 --unit kinh_te --out kinh-te-2025.zip
    """
    from tthc.flows import score_papers

    made = score_papers.make_pack(
        period, out, calendar=calendar, unit=unit, official=official, is_sealed=is_sealed, version=version,
        with_pdf=with_pdf, by=by, reason=reason,
    )  # fmt: skip
    if as_json:
        output.as_json(made)
        return
    output.facts([("gói", made["path"]), ("sha256", made["sha256"])])


def verify(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp zip của gói.", show_default=False)],
    wrong_only: Annotated[bool, typer.Option("--wrong-only", help="Chỉ in điều không khớp.")] = False,
    as_json: AsJson = False,
) -> None:
    """Kiểm một gói chứng cứ, không cần kho dữ liệu hay cài đặt nào: từng dòng khớp hay không; không khớp thì mã 1.

    So mã băm mọi tệp, cộng lại từng số từ danh sách, chấm lại từng mục theo bộ quy tắc trong gói, dấu của bản công bố.

    Ví dụ: tthc pack verify kinh-te-2025.zip
    """
    from tthc.errors import UsageError
    from tthc.evaluation import pack_check
    from tthc.evaluation.pack_members import digest

    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"Không đọc được {file} ({error.strerror}).") from error
    said = pack_check.check(body)
    is_right = pack_check.holds(said)
    if as_json:
        lines = [{"holds": line.holds, "text": line.text} for line in said]
        output.as_json({"sha256": digest(body), "holds": is_right, "lines": lines})
    else:
        marks = {True: "đúng", False: "SAI", None: "không kiểm"}
        for line in said:
            if not wrong_only or line.holds is False:
                output.facts([(marks[line.holds], line.text)])
        wrong = sum(line.holds is False for line in said)
        output.facts(
            [
                ("dấu của gói (sha256)", digest(body)),
                ("kết luận", "mọi điều kiểm được đều khớp" if is_right else f"{wrong} điều KHÔNG khớp"),
            ]
        )
    if not is_right:
        raise typer.Exit(1)
