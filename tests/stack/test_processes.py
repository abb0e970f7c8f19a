"""Programs are found by who they are, and ended whole, also when their leader was killed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tthc.errors import TthcError
from tthc.stack import processes, services

# A leader with a child that ignores SIGTERM and a grandchild in a process group of its own.
FAMILY = """
import os, signal, subprocess, sys, time
deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
stubborn = f"import signal, time; {deaf}; print('up', flush=True); time.sleep(600)"
first = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
second = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, process_group=0)
first.stdout.readline(); second.stdout.readline()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def program(tmp_path):
    """Return a function that makes a service of Python code; what it started is ended after the test."""
    made = []

    def make(code: str, name: str = "program") -> services.Service:
        service = services.Service(
            name=name,
            title="Chương trình thử",
            command=[sys.executable, "-c", code],
            environment=dict(os.environ),
            folder=tmp_path,
            ready=lambda: "ready" in (tmp_path / "logs" / f"{name}.log").read_text(),
        )
        made.append(service)
        return service

    yield make
    for service in made:
        services.end(service.note, patience=0.1)


def test_a_family_is_ended_whole(program):
    service = program(FAMILY)
    assert service.start()
    service.wait(time.monotonic() + 20)
    family = processes.family(service.running())
    assert len(family) == 3
    assert services.end(service.note, patience=0.5)
    assert not [member for member in family if member.alive]
    assert not service.note.exists()


def test_a_family_whose_leader_was_killed_is_ended_too(program):
    service = program(FAMILY)
    service.start()
    service.wait(time.monotonic() + 20)
    leader = service.running()
    family = processes.family(leader)
    os.kill(leader.pid, signal.SIGKILL)
    os.waitpid(leader.pid, 0)
    assert service.running() is None
    assert len(processes.family(leader)) == 2
    services.end(service.note, patience=0.5)
    assert not [member for member in family if member.alive]


def test_starting_again_does_nothing_and_replaces_a_dead_leader(program):
    service = program(FAMILY)
    assert service.start()
    service.wait(time.monotonic() + 20)
    first = service.running()
    assert not service.start()
    assert service.running() == first
    orphans = processes.family(first) - {first}
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert service.start()
    assert service.running() != first
    assert not [orphan for orphan in orphans if orphan.alive]


def test_a_number_given_to_somebody_else_is_never_ended(tmp_path):
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    try:
        who = processes.identity(stranger.pid)
        note = tmp_path / "note.json"
        processes.remember(note, replace(who, started=str(int(who.started) - 100)))
        assert processes.recall(note) is None
        assert not services.end(note, patience=0.1)
        assert stranger.poll() is None
        processes.remember(note, replace(who, boot="lần khởi động khác"))
        assert not services.end(note, patience=0.1)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_program_that_dies_at_once_says_its_last_words(program):
    service = program("import sys; sys.exit('không có tệp cấu hình')")
    service.start()
    os.waitpid(processes.read(service.note).pid, 0)
    with pytest.raises(TthcError, match="không có tệp cấu hình"):
        service.wait(time.monotonic() + 20)


def test_logs_can_be_read_by_their_owner_only(program):
    service = program("print('ready')")
    service.start()
    assert service.log.stat().st_mode & 0o777 == 0o600
