"""What the registers have in common: columns, the words of closed lists, planted mistakes, how a sheet looks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from .. import canary
from ..exports.tables import Cells, planted, workbook
from ..stream_file import Context, Expected, Row, StreamFile
from ..units import NAMES

YES_NO = {True: "Có", False: "Không"}
UNITS = NAMES
#: A moment that no reading of the demo comes after.
FAR = "01/01/2099"
NO_DAY = "31/02/2025"


@dataclass(frozen=True)
class Kept:
    """A register: headers by column, the word of each code, its rows, and what each mistake changes in a row.

    A mistake's row gets a key of its own (``own_key`` of its number), so that no good row is replaced by it.
    """

    stream: str
    file_name: str
    title: str
    headers: Mapping[str, str]
    words: Mapping[str, Mapping]
    rows: Callable[[Context], list[Row]]
    mistakes: Callable[[], list[tuple[Cells, str]]]
    own_key: Callable[[int], Cells]
    #: Headers of cells that hold personal values or free text and are never loaded.
    private: tuple[str, ...] = ("Ghi chú",)
    #: Whether the row of the template that shows how to fill in was left standing.
    has_example: bool = False
    shown: Callable[[Row], Row] = field(default=lambda row: row)

    def cells(self, row: Row, number: int) -> Cells:
        """Return one row as the person who keeps the register types it."""
        found: Cells = {}
        for name, value in self.shown(row).items():
            if name in self.headers:
                is_coded = name in self.words and value is not None
                found[self.headers[name]] = self.words[name][value] if is_coded else value
        rng = Random(f"{self.stream}/{number}")
        for header in self.private:
            found[header] = rng.choice(canary.VALUES) if number % 9 == 4 else None
        return found

    def sheet(self, rows: list[Cells]) -> bytes:
        """Return the workbook: a title, the headers, perhaps the example, the rows."""
        example = [{"STT": "VÍ DỤ", **rows[0]}] if self.has_example else []
        lines = example + [{"STT": number, **cells} for number, cells in enumerate(rows, start=1)]
        headers = ["STT", *dict.fromkeys(self.headers.values()), *self.private]
        return workbook([self.title], headers, lines, "Sổ")

    def good(self, context: Context) -> list[Cells]:
        """Return the cells of every row."""
        return [self.cells(row, number) for number, row in enumerate(self.rows(context), start=1)]

    def write(self, context: Context) -> bytes:
        """Return the register as it stands at the moment."""
        return self.sheet(self.good(context))

    def broken(self, context: Context) -> tuple[bytes, list[Expected]]:
        """Return the register with one row of each mistake between the good ones."""
        good = self.good(context)
        bad = [
            (good[number % len(good)] | self.own_key(number) | change, rule)
            for number, (change, rule) in enumerate(self.mistakes(), start=1)
        ]
        mixed, expected = planted(good, bad, first_row=4 if self.has_example else 3)
        return self.sheet(mixed), expected

    def file(self) -> StreamFile:
        """Return the register as a demo file."""
        return StreamFile(self.stream, self.file_name, self.write, self.rows, self.broken)
