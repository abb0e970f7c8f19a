"""The SQL behind the rules: every row rule of a suite in one scan, every batch rule in one statement.

Judging rule by rule would scan the reading and compute the view once for each; here all rules are evaluated
together, and a row's failures become the bits of one number. Rows without a failure leave nothing.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise

import sqlalchemy
from psycopg import sql
from sqlalchemy import Connection, Engine

from tthc.quality.suites import Expectation, Suite
from tthc.sources.streams import Stream

#: Fewer rows are judged sooner than another connection is opened.
_WORTH_PARTS, _MOST_PARTS = 50_000, 8


@dataclass(frozen=True)
class Tally:
    """How many rows were judged, how many were refused, how many only warned about, and failures by rule."""

    checked: int
    refused: int
    warned: int
    failed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What one batch rule found: whether it fails, and the two counts that are kept of it."""

    fails: bool
    measure: int
    out_of: int


@dataclass(frozen=True)
class OnePass:
    """One reading of one stream, to be judged by one suite."""

    stream: Stream
    suite: Suite
    fetch_id: int
    #: Gives more connections, for the parts of a large reading.
    aside: Engine | None = None

    @property
    def name(self) -> str:
        """Name it, the same for every rule that shares the scan."""
        return f"{self.stream.stream}/{self.fetch_id}"

    def judge_rows(self, connection: Connection) -> Tally:
        """Judge the staged rows in the caller's transaction; replace their rows of ``staging.verdicts``.

        A large reading is judged in parts, each in a transaction of its own that ends when all are judged.
        """
        staged, first, last = _run(
            connection,
            sql.SQL(
                "SELECT count(*), coalesce(min(row_number), 1), coalesce(max(row_number), 1) FROM {}"
                " WHERE fetch_id = {}"
            ).format(sql.Identifier(*self.stream.staging_table.split(".")), self.fetch_id),
        ).one()
        # A row that is known already was judged when it came, by the same rules.
        known = _run(
            connection,
            sql.SQL("SELECT count(*) FROM staging.known_rows WHERE fetch_id = {}").format(self.fetch_id),
        ).scalar_one()
        workers = min(os.cpu_count() or 1, _MOST_PARTS) if self.aside and staged >= _WORTH_PARTS else 1
        edges = [first + (last + 1 - first) * part // workers for part in range(workers + 1)]
        parts = [range(*edge) for edge in pairwise(edges)]
        masks: Counter[int] = Counter()
        if len(parts) == 1:
            masks.update(self._judge_part(connection, parts[0]))
        else:
            with ExitStack() as stack:
                apart = [stack.enter_context(self.aside.connect()) for _ in parts]
                with ThreadPoolExecutor(len(parts)) as pool:
                    for found in pool.map(self._judge_part, apart, parts):
                        masks.update(found)
                for one in apart:
                    one.commit()
        critical = self._critical_bits()
        return Tally(
            checked=staged + known,
            refused=sum(count for mask, count in masks.items() if mask & critical),
            warned=sum(count for mask, count in masks.items() if not mask & critical),
            failed={
                rule.rule: sum(count for mask, count in masks.items() if mask >> bit & 1)
                for bit, rule in enumerate(self.suite.row_rules)
            },
        )

    def _judge_part(self, connection: Connection, rows: range) -> dict[int, int]:
        """Judge the rows with these numbers and write their verdicts; return how many failed which rules."""
        # Compiling forty predicates costs more than they do; and of a small table that was never analysed the
        # planner expects so little that it would compare every row with every name in it.
        for switch in ("jit", "enable_mergejoin", "enable_memoize"):
            _run(connection, f"SET LOCAL {switch} = off")
        _run(connection, self.scan(rows))
        masks = dict(_run(connection, "SELECT failures, count(*) FROM judged GROUP BY failures").all())
        _run(
            connection,
            sql.SQL(
                "DELETE FROM staging.verdicts WHERE stream = {} AND fetch_id = {} AND row_number BETWEEN {} AND {}"
            ).format(self.stream.stream, self.fetch_id, rows.start, rows.stop - 1),
        )
        if masks:
            _run(connection, self._keep(list(masks)))
        _run(connection, "DROP TABLE judged")
        return masks

    def plan_alone(self, connection: Connection, rule: Expectation) -> None:
        """Let the database plan one rule without running it; raises what is wrong with its SQL."""
        if rule.scope == "row":
            statement = sql.SQL("EXPLAIN SELECT ({}) IS TRUE FROM {} AS c").format(
                sql.SQL(rule.kwargs.fails_when), sql.Identifier(*self.stream.candidates.split("."))
            )
        else:
            statement = sql.SQL("EXPLAIN ") + self._batch_rule(rule, Tally(checked=0, refused=0, warned=0))
        _run(connection, statement)

    def scan(self, rows: range) -> sql.Composed:
        """Return the one statement that evaluates every row rule, for the rows with these numbers.

        ``OFFSET 0`` is a fence: without it the planner copies the view's expressions into each predicate and
        all predicates into the WHERE clause, and computes them again and again. It keeps Postgres from judging
        in parallel, which is why a large reading is judged in parts.
        """
        bits = [
            sql.SQL("CASE WHEN ({}) THEN {}::bigint ELSE 0 END").format(
                sql.SQL(rule.kwargs.fails_when), 1 << bit
            )
            for bit, rule in enumerate(self.suite.row_rules)
        ]
        return sql.SQL(
            "CREATE TEMP TABLE judged ON COMMIT DROP AS\n"
            "SELECT row_uid, row_number, failures FROM (\n"
            "SELECT c.row_uid, c.row_number, {bits} AS failures\n"
            "FROM (SELECT * FROM {candidates} WHERE fetch_id = {fetch_id}"
            " AND row_number BETWEEN {first} AND {last} OFFSET 0) AS c\n"
            "OFFSET 0) AS j\nWHERE failures <> 0"
        ).format(
            bits=sql.SQL("\n| ").join(bits),
            candidates=sql.Identifier(*self.stream.candidates.split(".")),
            fetch_id=self.fetch_id,
            first=rows.start,
            last=rows.stop - 1,
        )

    def judge_batch(self, connection: Connection, tally: Tally) -> dict[str, Measured]:
        """Evaluate the batch rules, with the counts of the rows at hand; ``{}`` when the suite has none.

        A predicate sees ``batch``: the row of ``ops.fetches``, ``checked_count`` and ``refused_count``; then
        ``measure`` and ``out_of``, the rule's own two counts (by default refused and checked). Rows that were
        sent back and are refused still say nothing new of the source: they are not among the refused.
        """
        rules = self.suite.batch_rules
        if not rules:
            return {}
        returned = self._still_refused(connection)
        tally = replace(tally, refused=tally.refused - returned)
        parts = [self._batch_rule(rule, tally) for rule in rules]
        found = _run(connection, sql.SQL("\nUNION ALL\n").join(parts)).all()
        return {name: Measured(bool(fails), measure, out_of) for name, fails, measure, out_of in found}

    def _still_refused(self, connection: Connection) -> int:
        """Count the refused rows of which the file says that they were sent back."""
        returned = sql.SQL("SELECT EXISTS (SELECT FROM ops.returned_rows WHERE fetch_id = {})").format(
            self.fetch_id
        )
        if not _run(connection, returned).scalar_one():
            return 0
        return _run(
            connection,
            sql.SQL(
                "SELECT count(*) FROM ops.returned_rows AS c INNER JOIN {staging} AS s ON s.fetch_id = c.fetch_id"
                " AND s.address = c.address INNER JOIN staging.verdicts AS v ON v.stream = {stream}"
                " AND v.fetch_id = s.fetch_id AND v.row_number = s.row_number AND cardinality(v.refused) > 0"
                " WHERE c.fetch_id = {fetch_id}"
            ).format(
                staging=sql.Identifier(*self.stream.staging_table.split(".")),
                stream=self.stream.stream,
                fetch_id=self.fetch_id,
            ),
        ).scalar_one()

    def _batch_rule(self, rule: Expectation, tally: Tally) -> sql.Composed:
        return sql.SQL(
            "SELECT {rule}, ({fails_when}) IS TRUE, measure, out_of FROM (\n"
            "SELECT batch.*, ({measure})::integer AS measure, ({out_of})::integer AS out_of FROM (\n"
            "SELECT f.*, {checked} AS checked_count, {refused} AS refused_count\n"
            "FROM ops.fetches AS f WHERE f.fetch_id = {fetch_id}) AS batch OFFSET 0) AS batch"
        ).format(
            rule=rule.rule,
            fails_when=sql.SQL(rule.kwargs.fails_when),
            measure=sql.SQL(rule.kwargs.measure or "batch.refused_count"),
            out_of=sql.SQL(rule.kwargs.out_of or "batch.checked_count"),
            checked=tally.checked,
            refused=tally.refused,
            fetch_id=self.fetch_id,
        )

    def _keep(self, masks: list[int]) -> sql.Composed:
        """Return the statement that writes the verdicts; masks are few, so the names are joined by mask."""
        meanings = [
            sql.SQL("({}::bigint, {}::text[], {}::text[])").format(
                mask, self._rules(mask, {"critical"}), self._rules(mask, {"warning", "info"})
            )
            for mask in masks
        ]
        return sql.SQL(
            "INSERT INTO staging.verdicts (stream, fetch_id, row_uid, row_number, refused, warned)\n"
            "SELECT {}, {}, j.row_uid, j.row_number, m.refused, m.warned\n"
            "FROM judged AS j\n"
            "INNER JOIN (VALUES {}) AS m (failures, refused, warned) ON m.failures = j.failures"
        ).format(self.stream.stream, self.fetch_id, sql.SQL(", ").join(meanings))

    def _rules(self, mask: int, severities: set[str]) -> list[str]:
        return [
            rule.rule
            for bit, rule in enumerate(self.suite.row_rules)
            if mask >> bit & 1 and rule.severity in severities
        ]

    def _critical_bits(self) -> int:
        return sum(1 << bit for bit, rule in enumerate(self.suite.row_rules) if rule.severity == "critical")


def _run(connection: Connection, statement: str | sql.Composable) -> sqlalchemy.CursorResult:
    """Run a statement that holds its values already: predicates may contain ``%`` and ``:``."""
    if not isinstance(statement, str):
        statement = statement.as_string(connection.connection.driver_connection)
    return connection.execution_options(no_parameters=True).exec_driver_sql(statement)
