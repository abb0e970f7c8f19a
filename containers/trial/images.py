"""The images of the trial, from Debian's packages only: for places that reach no registry of images."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "bookworm"
OURS, SERVICES = "localhost/tthc:trial", "localhost/tthc-trial-services:trial"
BASES = {
    "localhost/tthc-base-python:trial": ["python3", "python3-venv", "tzdata", "ca-certificates"],
    "localhost/tthc-base-services:trial": [
        "python3", "python3-venv", "ca-certificates", "curl", "util-linux", "postgresql-15", "redis-server", "caddy",
    ],
}  # fmt: skip
TRUSTED = "etc/ssl/certs/ca-certificates.crt"
TOOLS = ("podman", "buildah", "runc", "debootstrap", "unshare", "nsenter", "ip")
PACKAGES = "podman buildah runc debootstrap netavark aardvark-dns iptables conmon catatonit"


class TrialFailed(Exception):
    """What could not be done, and why."""


def check_tools() -> None:
    """Raise unless everything that a trial needs is installed."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent or os.geteuid() != 0:
        raise TrialFailed(
            f"cần quyền root và: {', '.join(absent) or 'đủ chương trình'}. "
            f"Trên Debian: apt-get install --no-install-recommends {PACKAGES}"
        )


class Podman:
    """Podman with a store of its own, so that everything can be taken away afterwards."""

    def __init__(self, folder: Path, namespace: int | None = None) -> None:
        self.folder = folder
        self.inside = ["nsenter", "-n", "-t", str(namespace)] if namespace else []
        (folder / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=2000:2000"]\nlog_driver = "k8s-file"\n'
        )
        self.environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
        program = folder / "podman"
        stores = f"--root {folder}/store --runroot {folder}/run --storage-driver overlay"
        program.write_text(f'#!/bin/sh\nexec podman {stores} --cgroup-manager cgroupfs --runtime runc "$@"\n')
        program.chmod(0o755)
        self.program = str(program)

    def run(self, *arguments: str, check: bool = True, log: Path | None = None) -> str:
        """Return what a command printed; raise with the end of it when it failed."""
        command = [*self.inside, self.program, *arguments]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        )
        if log is not None:
            log.write_text(done.stdout)
        if check and done.returncode:
            raise TrialFailed(f"podman {arguments[0]}: mã {done.returncode}: {done.stdout.strip()[-800:]}")
        return done.stdout

    def has(self, image: str) -> bool:
        """Whether an image is there."""
        return subprocess.run([self.program, "image", "exists", image], env=self.environment).returncode == 0


def make_base(podman: Podman, image: str) -> None:
    """Make a minimal Debian with the packages of this base, unless it is there."""
    if podman.has(image):
        return
    with tempfile.TemporaryDirectory(dir=podman.folder) as folder:
        _call("debootstrap", "--variant=minbase", RELEASE, folder)
        (Path(folder) / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (Path(folder) / "usr/sbin/policy-rc.d").chmod(0o755)
        install = "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install"
        clean = "apt-get clean && rm -rf /var/lib/apt/lists/*"
        _call("chroot", folder, "sh", "-c", f"{install} {' '.join(BASES[image])} >/dev/null && {clean}")
        # What this machine trusts when it fetches packages.
        shutil.copyfile(f"/{TRUSTED}", Path(folder) / TRUSTED)
        archive = podman.folder / "base.tar"
        _call("tar", "-C", folder, "-cf", str(archive), ".")
        podman.run("import", str(archive), image)
        archive.unlink()


def build(podman: Podman, image: str, base: str, context: Path) -> None:
    """Build an image; where packages come from reaches the build as a secret and stays out of the image."""
    settings = podman.folder / "pip.conf"
    settings.write_text(f"[global]\ncert = /{TRUSTED}\n{_index()}")
    podman.run(
        "build", "--isolation", "chroot", "--network", "host", "--secret", f"id=pip_conf,src={settings}",
        "--build-arg", f"BASE_IMAGE={base}", "-t", image, str(context),
        log=podman.folder / f"build-{re.sub(r'[^a-z]+', '-', image)}.log",
    )  # fmt: skip


def _index() -> str:
    """Return pip's index when this machine names one that a container reaches too."""
    shown = subprocess.run(
        ["python3", "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    )
    return f"index-url = {shown.stdout.strip()}\n" if shown.stdout.startswith("http") else ""


def _call(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise TrialFailed(f"{command[0]}: mã {done.returncode}: {done.stdout.strip()[-800:]}")
