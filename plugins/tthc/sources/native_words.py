"""What a city system of another product calls things: ``sources/dialects/<dialect>.yaml``.

It says which member of theirs is which header of ours, what their codes mean, and how they are asked.
``TTHC_CITY_DIALECT_FILE`` names another such file, so that a place with its own list of statuses needs no Python.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from tthc import settings
from tthc.errors import UsageError
from tthc.sources.streams import Stream, streams


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where one header comes from: the first of these members that says anything.

    ``codes`` names the list that translates it, ``blank`` the values that mean nothing here. A list has
    ``members``, and what of them is not read (``ignored``).
    """

    native: str | tuple[str, ...] = msgspec.field(name="from")
    codes: str | None = None
    blank: tuple[str | int, ...] = ()
    members: dict[str, str | Field] = {}
    ignored: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The places to look at, in order."""
        return (self.native,) if isinstance(self.native, str) else self.native


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one stream is asked for and written: ``window`` and ``codes`` name parameters, ``query`` fixed ones.

    ``told_by`` is the member by which items of this stream differ from those of the stream without it.
    """

    window: tuple[str, str]
    codes: str
    fields: dict[str, str | Field]
    query: dict[str, str] = {}
    told_by: str | None = None
    ignored: tuple[str, ...] = ()


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One dialect as its YAML declares it."""

    dialect: str
    page_size: int
    codes_at_once: int
    streams: dict[str, Words]
    query: dict[str, str] = {}
    codes: dict[str, dict[str, str | int]] = {}

    def words_at(self, path: str) -> Words:
        """Return the words of the stream whose address in this dialect is ``path``."""
        for name, words in self.streams.items():
            if streams()[name].paths.get(self.dialect) == path:
                return words
        raise UsageError(
            f"sources/dialects/{self.dialect}.yaml không có luồng nào mà sources/ khai địa chỉ {path}."
        )


def declarations() -> list[Declaration]:
    """Return the repository's declarations; raise UsageError for one that cannot be right."""
    return [read_declaration(path) for path in sorted(settings.own_dialect_file("*").parent.glob("*.yaml"))]


def read_declaration(path: Path) -> Declaration:
    """Read one YAML; raise UsageError with file and place when it is not a right declaration."""
    try:
        declaration = msgspec.yaml.decode(path.read_bytes(), type=Declaration)
    except OSError:
        raise UsageError(f"Không đọc được khai báo cách nói {path}.") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(f"Khai báo sai ở {path}: {error}.") from None
    for problem in _problems(declaration):
        raise UsageError(f"Khai báo sai ở {path}: {problem}.")
    return declaration


def _problems(declaration: Declaration):
    known = {name: stream for name, stream in streams().items() if stream.kind == "city"}
    if declaration.page_size < 1 or declaration.codes_at_once < 1:
        yield "page_size và codes_at_once phải từ 1"
    if missing := set(known) ^ set(declaration.streams):
        yield f"streams phải có đúng các luồng của thành phố; thừa hoặc thiếu {', '.join(sorted(missing))}"
        return
    if sum(words.told_by is None for words in declaration.streams.values()) != 1:
        yield "đúng một luồng không có told_by"
    for name, words in declaration.streams.items():
        yield from _problems_of_words(declaration, words, known[name])


def _problems_of_words(declaration: Declaration, words: Words, stream: Stream):
    columns = {column.header: column for column in stream.columns}
    by_name = {column.name: column.header for column in stream.columns}
    if missing := {by_name[name] for name in stream.key} - set(words.fields):
        yield f"{stream.stream}: khóa {', '.join(sorted(missing))} chưa có chỗ lấy"
    for header, said in words.fields.items():
        field = said if isinstance(said, Field) else Field(native=said)
        if header not in columns:
            yield f"{stream.stream}: sources/{stream.stream}.yaml không có tiêu đề {header}"
            continue
        is_list = columns[header].type == "list"
        if is_list != bool(field.members):
            yield f"{stream.stream}.{header}: chỉ danh sách mới có members, và phải có"
        headers = {member.header for member in columns[header].members}
        for member in set(field.members) - headers:
            yield f"{stream.stream}.{header}: không có thành viên {member}"
        for each in (field, *(one for one in field.members.values() if isinstance(one, Field))):
            if each.codes is not None and each.codes not in declaration.codes:
                yield f"{stream.stream}.{header}: không có danh sách mã {each.codes}"
        if columns[header].name == "status":
            given = declaration.codes.get(field.codes or "", {})
            if not given or not {str(code) for code in given.values()} <= {str(n) for n in range(1, 11)}:
                yield f"{stream.stream}.{header}: danh sách trạng thái phải đưa về 1…10"
