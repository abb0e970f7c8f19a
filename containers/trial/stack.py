"""The services of docker-compose.yml under podman-compose, started in the order that the file asks for.

Podman before 4.6 cannot wait until a container is healthy, so the waiting is done here, by the health checks
that the file declares. Everything happens in a network namespace of the trial's own: nothing is reachable from
the machine, and nothing of the machine from the containers.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from containers.trial.images import ROOT, Podman, TrialFailed

PATIENCE = 420


class Stack:
    """The services of one compose project."""

    def __init__(self, podman: Podman, environment_file: Path, profiles: set[str]) -> None:
        self.podman = podman
        self.environment_file = environment_file
        self.declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        self.profiles = profiles
        self.file = podman.folder / "docker-compose.yml"
        plain = json.loads(json.dumps(self.declared))
        for service in plain["services"].values():
            service.pop("depends_on", None)
            service.pop("build", None)
            if "volumes" in service:
                service["volumes"] = [entry.replace("./", f"{ROOT}/", 1) for entry in service["volumes"]]
        self.file.write_text(yaml.safe_dump(plain, allow_unicode=True), encoding="utf-8")

    def in_order(self) -> Iterator[str]:
        """Yield the services of the chosen profiles, each after those it waits for."""
        services, told = self.declared["services"], set()

        def visit(name: str) -> Iterator[str]:
            if name in told or not self.profiles & set(services[name]["profiles"]):
                return
            told.add(name)
            for before in services[name].get("depends_on", {}):
                yield from visit(before)
            yield name

        for name in services:
            yield from visit(name)

    def up(self, say, *, scale: dict[str, int]) -> None:
        """Start everything, each service when what it waits for is as the file wants it."""
        started: list[str] = []
        for name in self.in_order():
            for before, asked in self.declared["services"][name].get("depends_on", {}).items():
                if before in started:
                    self.wait(before, asked["condition"])
            self.compose(
                "up", "-d", "--no-build", "--no-deps", "--scale", f"{name}={scale.get(name, 1)}", name
            )
            started.append(name)
            say(f"đã khởi động {name}")
        for name in started:
            if "healthcheck" in self.declared["services"][name]:
                self.wait(name, "service_healthy")
                say(f"{name} khỏe")

    def wait(self, name: str, condition: str) -> None:
        """Return when every container of a service is as wanted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            containers = self.containers(name)
            states = [self.inspect(container) for container in containers]
            if condition == "service_completed_successfully":
                if all(state["Status"] == "exited" for state in states):
                    if any(state["ExitCode"] for state in states):
                        raise TrialFailed(f"{name} hỏng: {self.logs(containers[0])}")
                    return
            elif containers and all(self.is_healthy(container) for container in containers):
                return
            elif any(state["Status"] == "exited" for state in states):
                raise TrialFailed(f"{name} đã dừng: {self.logs(containers[0])}")
            if time.monotonic() > deadline:
                raise TrialFailed(f"{name} chưa xong sau {PATIENCE} giây: {self.logs(containers[0])}")
            time.sleep(2)

    def compose(self, *arguments: str) -> None:
        """Run podman-compose on the file."""
        command = [
            *self.podman.inside, sys.executable, "-m", "podman_compose", "--podman-path", self.podman.program,
            "--env-file", str(self.environment_file), "-f", str(self.file),
            *(word for profile in sorted(self.profiles) for word in ("--profile", profile)), *arguments,
        ]  # fmt: skip
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.podman.environment
        )
        if done.returncode:
            raise TrialFailed(f"podman-compose {' '.join(arguments)}: {done.stdout.strip()[-800:]}")

    def containers(self, name: str) -> list[str]:
        """Return the containers of a service."""
        shown = self.podman.run(
            "ps", "-a", "--filter", f"name=^tthc_{name}_[0-9]+$", "--format", "{{.Names}}"
        )
        return sorted(shown.split())

    def inspect(self, container: str) -> dict:
        """Return the state of a container."""
        return json.loads(self.podman.run("inspect", "--format", "{{json .State}}", container))

    def is_healthy(self, container: str) -> bool:
        """Ask the container's own health check now."""
        command = [*self.podman.inside, self.podman.program, "healthcheck", "run", container]
        return subprocess.run(command, capture_output=True, env=self.podman.environment).returncode == 0

    def inside(self, container: str, *command: str) -> str:
        """Return what a command prints in a container."""
        return self.podman.run("exec", container, *command)

    def logs(self, container: str, lines: int = 15) -> str:
        """Return the last lines of a container."""
        return self.podman.run("logs", "--tail", str(lines), container, check=False).strip()
