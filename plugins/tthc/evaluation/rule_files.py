"""The rule sets as files: read, judged as a whole with file and line, the right one chosen by person and date."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import yaml

from tthc import settings
from tthc.errors import UsageError
from tthc.evaluation.rule_checks import problems
from tthc.evaluation.rules import Kind, RuleSet, StaffKind

FOLDERS: dict[Kind, str] = {
    "unit": "rulesets/units",
    "official": "rulesets/officials",
    "emulation": "rulesets/emulation",
}


@cache
def rulesets() -> dict[str, RuleSet]:
    """Return every rule set by its id; raise UsageError with file and line for the first that cannot be right."""
    found = read(settings.root())
    if not found:
        raise UsageError(f"Không có bộ quy tắc nào trong {', '.join(FOLDERS.values())}.")
    return found


def read(root: Path) -> dict[str, RuleSet]:
    """Return the rule sets under a folder, by id."""
    found: dict[str, RuleSet] = {}
    for kind, folder in FOLDERS.items():
        for path in sorted((root / folder).glob("*.yaml")):
            rules = _read_file(path, f"{folder}/{path.name}")
            if rules.kind != kind:
                raise _wrong(path, folder, ("kind",), f"kind: {rules.kind} không thuộc thư mục này")
            if rules.ruleset in found:
                raise _wrong(path, folder, ("ruleset",), f"mã {rules.ruleset} đã có ở tệp khác")
            found[rules.ruleset] = rules
    _check_overlaps(found.values())
    return found


def _read_file(path: Path, place: str) -> RuleSet:
    text = path.read_text(encoding="utf-8")
    try:
        declared = yaml.safe_load(text)
        base = declared.pop("based_on", None) if isinstance(declared, dict) else None
        if base is not None:
            # A set that differs in a few words from another says only those; the other must be right first.
            beside = path.with_name(f"{base}.yaml")
            if beside == path or not beside.exists():
                raise _wrong(path, place.rpartition("/")[0], ("based_on",), f"không có tệp {base}.yaml")
            _read_file(beside, f"{place.rpartition('/')[0]}/{beside.name}")
            declared = {**yaml.safe_load(beside.read_text(encoding="utf-8")), **declared}
        # Numbers are read as they are written: 0.1 is a tenth.
        rules = msgspec.convert(_exact(declared), RuleSet, strict=False)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise UsageError(f"Bộ quy tắc sai ở {place}, dòng {line}: không phải YAML.") from error
    except msgspec.ValidationError as error:
        raise UsageError(
            f"Bộ quy tắc sai ở {place}, dòng {_line(text, _path(str(error)))}: {error}."
        ) from error
    for problem in problems(rules):
        raise UsageError(f"Bộ quy tắc sai ở {place}, dòng {_line(text, problem.where)}: {problem.text}.")
    return rules


def _wrong(path: Path, folder: str, where: tuple[str | int, ...], text: str) -> UsageError:
    line = _line(path.read_text(encoding="utf-8"), where)
    return UsageError(f"Bộ quy tắc sai ở {folder}/{path.name}, dòng {line}: {text}.")


def _exact(value):
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items()}
    return [_exact(each) for each in value] if isinstance(value, list) else value


def _path(message: str) -> tuple[str | int, ...]:
    found = re.search(r"`\$(.*?)`", message)
    steps = re.findall(r"\.([a-z_]+)|\[(\d+)\]", found[1]) if found else []
    return tuple(name or int(number) for name, number in steps)


def _line(text: str, where: Iterable[str | int]) -> int:
    """Return the line of a place in a YAML text; of the nearest that is there."""
    node = yaml.compose(text)
    line = node.start_mark.line if node else 0
    for step in where:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if step not in pairs:
                break
            key, node = pairs[step]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _check_overlaps(every: Iterable[RuleSet]) -> None:
    chosen = [rules for rules in every if not rules.is_alternative]
    for one, other in itertools.combinations(sorted(chosen, key=lambda rules: rules.valid_from), 2):
        same = one.kind == other.kind and (not one.applies_to or set(one.applies_to) & set(other.applies_to))
        if same and one.valid_to >= other.valid_from:
            raise UsageError(
                f"Bộ quy tắc sai ở {FOLDERS[one.kind]}: {one.ruleset} và {other.ruleset} cùng có hiệu lực từ"
                f" {other.valid_from:%d/%m/%Y} cho cùng một đối tượng."
            )


def in_force(
    kind: Kind, day: date, staff_kind: StaffKind | None = None, among: Iterable[RuleSet] | None = None
) -> RuleSet | None:
    """Return the rule set of a kind (of a kind of person) on a day; None when there is none."""
    for rules in rulesets().values() if among is None else among:
        fits = staff_kind is None or staff_kind in rules.applies_to
        if (
            rules.kind == kind
            and not rules.is_alternative
            and fits
            and rules.valid_from <= day <= rules.valid_to
        ):
            return rules
    return None


def named(id: str) -> RuleSet:
    """Return a rule set by its id; raise UsageError when there is no such."""
    if id not in rulesets():
        raise UsageError(f"Không có bộ quy tắc {id}. Các bộ: {', '.join(sorted(rulesets()))}.")
    return rulesets()[id]


def fingerprint(rules: RuleSet) -> str:
    """Return the hash of one rule set, for what a sheet was made by; other rule sets do not move it."""
    return hashlib.sha256(msgspec.json.encode(rules)).hexdigest()
