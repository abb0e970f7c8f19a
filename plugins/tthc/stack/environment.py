"""Make ``.venv`` in the repository: exactly what requirements.lock says, and the ``tthc`` command.

Runs with the system's Python before anything is installed, so it imports the standard library only and
nothing of this package. A second run with the same lock costs a tenth of a second. ``lock`` as argument
renews the lock.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "tthc-stamp"
NEEDED_BYTES = 3 * 1024**3


class SetupFailed(Exception):
    """What is wrong and what to do, in one Vietnamese sentence."""


def main(arguments: list[str]) -> int:
    """Return the exit code; all progress goes to stderr."""
    try:
        if arguments == ["lock"]:
            prepare_tool()
            renew_lock()
        else:
            set_up()
    except SetupFailed as failure:
        say(f"LỖI: {failure}")
        return 1
    return 0


def set_up() -> None:
    """Bring ``.venv`` to what the lock says; do nothing when it is already so."""
    packages, project = fingerprints()
    done = STAMP.read_text().split() if STAMP.exists() else []
    if done == [packages, project] and (VENV / "bin" / "tthc").exists():
        return
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    prepare_tool()
    if done[:1] != [packages]:
        say("Đang cài các gói theo requirements.lock (lần đầu mất vài phút, tùy đường mạng)…")
        options = ("--require-hashes", "--compile-bytecode")
        uv("sync", *options, str(LOCK), step="cài các gói trong requirements.lock")
    uv("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT), step="cài lệnh tthc")
    STAMP.write_text(f"{packages}\n{project}\n")
    say(f"Môi trường .venv đã sẵn sàng ({time.monotonic() - started:.0f} giây).")


def prepare_tool() -> None:
    """Make the empty environment and put the locked uv in it."""
    if not usable(PYTHON):
        free = shutil.disk_usage(ROOT).free
        if free < NEEDED_BYTES:
            raise SetupFailed(
                f"đĩa chỉ còn {free / 1024**3:.1f} GB ở {ROOT}, cần ít nhất 3 GB. Hãy dọn chỗ rồi chạy lại."
            )
        say(f"Đang tạo .venv bằng Python {sys.version.split()[0]}…")
        try:
            venv.create(VENV, clear=True, with_pip=True, symlinks=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupFailed(
                f"không tạo được .venv ({error}). Kiểm tra quyền ghi và mô-đun venv của Python."
            ) from error
    pinned = locked("uv")
    tool = VENV / "bin" / "uv"
    if tool.exists():
        shown = subprocess.run([str(tool), "--version"], capture_output=True, text=True).stdout.split()
        if shown[1:2] == [pinned.split("==")[1].split()[0]]:
            return
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(pinned)
        quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        run(
            [str(PYTHON), "-m", "pip", "install", *quiet, "-r", str(wanted)],
            step="cài uv",
            # A constraint without a hash in the machine's configuration would refuse a hashed install.
            environment={**clean(), "PIP_CONSTRAINT": os.devnull},
        )


def renew_lock() -> None:
    """Write requirements.lock from requirements.in: exact versions, hashes, no addresses."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]
    uv("compile", *options, str(ROOT / "requirements.in"), "-o", str(LOCK), step="tính lại requirements.lock")
    if "://" in LOCK.read_text(encoding="utf-8"):
        raise SetupFailed("requirements.lock vừa tính có chứa địa chỉ; không được ghi địa chỉ vào kho mã.")
    say("requirements.lock đã mới.")


def fingerprints() -> tuple[str, str]:
    """Return what the environment depends on: (the packages and their place, the project file)."""
    packages = hashlib.sha256(LOCK.read_bytes() + str(VENV).encode()).hexdigest()
    return packages, hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def locked(package: str) -> str:
    """Return the lines of one package in the lock: version and hashes."""
    found = re.search(
        rf"^{re.escape(package)}==(?:.*\\\n)*.*\n", LOCK.read_text(encoding="utf-8"), re.MULTILINE
    )
    if found is None:
        raise SetupFailed(f"requirements.lock không có {package}; hãy chạy `make lock` trên máy có mạng.")
    return found[0]


def usable(python: Path) -> bool:
    """Return whether this environment runs here (one copied from elsewhere may not)."""
    if not python.exists():
        return False
    check = [str(python), "-I", "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(check, capture_output=True).returncode == 0


def uv(command: str, *arguments: str, step: str) -> None:
    """Run ``uv pip COMMAND`` for our environment."""
    environment = {**clean(), "VIRTUAL_ENV": str(VENV), "UV_NO_PROGRESS": "1", **addresses()}
    run([str(VENV / "bin" / "uv"), "pip", command, "--quiet", *arguments], step=step, environment=environment)


def addresses() -> dict[str, str]:
    """Return for uv the package index that pip was told to use, unless uv has its own instructions."""
    if any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE")):
        return {}
    if any((Path(place).expanduser() / "uv" / "uv.toml").exists() for place in ("~/.config", "/etc")):
        return {}
    shown = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True)
    told = {}
    for line in shown.stdout.splitlines():
        name, _, value = line.partition("=")
        key = name.split(".")[-1].lower().replace("_", "-")
        told.setdefault(key, value.strip("'\""))
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    given = {names[key]: value for key, value in told.items() if key in names and value}
    if "UV_FIND_LINKS" in given:
        given["UV_FIND_LINKS"] = ",".join(given["UV_FIND_LINKS"].replace("\\n", " ").split())
    if "UV_INDEX" in given:
        given["UV_INDEX"] = " ".join(given["UV_INDEX"].replace("\\n", " ").split())
    # pip asks all indexes alike, and so do we: the hashes say what may be installed.
    return {**given, "UV_INDEX_STRATEGY": "unsafe-best-match"}


def run(command: list[str], *, step: str, environment: dict[str, str]) -> None:
    """Run one step; its own words are shown only when it fails."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode == 0:
        return
    sys.stderr.write(done.stdout)
    words = done.stdout.lower()
    if "no space left" in words:
        reason = "đĩa đã đầy; hãy dọn chỗ (cần khoảng 3 GB)"
    elif any(sign in words for sign in ("connect", "resolve", "timed out", "timeout", "dns", "network")):
        reason = "không tới được kho gói Python; kiểm tra mạng, proxy hoặc cấu hình pip của máy"
    elif "hash" in words:
        reason = "gói tải về không đúng mã băm đã khóa; kho gói có thể bị thay đổi"
    else:
        reason = "xem thông báo ở trên"
    raise SetupFailed(f"không làm được bước «{step}»: {reason}.")


def clean() -> dict[str, str]:
    """Return the environment without what would slow down or lead astray."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def say(text: str) -> None:
    """Tell the person at the keyboard."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
