"""The page of indicators, written from ``indicators/*.yaml``: what is counted, who counts, by which law.

``python -m tthc.indicators.dictionary`` writes ``docs/indicators.md``; with ``--check`` it only says whether the
page is stale. No database is needed.
"""

from __future__ import annotations

import re
import sys

import sqlglot
from sqlglot import expressions

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators import definitions
from tthc.indicators.definitions import Indicator
from tthc.warehouse.dictionary import write_or_check

PAGE = "docs/indicators.md"
DOSSIERS = "marts.dossiers_in_period"
_KINDS = {
    "rate": "tỷ lệ, %",
    "count": "số đếm",
    "sum": "tổng",
    "ratio": "tỷ số hai tổng",
    "median": "trung vị",
    "published": "giá trị nơi khác công bố",
    "change": "mức tăng so với kỳ trước, điểm phần trăm",
    "difference": "chênh lệch",
    "weighted": "điểm ghép, thang 100",
    "scored": "điểm theo bộ quy tắc, thang 100",
    "mapped": "số chỉ tiêu dùng cho một chỉ số",
    "clauses": "tỷ lệ mục đạt, %",
    "no_source": "chưa có nguồn",
}
_DIRECTIONS = {
    "up": "càng cao càng tốt",
    "down": "càng thấp càng tốt",
    "near": "càng gần 0 càng tốt",
    "none": "không chấm tốt xấu",
}
_LEVELS = {
    "commune": "xã",
    "unit": "đơn vị",
    "procedure": "thủ tục",
    "field": "lĩnh vực",
    "official": "công chức",
}
_HEAD = """# Chỉ tiêu

Trang này do máy viết từ các tệp trong `indicators/`. Muốn đổi thì sửa tệp ấy rồi chạy
`.venv/bin/python -m tthc.indicators.dictionary`; phép thử `tests/indicators` báo khi trang đã cũ.

Phần lớn chỉ tiêu là hai điều kiện trên từng dòng của một bảng trong kỳ (hồ sơ, nhiệm vụ, phản ánh…): **ai được tính**
(mẫu số) và **ai đạt** (tử số). Lời ở đây dịch từ chính điều kiện ấy, nên không thể nói khác con số. Mẫu số bằng 0 thì
không có dữ liệu, không phải 0 % hay 100 %; dưới 5 là số ít. **Nguồn** nào của kỳ còn thiếu hoặc chậm thì con số mang
dấu “chưa đủ” (`incomplete`), và nói thiếu nguồn nào, từ ngày nào; chỉ tiêu có dòng **phải biết** thì dòng chưa biết
điều ấy đứng ngoài và con số cũng mang dấu ấy. Chưa nguồn nào nói được thì là `no_source`, kèm lý do. Kênh nộp: 1 trực
tiếp, 2 trực tuyến, 3 bưu chính; mức độ dịch vụ công: 4 toàn trình, 3 một phần, 2 cung cấp thông tin. Cột nào nghĩa là
gì và đếm thế nào ở mép kỳ: [counting.md](counting.md), mục 2–4.
"""


def page() -> str:
    """Return the page; raises UsageError for a definition that cannot be right."""
    parts = [_HEAD, "## Tóm tắt", "", "| Mã | Tên | Kiểu | Mục |", "|---|---|---|---|"]
    parts += [
        f"| [{i.id}](#{i.id}) | {i.name} | {_KINDS[i.kind]} | {i.clause} |"
        for i in definitions.shown().values()
    ]
    parts += ["", "## Từng chỉ tiêu", ""]
    parts += [_section(indicator) for indicator in definitions.shown().values()]
    forms = sorted({i.form for i in definitions.indicators().values() if i.form})
    for form in forms:
        parts += [f"## Các ô của biểu {form}", "", "| Cột | Mã | Tên | Được đếm |", "|---|---|---|---|"]
        parts += [
            f"| {f'({cell.column})' if cell.column else 'ghi chú'} | `{cell.id}`"
            f" | {cell.name.partition(': ')[2] or cell.name} | {_of_cell(cell)} |"
            for cell in definitions.cells(form)
        ]
        parts.append("")
    return "\n".join(parts)


def _of_cell(cell: Indicator) -> str:
    item = cell.item or DOSSIERS
    if cell.kind == "sum":
        return f"cộng {told(cell.sum or '', item)} của: {told(cell.asked, item)}"
    return told(cell.succeeds, item)


def _section(indicator: Indicator) -> str:
    lines = [f"### {indicator.id}", "", f"**{indicator.name}** ({_KINDS[indicator.kind]}; "]
    lines[-1] += f"{_DIRECTIONS[indicator.direction]}; cấp: {', '.join(_LEVELS[x] for x in indicator.at)})."
    lines.append("")
    if indicator.item:
        lines += ["| | Bằng lời | Điều kiện |", "|---|---|---|"]
        lines += [
            f"| {label} | {told(text, indicator.item)} | `{_one_line(text)}` |"
            for label, text in _parts(indicator)
        ]
        lines.append("")
    lines += _made_of(indicator)
    quoted = [(indicator.clause, indicator.clause_text), *((o.clause, o.clause_text) for o in indicator.also)]
    lines += [f"- Mục {clause} của văn bản chỉ đạo: “{text}”" for clause, text in quoted]
    lines += [f"- Trách nhiệm: {indicator.responsible}", f"- Căn cứ: {indicator.legal}"]
    if indicator.sources:
        lines.append(f"- Nguồn: {', '.join(f'`{name}`' for name in indicator.sources)}")
    for target in indicator.targets:
        value = f"{target.value:g}".replace(".", ",")
        lines.append(f"- Mục tiêu từ {target.valid_from:%d/%m/%Y}: {value} ({target.source})")
    if indicator.feeds:
        lines.append(f"- Dùng cho: {', '.join(indicator.feeds)}")
    return "\n".join([*lines, ""])


def words(indicator: Indicator) -> str:
    """Return the definition of an indicator in one paragraph of Vietnamese."""
    if indicator.item is None:
        known = definitions.indicators()
        parts = [f"{part.weight:g} phần «{known[part.indicator].name}»" for part in indicator.parts]
        return f"Ghép từ: {'; '.join(parts)}." if parts else " ".join(_made_of(indicator)).strip()
    return (
        "; ".join(f"{label}: {told(text, indicator.item)}" for label, text in _parts(indicator) if text) + "."
    )


def _made_of(indicator: Indicator) -> list[str]:
    """Return what an indicator that looks at no rows is made of, or why there is none yet."""
    known = definitions.indicators()
    if indicator.kind == "no_source":
        return [f"Chưa có nguồn: {indicator.reason}", ""]
    if indicator.kind == "change":
        return [f"Giá trị của «{known[indicator.of or ''].name}» trừ giá trị kỳ liền trước cùng loại.", ""]
    if indicator.kind == "clauses":
        return ["Mục nào của văn bản chỉ đạo có mọi mục tiêu đo được đều đạt thì mục ấy đạt.", ""]
    if indicator.kind == "difference":
        first, second = (known[name].name for name in indicator.reads)
        return [f"«{first}» trừ «{second}».", ""]
    if indicator.kind == "scored":
        return [
            f"Điểm theo bộ quy tắc đang có hiệu lực trong `rulesets/{indicator.of}/`; xem `tthc index-766`.",
            "",
        ]
    if indicator.kind == "mapped":
        return [f"Số chỉ tiêu có «{indicator.of}» ở dòng “Dùng cho”.", ""]
    if not indicator.parts:
        return []
    rows = [
        f"| {known[part.indicator].name} (`{part.indicator}`) | {part.weight:g} | {part.floor:g} | {part.target:g} |"
        for part in indicator.parts
    ]
    return ["| Thành phần | Trọng số | Không điểm ở | Đủ điểm từ |", "|---|---|---|---|", *rows, ""]


def _parts(indicator: Indicator) -> list[tuple[str, str]]:
    if indicator.kind == "ratio":
        sums = [("Tử số: tổng của", indicator.sum or ""), ("Mẫu số: tổng của", indicator.of_sum or "")]
        return [("Ai được tính", indicator.who), *sums]
    if indicator.kind in ("sum", "median", "published"):
        label = {"sum": "Cộng", "median": "Trung vị của", "published": "Giá trị"}[indicator.kind]
        return [("Ai được tính", indicator.asked), (label, indicator.sum or indicator.of or "")]
    needs = [("Phải biết", indicator.needs)] if indicator.needs else []
    if indicator.kind == "count":
        who = [("Ai được tính", indicator.who)] if indicator.who != "true" else []
        return [*who, *needs, ("Được đếm", indicator.succeeds)]
    return [("Ai được tính", indicator.who), *needs, ("Ai đạt", indicator.succeeds)]


def told(predicate: str, item: str = DOSSIERS) -> str:
    """Return a predicate in Vietnamese words, each column by the comment that the database gives it.

    >>> told("is_open AND NOT is_undetermined")
    '«còn mở vào cuối kỳ» và không «không biết hạn»'
    >>> told("channel IS NOT NULL AND channel = 2")
    '«kênh nộp» không trống và «kênh nộp» là 2'
    """
    tree = sqlglot.parse_one(f"SELECT {predicate}", read="postgres").expressions[0]
    return _words(tree, item)


def _words(node: expressions.Expression, item: str) -> str:
    if isinstance(node, expressions.Paren):
        return f"({_words(node.this, item)})"
    if isinstance(node, expressions.And):
        return f"{_words(node.this, item)} và {_words(node.expression, item)}"
    if isinstance(node, expressions.Or):
        return f"{_words(node.this, item)} hoặc {_words(node.expression, item)}"
    if isinstance(node, expressions.Is):
        is_not = bool(node.args.get("negate"))
        return f"{_words(node.this, item)} {'không trống' if is_not else 'trống'}"
    if isinstance(node, expressions.Not):
        if isinstance(node.this, expressions.Is):
            return f"{_words(node.this.this, item)} không trống"
        return f"không {_words(node.this, item)}"
    for kind, word in _COMPARISONS.items():
        if isinstance(node, kind):
            return f"{_words(node.this, item)} {word} {_words(node.expression, item)}"
    if isinstance(node, expressions.Column):
        return f"«{_meaning(node.name, item)}»"
    if isinstance(node, expressions.Boolean):
        return "tất cả" if node.this else "không gì cả"
    if isinstance(node, expressions.Literal):
        return f"“{node.this}”" if node.is_string else node.this
    if isinstance(node, expressions.In):
        listed = ", ".join(_words(one, item) for one in node.expressions)
        return f"{_words(node.this, item)} là một trong {listed}"
    raise TthcError(f"Chưa biết nói bằng lời phần này của một điều kiện: {node.sql(dialect='postgres')}.")


_COMPARISONS: dict[type[expressions.Expression], str] = {
    expressions.EQ: "là",
    expressions.GTE: "từ",
    expressions.GT: "trên",
    expressions.LTE: "đến",
    expressions.LT: "dưới",
    expressions.NullSafeNEQ: "không là",
    expressions.NEQ: "khác",
}


def _meaning(column: str, item: str) -> str:
    comment = definitions.meanings(item).get(column)
    if comment is None:
        raise TthcError(f"Cột {column} mà một chỉ tiêu dùng chưa có lời chú ở {item}.")
    text = re.split(r"[:;(]", comment)[0].strip().removesuffix(".")
    return text[:1].lower() + text[1:]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    path = settings.root() / PAGE
    return write_or_check(path, page(), "tthc.indicators.dictionary", check="--check" in arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TthcError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
