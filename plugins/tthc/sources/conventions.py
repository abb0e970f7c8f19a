"""How one file writes its dates and numbers: decided by what the whole file proves, never cell by cell.

``03/04/2025`` is a day of April in Viet Nam; a file whose other dates prove that months come first says something
else. ``1.234`` is a thousand in a column of whole numbers; in a column of decimals only the rest of the file can say.
What the file does not prove is asked: the error names the cells and the option by which a person answers.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
#: How nearly every text of a day is written: nothing about it has to be put in order.
_PLAIN_DAYS = frozenset({"00/00/0000", "00/00/0000 00:00", "00/00/0000 00:00:00"})
_ZEROS = str.maketrans("123456789", "0" * 9)
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


class _Orders(dict):
    """By the two parts of a date (``03/04``) what it proves about their order, and how its column counts it."""

    def __missing__(self, text: str) -> tuple[str | None, str | None]:
        found = self[text] = _order(int(text[:2]), int(text[3:]))
        return found


def _order(first: int, second: int) -> tuple[str | None, str | None]:
    if first > 12 >= second:
        return "day-first", "text high"
    if second > 12 >= first:
        return "month-first", None
    if first != second and first <= 12:
        return "either", "text low"
    return None, None


_orders = _Orders()


@dataclass
class Evidence:
    """What the cells of the typed columns prove; ``where`` holds the first addresses of each kind of proof."""

    counts: Counter[str] = field(default_factory=Counter)
    where: dict[str, list[str]] = field(default_factory=dict)
    #: By column: real dates with a day up to 12, above 12; texts with one part above 12, with both up to 12.
    mixed: dict[str, Counter[str]] = field(default_factory=dict)

    def hearer(self, kind: str, column: str, address: Callable[[int], str]) -> Hearer:
        """Return what looks at the filled cells of one column of this type; ``address`` names the cell of a row."""
        return (HearerOfDays if kind in DAYS else Hearer)(self, kind, column, address)

    def note(self, proof: str, address: Callable[[int], str], row: int) -> None:
        """Count a proof, and remember where the first ones stand."""
        self.counts[proof] += 1
        places = self.where.setdefault(proof, [])
        if len(places) < _SHOWN:
            places.append(address(row))


class Hearer:
    """Looks at one column of numbers: at many cells at once where they prove nothing new, else cell by cell."""

    def __init__(self, evidence: Evidence, kind: str, column: str, address: Callable[[int], str]) -> None:
        self._evidence, self._kind, self._column, self._address = evidence, kind, column, address
        self._seen = evidence.mixed.setdefault(column, Counter())

    def counted(self, cells: Sequence[Cell]) -> Counter[str] | None:
        """Return what :meth:`add` takes, None when the cells must be heard one by one."""
        is_plain = all(not isinstance(cell, str) or cell.isdecimal() for cell in cells if cell)
        return Counter() if is_plain else None

    def add(self, counted: Counter[str]) -> None:
        """Add what was counted."""

    def hear(self, cell: Cell, row: int) -> None:
        """Look at one cell."""
        if isinstance(cell, str) and not cell.isdecimal():
            for proof in _proofs(cell, self._kind):
                self._evidence.note(proof, self._address, row)


class HearerOfDays(Hearer):
    """Looks at one column of days."""

    def counted(self, cells: Sequence[Cell]) -> Counter[str] | None:
        """Return how often each beginning ``dd/MM`` stands there, None when one is not plain or yet to be noted."""
        texts = [cell for cell in cells if cell]
        if not are_plain_days(texts):
            return None
        found = Counter([text[:5] for text in texts])
        counts = self._evidence.counts
        is_known = all((proof := _orders[text][0]) is None or counts[proof] >= _SHOWN for text in found)
        return found if is_known else None

    def add(self, counted: Counter[str]) -> None:
        """Add what was counted."""
        for text, count in counted.items():
            proof, seen = _orders[text]
            if seen:
                self._seen[seen] += count
            if proof:
                self._evidence.counts[proof] += count

    def hear(self, cell: Cell, row: int) -> None:
        """Look at one cell."""
        if isinstance(cell, datetime.date):
            self._seen["low" if cell.day <= 12 else "high"] += 1
            if cell.day <= 12 and cell.day != cell.month:
                self._evidence.note(f"real {self._column}", self._address, row)
        elif isinstance(cell, str) and (found := _DATE.fullmatch(_one_spaced(cell))):
            proof, seen = _order(int(found["first"]), int(found["second"]))
            if seen:
                self._seen[seen] += 1
            if proof:
                self._evidence.note(proof, self._address, row)


def are_plain_days(texts: Sequence[Cell]) -> bool:
    """Say whether all of these are texts like ``03/04/2025`` or ``03/04/2025 08:30:00``.

    >>> are_plain_days(["03/04/2025", "03/04/2025 08:30:00"]), are_plain_days(["3/4/2025"]), are_plain_days([1.0])
    (True, False, False)
    """
    try:
        shapes = "\n".join(texts).translate(_ZEROS).split("\n")
    except TypeError:
        return False
    return not texts or (len(shapes) == len(texts) and _PLAIN_DAYS.issuperset(shapes))


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
