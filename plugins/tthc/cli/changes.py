"""Why numbers moved: changes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from tthc.cli import output
from tthc.cli.figures import Level, MonthCalendar
from tthc.cli.options import AsJson, PeriodLabel

#: So many dossiers of a part are named in the table; json has them all.
_NAMED = 20


def changes(
    period: PeriodLabel,
    calendar: MonthCalendar = "month",
    indicator: Annotated[
        str | None,
        typer.Option(
            metavar="CHỈ_TIÊU", help="Chỉ một chỉ tiêu, kèm các hồ sơ của từng phần.", show_default=False
        ),
    ] = None,
    level: Level = None,
    code: Annotated[
        str | None, typer.Option(metavar="MÃ", help="Chỉ một mã ở cấp đó.", show_default=False)
    ] = None,
    earlier: Annotated[
        int | None,
        typer.Option(
            "--from", metavar="LẦN", help="Lần công bố đầu; không nêu: lần gần nhất.", show_default=False
        ),
    ] = None,
    later: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="LẦN", help="Lần công bố sau; không nêu: bản tính mới nhất.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Nói vì sao số đã công bố nay khác: mỗi chỉ tiêu một thác nước, các phần cộng lại đúng bằng chênh lệch.

    Các phần: đến muộn, sửa ở nguồn, bỏ vì trùng hoặc rút lại, ra khỏi cách ly, danh mục hay đơn vị đổi, lịch làm
    việc đổi, định nghĩa đổi; mỗi phần kèm các hồ sơ của nó. Không nêu cấp thì bảng chỉ có số của toàn xã.

    Ví dụ: tthc changes 2025-10

    Ví dụ: tthc changes 2025-10 --indicator dossier_on_time_rate --level unit --code kinh_te

    Ví dụ: tthc changes 2025-10 --from 1 --to 2 --json
    """
    from tthc.indicators import changes as explaining
    from tthc.indicators import definitions
    from tthc.indicators.explain import indicator_named
    from tthc.warehouse import database
    from tthc.workdays import periods

    parsed = periods.parse(period, calendar)
    if indicator is not None:
        indicator_named(indicator)
    wanted = level or (None if as_json or code else "commune")
    with database.connection() as connection:
        found = explaining.changes(connection, parsed, earlier, later)
    shown = [
        one
        for one in found.waterfalls
        if wanted in (None, one.level) and code in (None, one.code) and indicator in (None, one.indicator)
    ]
    followers = [
        one
        for one in found.followers
        if wanted in (None, one.level) and code in (None, one.code) and indicator in (None, one.indicator)
    ]
    until = "bản tính mới nhất" if found.later is None else f"lần công bố {found.later}"
    output.note(
        f"Kỳ {parsed.label} (lịch {parsed.calendar}): từ lần công bố {found.earlier} đến {until},"
        f" {len(found.waterfalls)} con số đổi, in {len(shown)}."
    )
    if as_json:
        output.as_json(
            {
                "period": parsed.label,
                "calendar": parsed.calendar,
                "from_revision": found.earlier,
                "to_revision": found.later,
                "waterfalls": [asdict(one) for one in shown],
                "followers": [asdict(one) for one in followers],
            }
        )
        return
    names = {id: one.name for id, one in definitions.indicators().items()}
    rows = [
        line
        for one in shown
        for line in _lines(one, names.get(one.indicator, one.indicator), indicator is not None)
    ]
    if rows:
        output.as_table(("Mã", "Chỉ tiêu", "Vì", "Tử số", "Mẫu số", "Giá trị", "Hồ sơ"), rows)
    if followers:
        output.as_table(
            ("Mã", "Chỉ tiêu", "Đã công bố", "Bây giờ"),
            (
                (one.code, names.get(one.indicator, one.indicator), one.old_value, one.new_value)
                for one in followers
            ),
            "Đi theo các số trên: trung vị, mức tăng, điểm",
        )


def _lines(one: Any, name: str, with_dossiers: bool) -> list[tuple]:
    """Return the rows of a waterfall: what it was, each part, what it is."""
    from tthc.indicators.changes import CAUSES

    lines = [(one.code, name, "đã công bố", *_counted(one.old), one.old_value, "")]
    for part in one.parts:
        dossiers = f"{len(part.dossiers)} hồ sơ"
        if with_dossiers:
            more = len(part.dossiers) - _NAMED
            dossiers = ", ".join(code for code, _, _ in part.dossiers[:_NAMED]) + (
                f" và {more} nữa" if more > 0 else ""
            )
        steps = (
            f"{part.numerator:+d}",
            "" if one.new[1] is None and one.old[1] is None else f"{part.denominator:+d}",
        )
        lines.append(("", "", CAUSES[part.cause], *steps, part.value_after, dossiers))
    return [*lines, ("", "", "bây giờ", *_counted(one.new), one.new_value, "")]


def _counted(numbers: tuple[int, int | None]) -> tuple[str, str]:
    return str(numbers[0]), "" if numbers[1] is None else str(numbers[1])
