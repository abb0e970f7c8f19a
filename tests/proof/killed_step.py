"""The steps of the flow, and a process of its own for one that is to die at a chosen moment of its work.

The moments are those at which something is asked of the world: before and after each statement, each commit,
each row that is copied, each object of the archive. They are counted, so that a drawn number is a moment.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from tests.proof.small_pull import MONTHS, NEXT, STREAMS

#: A server that holds the modules already: each child is a fork of it and starts in no time.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tthc.flows", "tthc.quality.audit", "great_expectations", "httpx"])
PATIENCE = 180
#: (step, stream); the last two steps have no stream.
Place = tuple[str, str]


@dataclass(frozen=True)
class Death:
    """When to die: at the moment of this number, or so many seconds into what follows it."""

    moment: int
    seconds: float = 0.0


def journey() -> Iterator[Place]:
    """Yield every step of a reading of both streams, in their order."""
    for stream in STREAMS:
        for step in ("fetch", "stage", "audit", "merge"):
            yield step, stream
    yield "refresh", ""
    yield "publish", ""


def work(place: Place, fetch_id: int | None) -> int | None:
    """Do a step in this process; return the reading that the next step is about."""
    from tthc import flows

    step, stream = place
    if step == "fetch":
        return flows.fetch(stream, NEXT["from"], NEXT["to"], progress=str)
    if step == "refresh":
        flows.refresh(MONTHS, progress=str)
    elif step == "publish":
        flows.publish(MONTHS[0], "Người duyệt", "Thử")
    else:
        getattr(flows, step)(fetch_id, progress=str)
    return fetch_id


def everything() -> dict[Place, int]:
    """Go through the whole journey in a child that nobody disturbs; return how many moments each step has."""
    process, results = start(None, None)
    code = _ended(process)
    assert code == 0
    return results.recv()


def dies(place: Place, fetch_id: int | None, death: Death) -> bool:
    """Do a step in a child that is to die; say whether it did, or else had ended before."""
    process, _ = start(place, fetch_id, death)
    code = _ended(process)
    assert code in (0, -signal.SIGKILL), (place, death, code)
    return code != 0


def start(
    place: Place | None, fetch_id: int | None, death: Death | None = None
) -> tuple[BaseProcess, Connection]:
    """Start a step (None: all) in a child with this process's settings; return it and where its result comes."""
    results, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_child, args=(dict(os.environ), place, fetch_id, death, theirs))
    process.start()
    theirs.close()
    return process, results


def _ended(process: BaseProcess) -> int:
    process.join(PATIENCE)
    assert process.exitcode is not None, f"still at work after {PATIENCE} s"
    return process.exitcode


def _child(
    environment: dict[str, str],
    place: Place | None,
    fetch_id: int | None,
    death: Death | None,
    results: Connection,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    passed = _count_moments(death)
    if place is not None:
        results.send(work(place, fetch_id))
        return
    moments = {}
    for each in journey():
        before = passed()
        fetch_id = work(each, fetch_id)
        moments[each] = passed() - before
    results.send(moments)


def _count_moments(death: Death | None) -> Callable[[], int]:
    import psycopg

    from tthc.landing.archive import Archive

    passed = 0

    def moment() -> None:
        nonlocal passed
        passed += 1
        if death is None or passed != death.moment:
            return
        if not death.seconds:
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Timer(death.seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()

    def watched(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def call(*arguments, **named):
            moment()
            returned = original(*arguments, **named)
            moment()
            return returned

        setattr(owner, name, call)

    watched(psycopg.Cursor, "execute")
    watched(psycopg.Connection, "commit")
    watched(psycopg.Copy, "write")
    watched(psycopg.Copy, "write_row")
    watched(Archive, "store")
    return lambda: passed
