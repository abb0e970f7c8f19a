"""The demo city over real HTTP: the dialect, the clock, and every trouble with its end."""

from datetime import date, datetime
from email.utils import parsedate_to_datetime

import pytest

from demo import dates
from demo.city import City
from demo.dossier import event_date, window_date
from demo.troubles import KINDS, MOST_IN_A_ROW

SEED, CLOCK = 3, "2025-07-31T18:00:00+07:00"
FIRST, LAST = date(2025, 7, 7), date(2025, 7, 20)
COUNTED = [
    "MaHoSo",
    "MaTTHC",
    "TrangThaiHoSo",
    "NgayNopHoSo",
    "NgayTiepNhan",
    "NgayHenTra",
    "NgayKetThucXuLy",
    "NgayTra",
    "NgayTuChoi",
    "KenhThucHien",
    "DonViXuLy",
    "DuocThanhToanTrucTuyen",
    "DanhSachHoSoBoSung",
    "DanhSachXinLoi",
    "DanhSachLePhi",
]


def counted(record: dict) -> tuple:
    return tuple(repr(record.get(name)) for name in COUNTED)


def true_rows(moment: str, first: date, last: date) -> dict[str, tuple]:
    """Return the last row of each dossier of the window, straight from the generator."""
    at = dates.parse_moment(moment)
    found = {}
    for dossier in City(SEED).dossiers(at):
        for _, record in dossier.rows(at):
            day = window_date(record)
            if day and first <= day <= last and record.get("MaHoSo"):
                found[record["MaHoSo"]] = counted(record)
    return found


TRUTH = true_rows(CLOCK, FIRST, LAST)


def read_rows(rows: list[dict]) -> dict[str, tuple]:
    return {row["MaHoSo"]: counted(row) for row in rows if row.get("MaHoSo")}


def test_the_truth_is_large_enough_to_prove_something():
    assert len(TRUTH) > 500


def test_only_the_right_client_gets_a_token(city):
    form = {"grant_type": "client_credentials", "client_id": "thu", "client_secret": "sai"}
    assert city.client.post("/oauth/token", data=form).status_code == 401
    assert city.client.get("/api/ho-so").status_code == 401
    assert city.client.get("/api/ho-so", headers={"Authorization": "Bearer bịa".encode()}).status_code == 401


def test_pages_are_numbered_from_one_and_capped_at_500(city):
    window = {"tuNgay": "20250701", "denNgay": "20250731"}
    envelope = city.get("/api/ho-so", pageNumber=1, pageSize=9999, **window).json()
    assert (len(envelope["data"]), envelope["pageSize"], envelope["hasPreviousPage"]) == (500, 500, False)
    last = city.get("/api/ho-so", pageNumber=envelope["totalPages"], pageSize=500, **window).json()
    assert last["data"] and not last["hasNextPage"] and last["totalCount"] == envelope["totalCount"]
    assert city.get("/api/ho-so", pageNumber=0, **window).status_code == 400
    assert city.get("/api/ho-so", pageNumber=1).status_code == 400


def test_a_window_holds_its_first_and_last_day_and_nothing_else(reader):
    days = {window_date(row) for row in reader.window("ho-so", FIRST, LAST)}
    assert {FIRST, date(2025, 7, 18)} <= days and min(days) >= FIRST and max(days) <= LAST
    days = {event_date(row) for row in reader.window("tien-do", FIRST, FIRST)}
    assert days == {FIRST}


def test_a_row_without_readable_reception_is_found_by_its_filing_date(city, reader):
    rows = reader.window("ho-so", date(2025, 7, 1), date(2025, 7, 31))
    waiting = [row for row in rows if not row.get("NgayTiepNhan")]
    assert waiting and all(dates.read_date(row["NgayNopHoSo"]) for row in waiting)


def test_dossiers_and_events_are_found_by_code_whatever_their_date(city):
    codes = list(TRUTH)[:3]
    found = city.get("/api/ho-so", maHoSo=",".join(codes), pageSize=500).json()
    assert {row["MaHoSo"] for row in found["data"]} == set(codes)
    events = city.get("/api/tien-do", maHoSo=codes[0], pageSize=500).json()["data"]
    assert events and {row["MaHoSo"] for row in events} == {codes[0]}
    assert city.get("/api/ho-so", maHoSo=",".join(f"X{n}" for n in range(101))).status_code == 400


def test_the_date_header_is_the_citys_clock(city):
    city.put("/_demo/clock", {"now": "2025-06-30T17:59:58+07:00"})
    told = parsedate_to_datetime(city.client.get("/_demo/health").headers["date"])
    assert 0 <= (told - datetime.fromisoformat("2025-06-30T17:59:58+07:00")).total_seconds() < 20


def test_the_clock_shows_the_city_as_it_was(city, reader):
    later = read_rows(reader.window("ho-so", date(2025, 6, 2), date(2025, 6, 13)))
    city.put("/_demo/clock", {"now": "2025-06-13T18:00:00+07:00"})
    then = read_rows(reader.window("ho-so", date(2025, 6, 2), date(2025, 6, 13)))
    assert then == true_rows("2025-06-13T18:00:00+07:00", date(2025, 6, 2), date(2025, 6, 13))
    assert len(then) > 200 and then != later


def test_control_needs_the_keepers_key(city):
    for path, body in (("/_demo/clock", {"now": CLOCK}), ("/_demo/troubles", {"rates": {}})):
        assert city.client.put(path, json=body).status_code == 403
        assert city.client.get(path).status_code == 403
    assert city.put("/_demo/troubles", {"rates": {"không có": 1}}).status_code == 400
    assert city.put("/_demo/clock", {"now": "hôm qua"}).status_code == 400


def test_without_troubles_one_pass_is_enough(city, reader):
    rows = reader.window("ho-so", FIRST, LAST)
    assert read_rows(rows) == TRUTH
    assert reader.tries == -(-len(rows) // 200)


@pytest.mark.parametrize("kind", KINDS)
def test_a_patient_reader_gets_the_truth_through(city, reader, kind):
    rate = 0.2 if kind == "slow_body" else 0.6
    city.set_troubles(**{kind: rate})
    for turn in range(6):
        assert read_rows(reader.window("ho-so", FIRST, LAST)) == TRUTH
        if turn and city.counts()[kind]:
            break
    assert city.counts()[kind] > 0


def test_all_troubles_at_once_end_too(city, reader):
    city.set_troubles(all=0.12)
    assert read_rows(reader.window("ho-so", FIRST, LAST)) == TRUTH
    assert sum(city.counts().values()) > 5


def test_a_request_is_never_broken_for_ever(city):
    city.set_troubles(http_503=1.0)
    query = {"pageNumber": 1, "pageSize": 10, "tuNgay": "20250707", "denNgay": "20250707"}
    answers = [city.get("/api/ho-so", **query).status_code for _ in range(2 * MOST_IN_A_ROW + 2)]
    assert answers == ([503] * MOST_IN_A_ROW + [200]) * 2


def test_retry_after_is_short_and_comes_in_both_forms(city):
    city.set_troubles(http_429=1.0)
    told = set()
    for day in range(1, 15):
        query = {"pageNumber": 1, "tuNgay": f"202507{day:02}", "denNgay": f"202507{day:02}"}
        answer = city.get("/api/ho-so", **query)
        assert answer.status_code == 429
        wait = answer.headers["retry-after"]
        if wait == "1":
            told.add("seconds")
        else:
            ahead = parsedate_to_datetime(wait) - parsedate_to_datetime(answer.headers["date"])
            assert 0 <= ahead.total_seconds() <= 1
            told.add("date")
    assert told == {"seconds", "date"}
