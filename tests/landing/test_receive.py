"""A file is copied into the archive once, whatever it is called."""

from pathlib import Path

import fsspec
import pytest

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.landing import files, given_files, ledger
from tthc.landing.archive import Archive
from tthc.landing.files import receive
from tthc.sources import spreadsheets
from tthc.sources.spreadsheets import Choices
from tthc.sources.streams import Column, Stream, stream_named

NAME = "danh sách của bà Nguyễn Thị Thử.csv"
ADDS = stream_named("city__dossiers")
REGISTER = Stream(
    stream="register__thu",
    title="Sổ thử",
    kind="file",
    table="core.trials",
    key=("code",),
    suite="register__thu",
    columns=(Column(name="code", header="Mã", type="text"),),
    replaces=True,
)


@pytest.fixture
def file(installation: Path) -> Path:
    path = installation / NAME
    path.write_text("Mã\n0001\n")
    return path


def mark(connection, fetch_id: int, state: str) -> None:
    connection.execute(
        """
        UPDATE ops.fetches
        SET state = %s, merged_count = 0, unchanged_count = 0, quarantined_count = 0, superseded_count = 0
        WHERE fetch_id = %s
        """,
        (state, fetch_id),
    )


def test_a_file_is_one_reading_of_one_page(connection, file: Path) -> None:
    fetch_id, is_new = receive(connection, str(file), ADDS)
    assert is_new
    found = ledger.fetch_of(connection, fetch_id)
    assert (found.kind, found.state, found.is_complete) == ("file", "fetched", True)
    assert found.byte_count == file.stat().st_size and found.fetched_at is not None
    (page,) = ledger.pages_of(connection, fetch_id)
    assert Archive(settings.archive_url()).get(page.sha256) == file.read_bytes()
    assert (page.first_row, page.record_count, page.has_next) == (1, 0, False)
    assert file.exists()


def test_a_name_is_nowhere(connection, file: Path) -> None:
    fetch_id, _ = receive(connection, str(file), ADDS)
    rows = connection.execute("SELECT f::text FROM ops.fetches f").fetchall()
    assert len(rows) == 1 and "Nguyễn" not in rows[0][0]
    assert ledger.fetch_of(connection, fetch_id).source == files.hashed_name(f"memory://x/{NAME}")


@pytest.mark.parametrize(("state", "still_new"), [("fetched", True), ("merged", False), ("stopped", False)])
def test_the_same_content_is_the_known_reading(connection, file: Path, state: str, still_new: bool) -> None:
    fetch_id, _ = receive(connection, str(file), ADDS)
    mark(connection, fetch_id, state)
    copy = file.with_name("ban-sao.csv")
    copy.write_bytes(file.read_bytes())
    assert receive(connection, str(copy), ADDS) == (fetch_id, still_new)


def test_a_load_that_was_undone_can_be_loaded_again(connection, file: Path) -> None:
    fetch_id, _ = receive(connection, str(file), ADDS)
    mark(connection, fetch_id, "undone")
    again, is_new = receive(connection, str(file), ADDS)
    assert is_new and again != fetch_id


def test_streams_and_communes_know_their_own_files(connection, file: Path, monkeypatch) -> None:
    first, _ = receive(connection, str(file), ADDS)
    mark(connection, first, "merged")
    assert receive(connection, str(file), REGISTER)[1]
    monkeypatch.setenv("TTHC_COMMUNE", "11675")
    assert receive(connection, str(file), ADDS)[1]


def test_an_older_register_can_come_back(connection, file: Path) -> None:
    other = file.with_name("khac.csv")
    other.write_text("Mã\n0002\n")
    readings = []
    for path in (file, other, file):
        fetch_id, is_new = receive(connection, str(path), REGISTER)
        assert is_new
        mark(connection, fetch_id, "merged")
        readings.append(fetch_id)
    assert len(set(readings)) == 3
    assert receive(connection, str(file), REGISTER) == (readings[2], False)


def test_any_place_that_fsspec_reads(connection, file: Path) -> None:
    with fsspec.open(f"memory://hop-thu/{NAME}", "wb") as target:
        target.write(file.read_bytes())
    fetch_id, _ = receive(connection, str(file), ADDS)
    assert receive(connection, f"memory://hop-thu/{NAME}", ADDS) == (fetch_id, True)
    assert receive(connection, file.as_uri(), ADDS) == (fetch_id, True)


def test_what_cannot_be_read_says_what_to_do_and_not_the_name(connection, file: Path, monkeypatch) -> None:
    file.with_name("trống.csv").touch()
    monkeypatch.setattr(given_files, "LARGEST_FILE", 4)
    for path, kind, words in [
        (file.with_name("Nguyễn.csv"), UsageError, "Không có tệp"),
        (file.parent, UsageError, "thư mục"),
        ("la://Nguyễn.csv", UsageError, "Không đọc được"),
        (file.with_name("trống.csv"), TthcError, "rỗng"),
        (file, TthcError, "lớn hơn"),
    ]:
        with pytest.raises(kind, match=words) as caught:
            receive(connection, str(path), ADDS)
        assert "Nguyễn" not in str(caught.value)
    (rows,) = connection.execute("SELECT count(*) FROM ops.fetches").fetchone()
    assert rows == 0


def test_new_content_under_a_known_name_follows_the_older_reading(connection, file: Path) -> None:
    first, _ = receive(connection, str(file), ADDS)
    mark(connection, first, "merged")
    assert files.follows(connection, first) is None
    file.write_text("Mã\n0002\n")
    second, is_new = receive(connection, str(file), ADDS)
    assert is_new and files.follows(connection, second) == first
    mark(connection, second, "merged")
    other = file.with_name("khac.csv")
    other.write_text("Mã\n0003\n")
    third, _ = receive(connection, str(other), ADDS)
    assert files.follows(connection, third) is None
    file.write_text("Mã\n0004\n")
    assert files.follows(connection, receive(connection, str(file), ADDS)[0]) == second
    assert ledger.fetch_of(connection, second).source == f"{files.hashed_name(str(file))} follows={first}"


def test_what_a_person_decided_is_remembered_with_the_content(connection, file: Path) -> None:
    body, decided = file.read_bytes(), Choices(alphabet="tcvn3", dates="day-first")
    assert files.remembered(connection, body) is None
    first, _ = receive(connection, str(file), ADDS)
    assert files.remembered(connection, body) is None
    second, is_new = receive(connection, str(file), ADDS, choices=decided)
    assert is_new and second != first and files.remembered(connection, body) == decided
    # The archive alone says how the content is read.
    (page,) = ledger.pages_of(connection, second)
    archived = Archive(settings.archive_url()).get(page.sha256)
    assert spreadsheets.original_bytes(archived) == body
    assert archived == spreadsheets.with_choices(body, decided).read()
    assert receive(connection, str(file), ADDS, choices=decided) == (second, True)
    assert files.known_reading(connection, body, decided) == (second, ADDS.stream, "fetched")
    assert files.known_reading(connection, body) == (first, ADDS.stream, "fetched")
    assert files.known_reading(connection, b"khac") is None


def test_what_was_examined_is_what_is_archived(connection, file: Path) -> None:
    examined = file.read_bytes()
    file.write_text("Mã\nđã đổi sau khi xem\n")
    fetch_id, _ = receive(connection, str(file), ADDS, body=examined)
    (page,) = ledger.pages_of(connection, fetch_id)
    assert Archive(settings.archive_url()).get(page.sha256) == examined
