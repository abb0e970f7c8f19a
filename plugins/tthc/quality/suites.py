"""The suites in ``expectations/``: one Great Expectations suite, plain JSON, for each stream.

A suite holds expectations of two kinds. ``expect_rows_to_satisfy`` judges each staged row: ``fails_when`` is
a predicate over the stream's candidates view, known as ``c``. ``expect_batch_to_satisfy`` judges the reading
as a whole: ``fails_when`` is a predicate over one row (see
:meth:`tthc.quality.one_pass.OnePass.judge_batch`). A predicate that is NULL does not fail.

Great Expectations itself drops a misspelt expectation in silence and lets an empty suite succeed, so
everything is checked here first. Nothing heavy is imported.
"""

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from tthc import settings
from tthc.errors import UsageError
from tthc.sources.streams import Stream

SCOPES: dict[str, Literal["row", "batch"]] = {
    "expect_rows_to_satisfy": "row",
    "expect_batch_to_satisfy": "batch",
}
#: One bit of a bigint for each row rule.
MOST_ROW_RULES = 62
RULE_NAME = re.compile(r"[a-z][a-z0-9_]{2,62}\Z")


class Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a rule is there: what is wrong and what to do (Vietnamese), and where the rule is written."""

    reason: str
    source: str


class Kwargs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an expectation holds; ``measure`` and ``out_of`` (batch rules) are the counts that are kept."""

    rule: str
    fails_when: str
    measure: str | None = None
    out_of: str | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One expectation of a suite, as its JSON has it."""

    type: str
    kwargs: Kwargs
    severity: Literal["critical", "warning", "info"]
    meta: Meta

    @property
    def rule(self) -> str:
        """The rule's name, unique in its suite."""
        return self.kwargs.rule

    @property
    def scope(self) -> Literal["row", "batch"]:
        """Whether it judges rows or the reading as a whole."""
        return SCOPES[self.type]


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A suite that has been checked; ``document`` gives the plain form that Great Expectations reads."""

    name: str
    expectations: tuple[Expectation, ...]
    meta: dict[str, Any] = {}

    @property
    def row_rules(self) -> tuple[Expectation, ...]:
        """Rules for rows, in the order of the file: the n-th is bit n of a verdict."""
        return tuple(e for e in self.expectations if e.scope == "row")

    @property
    def batch_rules(self) -> tuple[Expectation, ...]:
        """Rules for the reading as a whole, in the order of the file."""
        return tuple(e for e in self.expectations if e.scope == "batch")

    def reason(self, rules: list[str]) -> str:
        """Return the Vietnamese reasons of rules, in the order of the suite; one that has gone is named."""
        known = {e.rule: e.meta.reason for e in self.expectations}
        ordered = [r for r in known if r in set(rules)] + [r for r in rules if r not in known]
        return " ".join(known.get(rule, f"{rule}.") for rule in ordered)

    def document(self, **extra: Any) -> dict[str, Any]:
        """Return the suite as Great Expectations takes it, with ``extra`` added to every ``kwargs``."""
        plain = msgspec.to_builtins(self)
        for expectation in plain["expectations"]:
            kwargs = {name: value for name, value in expectation["kwargs"].items() if value is not None}
            expectation["kwargs"] = kwargs | extra
        return plain


def folder() -> Path:
    """Return the folder of suites."""
    return settings.root() / "expectations"


def suite_of(stream: Stream) -> Suite:
    """Return the suite that judges a stream; raise UsageError when it cannot be trusted to judge."""
    return read_suite(folder() / f"{stream.suite}.json")


def read_suite(path: Path) -> Suite:
    """Read one suite; raise UsageError with file, place and remedy when anything in it is wrong."""
    place = f"expectations/{path.name}"
    try:
        suite = msgspec.json.decode(path.read_bytes(), type=Suite)
    except FileNotFoundError:
        raise UsageError(f"Không có bộ luật {place}: mỗi luồng phải có một tệp cùng tên.") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(
            f"Bộ luật {place} viết sai: {error}. Mỗi luật cần type, kwargs (rule, fails_when), "
            f"severity (critical, warning, info) và meta (reason, source)."
        ) from None
    for problem in _problems(suite, path.stem):
        raise UsageError(f"Bộ luật {place} viết sai: {problem}.")
    return suite


def _problems(suite: Suite, stem: str):
    if suite.name != stem:
        yield f"name là “{suite.name}” nhưng tên tệp là “{stem}”"
    if not suite.expectations:
        yield "không có luật nào; một bộ luật trống không chấm được gì"
    rules = [expectation.rule for expectation in suite.expectations]
    for number, expectation in enumerate(suite.expectations, start=1):
        where = f"luật thứ {number} ({expectation.rule})"
        if expectation.type not in SCOPES:
            yield f"{where} có type lạ “{expectation.type}”; chỉ dùng {' hoặc '.join(SCOPES)}"
            return
        if not RULE_NAME.match(expectation.rule):
            yield f"{where}: tên luật chỉ gồm chữ thường a–z, chữ số và gạch dưới"
        if rules.count(expectation.rule) > 1:
            yield f"{where}: tên luật đã dùng"
        if not expectation.kwargs.fails_when.strip():
            yield f"{where}: fails_when để trống"
        if not expectation.meta.reason.strip() or not expectation.meta.source.strip():
            yield f"{where}: phải có meta.reason (sai gì, làm gì) và meta.source (luật viết ở đâu)"
        if expectation.scope == "row" and (expectation.kwargs.measure or expectation.kwargs.out_of):
            yield f"{where}: measure và out_of chỉ dành cho luật của cả lần đọc"
    if not suite.row_rules:
        yield "không có luật nào cho dòng (expect_rows_to_satisfy)"
    if len(suite.row_rules) > MOST_ROW_RULES:
        yield f"có {len(suite.row_rules)} luật cho dòng, nhiều nhất là {MOST_ROW_RULES}"
