"""The audit of one reading: Great Expectations judges its staged rows, where they are, in Postgres."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal

import psycopg
import sqlalchemy
from psycopg.rows import tuple_row
from sqlalchemy.pool import NullPool, Pool, StaticPool

from tthc import rehearsal
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.quality.one_pass import OnePass
from tthc.quality.suites import Suite, suite_of
from tthc.sources.streams import Stream

# Counts only, whatever an expectation may be tempted to show.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["row_uid"],
    "exclude_unexpected_values": True,
}


@dataclass(frozen=True)
class RuleResult:
    """What one rule found: rows judged and rows that fail, or the own two counts of a batch rule."""

    rule: str
    severity: Literal["critical", "warning", "info"]
    scope: Literal["row", "batch"]
    is_met: bool
    checked_count: int
    failed_count: int
    reason: str


@dataclass(frozen=True)
class Audit:
    """The outcome for one reading. Refused rows are in ``staging.verdicts``; nothing is merged or moved yet.

    ``checked`` = staged rows; ``refused`` fail a critical rule; ``warned`` fail only others and are kept.
    """

    stream: str
    fetch_id: int
    checked: int
    refused: int
    warned: int
    rules: tuple[RuleResult, ...]

    @property
    def batch_failures(self) -> tuple[str, ...]:
        """Vietnamese reasons of the critical batch rules that are not met."""
        return tuple(
            f"{r.reason} ({r.failed_count}/{r.checked_count})"
            for r in self.rules
            if r.scope == "batch" and r.severity == "critical" and not r.is_met
        )

    @property
    def stopped_because(self) -> str | None:
        """Why this reading must not be merged, or ``None`` when it may."""
        if not self.batch_failures:
            return None
        return f"Luồng {self.stream}, lần đọc {self.fetch_id}: {' '.join(self.batch_failures)}"

    @property
    def warnings(self) -> tuple[RuleResult, ...]:
        """The rules that are not met and stop nothing."""
        return tuple(r for r in self.rules if not r.is_met and r.severity == "warning")


def audit(connection_url: str, stream: Stream, fetch_id: int, *, record: bool = True) -> Audit:
    """Judge the staged rows of one reading by the stream's suite, and return what was found.

    Writes ``staging.verdicts`` and ``ops.validations``, replacing what an earlier audit of the reading wrote.
    With ``record=False`` only the verdicts: a part of a reading, judged again, says nothing of the whole.
    Bad data raises nothing: see :attr:`Audit.stopped_because`. Raises UsageError for a suite that cannot be
    trusted, TthcError when the judging itself fails, Unreachable when the database does not answer.
    """
    if (held := rehearsal.present()) is None:
        connect = partial(psycopg.connect, connection_url, application_name="tthc audit")
        return _audit(connect, stream, fetch_id, record=record, aside=_engine(connect, NullPool))
    with held.lent(tuple_row) as lent:
        # Others do not see what is rehearsed, so nothing can be judged aside.
        outcome = _audit(lambda: lent, stream, fetch_id, record=record, aside=None)
        # The transaction goes on, and its next steps are planned as ever.
        for switch in ("enable_mergejoin", "enable_memoize"):
            lent.execute(f"RESET {switch}")
    return outcome


def _audit(
    connect: Callable[[], psycopg.Connection],
    stream: Stream,
    fetch_id: int,
    *,
    record: bool,
    aside: sqlalchemy.Engine | None,
) -> Audit:
    suite = suite_of(stream)
    engine = _engine(connect, StaticPool)
    one_pass = OnePass(stream, suite, fetch_id, aside)
    try:
        outcome = _outcome(stream, fetch_id, suite, _judge(engine, one_pass))
        if record:
            _record(engine, outcome)
    except TthcError:
        raise
    except Exception as error:
        # Messages of the database and of Great Expectations may hold values of a row: none is passed on.
        raise _explained(engine, one_pass, error) from None
    finally:
        engine.dispose()
    return outcome


def _engine(connect: Callable[[], psycopg.Connection], pool: type[Pool]) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        # A libpq URL can say more than SQLAlchemy's can (several hosts, services, options): psycopg reads it.
        "postgresql+psycopg://",
        creator=connect,
        poolclass=pool,
    )


def _judge(engine: sqlalchemy.Engine, one_pass: OnePass) -> list[Any]:
    """Return the validation results of Great Expectations, one for each expectation of the suite."""
    gx = _great_expectations()
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.validator.validator import Validator

    from tthc.quality import row_rules

    execution = SqlAlchemyExecutionEngine(engine=engine, create_temp_table=False)
    schema, table = one_pass.stream.staging_table.split(".")
    data = SqlAlchemyBatchData(execution, schema_name=schema, table_name=table, create_temp_table=False)
    validator = Validator(execution_engine=execution, data_context=_context(), batches=[Batch(data=data)])
    expected = gx.ExpectationSuite(**one_pass.suite.document(one_pass=one_pass.name))
    with row_rules.judging(one_pass):
        return validator.graph_validate(
            configurations=expected.expectation_configurations,
            runtime_configuration={"catch_exceptions": False, "result_format": RESULT_FORMAT},
        )


def _outcome(stream: Stream, fetch_id: int, suite: Suite, results: list[Any]) -> Audit:
    """Match results with the rules of the suite; a rule that was not judged is a failure of the audit."""
    judged = {result.expectation_config.kwargs["rule"]: result for result in results}
    missing = [e.rule for e in suite.expectations if e.rule not in judged]
    if missing or len(results) != len(suite.expectations):
        raise TthcError(
            f"Luồng {stream.stream}, lần đọc {fetch_id}: chấm được {len(results)} trên "
            f"{len(suite.expectations)} luật, thiếu {', '.join(missing) or 'không rõ luật nào'}. "
            f"Lần đọc chưa được nhập; hãy xem lại expectations/{suite.name}.json."
        )
    rules = []
    for expectation in suite.expectations:
        judgement = judged[expectation.rule]
        rules.append(
            RuleResult(
                rule=expectation.rule,
                severity=expectation.severity,
                scope=expectation.scope,
                is_met=bool(judgement.success),
                checked_count=judgement.result["element_count"],
                failed_count=judgement.result["unexpected_count"],
                reason=expectation.meta.reason,
            )
        )
    rows = judged[suite.row_rules[0].rule].result
    return Audit(
        stream=stream.stream,
        fetch_id=fetch_id,
        checked=rows["element_count"],
        refused=rows["refused_count"],
        warned=rows["warned_count"],
        rules=tuple(rules),
    )


def _record(engine: sqlalchemy.Engine, outcome: Audit) -> None:
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("DELETE FROM ops.validations WHERE fetch_id = :fetch_id"),
            {"fetch_id": outcome.fetch_id},
        )
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO ops.validations"
                " (fetch_id, rule, severity, scope, is_met, checked_count, failed_count)"
                " VALUES (:fetch_id, :rule, :severity, :scope, :is_met, :checked_count, :failed_count)"
            ),
            [
                {
                    "fetch_id": outcome.fetch_id,
                    "rule": rule.rule,
                    "severity": rule.severity,
                    "scope": rule.scope,
                    "is_met": rule.is_met,
                    "checked_count": rule.checked_count,
                    "failed_count": rule.failed_count,
                }
                for rule in outcome.rules
            ],
        )


def _great_expectations():
    """Import Great Expectations without its usage reports and its hundreds of log lines."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx

    return gx


@cache
def _context() -> Any:
    """Return the one context of this process: in memory, silent, without documentation sites on disk."""
    gx = _great_expectations()
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars={"globally": False},
            analytics_enabled=False,
        ),
    )


def _explained(engine: sqlalchemy.Engine, one_pass: OnePass, error: BaseException) -> TthcError:
    """Return what went wrong, without a value: the rule when it is a rule's fault, else SQLSTATE or kind."""
    where = f"Luồng {one_pass.stream.stream}, lần đọc {one_pass.fetch_id}"
    cause = _database_error(error)
    if isinstance(cause, psycopg.OperationalError) and not cause.sqlstate:
        return Unreachable(f"{where}: kho dữ liệu không trả lời khi đang chấm; hãy kiểm tra rồi chạy lại.")
    problem = f"SQLSTATE {cause.sqlstate}" if cause is not None else f"lỗi {type(error).__name__}"
    wrong = _first_wrong_rule(engine, one_pass) if cause is not None else None
    if wrong:
        return UsageError(
            f"{where}: luật {wrong} trong expectations/{one_pass.suite.name}.json không chạy được trên "
            f"{one_pass.stream.candidates} ({problem}); hãy sửa fails_when của luật này."
        )
    return TthcError(f"{where}: không chấm được ({problem}). Lần đọc chưa được nhập; có thể chạy lại.")


def _database_error(error: BaseException | None) -> psycopg.Error | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, psycopg.Error):
            return error
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return None


def _first_wrong_rule(engine: sqlalchemy.Engine, one_pass: OnePass) -> str | None:
    """Return the first rule that the database cannot even plan, or ``None``."""
    for rule in one_pass.suite.expectations:
        try:
            with engine.connect() as connection:
                one_pass.plan_alone(connection, rule)
        except sqlalchemy.exc.SQLAlchemyError as error:
            if isinstance(_database_error(error), psycopg.OperationalError):
                return None
            return rule.rule
    return None
