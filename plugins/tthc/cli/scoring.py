"""Year-end evaluation as commands: sheets of units and officials, what lost points, two rule sets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tthc.cli import output, score_papers, score_process, scoring_tables
from tthc.cli.figures import MonthCalendar
from tthc.cli.options import AsJson, Draft, PeriodLabel
from tthc.cli.wording import Command, Group

if TYPE_CHECKING:
    import psycopg

    from tthc.evaluation.figures import Figures
    from tthc.evaluation.people import Finding
    from tthc.evaluation.rules import RuleSet
    from tthc.evaluation.sheets import Sheet
    from tthc.workdays.periods import Period

_SHEET = "sheet"

UnitCode = Annotated[
    str | None, typer.Option("--unit", metavar="MÃ", help="Phiếu của một đơn vị.", show_default=False)
]
OfficialCode = Annotated[
    str | None,
    typer.Option(
        "--official",
        metavar="MÃ",
        help="Phiếu của một người; cần nhóm tthc_hr, mỗi lần xem được ghi lại.",
        show_default=False,
    ),
]
People = Annotated[
    bool,
    typer.Option(
        "--people",
        help="Mọi người, tỷ lệ xuất sắc, điều kiện thi đua; cần nhóm tthc_hr, được ghi lại.",
        show_default=False,
    ),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="AI", help="Ai xem phiếu cá nhân.", show_default=False)
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="LÝ_DO", help="Xem để làm gì.", show_default=False)
]
IsSealed = Annotated[
    bool,
    typer.Option(
        "--sealed",
        help="Phiếu như đã niêm, không tính lại; cần nhóm tthc_hr, được ghi lại.",
        show_default=False,
    ),
]
RuleSetId = Annotated[str, typer.Argument(metavar="BỘ", help="Mã một bộ quy tắc.", show_default=False)]


class _ScoreGroup(Group):
    """``tthc score 2025`` is ``tthc score sheet 2025``."""

    def parse_args(self, ctx, args):
        """Put the command in front of a period."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [_SHEET, *args]
        return super().parse_args(ctx, args)


def build() -> typer.Typer:
    """Return the group ``tthc score``."""
    app = typer.Typer(
        name="score",
        cls=_ScoreGroup,
        no_args_is_help=True,
        help="Đề xuất điểm, mức xếp loại, điều kiện thi đua từ số đã công bố; quyết định là của người có thẩm quyền."
        " tthc score KỲ: bảng điểm các đơn vị.",
    )
    app.command(_SHEET, cls=Command)(sheet)
    app.command("explain", cls=Command)(explain)
    app.command("diff", cls=Command)(diff)
    app.command("paper", cls=Command)(score_papers.paper)
    app.command("check", cls=Command)(score_process.check)
    app.command("open", cls=Command)(score_process.open_window)
    app.command("seal", cls=Command)(score_process.seal)
    app.command("changes", cls=Command)(score_process.changes)
    app.command("mine", cls=Command)(score_papers.mine)
    return app


def sheet(
    period: PeriodLabel,
    unit: UnitCode = None,
    official: OfficialCode = None,
    people: People = False,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    is_sealed: IsSealed = False,
    version: score_process.Version = None,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """In đề xuất điểm và mức của các đơn vị, hoặc phiếu của một đơn vị, một người.

    Theo bộ quy tắc có hiệu lực vào ngày cuối kỳ: năm 2025 chấm theo quy tắc 2025 dù chạy lúc nào. Chỗ người phải nhập
    thì để “người nhập”, không tự đặt điểm.

    Ví dụ: tthc score 2026 --unit kinh_te

    Ví dụ: tthc score 2025 --sealed --unit kinh_te

    Ví dụ: tthc score 2025 --official AH-KT-02 --by "Trần Thị Lan" --reason "lập hồ sơ đánh giá" --json
    """
    if is_sealed or version is not None:
        _sealed(period, calendar, version, unit, official, people, by, reason, as_json)
        return
    from tthc.evaluation import telling
    from tthc.warehouse import database

    with database.connection() as connection:
        parsed, known = _known(connection, period, calendar, draft)
        if official or people:
            units, persons, findings = _people(connection, parsed, draft, official or "mọi người", by, reason)
            if people:
                scoring_tables.everybody(parsed, units, persons, findings, as_json)
                return
            told = telling.told(_one(persons, official, "người có phiếu"))
        elif unit:
            told = telling.told(_one(_units(parsed, known), unit, "đơn vị"))
        else:
            scoring_tables.units(parsed, known, _units(parsed, known), as_json)
            return
    if as_json:
        output.as_json(told)
        return
    scoring_tables.sheet(told)


def explain(
    period: PeriodLabel,
    unit: UnitCode = None,
    official: OfficialCode = None,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Cho biết điểm mất ở đâu, thêm bao nhiêu hồ sơ đạt thì được bao nhiêu điểm, và lệnh liệt kê từng hồ sơ.

    Ví dụ: tthc score explain 2026 --unit kinh_te
    """
    from tthc.errors import UsageError
    from tthc.evaluation import telling
    from tthc.warehouse import database

    if (unit is None) == (official is None):
        raise UsageError("Nêu một trong hai: --unit MÃ hoặc --official MÃ.")
    with database.connection() as connection:
        parsed, known = _known(connection, period, calendar, draft)
        if official:
            _, persons, _ = _people(connection, parsed, draft, official, by, reason)
            told = telling.told(_one(persons, official, "người có phiếu"))
        else:
            told = telling.told(_one(_units(parsed, known), unit, "đơn vị"))
    told["items"] = [line for line in told["items"] if line["lost"] or line["points"] is None]
    if as_json:
        output.as_json(told)
        return
    scoring_tables.lost(told)


def diff(
    a: RuleSetId,
    b: RuleSetId,
    period: PeriodLabel,
    unit: UnitCode = None,
    official: OfficialCode = None,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """So hai bộ quy tắc trên cùng số liệu: điểm, mức, mục nào khác. Hai bộ cùng cho đơn vị, hoặc cùng cho người.

    Ví dụ: tthc score diff units_default units_bands_qd212 2025

    Ví dụ: tthc score diff qd212_2025 nd335_2026 2025 --official AH-KT-02 --reason "so hai cách chấm"
    """
    from tthc.errors import UsageError
    from tthc.evaluation import rule_files, telling
    from tthc.evaluation.sheets import unit_sheets
    from tthc.warehouse import database

    one, other = rule_files.named(a), rule_files.named(b)
    if one.kind != other.kind or one.kind == "emulation":
        raise UsageError(
            f"{a} và {b} không cùng chấm một loại: chọn hai bộ của đơn vị, hoặc hai bộ của người."
        )
    with database.connection() as connection:
        parsed, known = _known(connection, period, calendar, draft)
        if one.kind == "unit":
            sides = [unit_sheets(rules, known, known.codes("unit")) for rules in (one, other)]
        else:
            subject = official or "mọi người"
            sides = [
                _people(
                    connection, parsed, draft, subject, by, reason, dict.fromkeys(rules.applies_to, rules)
                )[1]
                for rules in (one, other)
            ]
    wanted = unit or official
    if wanted:
        sides = [{code: made for code, made in side.items() if code == wanted} for side in sides]
        if not any(sides):
            raise UsageError(f"Kỳ {parsed.label} không có phiếu của {wanted}.")
    told = telling.differences(*({code: telling.told(made) for code, made in side.items()} for side in sides))
    if as_json:
        output.as_json({"period": parsed.label, "labels": [one.label, other.label], "sheets": told})
        return
    scoring_tables.differences(told, one, other, parsed)


def _sealed(
    label: str,
    calendar: str,
    version: int | None,
    unit: str | None,
    official: str | None,
    people: bool,
    by: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    from tthc.errors import UsageError
    from tthc.evaluation import people as readers
    from tthc.evaluation import sealed
    from tthc.warehouse import database
    from tthc.workdays import periods

    period = periods.parse(label, calendar)
    with database.connection() as connection:
        readers.refuse_others(connection)
        run = sealed.sealed(connection, period, version)
        seen = sealed.read(connection, period, "sealed", run["version"], unit or official, by, reason)
        kept = {key: one.sheet for key, one in seen.items()}
    if unit or official:
        key = ("unit", unit) if unit else ("official", official)
        if key not in kept:
            raise UsageError(f"Phiên bản {run['version']} của kỳ {label} không có phiếu mang mã {key[1]}.")
        if as_json:
            output.as_json(kept[key])
            return
        scoring_tables.sheet(kept[key])
        scoring_tables.seal(run)
        return
    told = [sheet for (kind, _), sheet in kept.items() if kind == ("official" if people else "unit")]
    if as_json:
        output.as_json({"version": run["version"], "chain_hash": run["chain_hash"], "sheets": told})
        return
    scoring_tables.kept(told, run)


def _known(connection: psycopg.Connection, label: str, calendar: str, draft: bool) -> tuple[Period, Figures]:
    from tthc.errors import TthcError
    from tthc.evaluation import figures
    from tthc.workdays import periods

    parsed = periods.parse(label, calendar)
    known = figures.read(connection, parsed, draft)
    if known is None:
        raise TthcError(
            f"Kỳ {parsed.label} (lịch {calendar}) chưa được công bố. Công bố: tthc publish {parsed.label} --by …"
            " --reason …; xem tạm bản tính: thêm --draft."
        )
    return parsed, known


def _units(period: Period, known: Figures) -> dict[str, Sheet]:
    from tthc.errors import UsageError
    from tthc.evaluation import rule_files
    from tthc.evaluation.sheets import unit_sheets

    rules = rule_files.in_force("unit", period.end)
    if rules is None:
        raise UsageError(f"Không có bộ quy tắc của đơn vị nào có hiệu lực ngày {period.end:%d/%m/%Y}.")
    return unit_sheets(rules, known, known.codes("unit"))


def _people(
    connection: psycopg.Connection,
    period: Period,
    draft: bool,
    subject: str,
    by: str | None,
    reason: str | None,
    rules_of: dict[str, RuleSet] | None = None,
) -> tuple[dict[str, Sheet], dict[str, Sheet], list[Finding]]:
    from tthc.evaluation import cases

    found = cases.gather(
        connection, period, draft=draft, subject=subject, by=by, reason=reason, rules=rules_of
    )
    return dict(found.units), dict(found.people), list(found.findings)


def _one(sheets: dict[str, Sheet], code: str | None, what: str) -> Sheet:
    from tthc.errors import UsageError

    if code not in sheets:
        raise UsageError(f"Không có {what} mang mã {code} trong kỳ. Các mã: {', '.join(sorted(sheets))}.")
    return sheets[code]
