"""What says nothing new is neither decoded nor judged again, and nothing is known that is not in force (P4, P5)."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.proof.told_readings import STREAM, Row, archived, fillers
from tthc import flows
from tthc.flows import readings
from tthc.landing import recognition
from tthc.sources import streams
from tthc.warehouse import database, replay

BEGINNING = datetime(2025, 8, 1, 8, tzinfo=UTC)
SAME = fillers("NHU-CU")


def told(minute: int, rows: list[Row], **window: str) -> int:
    """Archive a reading in two pages; return its number."""
    return archived(BEGINNING + timedelta(minutes=minute), [rows[:20], rows[20:]], **window)


def staged_of(url: str, fetch_id: int) -> tuple[int, int]:
    """Return how many rows of a reading are staged and how many are known."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM staging.city__dossiers WHERE fetch_id = %(id)s),"
            " (SELECT count(*) FROM staging.known_rows WHERE fetch_id = %(id)s)",
            {"id": fetch_id},
        ).fetchone()


def dossier(url: str, key: str) -> dict:
    """Return what is in force of a dossier: ``content`` as the test told it, and the rest of its row."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        row = connection.execute("SELECT * FROM core.dossiers WHERE dossier_code = %s", (key,)).fetchone()
    return {**row, "content": row["due_at"].day - 10}


def open_refusals(url: str) -> int:
    """Return how many rows are in quarantine."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM ops.quarantine WHERE state = 'open'").fetchone()[0]


def test_a_reading_that_says_the_same_is_not_staged(warehouse) -> None:
    """Only the changed row is staged; the accounting counts all of them."""
    first = flows.take_in(told(0, SAME), progress=str)
    assert first["merged"] == len(SAME)
    second = told(1, [*SAME[:-1], Row(SAME[-1].key, 5)])
    flows.stage(second, progress=str)
    assert staged_of(warehouse, second) == (1, len(SAME) - 1)
    done = flows.take_in(second, progress=str)
    assert (done["read"], done["merged"], done["unchanged"]) == (len(SAME), 1, len(SAME) - 1)
    assert dossier(warehouse, SAME[-1].key)["content"] == 5
    third = flows.take_in(told(2, [*SAME, SAME[0], SAME[0]]), progress=str)
    assert (third["merged"], third["unchanged"], third["superseded"]) == (1, len(SAME) - 1, 2)
    assert dossier(warehouse, SAME[-1].key)["content"] == 0


@pytest.mark.parametrize(("said", "content"), [((0, 3), 3), ((3, 0), 0), ((0, 3, 0), 0), ((0, 0, 3), 3)])
def test_the_last_word_on_a_dossier_wins_though_another_is_known(warehouse, said, content) -> None:
    """A reading that repeats what is in force and says something else as well is read with all its rows."""
    flows.take_in(told(0, [*SAME, Row("HAI-LAN", 0)]), progress=str)
    fetch_id = told(1, [*(Row("HAI-LAN", each) for each in said), *SAME])
    flows.stage(fetch_id, progress=str)
    assert staged_of(warehouse, fetch_id) == (len(said), len(SAME))
    done = flows.take_in(fetch_id, progress=str)
    assert dossier(warehouse, "HAI-LAN")["content"] == content
    assert done["superseded"] == len(said) - 1


def test_what_comes_back_is_no_longer_missing(warehouse) -> None:
    """A dossier that a whole year did not show is not at rest: its return is read."""
    rows = [*SAME, Row("VANG-MAT", 1)]
    flows.take_in(told(0, rows), progress=str)
    gone = flows.take_in(told(1, SAME, kind="year"), progress=str)
    assert gone["unchanged"] == len(SAME) and dossier(warehouse, "VANG-MAT")["missing_since"]
    flows.take_in(told(2, rows, kind="year"), progress=str)
    assert dossier(warehouse, "VANG-MAT")["missing_since"] is None


def test_a_good_row_ends_a_refusal_though_it_says_what_is_in_force(warehouse) -> None:
    """Good, then refused, then good as before: the refusal is over."""
    flows.take_in(told(0, [*SAME, Row("SAI-ROI-DUNG", 1)]), progress=str)
    flows.take_in(told(1, [*SAME, Row("SAI-ROI-DUNG", 2, is_good=False)]), progress=str)
    assert open_refusals(warehouse) == 1 and dossier(warehouse, "SAI-ROI-DUNG")["content"] == 1
    flows.take_in(told(2, [*SAME, Row("SAI-ROI-DUNG", 1)]), progress=str)
    assert open_refusals(warehouse) == 0


def test_another_merge_in_between_makes_a_reading_read_again(warehouse) -> None:
    """What was recognised is what was in force when it was compared; an older reading may change that."""
    flows.take_in(told(0, [*SAME, Row("CHEN-GIUA", 1)]), progress=str)
    newest = told(9, [*SAME, Row("CHEN-GIUA", 1)])
    flows.stage(newest, progress=str)
    flows.audit(newest, progress=str)
    assert staged_of(warehouse, newest) == (0, len(SAME) + 1)
    flows.take_in(told(5, [*SAME, Row("CHEN-GIUA", 2)]), progress=str)
    assert dossier(warehouse, "CHEN-GIUA")["content"] == 2
    done = flows.merge(newest, progress=str)
    assert done["merged"] == 1 and dossier(warehouse, "CHEN-GIUA")["content"] == 1


def test_a_merge_of_another_commune_takes_nothing_back(warehouse, monkeypatch) -> None:
    """Communes of one warehouse do not make each other read again."""
    flows.take_in(told(0, SAME), progress=str)
    fetch_id = told(1, SAME)
    flows.stage(fetch_id, progress=str)
    monkeypatch.setenv("TTHC_COMMUNE", "11675")
    with database.connection() as connection:
        recognition.forget_readings(connection, streams.stream_named(STREAM))
        recognition.forget(connection, streams.stream_named(STREAM), None)
    assert staged_of(warehouse, fetch_id) == (0, len(SAME))
    monkeypatch.setenv("TTHC_COMMUNE", "11674")
    with database.connection() as connection:
        recognition.forget_readings(connection, streams.stream_named(STREAM))
    assert staged_of(warehouse, fetch_id) == (0, 0)


def test_lost_marks_cost_only_time(warehouse) -> None:
    """Unlogged tables are empty after a crash: the reading is staged again, in full."""
    flows.take_in(told(0, SAME), progress=str)
    fetch_id = told(1, SAME)
    flows.stage(fetch_id, progress=str)
    flows.audit(fetch_id, progress=str)
    with psycopg.connect(warehouse) as connection:
        connection.execute("TRUNCATE staging.record_marks, staging.known_rows")
    done = flows.merge(fetch_id, progress=str)
    assert done["unchanged"] == done["read"] == len(SAME)


@pytest.mark.parametrize("how", ["replay", "catalogue", "unload"])
def test_whatever_judges_or_moves_a_row_makes_it_be_read(warehouse, warehouse_settings, how) -> None:
    """A rebuilt core, a new catalogue of procedures, a reading taken back: nothing is known any more."""
    flows.take_in(told(0, SAME), progress=str)
    if how == "replay":
        replay.replay_everything(warehouse, streams.stream_named(STREAM))
    elif how == "catalogue":
        path = warehouse_settings / "danh_muc.csv"
        path.write_text(
            "Mã TTHC;Tên TTHC;Lĩnh vực;Mức độ DVC;Thời hạn (ngày làm việc);Có kết quả;Đơn vị chủ trì\n"
            "1.004944;Xác nhận;Hộ tịch;Toàn trình;5;Có;Phòng Kinh tế\n",
            encoding="utf-8",
        )
        flows.load([str(path)], progress=str)
    else:
        flows.unload(flows.take_in(told(1, [Row(row.key, 3) for row in SAME]), progress=str)["fetch_id"])
    fetch_id = told(2, SAME)
    readings.stage(fetch_id, progress=str)
    assert staged_of(warehouse, fetch_id) == (len(SAME), 0)
    done = flows.take_in(fetch_id, progress=str)
    assert done["merged"] == 0 and done["unchanged"] == len(SAME)


def test_a_new_event_makes_its_dossier_be_read(warehouse) -> None:
    """Dossiers are judged with their events: one whose events changed is judged again."""
    flows.take_in(told(0, SAME), progress=str)
    event = {
        "MaHoSo": SAME[0].key,
        "NguoiXuLy": "Chuyên viên",
        "ThoiDiemXuLy": "2025-07-02 08:00:00",
        "NoiDungXuLy": "Chuyển xử lý",
        "TrangThai": "4",
    }
    flows.take_in(
        archived(BEGINNING + timedelta(minutes=1), [[event]], stream="city__progress_events"), progress=str
    )
    fetch_id = told(2, SAME)
    flows.stage(fetch_id, progress=str)
    assert staged_of(warehouse, fetch_id) == (1, len(SAME) - 1)


def test_a_record_that_is_not_text_is_refused_alone(warehouse) -> None:
    """A byte that no text has costs its own row, the first time and the second."""
    for minute in range(2):
        moment = BEGINNING + timedelta(minutes=minute)
        fetch_id = archived(moment, [[*SAME, Row("BYTE-LA", 1)]], tampered=(b"BYTE", b"BY\xffE"))
        done = flows.take_in(fetch_id, progress=str)
        assert (done["quarantined"], done["merged"] + done["unchanged"]) == (1, len(SAME))
