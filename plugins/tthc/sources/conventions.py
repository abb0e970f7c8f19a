"""How one file writes its dates and numbers: decided by what the whole file proves, never cell by cell.

``03/04/2025`` is a day of April in Viet Nam; a file whose other dates prove that months come first says something
else. ``1.234`` is a thousand in a column of whole numbers; in a column of decimals only the rest of the file can say.
What the file does not prove is asked: the error names the cells and the option by which a person answers.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tthc.errors import UsageError
from tthc.sources.cell_values import WHITE, Cell
from tthc.sources.workbooks import Choices

DAYS = frozenset({"date", "instant"})
QUANTITIES = frozenset({"integer", "decimal", "vnd"})

_DATE = re.compile(
    r"(?P<before>(?:\d{1,2}:\d{2}(?::\d{2})?,? )?)(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)"
    r"(?P<year>\d{4}|\d{2})(?P<after>(?:,? \d{1,2}:\d{2}.*)?)",
    re.ASCII,
)
_IN_WORDS = re.compile(r"(?i)ngày (?P<day>\d{1,2}) tháng (?P<month>\d{1,2}) năm (?P<year>\d{4})", re.ASCII)
_QUANTITY = re.compile(
    r"(?P<sign>[-+\u2212]?)(?P<core>\d[\d.,  \u00a0]*)(?P<unit>\s*(?:%|đồng|vnđ|vnd|đ|₫)?\.?)", re.I
)
_GROUPED = {
    "dot": re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?", re.ASCII),
    "comma": re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII),
}
_FRACTION = {"dot": re.compile(r"\d+,\d+", re.ASCII), "comma": re.compile(r"\d+\.\d+", re.ASCII)}
_ONE_GROUP = {
    "dot": re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII),
    "comma": re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII),
}
_OTHER = {"dot": "comma", "comma": "dot"}
_SHOWN = 3
#: So many cells, and so many times the opposite, prove which of day and month comes first.
_PROOF, _TIMES = 3, 5


@dataclass
class Evidence:
    """What the cells of the typed columns prove; ``where`` holds the first addresses of each kind of proof."""

    counts: Counter[str] = field(default_factory=Counter)
    where: dict[str, list[str]] = field(default_factory=dict)
    #: By column: real dates with a day up to 12, above 12; texts with one part above 12, with both up to 12.
    mixed: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, cell: Cell, kind: str, column: str, address: str) -> None:
        """Look at one cell of a column of this type."""
        if kind in DAYS:
            self._add_day(cell, column, address)
        elif isinstance(cell, str) and not cell.isdecimal():
            for proof in _proofs(cell, kind):
                self._note(proof, address)

    def _add_day(self, cell: Cell, column: str, address: str) -> None:
        seen = self.mixed.setdefault(column, Counter())
        if isinstance(cell, datetime.date):
            seen["low" if cell.day <= 12 else "high"] += 1
            if cell.day <= 12 and cell.day != cell.month:
                self._note(f"real {column}", address)
            return
        if not isinstance(cell, str) or not (found := _DATE.fullmatch(_one_spaced(cell))):
            return
        first, second = int(found["first"]), int(found["second"])
        if first > 12 >= second:
            seen["text high"] += 1
            self._note("day-first", address)
        elif second > 12 >= first:
            self._note("month-first", address)
        elif first != second and first <= 12:
            seen["text low"] += 1
            self._note("either", address)

    def _note(self, proof: str, address: str) -> None:
        self.counts[proof] += 1
        places = self.where.setdefault(proof, [])
        if len(places) < _SHOWN:
            places.append(address)


@dataclass(frozen=True)
class Conventions:
    """The decisions for one file: how to read what its cells alone do not say."""

    month_first: bool = False
    #: Real dates are turned round as well.
    swapped: bool = False
    thousands: str | None = None

    def value(self, cell: Cell, kind: str) -> Cell:
        """Return a cell of a typed column as the plain form that every reader knows."""
        if kind in DAYS:
            return self._day(cell)
        return self._quantity(cell, kind) if isinstance(cell, str) and not cell.isdecimal() else cell

    def _day(self, cell: Cell) -> Cell:
        if isinstance(cell, datetime.date):
            return cell.replace(day=cell.month, month=cell.day) if self.swapped and cell.day <= 12 else cell
        if not isinstance(cell, str):
            return cell
        text = _one_spaced(cell)
        if (found := _DATE.fullmatch(text)) and (found["mark"] == "/" or len(found["year"]) == 4):
            day, month = found["first"], found["second"]
            if self.month_first:
                day, month = month, day
            return f"{found['before']}{day}/{month}/{found['year']}{found['after']}"
        if found := _IN_WORDS.fullmatch(text):
            return f"{found['day']}/{found['month']}/{found['year']}"
        return cell

    def _quantity(self, cell: str, kind: str) -> str:
        found = _QUANTITY.fullmatch(cell.strip(WHITE))
        if not found:
            return cell
        core = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))", "", found["core"]).strip()
        for group in ("dot", "comma"):
            sign, mark = (".", ",") if group == "dot" else (",", ".")
            is_one = _ONE_GROUP[group].fullmatch(core)
            if is_one and (self.thousands or (group if kind != "decimal" else None)) != group:
                continue
            if _GROUPED[group].fullmatch(core):
                core = core.replace(sign, "").replace(mark, ".")
                break
        else:
            core = core.replace(",", ".") if _FRACTION["dot"].fullmatch(core) else core
        if kind == "vnd" and _ONE_GROUP["dot"].fullmatch(core):
            # What is a fraction here must not be taken for a thousand by whoever reads amounts.
            core += "0"
        return f"{found['sign']}{core}{found['unit']}"


def decide(evidence: Evidence, choices: Choices) -> tuple[Conventions, list[str]]:
    """Return what the file proves or a person chose, and what to tell about it; raise UsageError to ask."""
    month_first, told = _month_first(evidence, choices)
    swapped = choices.dates == "swapped"
    if choices.dates is None:
        _refuse_half_converted(evidence)
    return Conventions(month_first, swapped, _thousands(evidence, choices)), told


def _month_first(evidence: Evidence, choices: Choices) -> tuple[bool, list[str]]:
    if choices.dates is not None:
        return choices.dates == "month-first", []
    days, months = evidence.counts["day-first"], evidence.counts["month-first"]
    if not months:
        return False, []
    if months >= _PROOF and months >= _TIMES * days and not days:
        where = ", ".join(evidence.where["month-first"])
        return True, [f"Tệp viết tháng trước ngày (thấy ở {where}): mọi ngày trong tệp được đọc như vậy."]
    # One mistyped date among many right ones is refused by itself: it has no thirteenth month.
    if days >= _PROOF and days >= _TIMES * months:
        return False, []
    places = evidence.where["month-first"] + evidence.where.get("day-first", [])
    raise UsageError(
        f"Không chắc ngày hay tháng viết trước trong tệp ({_some(places)}). Hãy sửa các ô ấy, hoặc nạp lại với "
        "“--dates day-first” (03/04 là ngày 3 tháng 4) hay “--dates month-first” (03/04 là ngày 4 tháng 3)."
    )


def _refuse_half_converted(evidence: Evidence) -> None:
    """Stop at the trace of a foreign Excel: it made dates of what it could, months first, and left the others."""
    for column, seen in evidence.mixed.items():
        real = evidence.where.get(f"real {column}")
        if real and seen["text high"] and not seen["high"] and not seen["text low"]:
            raise UsageError(
                f"Cột “{column}” có vẻ đã bị Excel đảo ngày và tháng: các ô ngày thật ({_some(real)}) đều có ngày "
                "không quá 12, các ô còn là chữ đều có ngày lớn hơn 12. Hãy sửa tệp, hoặc nạp lại với "
                "“--dates swapped” (đảo lại các ô ngày thật) hay “--dates day-first” (giữ nguyên các ô ấy)."
            )


def _thousands(evidence: Evidence, choices: Choices) -> str | None:
    if choices.thousands is not None:
        return choices.thousands
    counts = evidence.counts
    strong = [group for group in ("dot", "comma") if counts[f"{group} groups"]]
    # Whole numbers and đồng have no thousandths: a single group is a proof, unless the file proves otherwise.
    weak = [group for group in ("dot", "comma") if counts[f"{group} group"]]
    doubtful = [group for group in ("dot", "comma") if counts[f"{group} either"]]
    sure = strong or weak
    if len(sure) == 1 and set(weak) <= set(sure):
        return sure[0]
    if not weak and not doubtful:
        return None
    places = [
        place
        for group in ("dot", "comma")
        for place in evidence.where.get(f"{group} either", []) + evidence.where.get(f"{group} group", [])
    ]
    raise UsageError(
        f"Không chắc dấu chấm hay dấu phẩy ngăn hàng nghìn trong tệp ({_some(places)}). Hãy sửa các ô ấy, hoặc nạp lại "
        "với “--thousands dot” (1.234 là hơn một nghìn) hay “--thousands comma” (1.234 là hơn một)."
    )


def _proofs(cell: str, kind: str) -> Iterable[str]:
    found = _QUANTITY.fullmatch(cell.strip(WHITE))
    core = found["core"].strip() if found else ""
    for group in ("dot", "comma"):
        if _ONE_GROUP[group].fullmatch(core):
            yield f"{group} either" if kind == "decimal" else f"{group} group"
        elif _GROUPED[group].fullmatch(core) or (
            # 12.5 and 0.125 have a fraction behind the dot, so dots group nothing here.
            _FRACTION[group].fullmatch(core) and not _ONE_GROUP[_OTHER[group]].fullmatch(core)
        ):
            yield f"{group} groups"


def _one_spaced(cell: str) -> str:
    return " ".join(cell.replace("\u00a0", " ").strip(WHITE).split())


def _some(places: list[str]) -> str:
    return "ô " + ", ".join(places[: 2 * _SHOWN])
