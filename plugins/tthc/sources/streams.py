"""The streams we read, one YAML each in ``sources/``.

A stream is one word everywhere: its YAML, its suite, its staging table, its DAG. Nothing about a stream is kept
in Python; this module only reads the declarations, and refuses a wrong one with its file and the place in it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from tthc import settings
from tthc.errors import UsageError

ColumnType = Literal[
    "text",
    "instant",
    "date",
    "integer",
    "vnd",
    "decimal",
    "procedure",
    "name",
    "person",
    "flag",
    "list",
    "choice",
]
STAGED_AS = {
    "text": "text",
    "instant": "timestamptz",
    "date": "date",
    "integer": "integer",
    "vnd": "bigint",
    "decimal": "numeric",
    "procedure": "text",
    "name": "text",
    "person": "text",
    "flag": "boolean",
    "list": "jsonb",
    "choice": "text",
}


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One member of the objects inside a list, or one scalar column."""

    name: str
    header: str
    type: ColumnType
    personal: Literal["keep", "drop", "hash"]
    #: Other spellings of the header, each accepted by a person (files only).
    also: tuple[str, ...] = ()
    #: A file without this header is not this stream.
    required: bool = False
    #: The words of a closed list and the code of each; ``units`` proposes the names of the units (type name).
    choices: dict[str, str] | Literal["units"] = {}


class Column(Member, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One column of a stream: where it comes from, how it is read, and what may be kept of it."""

    personal: Literal["keep", "drop", "hash"] = "keep"
    members: tuple[Member, ...] = ()
    #: What to write there, for who fills a register in (files only).
    note: str | None = None
    #: What the example row of the template says there.
    example: str | None = None


class Stream(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stream, as its YAML declares it.

    ``paths`` gives the address of a city stream in each dialect; ``window_by`` the column by whose date the city
    answers; ``after`` the streams whose rows must be merged before this one is judged.
    """

    stream: str
    title: str
    kind: Literal["city", "file"]
    table: str
    key: tuple[str, ...]
    suite: str
    columns: tuple[Column, ...]
    schedule: str | None = None
    paths: dict[str, str] = {}
    window_by: str | None = None
    after: tuple[str, ...] = ()
    #: Rows of a file replace all earlier rows of the stream (a register), or add to them.
    replaces: bool = False
    #: A seed under ``sources/seeds`` that ``tthc init`` loads when the table is empty.
    seed: str | None = None
    #: Its rows, staged ones too, live in the schema ``restricted``, which few may read.
    restricted: bool = False
    #: A file of it may be the same for every commune of a city.
    shared: bool = False
    #: Who fills a register in, when, and what one row is.
    guide: str | None = None

    @property
    def staging_table(self) -> str:
        """Name of the staging table, with its schema."""
        return f"{'restricted' if self.restricted else 'staging'}.{self.stream}"

    @property
    def staged_columns(self) -> tuple[Column, ...]:
        """The columns that reach Postgres, in order."""
        return tuple(column for column in self.columns if column.personal != "drop")

    def words(self, column: str) -> dict[str, str]:
        """Return what people write for each code of a column of choices."""
        (declared,) = (one for one in self.columns if one.name == column)
        assert isinstance(declared.choices, dict)
        return {code: word for word, code in declared.choices.items()}

    @property
    def history_table(self) -> str:
        """Where every version of a row is kept: ``core.dossiers`` has ``core.dossier_versions``."""
        schema, _, table = self.table.partition(".")
        return f"{schema}.{table.removesuffix('s')}_versions"

    @property
    def candidates(self) -> str:
        """The view that shapes staged rows into rows of the table: one row per staged row."""
        schema, _, table = self.table.partition(".")
        return f"{schema}.{table.removesuffix('s')}_candidates"


def folder() -> Path:
    """Return the folder of declarations."""
    return settings.root() / "sources"


@cache
def streams() -> dict[str, Stream]:
    """Return every declared stream by name; raise UsageError for a declaration that cannot be right."""
    found = {}
    for path in sorted(folder().glob("*__*.yaml")):
        stream = read_declaration(path)
        found[stream.stream] = stream
    if not found:
        raise UsageError(
            f"Không thấy khai báo nguồn nào trong {folder()}: cần các tệp dạng nguon__luong.yaml."
        )
    return found


def stream_named(name: str) -> Stream:
    """Return one stream; raise UsageError that lists the known ones."""
    known = streams()
    if name not in known:
        raise UsageError(f"Không có luồng “{name}”. Các luồng đã khai báo: {', '.join(known)}.")
    return known[name]


def city_streams() -> list[Stream]:
    """Return the streams of the city system, each after those it waits for."""
    ordered: list[Stream] = []
    pending = [stream for stream in streams().values() if stream.kind == "city"]
    while pending:
        ready = [s for s in pending if not set(s.after) & {p.stream for p in pending}]
        if not ready:
            raise UsageError(f"Các luồng chờ nhau thành vòng: {', '.join(s.stream for s in pending)}.")
        ordered += ready
        pending = [s for s in pending if s not in ready]
    return ordered


def read_declaration(path: Path) -> Stream:
    """Read one YAML; raise UsageError with file and place when it is not a right declaration."""
    try:
        stream = msgspec.yaml.decode(path.read_bytes(), type=Stream)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(f"Khai báo sai ở sources/{path.name}: {error}.") from error
    for problem in _problems(stream, path.stem):
        raise UsageError(f"Khai báo sai ở sources/{path.name}: {problem}.")
    return stream


def _problems(stream: Stream, stem: str):
    names = [column.name for column in stream.columns]
    if stream.stream != stem:
        yield f"stream là “{stream.stream}” nhưng tên tệp là “{stem}”"
    for name in {name for name in names if names.count(name) > 1}:
        yield f"cột “{name}” khai báo hai lần"
    for name in set(stream.key) - set(names):
        yield f"khóa “{name}” không phải là cột"
    if stream.restricted != stream.table.startswith("restricted."):
        yield f"bảng {stream.table} không hợp với restricted: luồng hạn chế ở trọn trong lược đồ restricted"
    for column in stream.columns:
        for each in (column, *column.members):
            if (each.type == "choice") != isinstance(each.choices or None, dict):
                yield f"cột “{each.name}”: kiểu choice đi cùng danh sách choices, kiểu khác thì không"
        if column.type == "list" and column.personal != "drop" and not column.members:
            yield f"danh sách “{column.name}” chưa khai báo thành viên nào"
