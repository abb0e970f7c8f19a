"""Preconditions of titles that data can check: yes, no, or not known yet, each with its reason. The council decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tthc.evaluation.people import Finding
from tthc.evaluation.rule_checks import DISCIPLINES
from tthc.evaluation.rules import LEVELS, Level, RuleSet, Title
from tthc.evaluation.sheets import Sheet


@dataclass(frozen=True)
class Answer:
    """Whether a person or unit meets the preconditions of a title; ``meets`` None: people have to enter something."""

    title: str
    code: str
    meets: bool | None
    why: tuple[str, ...]


def preconditions(
    rules: RuleSet, units: Mapping[str, Sheet], people: Mapping[str, Sheet], findings: Sequence[Finding]
) -> list[Answer]:
    """Return an answer for every title and everybody who could hold it, in the order of the rule set and by code."""
    found: dict[tuple[str, str], Answer] = {}
    names = {title.code: title.name for title in rules.titles}
    for title in rules.titles:
        sheets = people if title.who == "person" else units
        for code, sheet in sorted(sheets.items()):
            parts = (
                _of_person(title, sheet, found, findings, names)
                if title.who == "person"
                else _of_unit(title, sheet, people, found, findings, names)
            )
            found[title.code, code] = Answer(title.code, code, _all(parts), tuple(text for _, text in parts))
    return list(found.values())


_Part = tuple[bool | None, str]


def _all(parts: Sequence[_Part]) -> bool | None:
    answers = [answer for answer, _ in parts]
    if False in answers:
        return False
    return None if None in answers else True


def _of_person(
    title: Title, sheet: Sheet, found: Mapping, findings: Sequence[Finding], names: Mapping[str, str]
) -> list[_Part]:
    parts: list[_Part] = []
    if title.needs_title:
        held = found[title.needs_title, sheet.code].meets
        parts.append((held, f"{names[title.needs_title]}: {_word(held)}"))
    if title.least_level:
        answer, text = _at_least(sheet, title.least_level)
        if title.or_entered and answer is not True:
            answer, text = None, f"{text}; hoặc {title.or_entered} (người nhập)"
        parts.append((answer, text))
    if title.discipline:
        parts.append(
            _undisciplined(title.discipline, [one for one in findings if one.official_code == sheet.code])
        )
    return parts + [(None, f"người nhập: {text}") for text in title.entered]


def _of_unit(
    title: Title,
    sheet: Sheet,
    people: Mapping[str, Sheet],
    found: Mapping,
    findings: Sequence[Finding],
    names: Mapping[str, str],
) -> list[_Part]:
    members = {
        code: one
        for code, one in people.items()
        if one.person and one.person.home_unit == sheet.code and one.is_rated
    }
    parts: list[_Part] = []
    if title.least_level:
        parts.append(_at_least(sheet, title.least_level))
    if title.members_level:
        answers = [_at_least(one, title.members_level)[0] for one in members.values()]
        parts.append(_share(answers, Fraction(100), f"{sheet.rules.level_name(title.members_level)} trở lên"))
    if title.members_title and title.members_percent is not None:
        answers = [found[title.members_title, code].meets for code in members]
        parts.append(_share(answers, Fraction(title.members_percent), names[title.members_title]))
    if title.holders_title:
        answers = [found[title.holders_title, code].meets for code in members]
        sure, maybe = answers.count(True), answers.count(None)
        answer = True if sure >= title.holders else None if sure + maybe >= title.holders else False
        parts.append(
            (
                answer,
                f"{names[title.holders_title]}: {sure} chắc chắn, {maybe} chưa biết, cần {title.holders}",
            )
        )
    if title.discipline:
        inside = [one for one in findings if one.official_code in members]
        parts.append(_undisciplined(title.discipline, inside))
    return parts + [(None, f"người nhập: {text}") for text in title.entered]


def _share(answers: Sequence[bool | None], percent: Fraction, of: str) -> _Part:
    count, sure, maybe = len(answers), answers.count(True), answers.count(None)
    if not count:
        return None, f"{of}: không có ai để tính"
    answer = (
        True if 100 * sure >= percent * count else None if 100 * (sure + maybe) >= percent * count else False
    )
    return answer, f"{of}: {sure}/{count} chắc chắn, {maybe} chưa biết, cần {float(percent):g} %"


def _at_least(sheet: Sheet, level: Level) -> _Part:
    if not sheet.is_rated:
        return False, "không được xếp loại"
    least, most, wanted = (LEVELS.index(one) for one in (sheet.level_least, sheet.level_most, level))
    name = sheet.rules.level_name(level)
    if least >= wanted:
        return True, f"{name}: đạt theo đề xuất"
    return (
        (None, f"{name}: chưa quyết được, chờ người nhập")
        if most >= wanted
        else (False, f"{name}: không đạt")
    )


def _undisciplined(lightest: str, found: Sequence[Finding]) -> _Part:
    grave = [
        one.record_code
        for one in found
        if one.discipline and DISCIPLINES.index(one.discipline) >= DISCIPLINES.index(lightest)
    ]
    return (False, f"bị kỷ luật: {', '.join(grave)}") if grave else (True, "không bị kỷ luật đến mức loại")


def _word(answer: bool | None) -> str:
    return "chưa biết" if answer is None else "có" if answer else "không"
