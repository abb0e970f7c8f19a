"""What an evidence pack is made of: its members, their form, and the archive that holds them.

The same members give the same bytes: names in order, no clock, one way of compressing. Whoever opens a list in a
spreadsheet sees text: a cell that would be read as a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import yaml

from tthc.errors import TthcError
from tthc.evaluation.figures import Figure
from tthc.evaluation.people import Exempted, Finding, Person
from tthc.evaluation.rules import RuleSet
from tthc.evaluation.sheets import Led
from tthc.evaluation.vetoes import Unit

FORMAT = "tthc-goi-chung-cu/1"
MANIFEST, READ_ME = "muc-luc.json", "doc-truoc.txt"
SHEET, PAPER, PRINTED = "phieu.json", "phieu.docx", "phieu.pdf"
RULES, UNIT_RULES = "bo-quy-tac.yaml", "bo-quy-tac-don-vi.yaml"
NUMBERS, MEANINGS, GROUNDS, LINK = "so-lieu.csv", "dinh-nghia.json", "can-cu.json", "mat-xich.json"
#: Of a sealed sheet: the link of the run that sealed it, and the fingerprints of all its sheets.
SEALED_RUN, SEALED_SHEETS = "lan-niem.json", "phieu-cua-lan-niem.txt"
LISTS = "danh-sach"
#: A pack that unpacks to more than this is none of ours.
MOST_BYTES = 2_000_000_000
_NEVER = (1980, 1, 1, 0, 0, 0)
_NUMBERS = ("level", "code", "indicator", "numerator", "denominator", "value", "status")
#: What the two columns after the key of every list say.
KEY, PARTS = "khoa", ("phan_tu_so", "phan_mau_so")
Place = tuple[str, str, str]


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return the archive of members, their manifest among them already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _NEVER)
            entry.external_attr = 0o600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, members[name], zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def unzipped(body: bytes) -> dict[str, bytes]:
    """Return the members of an archive; raise TthcError when it is no archive, or none that we would make."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as given:
            entries = given.infolist()
            names = [entry.filename for entry in entries]
            if len(set(names)) != len(names):
                raise TthcError("Gói có hai tệp trùng tên: không phải gói do tthc pack make lập.")
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise TthcError("Gói giải nén quá 2 GB: không phải gói do tthc pack make lập.")
            return {name: given.read(name) for name in names}
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise TthcError("Tệp này không phải một gói zip còn nguyên.") from error
    except Exception as error:
        # What does not unpack says so in many ways, one for each method of compressing.
        if type(error).__module__ == "zlib":
            raise TthcError("Tệp này không phải một gói zip còn nguyên.") from error
        raise


def digest(body: bytes) -> str:
    """Return the fingerprint of some bytes."""
    return hashlib.sha256(body).hexdigest()


def to_json(value: Any) -> bytes:
    """Return a document, its keys in order, numbers exact: those with decimals as text."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=_exact) + "\n").encode()


def _exact(value: Any) -> str | list[Any]:
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def rules_to_yaml(rules: RuleSet) -> bytes:
    """Return a rule set as YAML, whole: what it was based on is in it."""
    return yaml.safe_dump(msgspec.to_builtins(rules), allow_unicode=True, sort_keys=False, width=120).encode()


def rules_from_yaml(body: bytes) -> RuleSet:
    """Return the rule set of a pack."""
    return msgspec.yaml.decode(body, type=RuleSet, strict=False)


def numbers_to_csv(numbers: Mapping[Place, Figure]) -> bytes:
    """Return published numbers as a table, in order."""
    rows = (
        (*place, cell(told.numerator), cell(told.denominator), cell(told.value), told.status)
        for place, told in sorted(numbers.items())
    )
    return to_csv(_NUMBERS, rows)


def numbers_from_csv(body: bytes) -> dict[Place, Figure]:
    """Return the published numbers of a pack."""
    found: dict[Place, Figure] = {}
    columns, rows = from_csv(body)
    if tuple(columns) != _NUMBERS:
        raise TthcError(f"{NUMBERS}: không đúng các cột {', '.join(_NUMBERS)}.")
    for level, code, indicator, numerator, denominator, value, status in rows:
        if (level, code, indicator) in found:
            raise TthcError(f"{NUMBERS}: {indicator} của {code} có hai dòng.")
        found[level, code, indicator] = Figure(
            int(numerator) if numerator else None,
            int(denominator) if denominator else None,
            Decimal(value) if value else None,
            status,
        )
    return found


def list_name(place: Place) -> str:
    """Return the name of the list behind a number."""
    return f"{LISTS}/{'/'.join(part.replace('/', '_') for part in place)}.csv"


def sums(body: bytes) -> tuple[int, int, int]:
    """Return what the rows of a list add up to (numerator, denominator) and how many there are.

    Raises TthcError when one row stands there twice, or has no part that can be added.
    """
    columns, rows = from_csv(body)
    if columns[:3] != [KEY, *PARTS]:
        raise TthcError(f"ba cột đầu phải là {KEY}, {', '.join(PARTS)}")
    numerator = denominator = 0
    seen: set[str] = set()
    for row in rows:
        if row[0] in seen:
            raise TthcError(f"dòng {row[0]} có hai lần")
        seen.add(row[0])
        numerator, denominator = numerator + int(row[1]), denominator + int(row[2])
    return numerator, denominator, len(seen)


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table that spreadsheets read as text: UTF-8 with its mark."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_as_text(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def from_csv(body: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a table."""
    read = csv.reader(io.StringIO(body.decode("utf-8-sig")))
    columns = next(read, [])
    return columns, list(read)


def _as_text(cell: str) -> str:
    is_number = cell.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number else cell


def cell(value: Any) -> str:
    """Return what a cell of a table shows; nothing for none."""
    return "" if value is None else str(value)


def grounds(
    person: Person | None,
    findings: Sequence[Finding],
    unit: Unit | None,
    led: Sequence[Led],
    entered: Mapping[str, Fraction] | None,
) -> dict[str, Any]:
    """Return what a sheet stands on beside numbers, as data; of findings on others only what a cap asks."""
    told = []
    for one in findings:
        if person is None:
            continue
        if one.official_code == person.code:
            told.append(one._asdict())
        elif (one.unit_code == person.home_unit and one.is_harassment and person.is_head) or (
            one.is_corruption and person.was_head_of(one.unit_code, one.concluded_on)
        ):
            told.append({**one._asdict(), "official_code": None, "discipline": None, "disciplined_on": None})
    return {
        "person": None
        if person is None
        else {
            "code": person.code,
            "home_unit": person.home_unit,
            "working_unit": person.working_unit,
            "staff_kind": person.staff_kind,
            "is_head": person.is_head,
            "job_title": person.job_title,
            "posted": [list(span) for span in person.posted],
            "absent": [list(span) for span in person.absent],
            "exempted": [list(one) for one in person.exempted],
            "self_scored": [[item, str(points)] for item, points in person.self_scored],
            "headed": [list(span) for span in person.headed],
        },
        "findings": told,
        "unit": None if unit is None else {"level": unit.level, "held": list(unit.held)},
        "led": [one._asdict() for one in led],
        "entered": None if entered is None else {item: str(value) for item, value in entered.items()},
    }


def from_grounds(
    told: Mapping[str, Any],
) -> tuple[Person | None, list[Finding], Unit | None, list[Led], dict[str, Fraction] | None]:
    """Return what a sheet stands on beside numbers."""
    person = told["person"]
    return (
        person
        and Person(
            **{
                **person,
                "posted": tuple((_day(first), _day(last)) for first, last in person["posted"]),
                "absent": tuple((why, _day(first), _day(last)) for why, first, last in person["absent"]),
                "exempted": tuple(Exempted(*one[:-1], tuple(one[-1])) for one in person["exempted"]),
                "self_scored": tuple((item, Decimal(points)) for item, points in person["self_scored"]),
                # Packs made before it was kept have none, and no rule that asks.
                "headed": tuple(
                    (unit, _day(first), _day(last)) for unit, first, last in person.get("headed", ())
                ),
            }
        ),
        [
            Finding(
                **{
                    **one,
                    "concluded_on": _day(one["concluded_on"]),
                    "disciplined_on": one["disciplined_on"] and _day(one["disciplined_on"]),
                }
            )
            for one in told["findings"]
        ],
        told["unit"] and Unit(told["unit"]["level"], tuple(told["unit"]["held"])),
        [Led(**one) for one in told["led"]],
        None
        if told["entered"] is None
        else {item: Fraction(value) for item, value in told["entered"].items()},
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)
