"""What is wrong with a rule set as a whole: weights that do not add up, numbers that nobody publishes, odd ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tthc.evaluation import rules
from tthc.evaluation.rules import LEVELS, Form, Item, RuleSet, Test
from tthc.indicators import definitions
from tthc.indicators.definitions import Indicator

PARTS = ("numerator", "denominator", "failures", "value")


class Problem(NamedTuple):
    """What is wrong, and where in the file: keys and places in lists."""

    where: tuple[str | int, ...]
    text: str


def problems(declared: RuleSet) -> Iterator[Problem]:
    """Yield what cannot be right about one rule set."""
    if declared.valid_to < declared.valid_from:
        yield Problem(("valid_to",), "valid_to đứng trước valid_from")
    if declared.basis == "project_default" and declared.label != rules.DEFAULT_LABEL:
        yield Problem(("label",), f"bộ mặc định của phần mềm phải mang nhãn “{rules.DEFAULT_LABEL}”")
    if rules.PROPOSAL not in declared.label:
        yield Problem(("label",), f"nhãn phải có câu “{rules.PROPOSAL}”")
    if declared.kind == "emulation":
        yield from _of_titles(declared)
        return
    if declared.titles:
        yield Problem(("titles",), "titles chỉ dùng ở kind: emulation")
    if (declared.kind == "official") != bool(declared.applies_to):
        yield Problem(("applies_to",), "applies_to cần ở kind: official, và chỉ ở đó")
    yield from _of_bands(declared)
    if not any(form.who == "all" for form in declared.forms):
        yield Problem(("forms",), "phải có một mẫu cho mọi người (who: all)")
    for number, form in enumerate(declared.forms):
        yield from _of_form(declared, form, ("forms", number))
    yield from _of_rest(declared)


def _of_bands(declared: RuleSet) -> Iterator[Problem]:
    for number, band in enumerate(declared.bands):
        if (band.least is None) == (band.above is None):
            yield Problem(("bands", number), "mỗi mức nêu hoặc from, hoặc above")
            return
    limits = [band.above if band.least is None else band.least for band in declared.bands]
    if [band.level for band in declared.bands] != list(reversed(LEVELS)):
        yield Problem(
            ("bands",), f"bands phải có đủ các mức, từ cao xuống thấp: {', '.join(reversed(LEVELS))}"
        )
    elif sorted(set(limits), reverse=True) != limits or declared.bands[-1].least != 0 or limits[0] > 100:
        yield Problem(("bands",), "ngưỡng phải giảm dần, không quá 100, và mức cuối từ 0")


def _of_form(declared: RuleSet, form: Form, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if (form.who == "titles") != bool(form.job_titles):
        yield Problem(at, "job_titles cần khi who: titles, và chỉ khi ấy")
    if form.who != "all" and declared.kind == "unit":
        yield Problem(at, "bộ của đơn vị chỉ có một mẫu (who: all)")
    total = sum(group.weight for group in form.groups)
    if total != 100:
        yield Problem(at, f"mẫu “{form.name}”: điểm các nhóm cộng lại là {total}, phải là 100")
    codes = [item.code for group in form.groups for item in group.items]
    if len(set(codes)) != len(codes):
        yield Problem(at, f"mẫu “{form.name}”: có mã mục trùng nhau")
    for number, group in enumerate(form.groups):
        where = (*at, "groups", number)
        if not group.items or group.weight <= 0:
            yield Problem(where, f"nhóm {group.code}: phải có mục và điểm lớn hơn 0")
            continue
        weights = [item.weight for item in group.items]
        if group.is_equal:
            if any(weight is not None for weight in weights):
                yield Problem(where, f"nhóm {group.code}: is_equal thì các mục không nêu weight")
        elif any(weight is None or weight <= 0 for weight in weights):
            yield Problem(where, f"nhóm {group.code}: mỗi mục phải có weight lớn hơn 0")
        elif sum(weights) != group.weight:
            yield Problem(
                where, f"nhóm {group.code}: các mục cộng lại là {sum(weights)}, nhóm có {group.weight}"
            )
        for place, item in enumerate(group.items):
            for text in _of_item(declared, item):
                yield Problem((*where, "items", place), f"mục {item.code}: {text}")


def _of_item(declared: RuleSet, item: Item) -> Iterator[str]:
    ways = (item.rate, item.measure, item.count, item.fact, item.entered, item.given or None)
    if sum(way is not None for way in ways) != 1:
        yield "nêu đúng một trong rate, measure, count, fact, entered, given"
        return
    if (item.count is not None) != (item.each is not None):
        yield "count và each đi cùng nhau"
    if item.among is not None and item.count is None:
        yield "among chỉ dùng cùng count"
    if item.each is not None and item.each <= 0:
        yield "each phải lớn hơn 0"
    if not 0 <= item.floor < item.target <= 100:
        yield f"floor {item.floor} và target {item.target}: cần 0 ≤ floor < target ≤ 100"
    level = declared.kind
    if item.measure:
        if bool(item.measure.done) == bool(item.measure.failed):
            yield "measure nêu hoặc done, hoặc failed"
        if (item.measure.at is None) != (not item.measure.units):
            yield "measure: at và units đi cùng nhau"
        if not 0 < item.measure.per_failure <= 1:
            yield "per_failure trong khoảng trên 0 đến 1"
        level = item.measure.at or level
    if item.fact and declared.kind != "official":
        yield "fact chỉ dùng cho người"
    for part in rules.item_parts(item):
        yield from _of_part(part, "unit" if item.fact else level)


def _of_part(text: str, level: str) -> Iterator[str]:
    id, _, part = text.partition(".")
    indicator: Indicator | None = definitions.indicators().get(id)
    if indicator is None:
        yield f"không có chỉ tiêu {id}"
    elif part not in PARTS:
        yield f"{text}: phần phải là một trong {', '.join(PARTS)}"
    elif level not in indicator.at:
        yield f"chỉ tiêu {id} không tính ở cấp {level}"
    elif part in ("denominator", "failures") and indicator.kind != "rate":
        yield f"chỉ tiêu {id} không phải tỷ lệ, không có {part}"


def _of_rest(declared: RuleSet) -> Iterator[Problem]:
    if declared.deductions.most < 0:
        yield Problem(("deductions",), "most không được âm")
    takers = [group for form in declared.forms for group in form.groups if group.takes_deductions]
    if declared.deductions.is_counted and declared.deductions.rows and not takers:
        yield Problem(("deductions",), "không nhóm nào nhận điểm trừ (takes_deductions)")
    for number, row in enumerate(declared.deductions.rows):
        where = ("deductions", "rows", number)
        if (row.events is None) == (row.why is None):
            yield Problem(where, f"điểm trừ {row.code}: nêu hoặc events, hoặc why")
        if row.each <= 0 or (row.most is not None and row.most <= 0):
            yield Problem(where, f"điểm trừ {row.code}: each và most phải lớn hơn 0")
        for text in _of_part(row.events, declared.kind) if row.events else ():
            yield Problem(where, f"điểm trừ {row.code}: {text}")
    for number, veto in enumerate(declared.vetoes):
        where = ("vetoes", number)
        if sum((bool(veto.tests), veto.fact is not None, veto.why is not None)) != 1:
            yield Problem(where, f"{veto.code}: nêu đúng một trong tests, fact, why")
        if veto.fact and declared.kind != "official":
            yield Problem(where, f"{veto.code}: fact chỉ dùng cho người")
        if veto.fact in ("short_work", "long_absence") and declared.work is None:
            yield Problem(where, f"{veto.code}: cần work")
        if (veto.fact or "").startswith("unit_") and not veto.heads_only:
            yield Problem(where, f"{veto.code}: {veto.fact} chỉ dùng cho người đứng đầu (heads_only: true)")
        for test in veto.tests:
            for text in _of_test(test, declared.kind):
                yield Problem(where, f"{veto.code}: {text}")
    if declared.quota and not 0 < declared.quota.percent <= declared.quota.raised <= 100:
        yield Problem(("quota",), "cần 0 < percent ≤ raised ≤ 100")
    if not 0 <= declared.least_known <= 100:
        yield Problem(("least_known",), "least_known trong khoảng 0 đến 100")
    if declared.work and not 0 < declared.work.absent_from < declared.work.absent_below <= 12:
        yield Problem(("work",), "cần 0 < absent_from < absent_below ≤ 12")
    if list(declared.volume_limits) != sorted(set(declared.volume_limits)):
        yield Problem(("volume_limits",), "volume_limits phải tăng dần")


def _of_test(test: Test, level: str) -> Iterator[str]:
    if (test.below is None) == (test.above is None):
        yield "mỗi phép thử nêu hoặc below, hoặc above"
    for part in (test.part, test.share_of):
        yield from _of_part(part, level) if part else ()


def _of_titles(declared: RuleSet) -> Iterator[Problem]:
    if not declared.titles or declared.forms or declared.bands:
        yield Problem(("titles",), "kind: emulation cần titles và không có forms, bands")
    codes = [title.code for title in declared.titles]
    for number, title in enumerate(declared.titles):
        where = ("titles", number)
        for named in (title.needs_title, title.members_title, title.holders_title):
            if named is not None and named not in codes[:number]:
                yield Problem(where, f"danh hiệu {title.code}: {named} phải đứng trước")
        if title.members_percent is not None and not 0 < title.members_percent <= 100:
            yield Problem(where, f"danh hiệu {title.code}: members_percent trong khoảng trên 0 đến 100")
        if title.discipline is not None and title.discipline not in DISCIPLINES:
            yield Problem(where, f"danh hiệu {title.code}: discipline là một trong {', '.join(DISCIPLINES)}")


#: From the lightest to the gravest.
DISCIPLINES = ("reprimand", "warning", "salary_cut", "demotion", "removal", "dismissal")
