"""How a step of ``tthc.flows`` runs as an Airflow task: settings from connections, no value in a log.

The step's own errors are Vietnamese and hold no value. What other libraries raise may hold one (Postgres
quotes the failing row), so only kind, SQLSTATE, table, constraint and the places in the code reach the log.
"""

import functools
import json
import logging
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import Connection, task
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowRescheduleException,
    AirflowSkipException,
)
from airflow.sdk.observability import stats

from tthc import settings
from tthc.errors import BatchStopped, Busy, TthcError, UsageError
from tthc_dags import communes, trouble

log = logging.getLogger("tthc.dags")


def step(
    title: str, *, ends_run: bool = False, tells_itself: bool = False, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator: the function becomes a task with this title; its docstring is the task's note.

    A step that failed for good opens an incident, unless it ``tells_itself``; one that ``ends_run`` closes
    it.
    """

    def make(work: Callable[..., Any]) -> Any:
        watched = careful(work, title=title, ends_run=ends_run, tells_itself=tells_itself)
        # A mapped task would not take the docstring by itself.
        return task(task_display_name=title, doc_md=work.__doc__, **options)(watched)

    return make


def careful(
    work: Callable[..., Any], *, title: str = "", ends_run: bool = False, tells_itself: bool = False
) -> Callable[..., Any]:
    """Return ``work`` so that it runs with the settings of the connections and fails without telling values.

    A batch rule or a wrong declaration fails at once; anything else may be tried again. Among several communes the
    one that :func:`tthc_dags.communes.of_step` finds is in force.
    """

    @functools.wraps(work)
    def run(*arguments: Any, **named: Any) -> Any:
        problem: Exception
        # The first number that is told makes Airflow's meter in this process; ours are told through it.
        stats.incr("tthc.steps")
        commune = communes.of_step(named)
        with settings.using(connection_settings(commune)), communes.in_force(commune):
            try:
                result = work(*arguments, **named)
                if ends_run:
                    trouble.close()
                return result
            except (AirflowSkipException, AirflowFailException, AirflowRescheduleException):
                raise
            except Busy as error:
                problem = AirflowSkipException(str(error))
            except Exception as error:
                problem = _told(error)
                if not tells_itself:
                    trouble.open_for(title, error, str(problem))
        # Raised here and not inside `except`: a chained cause would be printed with its values.
        raise problem

    return run


def _told(error: Exception) -> Exception:
    """Return the error that Airflow is shown instead: it holds no value, and says whether to try again."""
    if not isinstance(error, TthcError):
        return AirflowException(describe(error))
    log.warning("Nơi xảy ra: %s", _places(error))
    is_final = isinstance(error, BatchStopped | UsageError)
    return AirflowFailException(str(error)) if is_final else AirflowException(str(error))


def say(text: str) -> None:
    """Write one line of progress to the task's log."""
    log.info(text)


def connection_settings(commune: str | None = None) -> dict[str, str]:
    """Return the TTHC_* settings that the connections ``tthc_warehouse`` and ``tthc_city`` carry.

    ``tthc_city_<code>`` is that of one commune among several.
    """
    found: dict[str, str] = {}
    warehouse = _connection("tthc_warehouse")
    if warehouse is not None:
        found["TTHC_WAREHOUSE_URL"] = libpq_url(warehouse)
    found |= _city_settings(_connection("tthc_city"))
    if commune is not None:
        own = _city_settings(_connection(f"tthc_city_{commune}"))
        found |= {f"{name}_{commune}": value for name, value in own.items() if name != "TTHC_CITY_DIALECT"}
    return {name: value for name, value in found.items() if value}


def _city_settings(city: Connection | None) -> dict[str, str]:
    found: dict[str, str] = {}
    if city is not None:
        scheme = "" if "://" in (city.host or "") else f"{city.schema or 'https'}://"
        port = f":{city.port}" if city.port else ""
        found["TTHC_CITY_URL"] = f"{scheme}{city.host}{port}"
        found["TTHC_CITY_CLIENT_ID"] = city.login or ""
        found["TTHC_CITY_CLIENT_SECRET"] = city.password or ""
        found["TTHC_CITY_DIALECT"] = extra_of(city).get("dialect", "")
    return found


def libpq_url(connection: Connection) -> str:
    """Return the libpq URL of an Airflow Postgres connection; its extra are libpq's parameters."""
    who = ":".join(quote(part, safe="") for part in (connection.login, connection.password) if part)
    port = f":{connection.port}" if connection.port else ""
    extra = extra_of(connection)
    query = f"?{urlencode(extra)}" if extra else ""
    address = f"{who}@{connection.host or ''}{port}" if who else f"{connection.host or ''}{port}"
    return f"postgresql://{address}/{quote(connection.schema or '', safe='')}{query}"


def describe(error: Exception) -> str:
    """Return what may be told of any error: its kind, its place in Postgres and its place in the code."""
    told = [type(error).__name__]
    diagnostic = getattr(error, "diag", None)
    for name in ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name"):
        value = getattr(diagnostic, name, None)
        if value:
            told.append(f"{name}={value}")
    return f"Lỗi ngoài dự kiến: {', '.join(told)}. Nơi xảy ra: {_places(error)}"


def _places(error: BaseException) -> str:
    """Return where an error passed, the innermost last; those of its cause come first."""
    frames = []
    while error is not None:
        frames = [*traceback.extract_tb(error.__traceback__), *frames]
        error = error.__cause__
    told = (f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
    return " → ".join(list(told)[-12:])


def _connection(name: str) -> Connection | None:
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def extra_of(connection: Connection) -> dict[str, str]:
    """Return the extra of a connection, empty when it has none."""
    return json.loads(connection.extra) if connection.extra else {}
