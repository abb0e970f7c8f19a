"""Sheets as data for people and machines: always with the label, the rule set, and that it is a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tthc.evaluation import rule_files, rules
from tthc.evaluation.people import Exempted
from tthc.evaluation.scoring import Line, half_up
from tthc.evaluation.sheets import Sheet

_BASIS = {"law": "luật", "city": "thành phố", "project_default": "mặc định của phần mềm"}
#: The words of register__exemptions, kept here: a sheet that was sealed must be told again word for word.
CAUSES = {
    "other_agency": "Chờ cơ quan ngoài xã",
    "system": "Lỗi hệ thống",
    "force_majeure": "Bất khả kháng",
    "changed_rules": "Thay đổi quy định",
    "other": "Nguyên nhân khác",
}


def told(sheet: Sheet) -> dict[str, Any]:
    """Return one sheet; points of items are shown rounded, the total is rounded once from exact ones."""
    declared, period, person = sheet.rules, sheet.figures.period, sheet.person
    return {
        "label": declared.label,
        "is_proposal": True,
        "ruleset": {
            "id": declared.ruleset,
            "version": declared.version,
            "name": declared.name,
            "document": declared.document,
            "basis": _BASIS[declared.basis],
            "owner": declared.owner,
            "approved_by": declared.approved_by,
            "form": sheet.form.name,
            "sha256": rule_files.fingerprint(declared),
        },
        "period": period.label,
        "calendar": period.calendar,
        "revision": sheet.figures.revision,
        "is_provisional": bool(sheet.provisional),
        "provisional_because": list(sheet.provisional),
        "level_of": sheet.level_of,
        "code": sheet.code,
        "home_unit": person.home_unit if person else None,
        "working_unit": person.working_unit if person else None,
        "items": [_line(sheet, line) for line in sheet.total.lines],
        "deductions": [
            {
                "code": each.code,
                "name": each.name,
                "events": _number(each.events),
                "points": half_up(each.points),
                "is_counted": declared.deductions.is_counted,
                "why": each.why,
            }
            for each in sheet.total.deducted
        ],
        "deducted_points": half_up(sheet.total.deducted_points),
        "vetoes": [
            {
                "code": one.veto.code,
                "name": one.veto.name,
                "basis": _BASIS[one.veto.basis],
                "cap": one.cap or one.veto.cap,
                "holds": one.holds,
                "cause": one.cause,
            }
            for one in sheet.held
        ],
        "points": sheet.points,
        "points_least": sheet.total.least,
        "points_most": sheet.total.most,
        "proposed_level": _level(sheet, sheet.level),
        "level_least": _level(sheet, sheet.level_least),
        "level_most": _level(sheet, sheet.level_most),
        "is_rated": sheet.is_rated,
        "not_rated_because": _unrated(sheet),
        "people_enter": [
            f"{line.item.code} {line.item.name}: {line.item.entered or line.why}" for line in sheet.waiting
        ]
        + ([] if person is None or person.self_scored else ["Tự chấm điểm"])
        + ([] if person is None else ["Nhận xét của người đứng đầu"]),
        "self_scored": []
        if person is None
        else [{"item": item, "points": points, "is_counted": False} for item, points in person.self_scored],
        "exempted": [] if person is None else [_exempted(one) for one in person.exempted],
        "notes": list(declared.notes),
    }


def _exempted(one: Exempted) -> dict[str, Any]:
    return {
        "dossier": one.dossier_code,
        "exemption": one.exemption_code,
        "cause": CAUSES[one.cause],
        "document": one.document,
        "off": list(one.parts),
    }


def _unrated(sheet: Sheet) -> str | None:
    if sheet.is_rated:
        return None
    causes = [
        f"{one.veto.name}: {one.cause}" for one in sheet.held if one.holds and one.veto.cap == "not_rated"
    ]
    return "; ".join(causes) or "Quá ít mục có số để đề xuất điểm và mức."


def _level(sheet: Sheet, level: rules.Level | None) -> str | None:
    return None if level is None else sheet.rules.level_name(level)


def _line(sheet: Sheet, line: Line) -> dict[str, Any]:
    measured = {part.partition(".")[0]: None for part in rules.item_parts(line.item)}
    return {
        "group": line.group,
        "item": line.item.code,
        "name": line.item.name,
        "state": {"scored": "đã chấm", "aside": "đứng ngoài", "waiting": "người nhập"}[line.state],
        "indicators": list(measured),
        "numerator": _number(line.numerator),
        "denominator": _number(line.denominator),
        "value": None if line.value is None else half_up(line.value),
        "floor": line.item.floor if line.item.rate or line.item.measure else None,
        "target": line.item.target if line.item.rate or line.item.measure else None,
        "weight": half_up(line.weight),
        "points": None if line.points is None else half_up(line.points),
        "lost": None if line.points is None else half_up(line.lost),
        "needed": line.needed if line.lost else None,
        "why": line.why,
        "evidence": [_evidence(sheet, line, id) for id in measured],
    }


def _evidence(sheet: Sheet, line: Line, indicator: str) -> str:
    period = sheet.figures.period
    calendar = "" if period.calendar == "month" else f" --calendar {period.calendar}"
    is_commune = line.item.measure is not None and line.item.measure.at == "commune"
    code = sheet.person.home_unit if line.item.fact and sheet.person else sheet.code
    return f"tthc explain {indicator} {period.label}{calendar}" + ("" if is_commune else f" --code {code}")


def _number(value: Fraction | None) -> int | Decimal | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else half_up(value)


def differences(
    one: Mapping[str, Mapping[str, Any]], other: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what two times of telling say of the same units or people, those of either, by code.

    Sheets as :func:`told` gives them: of two rule sets on the same data, or of two versions that were sealed.
    """
    found = []
    for code in sorted({*one, *other}):
        sides = (one.get(code), other.get(code))
        found.append({"code": code, "a": _side(sides[0]), "b": _side(sides[1]), "items": _items(*sides)})
    return found


def is_different(row: Mapping[str, Any]) -> bool:
    """Say whether one row of :func:`differences` says something else on either side."""
    return row["a"] != row["b"] or bool(row["items"])


def _side(sheet: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if sheet is None:
        return None
    names = ("label", "points_least", "points_most", "proposed_level", "level_least", "level_most")
    return {
        "ruleset": sheet["ruleset"]["id"],
        **{name: sheet[name] for name in names},
        "vetoes": [veto["code"] for veto in sheet["vetoes"] if veto["holds"]],
    }


def _items(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    sides = [
        {line["item"]: line["points"] for line in sheet["items"]} if sheet else {} for sheet in (one, other)
    ]
    return [
        {"item": code, "a": sides[0].get(code), "b": sides[1].get(code)}
        for code in dict.fromkeys([*sides[0], *sides[1]])
        if sides[0].get(code) != sides[1].get(code)
    ]
