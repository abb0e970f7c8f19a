"""The pages for who fills registers in, written from the declarations and the suites, so that they say the same.

``python -m tthc.reports.register_pages`` writes ``docs/registers/``; with ``--check`` it only says what is stale.
No database is needed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tthc import settings
from tthc.errors import TthcError
from tthc.quality import suites
from tthc.reports import templates
from tthc.reports.templates import Field
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse.dictionary import write_or_check

FOLDER = "docs/registers"
_MADE = (
    "Trang này do máy viết từ [sources/{name}.yaml](../../sources/{name}.yaml) và"
    " [expectations/{name}.json](../../expectations/{name}.json); sửa ở đó rồi chạy"
    " `.venv/bin/python -m tthc.reports.register_pages`."
)
_RESTRICTED = (
    "**Sổ hạn chế.** Mọi dòng nằm ở lược đồ `restricted`; ngoài máy nạp dữ liệu, chỉ nhóm `tthc_hr` đọc được"
    " (xem [quyền](../roles.md))."
)
_HEAD = """# Các sổ điền tay

Những gì chưa hệ thống nào ghi thì người của xã ghi vào sổ: mỗi sổ một tệp xlsx, lấy biểu mẫu bằng
`tthc template LUỒNG --out TỆP.xlsx`, điền, rồi bỏ vào hộp nhận hoặc nạp bằng `tthc load TỆP`. Tệp được nhận ra qua
tiêu đề cột, tên tệp đặt sao cũng được. Hộp nhận được xem lúc 6 giờ 40 các ngày làm việc. Sửa sổ thì nạp lại cả tệp:
dòng cùng khóa thành bản mới, dòng vắng mặt vẫn được giữ; muốn rút cả một tệp đã nạp thì `tthc unload`. Dòng sai vào
khu cách ly kèm lý do, dòng đúng vẫn vào; quá một phần năm số dòng sai thì cả tệp dừng lại.

Ở mọi sổ, người là **mã** trong sổ cán bộ, không bao giờ là tên.

| Sổ | Luồng | Khóa của dòng | Trong kho |
|---|---|---|---|
"""


def registers() -> list[Stream]:
    """Return the streams that people fill in by a template, in order of their names."""
    return [stream for stream in streams.streams().values() if stream.guide]


def pages() -> dict[str, str]:
    """Return the text of every page by its path below the root of the project."""
    found = {f"{FOLDER}/README.md": _index()}
    for stream in registers():
        found[f"{FOLDER}/{stream.stream}.md"] = _page(stream)
    return found


def _index() -> str:
    rows = [f"| [{s.title}]({s.stream}.md) | `{s.stream}` | {_key(s)} | `{s.table}` |" for s in registers()]
    return _HEAD + "\n".join(rows) + "\n"


def _key(stream: Stream) -> str:
    headers = {column.name: column.header for column in stream.columns}
    return " + ".join(headers[name] for name in stream.key)


def _page(stream: Stream) -> str:
    suite = suites.suite_of(stream)
    refused = [rule.meta.reason for rule in suite.row_rules if rule.severity == "critical"]
    warned = [rule.meta.reason for rule in suite.row_rules if rule.severity != "critical"]
    parts = [f"# {stream.title}", _MADE.format(name=stream.stream)]
    parts += [_RESTRICTED] if stream.restricted else []
    parts += [
        stream.guide or "",
        f"Biểu mẫu: `tthc template {stream.stream} --out so.xlsx`. Khóa của dòng: {_key(stream)};"
        " hai dòng cùng khóa thì dòng sau thay dòng trước.",
        "## Các cột",
        "\n".join(["| Cột | | Ghi gì | Ví dụ |", "|---|---|---|---|", *map(_row, templates.fields(stream))]),
        "## Dòng bị từ chối khi",
        "\n".join(f"- {reason}" for reason in refused),
        "## Dòng vẫn vào, mang cờ, khi",
        "\n".join(f"- {reason}" for reason in warned),
    ]
    return "\n\n".join(parts) + "\n"


def _row(field: Field) -> str:
    words = f" Một trong: {'; '.join(field.words)}." if field.words else ""
    notes = "bắt buộc" if field.is_required else "không nạp" if field.is_dropped else ""
    return f"| {field.header} | {notes} | {field.note}{words} | {field.example} |"


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit code. A page of a register that is gone is removed."""
    root, check = settings.root(), "--check" in arguments
    wanted = pages()
    code = 0
    for path, text in wanted.items():
        code |= write_or_check(root / path, text, "tthc.reports.register_pages", check=check)
    for path in sorted((root / FOLDER).glob("*.md")):
        if str(path.relative_to(root)) not in wanted:
            code |= _left_over(path, check)
    return code


def _left_over(path: Path, check: bool) -> int:
    if check:
        print(f"{FOLDER}/{path.name} không còn sổ nào: xóa đi.", file=sys.stderr)
        return 1
    path.unlink()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TthcError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
