"""What ``tthc score`` prints: sheets, boards of units and of everybody, each under its label."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tthc.cli import output

if TYPE_CHECKING:
    from tthc.evaluation.figures import Figures
    from tthc.evaluation.people import Finding
    from tthc.evaluation.rules import RuleSet
    from tthc.evaluation.sheets import Sheet
    from tthc.workdays.periods import Period


def units(period: Period, known: Figures, sheets: dict[str, Sheet], as_json: bool) -> None:
    """Print the board of units, ranked within their volume, or all their sheets as JSON."""
    from tthc.evaluation import standing, telling

    rules = next(iter(sheets.values())).rules
    places = standing.places(sheets, known, rules.volume_limits)
    if as_json:
        output.as_json(
            {
                "label": rules.label,
                "sheets": [telling.told(each) for each in sheets.values()],
                "ranks": [vars(place) for place in places],
            }
        )
        return
    told = {code: telling.told(each) for code, each in sheets.items()}
    output.as_table(
        (
            "Đơn vị",
            "Hồ sơ trong kỳ",
            "Nhóm lượng hồ sơ",
            "Hạng trong nhóm",
            "Điểm",
            "Mức đề xuất",
            "Chặn mức",
        ),
        (
            (
                place.code,
                place.volume,
                place.group + 1,
                "" if place.rank is None else f"{place.rank}/{place.of}",
                number(told[place.code]["points"]),
                levels(told[place.code]),
                ", ".join(veto["code"] for veto in told[place.code]["vetoes"] if veto["holds"]),
            )
            for place in places
        ),
        f"Đề xuất điểm đơn vị, kỳ {period.label}; chỉ xếp hạng giữa các đơn vị có lượng hồ sơ gần nhau",
    )
    label(next(iter(told.values())))


def everybody(
    period: Period, units: dict[str, Sheet], people: dict[str, Sheet], findings: list[Finding], as_json: bool
) -> None:
    """Print the sheets of everybody, the quota, and the preconditions of titles."""
    from tthc.evaluation import emulation, rule_files, standing, telling
    from tthc.reports.council_workbook import works

    told = [telling.told(each) for each in people.values()]
    quotas = [
        {"ruleset": id, "is_exceeded": check.is_exceeded, **vars(check)}
        for id, rules in sorted({each.rules.ruleset: each.rules for each in people.values()}.items())
        if rules.quota
        for check in standing.quotas(
            [each for each in people.values() if each.rules.ruleset == id], rules.quota
        )
    ]
    titles = rule_files.in_force("emulation", period.end)
    names = {title.code: title.name for title in titles.titles} if titles else {}
    answers = emulation.preconditions(titles, units, people, findings) if titles else []
    if as_json:
        output.as_json(
            {
                "labels": sorted({each["label"] for each in told} | ({titles.label} if titles else set())),
                "sheets": told,
                "quotas": quotas,
                "emulation": [vars(answer) for answer in answers],
            }
        )
        return
    output.as_table(
        ("Mã", "Đơn vị chủ quản", "Điểm", "Mức đề xuất", "Chặn mức"),
        (
            (
                each["code"],
                each["home_unit"],
                points(each),
                levels(each),
                ", ".join(veto["code"] for veto in each["vetoes"] if veto["holds"]),
            )
            for each in told
        ),
        f"Đề xuất của từng người, kỳ {period.label}",
    )
    output.as_table(
        (
            "Đơn vị",
            "Nhóm việc",
            "Từ tốt trở lên",
            "Được xuất sắc",
            "Nâng tỷ lệ",
            "Chắc chắn xuất sắc",
            "Có thể xuất sắc",
        ),
        (
            (
                q["unit"],
                works()[q["work"]],
                q["rated"],
                q["allowed"],
                q["allowed_raised"],
                list(q["at_level"]),
                list(q["may_be"]),
            )
            for q in quotas
        ),
        "Tỷ lệ xuất sắc: chỉ liệt kê, không chọn ai",
    )
    output.as_table(
        ("Danh hiệu", "Mã", "Đủ điều kiện", "Vì"),
        (
            (
                names[answer.title],
                answer.code,
                "chưa biết" if answer.meets is None else answer.meets,
                "; ".join(answer.why),
            )
            for answer in answers
        ),
        "Điều kiện danh hiệu thi đua",
    )
    for label in sorted({each["label"] for each in told} | ({titles.label} if titles else set())):
        output.facts([("đề xuất", label)])


def sheet(told: dict[str, Any]) -> None:
    """Print one sheet."""
    output.as_table(
        ("Mục", "Tên", "Tử số", "Mẫu số", "Tỷ lệ", "Mục tiêu", "Tối đa", "Điểm", "Vì sao"),
        (
            (
                line["item"],
                line["name"],
                number(line["numerator"]),
                number(line["denominator"]),
                number(line["value"]),
                number(line["target"]),
                number(line["weight"]),
                number(line["points"]),
                line["why"] or "",
            )
            for line in told["items"]
        ),
        f"Phiếu đề xuất, kỳ {told['period']}: {told['code']}",
    )
    if told["deductions"]:
        output.as_table(
            ("Trừ", "Tên", "Số việc", "Điểm", "Ghi chú"),
            (
                (
                    each["code"],
                    each["name"],
                    number(each["events"]),
                    number(each["points"]),
                    each["why"] or ("" if each["is_counted"] else "chỉ là căn cứ, không tự trừ"),
                )
                for each in told["deductions"]
            ),
            f"Điểm trừ: {number(told['deducted_points'])}",
        )
    output.as_table(
        ("Chặn", "Nội dung", "Của ai", "Có", "Căn cứ"),
        (
            (
                veto["code"],
                veto["name"],
                veto["basis"],
                "chưa biết" if veto["holds"] is None else veto["holds"],
                veto["cause"],
            )
            for veto in told["vetoes"]
        ),
        "Điều kiện chặn mức",
    )
    home = [("đơn vị chủ quản", told["home_unit"]), ("đơn vị làm việc", told["working_unit"])]
    output.facts(
        [
            *(home if told["home_unit"] else []),
            ("điểm đề xuất", points(told)),
            ("mức đề xuất", levels(told)),
            *([("vì", told["not_rated_because"])] if told["not_rated_because"] else []),
            *(("người nhập", text) for text in told["people_enter"]),
            *(
                ("tự chấm (không tính)", f"{one['item']}: {number(one['points'])}")
                for one in told.get("self_scored", ())
            ),
            *(
                (
                    "miễn trừ",
                    f"{one['dossier']}: {one['cause']}, {one['document'] or one['exemption']}; không tính là chậm",
                )
                for one in told.get("exempted", ())
            ),
        ]
    )
    label(told)


def lost(told: dict[str, Any]) -> None:
    """Print where points were lost and what would win them back."""
    output.as_table(
        ("Mục", "Tên", "Điểm mất", "Lấy lại bằng", "Xem từng dòng"),
        (
            (
                line["item"],
                line["name"],
                number(line["lost"]),
                way(line),
                "; ".join(line["evidence"]),
            )
            for line in told["items"]
        ),
        f"Điểm mất, kỳ {told['period']}: {told['code']}",
    )
    label(told)


def differences(told: list[dict[str, Any]], one: RuleSet, other: RuleSet, period: Period) -> None:
    """Print what two rule sets say of the same units or people."""
    output.as_table(
        (
            "Mã",
            f"Điểm {one.ruleset}",
            f"Điểm {other.ruleset}",
            f"Mức {one.ruleset}",
            f"Mức {other.ruleset}",
            "Mục khác",
        ),
        (
            (
                row["code"],
                *(points(row[side]) for side in "ab"),
                *(levels(row[side]) for side in "ab"),
                ", ".join(item["item"] for item in row["items"]),
            )
            for row in told
        ),
        f"Hai bộ quy tắc trên cùng số liệu kỳ {period.label}",
    )
    for rules in (one, other):
        output.facts([(rules.ruleset, rules.label)])


def versions(told: list[dict[str, Any]], older: int, newer: int, period: str) -> None:
    """Print in which sheets two sealed versions differ."""
    output.as_table(
        ("Mã", f"Điểm bản {older}", f"Điểm bản {newer}", f"Mức bản {older}", f"Mức bản {newer}", "Mục đổi"),
        (
            (
                row["code"],
                *(points(row[side]) for side in "ab"),
                *(levels(row[side]) for side in "ab"),
                "; ".join(
                    f"{item['item']}: {number(item['a']) or '–'} → {number(item['b']) or '–'}"
                    for item in row["items"]
                ),
            )
            for row in told
        ),
        f"Phiếu khác nhau giữa phiên bản {older} và {newer}, kỳ {period}",
    )


def kept(told: list[dict[str, Any]], run: dict[str, Any]) -> None:
    """Print the sheets of a sealed run, a line each."""
    output.as_table(
        ("Mã", "Đơn vị chủ quản", "Điểm", "Mức đề xuất", "Chặn mức"),
        (
            (
                each["code"],
                each["home_unit"] or each["code"],
                points(each),
                levels(each),
                ", ".join(veto["code"] for veto in each["vetoes"] if veto["holds"]),
            )
            for each in told
        ),
        f"Phiếu đã niêm, kỳ {run['period']}",
    )
    for text in sorted({each["label"] for each in told}):
        output.facts([("đề xuất", text)])
    seal(run)


def seal(run: dict[str, Any]) -> None:
    """Say which sealed version this is, who approved it, and its link."""
    output.facts(
        [
            ("phiên bản", run["version"]),
            ("niêm lúc", run["made_at"]),
            ("duyệt", f"{run['first_by']}; {run['second_by']}"),
            ("từ lần công bố", run["revision_number"]),
            ("dấu mắt xích", run["chain_hash"]),
        ]
    )


def label(told: dict[str, Any]) -> None:
    """Say whose rule it was by, and that it is a proposal."""
    rules = told["ruleset"]
    output.facts(
        [
            ("bộ quy tắc", f"{rules['name']} ({rules['id']}; {rules['basis']}; {rules['document']})"),
            ("đề xuất", told["label"]),
        ]
    )
    if told["is_provisional"]:
        output.note(f"Phiếu TẠM: {'; '.join(told['provisional_because'])}.")


def way(line: dict[str, Any]) -> str:
    """Return how lost points are won back."""
    if line["points"] is None:
        return line["why"] or ""
    if not line["needed"]:
        return line["why"] or ""
    if line["denominator"] is None:
        return f"bớt {line['needed']} trường hợp thì thêm {number(line['lost'])} điểm"
    return (
        f"thêm {line['needed']} đạt (trên {number(line['denominator'])}) thì thêm {number(line['lost'])} điểm"
    )


def points(told: dict[str, Any] | None) -> str:
    """Return points, or the span of them while people owe some."""
    if told is None:
        return ""
    if told["level_most"] is None:
        return ""
    least, most = told["points_least"], told["points_most"]
    return number(least) if least == most else f"{number(least)} đến {number(most)}, chờ người nhập"


def levels(told: dict[str, Any] | None) -> str:
    """Return the proposed level, or the span of levels."""
    if told is None:
        return ""
    if told["level_most"] is None:
        return "không đề xuất"
    if told["proposed_level"]:
        return told["proposed_level"]
    return f"từ “{told['level_least']}” đến “{told['level_most']}”, chờ người nhập"


def number(value: Decimal | int | None) -> str:
    """Return a number as people read it."""
    return "" if value is None else output.vietnamese_decimal(value)
