"""The directive clause by clause, and the page that walks it to the indicators: ``docs/directive.md``.

``python -m tthc.indicators.directive`` writes the page; with ``--check`` it only says whether the page is stale.
"""

from __future__ import annotations

import re
import sys
from functools import cache

import msgspec

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.warehouse.dictionary import write_or_check

PAGE = "docs/directive.md"
_DECLARED = "sources/directive.yaml"
_HEAD = """# Văn bản chỉ đạo, từng mục

Trang này do máy viết từ `sources/directive.yaml` và các tệp trong `indicators/`; chạy lại bằng
`.venv/bin/python -m tthc.indicators.directive`. Chỉ tiêu nào đếm gì: [indicators.md](indicators.md).
"""


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One clause: its code, to whom it speaks, its words."""

    code: str
    addressee: str
    text: str


class Directive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The directive as declared."""

    title: str
    issuer: str
    follows: str
    clauses: tuple[Clause, ...]


@cache
def directive() -> Directive:
    """Return the declared directive; raise UsageError when the declaration is wrong."""
    try:
        return msgspec.yaml.decode((settings.root() / _DECLARED).read_bytes(), type=Directive)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"Khai báo sai ở {_DECLARED}: {error}.") from error


def quotes(clause: str, words: str) -> bool:
    """Say whether a clause has these words, in whatever case and spacing; an ellipsis stands for words left out."""
    texts = [one.text for one in directive().clauses if one.code == clause]
    if not texts:
        return False
    place, text = 0, _plain(texts[0])
    for part in _plain(words).split("…"):
        place = text.find(part.strip(), place)
        if place < 0:
            return False
    return True


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).casefold().strip()


def page() -> str:
    """Return the page; raise TthcError for a clause that no indicator answers to."""
    from tthc.indicators import definitions

    declared = directive()
    parts = [_HEAD, f"**{declared.title}** ({declared.issuer}), thực hiện {declared.follows}.", ""]
    shown = definitions.shown().values()
    for clause in declared.clauses:
        answers = [one for one in shown if clause.code in one.clauses]
        if not answers:
            raise TthcError(f"Mục {clause.code} của văn bản chỉ đạo chưa có chỉ tiêu nào.")
        parts += [f"## Mục {clause.code}: {clause.addressee}", "", f"> {clause.text}", ""]
        parts += ["| Chỉ tiêu | Tên | Mục tiêu |", "|---|---|---|"]
        parts += [f"| [`{one.id}`](indicators.md#{one.id}) | {one.name} | {_goal(one)} |" for one in answers]
        parts.append("")
    return "\n".join(parts)


def _goal(indicator) -> str:
    if indicator.kind == "no_source":
        return f"chưa có nguồn: {indicator.reason}"
    if not indicator.targets:
        return "theo dõi"
    sign = {"up": "≥", "down": "≤", "near": "lệch không quá"}.get(indicator.direction, "")
    value = f"{indicator.targets[-1].value:g}".replace(".", ",")
    return f"{sign} {value} ({indicator.targets[-1].source})"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    return write_or_check(
        settings.root() / PAGE, page(), "tthc.indicators.directive", check="--check" in arguments
    )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TthcError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
