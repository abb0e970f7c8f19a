"""Does an evidence pack hold: every fingerprint, every number from its list, every point from the rule set.

Nothing is asked of a database, of settings or of the declarations of this machine: what is not in the pack is not
known. Whoever changes a row, a number or a rule and puts the fingerprints right meets what no longer adds up.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from tthc.errors import TthcError
from tthc.evaluation import pack_members as members
from tthc.evaluation import rule_files, sheets, telling
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.people import Person
from tthc.evaluation.rules import RuleSet
from tthc.evaluation.sheets import Sheet
from tthc.evaluation.vetoes import Unit
from tthc.warehouse import score_chain
from tthc.workdays import periods

#: Kinds of indicators whose numbers are sums over the rows of a list.
_ADDED = ("rate", "count", "sum", "ratio")
_HUNDREDTH = Decimal("0.01")


class Said(NamedTuple):
    """One line: whether it holds (None: nothing here can tell), and what it is about."""

    holds: bool | None
    text: str


@dataclass
class _Pack:
    members: dict[str, bytes]
    manifest: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)

    def json(self, name: str) -> Any:
        return json.loads(self.members[name])


def check(body: bytes) -> list[Said]:
    """Return what holds of a pack and what does not, line by line; never an exception for a pack that is wrong."""
    try:
        found = members.unzipped(body)
        manifest = json.loads(found[members.MANIFEST])
        if manifest["format"] != members.FORMAT:
            return [Said(False, f"Gói ghi dạng {manifest['format']}, bản này đọc {members.FORMAT}.")]
    except TthcError as error:
        return [Said(False, str(error))]
    except (KeyError, TypeError, ValueError):
        return [Said(False, f"Gói không có {members.MANIFEST} đọc được.")]
    pack = _Pack(found, manifest)
    said = list(_fingerprints(pack))
    if members.zipped(found) != body:
        said.append(
            Said(None, "Vỏ zip đã bị nén lại hoặc sửa; nội dung từng tệp vẫn được so từng byte ở đây.")
        )
    for name, step in _STEPS:
        try:
            said += step(pack)
        except TthcError as error:
            said.append(Said(False, f"{name}: {error}"))
        except Exception as error:
            # Whatever is not as we write it, is not as we wrote it; its text may quote what it read.
            said.append(Said(False, f"{name}: không đọc được ({type(error).__name__})."))
    return said


def holds(said: list[Said]) -> bool:
    """Say whether nothing is wrong."""
    return all(line.holds is not False for line in said)


def _fingerprints(pack: _Pack) -> Iterator[Said]:
    listed: Mapping[str, str] = pack.manifest.get("members", {})
    wrong = sorted(
        name
        for name, hash in listed.items()
        if name in pack.members and members.digest(pack.members[name]) != hash
    )
    lacking = sorted(set(listed) - set(pack.members))
    more = sorted(set(pack.members) - set(listed) - {members.MANIFEST})
    for names, text in ((wrong, "khác mã băm trong mục lục"), (lacking, "có trong mục lục mà không có trong gói"),
                        (more, "có trong gói mà không có trong mục lục")):  # fmt: skip
        yield from (Said(False, f"Tệp {name}: {text}.") for name in names)
    if not (wrong or lacking or more):
        yield Said(True, f"Mã băm của cả {len(listed)} tệp khớp mục lục.")


def _rules(pack: _Pack) -> Iterator[Said]:
    told = pack.json(members.SHEET)["ruleset"]
    for name, wanted in (
        (members.RULES, told["sha256"]),
        (members.UNIT_RULES, pack.manifest["unit_rules_sha256"]),
    ):
        if wanted is None:
            continue
        rules = members.rules_from_yaml(pack.members[name])
        is_right = rule_files.fingerprint(rules) == wanted
        if name == members.RULES:
            is_right = is_right and wanted == pack.manifest["ruleset"]["sha256"]
            is_right = is_right and (rules.ruleset, rules.version, rules.label) == (
                told["id"], told["version"], pack.json(members.SHEET)["label"],
            )  # fmt: skip
        whose = "trên phiếu" if name == members.RULES else "trong mục lục"
        yield Said(is_right, f"Bộ quy tắc {rules.ruleset} ({name}): dấu {_match(is_right)} dấu {whose}.")


def _lists(pack: _Pack) -> Iterator[Said]:
    numbers = members.numbers_from_csv(pack.members[members.NUMBERS])
    meanings = pack.json(members.MEANINGS)
    for place, figure in sorted(numbers.items()):
        level, code, indicator = place
        meaning = meanings[indicator]
        name = f"{meaning['name']} ({indicator}) của {code}"
        if meaning["kind"] in _ADDED:
            yield from _list(pack, place, figure, meaning, name)
        elif meaning["parts"]:
            value = _weighted(meaning["parts"], numbers, level, code)
            is_right = value == figure.value
            yield Said(
                is_right,
                f"{name}: tính lại từ {len(meaning['parts'])} phần được {_word(value)}, bản công bố ghi"
                f" {_word(figure.value)}.",
            )
        else:
            yield Said(None, f"{name}: {_word(figure.value)}; loại chỉ tiêu này không cộng từ danh sách.")
    lists = {members.list_name(place) for place in numbers}
    lost = sorted(name for name in pack.members if name.startswith(members.LISTS) and name not in lists)
    yield from (Said(False, f"Danh sách {name} không đứng sau con số nào.") for name in lost)


def _list(
    pack: _Pack, place: members.Place, figure: Figure, meaning: dict[str, Any], name: str
) -> Iterator[Said]:
    listed = members.list_name(place)
    if figure.numerator is None and figure.denominator is None:
        yield Said(None, f"{name}: bản công bố không có số ({figure.status}).")
        return
    if listed not in pack.members:
        yield Said(False, f"{name}: thiếu danh sách {listed}.")
        return
    try:
        numerator, denominator, rows = members.sums(pack.members[listed])
    except (TthcError, ValueError) as error:
        why = error if isinstance(error, TthcError) else "có phần không phải số"
        yield Said(False, f"{name}: danh sách hỏng, {why}.")
        return
    added = f"{numerator}/{denominator}" if figure.denominator is not None else f"{numerator}"
    told = f"{figure.numerator}" + (f"/{figure.denominator}" if figure.denominator is not None else "")
    is_right = numerator == (figure.numerator or 0) and (
        figure.denominator is None or denominator == figure.denominator
    )
    yield Said(is_right, f"{name}: {rows} dòng cộng lại được {added}, bản công bố ghi {told}.")
    # Where nothing was counted and a source lacks, nothing is known: no value is told.
    is_unknown = figure.value is None and figure.status in ("no_data", "no_source")
    if not is_unknown and (value := _value(meaning["kind"], figure)) != figure.value:
        yield Said(False, f"{name}: {told} cho {_word(value)}, bản công bố ghi {_word(figure.value)}.")


def _value(kind: str, figure: Figure) -> Decimal | None:
    if kind in ("count", "sum"):
        return None if figure.numerator is None else Decimal(figure.numerator)
    if not figure.denominator or figure.numerator is None:
        return None
    factor = 100 if kind == "rate" else 1
    return (Decimal(factor * figure.numerator) / figure.denominator).quantize(_HUNDREDTH, ROUND_HALF_UP)


def _weighted(
    parts: list[dict[str, Any]], numbers: Mapping[members.Place, Figure], level: str, code: str
) -> Decimal | None:
    """Return the points of 100 of the parts that are known; the weight of the others is spread over these."""
    got = whole = Decimal(0)
    for part in parts:
        figure = numbers.get((level, code, part["indicator"]))
        if figure is None or figure.value is None:
            continue
        weight, floor, target = (Decimal(str(part[name])) for name in ("weight", "floor", "target"))
        share = min(max((figure.value - floor) / (target - floor), Decimal(0)), Decimal(1))
        got, whole = got + weight * share, whole + weight
    return (100 * got / whole).quantize(_HUNDREDTH, ROUND_HALF_UP) if whole else None


def _points(pack: _Pack) -> Iterator[Said]:
    told, manifest = pack.json(members.SHEET), pack.manifest
    period = periods.parse(manifest["period"], manifest["calendar"])
    figures = Figures(
        period,
        manifest["commune"],
        members.numbers_from_csv(pack.members[members.NUMBERS]),
        manifest["revision"]["revision_number"],
    )
    rules = members.rules_from_yaml(pack.members[members.RULES])
    person, findings, unit, led, entered = members.from_grounds(pack.json(members.GROUNDS))
    if person is None:
        again = sheets.unit_sheet(rules, figures, manifest["subject"]["code"])
    else:
        if manifest["unit_rules_sha256"] is not None:
            yield from _unit(pack, figures, person, unit)
        again = sheets.official_sheet(rules, figures, person, findings, unit, led, entered)
    pack.told = json.loads(members.to_json(telling.told(again)))
    yield from _same_sheet(told, pack.told, again)


def _unit(pack: _Pack, figures: Figures, person: Person, unit: Unit | None) -> Iterator[Said]:
    rules: RuleSet = members.rules_from_yaml(pack.members[members.UNIT_RULES])
    again = sheets.standing_of(sheets.unit_sheet(rules, figures, person.home_unit))
    is_right = again == unit
    yield Said(
        is_right,
        f"Mức và điều kiện của đơn vị {person.home_unit}: tính lại {_match(is_right)} căn cứ đã ghi.",
    )


def _same_sheet(told: dict[str, Any], again: dict[str, Any], sheet: Sheet) -> Iterator[Said]:
    recounted = {line["item"]: line for line in again["items"]}
    for line in told["items"]:
        other = recounted.pop(line["item"], None)
        what = f"Mục {line['item']} {line['name']}"
        if other == line:
            shown = "chờ người nhập" if line["points"] is None else f"{_word(line['points'])} điểm"
            yield Said(True, f"{what}: {'đứng ngoài' if line['state'] == 'đứng ngoài' else shown}.")
            continue
        wrong = [name for name in line if other is None or other.get(name) != line[name]]
        differs = ", ".join(
            f"{name} {_word(line[name])} → {_word(other and other.get(name))}" for name in wrong[:4]
        )
        yield Said(False, f"{what}: phiếu ghi khác khi tính lại ({differs}).")
    yield from (Said(False, f"Mục {code}: tính lại thì có, phiếu không ghi.") for code in recounted)
    for name, text in _REST:
        is_right = told.get(name) == again.get(name)
        shown = "" if isinstance(told.get(name), list | dict) else f" {_word(told.get(name))}"
        yield Said(is_right, f"{text}{shown}: {_match(is_right)} khi tính lại.")
    known = {"items", *(name for name, _ in _REST)}
    rest = sorted(name for name in {*told, *again} - known if told.get(name) != again.get(name))
    yield from (Said(False, f"Phiếu: phần “{name}” khác khi tính lại.") for name in rest)


_REST = (
    ("deductions", "Điểm trừ, từng dòng"),
    ("deducted_points", "Tổng điểm trừ"),
    ("vetoes", "Điều kiện chặn mức"),
    ("points", "Điểm đề xuất"),
    ("points_least", "Điểm ít nhất"),
    ("points_most", "Điểm nhiều nhất"),
    ("proposed_level", "Mức đề xuất"),
    ("level_least", "Mức thấp nhất"),
    ("level_most", "Mức cao nhất"),
    ("label", "Nhãn"),
)


def _revision(pack: _Pack) -> Iterator[Said]:
    told, link = pack.manifest["revision"], pack.members[members.LINK].decode().rstrip("\n")
    is_right = members.digest(link.encode()) == told["chain_hash"]
    yield Said(is_right, f"Mắt xích của bản công bố: dấu {_match(is_right)} mục lục.")
    read = json.loads(link)
    same = {
        "period": read["period"] == pack.manifest["period"],
        "calendar": read["calendar"] == pack.manifest["calendar"],
        "commune_code": read["commune_code"] == pack.manifest["commune"],
        **{
            name: read.get(name) == told[name]
            for name in ("revision_number", "content_hash", "facts_hash", "previous_hash", "chain_number")
        },
    }
    wrong = [name for name, is_same in same.items() if not is_same]
    yield Said(
        not wrong,
        f"Mắt xích nói về kỳ {read['period']}, lần công bố {read['revision_number']}: "
        + (f"khác mục lục ở {', '.join(wrong)}." if wrong else "khớp mục lục."),
    )
    is_right = pack.json(members.SHEET)["revision"] == told["revision_number"]
    yield Said(is_right, f"Lần công bố trên phiếu: {_match(is_right)} mục lục.")


def _seal(pack: _Pack) -> Iterator[Said]:
    told, sheet = pack.manifest["seal"], pack.json(members.SHEET)
    if told is None:
        yield Said(None, "Phiếu chưa niêm: gói nói phiếu tính thế nào, không nói phiếu đã được duyệt.")
        return
    lines = pack.members[members.SEALED_SHEETS].decode().splitlines()
    own = f"{sheet['level_of']} {sheet['code']} {score_chain.sheet_hash(sheet)}"
    yield Said(own in lines, f"Phiếu trong lần niêm phiên bản {told['version']}: dấu {_match(own in lines)}.")
    is_right = len(lines) == told["sheet_count"] and told["content_hash"] == score_chain.content_hash(
        tuple(line.split(" ")) for line in lines
    )
    yield Said(is_right, f"Dấu của cả {len(lines)} phiếu trong lần niêm: {_match(is_right)} mục lục.")
    if members.SEALED_RUN not in pack.members:
        yield Said(None, f"Lần niêm nêu người khác nên không kèm: so dấu {told['chain_hash'][:16]} với kho.")
        return
    link = pack.members[members.SEALED_RUN].decode().rstrip("\n")
    is_right = members.digest(link.encode()) == told["chain_hash"]
    yield Said(is_right, f"Mắt xích của lần niêm: dấu {_match(is_right)} mục lục.")
    read = json.loads(link)
    same = {
        "state": read["state"] == "sealed",
        "period": (read["period"], read["calendar"]) == (sheet["period"], sheet["calendar"]),
        "commune_code": read["commune_code"] == pack.manifest["commune"],
        "revision_hash": read["revision_hash"] == pack.manifest["revision"]["chain_hash"],
        "rulesets": read["rulesets"].get(sheet["ruleset"]["id"]) == sheet["ruleset"]["sha256"],
        **{name: read.get(name) == value for name, value in told.items() if name != "chain_hash"},
    }
    wrong = [name for name, is_same in same.items() if not is_same]
    yield Said(
        not wrong,
        f"Lần niêm nói về kỳ {read['period']}, {read['sheet_count']} phiếu, hai người duyệt {read['first_by']} và"
        f" {read['second_by']}: " + (f"khác gói ở {', '.join(wrong)}." if wrong else "khớp gói."),
    )


def _exempted(pack: _Pack) -> Iterator[Said]:
    """Say whether every dossier that is not held against somebody was held against them in the lists."""
    for one in pack.json(members.SHEET)["exempted"]:
        for part in one["off"]:
            indicator, _, name = part.partition(".")
            listed = members.list_name(("official", pack.manifest["subject"]["code"], indicator))
            rows = members.from_csv(pack.members[listed])[1] if listed in pack.members else []
            wanted = ("0", "1") if name == "failures" else ("1", None)
            is_right = any(
                row[0] == one["dossier"] and row[1] == wanted[0] and wanted[1] in (None, row[2])
                for row in rows
            )
            there = "có" if is_right else "KHÔNG có"
            yield Said(
                is_right, f"Miễn trừ {one['exemption']}: hồ sơ {one['dossier']} {there} trong {indicator}."
            )


def _subject(pack: _Pack) -> Iterator[Said]:
    told, manifest = pack.json(members.SHEET), pack.manifest
    same = {
        "code": manifest["subject"]["code"],
        "level_of": manifest["subject"]["level_of"],
        "period": manifest["period"],
        "calendar": manifest["calendar"],
        "label": manifest["label"],
    }
    wrong = [name for name, value in same.items() if told[name] != value]
    yield Said(
        not wrong,
        f"Phiếu của {told['code']}, kỳ {told['period']}: "
        + (f"khác mục lục ở {', '.join(wrong)}." if wrong else "khớp mục lục."),
    )


def _paper(pack: _Pack) -> Iterator[Said]:
    import docx

    from tthc.reports import evaluation_sheet

    told = pack.json(members.SHEET)
    made = docx.Document(io.BytesIO(pack.members[members.PAPER]))
    texts = [paragraph.text for paragraph in made.paragraphs]
    cells = {cell.text for table in made.tables for row in table.rows for cell in row.cells}
    feet = [paragraph.text for paragraph in made.sections[0].footer.paragraphs]
    wanted = [
        ("nhãn ở chân trang", told["label"] in feet),
        ("điểm", any(text.startswith(f"Điểm: {evaluation_sheet.points(told)}") for text in texts)),
        ("mức", f"Mức: {evaluation_sheet.level(told)}." in texts),
        ("từng mục", all(line["item"] in cells for line in told["items"])),
    ]
    wrong = [name for name, is_right in wanted if not is_right]
    yield Said(
        not wrong,
        f"Bản in {members.PAPER}: "
        + (f"{', '.join(wrong)} khác phiếu." if wrong else "ghi đúng điểm, mức và nhãn."),
    )
    if members.PRINTED in pack.members:
        yield Said(
            None, f"Bản in {members.PRINTED}: chỉ so mã băm; nội dung do người đọc so với {members.PAPER}."
        )


def _match(is_right: bool) -> str:
    return "khớp" if is_right else "KHÁC"


def _word(value: Any) -> str:
    return "trống" if value is None else str(value)


_STEPS: tuple[tuple[str, Callable[[_Pack], Iterator[Said]]], ...] = (
    ("Phiếu", _subject),
    ("Bộ quy tắc", _rules),
    ("Danh sách", _lists),
    ("Điểm", _points),
    ("Miễn trừ", _exempted),
    ("Bản công bố", _revision),
    ("Lần niêm", _seal),
    ("Bản in", _paper),
)
