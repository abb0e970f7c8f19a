"""Which files of the inbox are finished: by their time on this machine, by two looks elsewhere."""

import os
import threading
import time
from itertools import count

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tthc.errors import UsageError
from tthc.landing import inbox
from tthc.landing.given_files import read_bytes
from tthc.landing.inbox import files_waiting


class AwayFileSystem(MemoryFileSystem):
    """A machine elsewhere whose listing says sizes and no times, as FTP servers do."""

    protocol = "away"
    store: dict = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012

    def ls(self, path, detail=True, **options):
        listed = super().ls(path, detail=True, **options)
        return [{key: entry[key] for key in ("name", "size", "type")} for entry in listed]


fsspec.register_implementation("away", AwayFileSystem, clobber=True)
_folders = count()


@pytest.fixture
def away() -> str:
    return f"away://hop-thu-{next(_folders)}"


def put(path, text="Mã\n0001\n", age=60.0):
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_only_finished_files_are_waiting(tmp_path):
    for name in ("b.csv", "a.xlsx", "khong-duoi"):
        put(tmp_path / name)
    put(tmp_path / "dang-ghi.csv", age=0)
    for name in (".an", "~$a.xlsx", "c.csv.part", "d.CRDOWNLOAD", "e.tmp", "f.filepart"):
        put(tmp_path / name)
    (tmp_path / "thu-muc").mkdir()
    names = [url.rsplit("/", 1)[-1] for url in files_waiting(str(tmp_path))]
    assert names == ["a.xlsx", "b.csv", "khong-duoi"]


def test_an_inbox_that_is_not_there_is_made(tmp_path):
    assert files_waiting(str(tmp_path / "hop" / "thu")) == []
    assert (tmp_path / "hop" / "thu").is_dir()


def test_a_file_elsewhere_waits_until_two_looks_agree(away, monkeypatch):
    monkeypatch.setattr(inbox, "SETTLED_AFTER_SECONDS", 0.3)
    files = fsspec.filesystem("away")
    files.pipe(f"{away}/xong.csv", b"a")
    files.pipe(f"{away}/dang-ghi.csv", b"a")
    more = threading.Timer(0.1, lambda: files.pipe(f"{away}/dang-ghi.csv", b"ab"))
    gone = threading.Timer(0.1, lambda: files.pipe(f"{away}/moi.csv", b"a"))
    more.start(), gone.start()
    assert [url.rsplit("/", 1)[-1] for url in files_waiting(away)] == ["xong.csv"]
    more.join(), gone.join()
    assert len(files_waiting(away)) == 3
    assert read_bytes(files_waiting(away)[0]) == b"ab"


def test_an_empty_inbox_elsewhere_is_not_waited_for(away):
    began = time.monotonic()
    assert files_waiting(away) == []
    assert time.monotonic() - began < 1


def test_links_devices_and_pipes_are_told_and_not_opened(tmp_path):
    target = put(tmp_path / "that.csv")
    (tmp_path / "lien-ket.csv").symlink_to(target)
    os.mkfifo(tmp_path / "ong-dan.csv")
    waiting = files_waiting(str(tmp_path))
    assert len(waiting) == 3
    for path in (*waiting[:2], "/dev/zero", "/dev/stdin"):
        if path.endswith("that.csv"):
            continue
        with pytest.raises(UsageError, match="liên kết, thiết bị hoặc ống dẫn"):
            read_bytes(path)
    assert read_bytes(str(target)) == b"M\xc3\xa3\n0001\n"
