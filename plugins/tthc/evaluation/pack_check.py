"""Does an evidence pack hold: every fingerprint, every number from its list, every point from the rule set.

Nothing is asked of a database, of settings or of the declarations of this machine: what is not in the pack is not
known. Whoever changes a row, a number or a rule and puts the fingerprints right meets what no longer adds up.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from xml.etree import ElementTree

from tthc.errors import TthcError
from tthc.evaluation import pack_links, rule_files, sheets, telling
from tthc.evaluation import pack_members as members
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.pack_links import Pack, Said, match
from tthc.evaluation.people import Person
from tthc.evaluation.rules import RuleSet
from tthc.evaluation.vetoes import Unit
from tthc.workdays import periods

#: Kinds of indicators whose numbers are sums over the rows of a list.
_ADDED = ("rate", "count", "sum", "ratio")
_HUNDREDTH = Decimal("0.01")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


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
    pack = Pack(found, manifest)
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


def _fingerprints(pack: Pack) -> Iterator[Said]:
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


def _rules(pack: Pack) -> Iterator[Said]:
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
        yield Said(is_right, f"Bộ quy tắc {rules.ruleset} ({name}): dấu {match(is_right)} dấu {whose}.")


def _lists(pack: Pack) -> Iterator[Said]:
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
    pack: Pack, place: members.Place, figure: Figure, meaning: dict[str, Any], name: str
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


def _points(pack: Pack) -> Iterator[Said]:
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
    yield from _same_sheet(told, json.loads(members.to_json(telling.told(again))))


def _unit(pack: Pack, figures: Figures, person: Person, unit: Unit | None) -> Iterator[Said]:
    rules: RuleSet = members.rules_from_yaml(pack.members[members.UNIT_RULES])
    again = sheets.standing_of(sheets.unit_sheet(rules, figures, person.home_unit))
    is_right = again == unit
    yield Said(
        is_right,
        f"Mức và điều kiện của đơn vị {person.home_unit}: tính lại {match(is_right)} căn cứ đã ghi.",
    )


def _same_sheet(told: dict[str, Any], again: dict[str, Any]) -> Iterator[Said]:
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
        yield Said(is_right, f"{text}{shown}: {match(is_right)} khi tính lại.")
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


def _exempted(pack: Pack) -> Iterator[Said]:
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


def _subject(pack: Pack) -> Iterator[Said]:
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


def _paper(pack: Pack) -> Iterator[Said]:
    from tthc.reports import evaluation_sheet

    told = pack.json(members.SHEET)
    with zipfile.ZipFile(io.BytesIO(pack.members[members.PAPER])) as given:
        body = set(_paragraphs(given.read("word/document.xml")))
        feet = [
            set(_paragraphs(given.read(name)))
            for name in given.namelist()
            if name.startswith("word/footer") and name.endswith(".xml")
        ]
    points = f"Điểm: {evaluation_sheet.points(told)}"
    wanted = [
        ("nhãn ở chân trang", feet != [] and all(told["label"] in foot for foot in feet)),
        ("điểm", any(text.startswith((f"{points}.", f"{points},")) for text in body)),
        ("mức", f"Mức: {evaluation_sheet.level(told)}." in body),
        ("từng mục", all(line["item"] in body for line in told["items"])),
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


def _paragraphs(part: bytes) -> Iterator[str]:
    """Yield the text of every paragraph of a part of a document, those in tables too."""
    for paragraph in ElementTree.fromstring(part).iter(f"{_WORD}p"):
        yield "".join(text.text or "" for text in paragraph.iter(f"{_WORD}t"))


def _word(value: Any) -> str:
    return "trống" if value is None else str(value)


_STEPS: tuple[tuple[str, Callable[[Pack], Iterator[Said]]], ...] = (
    ("Phiếu", _subject),
    ("Bộ quy tắc", _rules),
    ("Danh sách", _lists),
    ("Điểm", _points),
    ("Miễn trừ", _exempted),
    ("Bản công bố", pack_links.revision),
    ("Lần niêm", pack_links.seal),
    ("Bản in", _paper),
)
