"""The archive keeps what was received, whole, once, and readable only with the key."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tthc.errors import TthcError, UsageError
from tthc.landing.archive import Archive
from tthc.sources.contents import Packed, packed

BODY = '{"data": [{"MaHoSo": "H24.01.01-250701-0001", "ChuHoSo": "Nguyễn Thị Thử"}]}'.encode() * 50


@pytest.fixture
def folder(installation: Path) -> Path:
    return installation / "archive"


@pytest.fixture
def archive(folder: Path) -> Archive:
    return Archive(str(folder))


def objects(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@given(body=st.binary(max_size=5000))
@hypothesis_settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_come_back(archive: Archive, body: bytes) -> None:
    assert archive.get(archive.put(body)) == body


def test_the_same_bytes_are_stored_once(archive: Archive, folder: Path) -> None:
    first, before = archive.store(BODY), None
    (only,) = objects(folder)
    before = only.stat()
    assert archive.store(BODY) == first
    (again,) = objects(folder)
    assert (again.stat().st_ino, again.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert first.byte_count == len(BODY) and first.stored_byte_count == before.st_size
    assert only.name == f"{first.sha256}.zst.aes" and only.parent.name == first.sha256[:2]
    assert only.stat().st_mode & 0o077 == 0


def test_nothing_readable_is_on_disk(archive: Archive, folder: Path) -> None:
    archive.put(BODY)
    (only,) = objects(folder)
    stored = only.read_bytes()
    assert "Nguyễn".encode() not in stored and b"MaHoSo" not in stored
    # Neither plain nor merely compressed: a zstd frame starts with these four bytes.
    assert b"\x28\xb5\x2f\xfd" not in stored


def test_every_altered_byte_is_noticed(archive: Archive, folder: Path) -> None:
    digest = archive.put(b"mot to don")
    (only,) = objects(folder)
    whole = only.read_bytes()
    assert len(whole) > 25
    for place in [*range(5), *range(13, len(whole))]:
        only.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(TthcError, match="không còn nguyên vẹn"):
            archive.get(digest)
    for length in (0, 10, len(whole) - 1):
        only.write_bytes(whole[:length])
        with pytest.raises(TthcError, match="không còn nguyên vẹn"):
            archive.get(digest)


def test_an_object_under_another_name_does_not_open(archive: Archive, folder: Path) -> None:
    first, second = archive.put(b"mot"), archive.put(b"hai")
    path = folder / first[:2] / f"{first}.zst.aes"
    path.write_bytes((folder / second[:2] / f"{second}.zst.aes").read_bytes())
    with pytest.raises(TthcError, match="không còn nguyên vẹn"):
        archive.get(first)


def test_storing_again_heals_an_altered_object(archive: Archive, folder: Path) -> None:
    digest = archive.put(BODY)
    (only,) = objects(folder)
    only.write_bytes(only.read_bytes()[:-3])
    archive.put(BODY)
    assert archive.get(digest) == BODY


def test_another_secret_is_named_not_guessed(
    archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = archive.put(BODY)
    monkeypatch.setenv("TTHC_SECRET_KEY", "mot-khoa-khac-hoan-toan-0123456789abcdef")
    with pytest.raises(TthcError, match="TTHC_SECRET_KEY") as caught:
        Archive(str(folder)).get(digest)
    assert "mot-khoa-khac" not in str(caught.value)


def test_a_missing_object_says_which_and_what_to_do(archive: Archive) -> None:
    with pytest.raises(TthcError, match=f"thiếu đối tượng {'0' * 64}"):
        archive.get("0" * 64)


def test_a_folder_that_cannot_be_made_is_a_clear_error(installation: Path) -> None:
    (installation / "tep").write_text("không phải thư mục")
    with pytest.raises(TthcError, match="TTHC_ARCHIVE"):
        Archive(str(installation / "tep" / "kho")).put(b"x")


def test_an_object_store_is_written_in_one_piece(installation: Path) -> None:
    archive = Archive("memory://kho-thu")
    assert archive.get(archive.put(BODY)) == BODY


def test_what_is_read_in_pieces_is_the_same_and_noticed_when_altered(archive: Archive, folder: Path) -> None:
    body = b"".join(f"V-{number};{number * number}\n".encode() for number in range(400_000))
    digest = archive.store(packed([body[:17], memoryview(body)[17:]], len(body))).sha256
    assert digest == sha256(body).hexdigest()
    found = archive.content(digest)
    assert found.byte_count == len(body) and found.beginning(5) == body[:5]
    pieces = list(found.pieces())
    assert len(pieces) > 3 and b"".join(pieces) == body
    assert b"".join(found.without(11).pieces()) == found.without(11).read() == body[11:]
    assert found.without(11).sha256 == sha256(body[11:]).hexdigest()
    wrong = Packed(found.packed(), sha256(b"khac").hexdigest(), len(body), lambda _: TthcError("bị sửa"))
    with pytest.raises(TthcError, match="bị sửa"):
        list(wrong.pieces())
    with pytest.raises(TthcError, match="bị sửa"):
        wrong.read()


def test_a_file_that_grows_while_it_is_read_is_told() -> None:
    with pytest.raises(UsageError, match="thay đổi trong lúc đọc"):
        packed([b"mot", b"hai"], 3)
