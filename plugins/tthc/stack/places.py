"""Where Postgres may live, and whose the files are.

An ordinary user owns everything and keeps it under the state folder. Root hands the server to ``nobody``: if
the state folder or the virtual environment lies behind a folder that others may not enter, the data and a
copy of the binaries go to a folder of root's own, named by the repository's path; nobody's home is ever
widened.
"""

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from tthc import settings
from tthc.errors import TthcError

OUTSIDE = (Path("/var/lib"), Path("/var/tmp"))


def is_root() -> bool:
    """Whether the server must be handed to somebody else."""
    return os.geteuid() == 0


def owner_arguments() -> dict[str, Any]:
    """Return what ``subprocess.run`` needs to run a program as the owner of the server."""
    return {"user": "nobody", "group": _nobody()[1], "extra_groups": []} if is_root() else {}


def home() -> Path:
    """Return the folder for clusters: in the state folder, or outside when ``nobody`` cannot get there."""
    inside = settings.state() / "postgres"
    if not is_root():
        inside.mkdir(parents=True, exist_ok=True)
        return inside
    settings.state().mkdir(parents=True, exist_ok=True)
    if others_may_enter(settings.state()):
        _make_open(inside)
        return inside
    return _outside()


def reachable_binaries(binaries: Path) -> Path:
    """Return ``binaries`` if the owner of the server can run them, else a copy that they can."""
    if not is_root() or (others_may_enter(binaries) and _others_may_read(binaries.parent)):
        return binaries
    package = binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        raise TthcError(
            f"Chương trình Postgres ở {binaries} nằm sau một thư mục mà người dùng khác không vào được; "
            "đặt TTHC_PG_BIN là nơi khác hoặc chuyển kho mã ra chỗ mở hơn."
        )
    mark = hashlib.sha256(f"{binaries}:{(binaries / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[
        :12
    ]
    copy = _outside() / f"programs-{mark}"
    if not copy.is_dir():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}.part")
        shutil.copytree(binaries.parent, draft / package.name / binaries.parent.name, symlinks=True)
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for folder, _, files in os.walk(draft):
            os.chmod(folder, 0o755)
            for file in (Path(folder) / name for name in files):
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            draft.rename(copy)
        except OSError:
            # Another process was first: its copy is as good.
            shutil.rmtree(draft)
    return copy / package.name / binaries.parent.name / binaries.name


def make_owned(folder: Path) -> None:
    """Make a folder that only the owner of the server may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _give(folder)


def write_owned(path: Path, text: str) -> None:
    """Write a file that only the owner of the server may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    _give(draft)
    draft.replace(path)


def others_may_enter(folder: Path) -> bool:
    """Whether every folder on the way, this one included, lets others through."""
    real = folder.resolve()
    return all(step.stat().st_mode & stat.S_IXOTH for step in (real, *real.parents))


def outside_folder() -> Path | None:
    """Return the folder outside the repository, if one was made."""
    for parent in OUTSIDE:
        folder = parent / _outside_name()
        if folder.is_dir() and not folder.is_symlink():
            return folder
    return None


def _outside() -> Path:
    for parent in OUTSIDE:
        folder = parent / _outside_name()
        if not (parent.is_dir() and others_may_enter(parent)):
            continue
        try:
            folder.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        found = folder.lstat()
        # In a folder where everyone may write, someone else could have put this name there first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise TthcError(f"Thư mục {folder} đã có nhưng không phải của root; hãy xóa rồi chạy lại.")
        folder.chmod(0o711)
        return folder
    raise TthcError("Không tìm được chỗ cho Postgres: cần ghi được vào /var/lib hoặc /var/tmp.")


def _outside_name() -> str:
    return f"tthc-{hashlib.sha256(str(settings.state()).encode()).hexdigest()[:12]}"


def _others_may_read(tree: Path) -> bool:
    for folder, _, files in os.walk(tree):
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return False
        if not all(os.stat(os.path.join(folder, name)).st_mode & stat.S_IROTH for name in files):
            return False
    return True


def _make_open(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)


def _give(path: Path) -> None:
    if is_root():
        os.chown(path, *_nobody())


def _nobody() -> tuple[int, int]:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise TthcError("Máy này không có người dùng nobody: Postgres không chạy được bằng root.") from error
    return entry.pw_uid, entry.pw_gid
