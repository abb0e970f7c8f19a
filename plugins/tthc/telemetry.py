"""What a step tells whoever watches by OpenTelemetry: spans, and numbers of rows, rejections, lag and queues.

Where they go is Airflow's affair (``[metrics]`` and ``[traces]``, see :mod:`tthc.stack.components`): it makes the
providers in the process of each task. Without a collector, and on the command line, nothing is told and it costs
nothing. Only names, numbers and counts are told: an error is told by its kind, never by its words, which may hold
a value.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from opentelemetry import metrics, trace
from opentelemetry.trace import Span, Status, StatusCode

_P = ParamSpec("_P")
_R = TypeVar("_R")

#: Name, unit and meaning of what is counted, then of what is measured.
_COUNTED = {
    "tthc.rows": ("{row}", "Dòng đã nhập, theo kết cục của dòng (outcome)."),
    "tthc.rejections": ("{row}", "Dòng không đạt một luật (rule)."),
}
_MEASURED = {
    "tthc.lag": ("s", "Từ lúc nguồn trả lời đến lúc vào kho, của lần nhập gần nhất."),
    "tthc.freshness": ("s", "Từ lần nhập gần nhất của luồng đến bây giờ."),
    "tthc.queue.age": ("s", "Việc chờ lâu nhất trong hàng (queue) đã chờ bao lâu."),
    "tthc.queue.length": ("{item}", "Số việc đang chờ trong hàng (queue)."),
}


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[Span]:
    """Time what happens inside as a part of the step that is running; an error inside is told by its kind only."""
    with trace.get_tracer("tthc").start_as_current_span(
        f"tthc.{name}",
        attributes={f"tthc.{key}": value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as started:
        try:
            yield started
        except BaseException as error:
            started.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def traced(name: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator: each call is a span; the first argument (a stream, a reading, a month) is told with it."""

    def wrap(work: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(work)
        def run(*arguments: _P.args, **named: _P.kwargs) -> _R:
            subject = next(iter((*arguments, *named.values())), "")
            with span(name, subject=subject if isinstance(subject, str | int) else str(subject)):
                return work(*arguments, **named)

        return run

    return wrap


def tell_merge(commune: str, stream: str, accounting: dict[str, Any], lag_seconds: float | None) -> None:
    """Tell the accounting of one merge, and how long ago its source had answered (None: not known)."""
    for outcome in ("merged", "unchanged", "quarantined", "superseded"):
        _count("tthc.rows", accounting[outcome], commune=commune, stream=stream, outcome=outcome)
    if lag_seconds is not None:
        _measure("tthc.lag", lag_seconds, commune=commune, stream=stream)


def tell_rejections(commune: str, stream: str, rule: str, severity: str, rows: int) -> None:
    """Tell how many rows of one reading failed a rule."""
    _count("tthc.rejections", rows, commune=commune, stream=stream, rule=rule, severity=severity)


def tell_freshness(commune: str, stream: str, seconds: float) -> None:
    """Tell how long ago a stream was merged last."""
    _measure("tthc.freshness", seconds, commune=commune, stream=stream)


def tell_queue(commune: str, queue: str, length: int, age_seconds: float) -> None:
    """Tell how much waits in a queue, and how long the oldest of it has waited (0 when nothing waits)."""
    _measure("tthc.queue.length", length, commune=commune, queue=queue)
    _measure("tthc.queue.age", age_seconds, commune=commune, queue=queue)


def _count(name: str, amount: int, **tags: str) -> None:
    _instruments(metrics.get_meter_provider())[name].add(amount, tags)


def _measure(name: str, value: float, **tags: str) -> None:
    _instruments(metrics.get_meter_provider())[name].set(value, tags)


@lru_cache(maxsize=1)
def _instruments(provider: metrics.MeterProvider) -> dict[str, Any]:
    """Return the instruments of a provider. A task is forked from a process with another: what it made is dead here."""
    meter = provider.get_meter("tthc")
    counted = {name: meter.create_counter(name, unit, text) for name, (unit, text) in _COUNTED.items()}
    return counted | {name: meter.create_gauge(name, unit, text) for name, (unit, text) in _MEASURED.items()}
