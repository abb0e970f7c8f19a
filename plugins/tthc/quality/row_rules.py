"""Our two expectations for Great Expectations, and the metrics they share. Importing this loads all of it.

Every ``expect_rows_to_satisfy`` of a suite asks for the same metric with the same arguments, so Great
Expectations computes it once: one scan for all rules. Results hold counts only, in every result format: no
value of a row ever passes through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration

from tthc.quality.one_pass import Measured, OnePass, Tally

ROWS = "tthc.rows"
BATCH = "tthc.batch"

# Metrics receive plain values only; the reading they are about is found here under its name.
_PASSES: dict[str, OnePass] = {}


@contextmanager
def judging(one_pass: OnePass) -> Iterator[None]:
    """Let the expectations find ``one_pass`` under its name until the block ends."""
    _PASSES[one_pass.name] = one_pass
    try:
        yield
    finally:
        del _PASSES[one_pass.name]


class RowRules(TableMetricProvider):
    """The verdict of every row rule of a suite on one reading: a :class:`Tally`."""

    metric_name = ROWS
    value_keys = ("one_pass",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _judge(
        cls, execution_engine: SqlAlchemyExecutionEngine, metric_value_kwargs: dict, **_: Any
    ) -> Tally:
        with execution_engine.engine.begin() as connection:
            return _PASSES[metric_value_kwargs["one_pass"]].judge_rows(connection)


class BatchRules(TableMetricProvider):
    """What every batch rule of a suite found: :class:`Measured` by name. Rows are judged before."""

    metric_name = BATCH
    value_keys = ("one_pass",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _judge(
        cls,
        execution_engine: SqlAlchemyExecutionEngine,
        metric_value_kwargs: dict,
        metrics: dict[str, Any],
        **_: Any,
    ) -> dict[str, Measured]:
        with execution_engine.engine.begin() as connection:
            return _PASSES[metric_value_kwargs["one_pass"]].judge_batch(connection, metrics[ROWS])

    @classmethod
    def _get_evaluation_dependencies(cls, metric: MetricConfiguration, **_: Any) -> dict[str, Any]:
        return {
            ROWS: MetricConfiguration(
                metric_name=ROWS,
                metric_domain_kwargs=metric.metric_domain_kwargs,
                metric_value_kwargs=metric.metric_value_kwargs,
            )
        }


class _Rule(BatchExpectation):
    """What both kinds hold; ``one_pass`` is put in by the audit, never written in a suite."""

    rule: str
    fails_when: str
    one_pass: str

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "fails_when", "one_pass")


class ExpectRowsToSatisfy(_Rule):
    """Expect that no staged row of the reading makes ``fails_when`` true."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (ROWS,)

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        tally: Tally = metrics[ROWS]
        failed = tally.failed[self.rule]
        return {
            "success": failed == 0,
            "result": {
                "element_count": tally.checked,
                "unexpected_count": failed,
                "refused_count": tally.refused,
                "warned_count": tally.warned,
            },
        }


class ExpectBatchToSatisfy(_Rule):
    """Expect that ``fails_when`` is not true of the reading as a whole."""

    measure: str | None = None
    out_of: str | None = None

    metric_dependencies: ClassVar[tuple[str, ...]] = (BATCH,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "fails_when", "one_pass", "measure", "out_of")

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        found: Measured = metrics[BATCH][self.rule]
        return {
            "success": not found.fails,
            "result": {"element_count": found.out_of, "unexpected_count": found.measure},
        }
