"""The demo city in the words of two other products: one city, three ways to ask it, each with its oddities."""

from base64 import b64encode

import pytest

from demo.opencps import GROUP_ID
from tests.demo.conftest import CLIENT_ID, SECRET

ISO = {"accepted-from": "2025-07-07T00:00:00.000+0700", "accepted-to": "2025-07-20T23:59:59.999+0700"}
SLASHED = {"fromReceiveDate": "07/07/2025", "toReceiveDate": "20/07/2025"}
COMPACT = {"tuNgay": "20250707", "denNgay": "20250720"}


def igate(city, **query):
    return city.get("/pa/dossier/search", **{"sort": "createdDate,desc", "size": 50, **ISO, **query})


def opencps(city, group: str = GROUP_ID, secret: str = SECRET, **query):
    proof = b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
    headers = {"groupId": group, "Authorization": f"Basic {proof}"}
    return city.client.get("/o/rest/v2/dossiers", params={**SLASHED, **query}, headers=headers)


def whole_igate(city, **query) -> list[dict]:
    rows, number = [], 0
    while part := igate(city, page=number, **query).json()["content"]:
        rows += part
        number += 1
    return rows


def test_the_three_list_the_same_dossiers_in_the_same_order(city):
    rows, number, more = [], 1, True
    while more:
        page = city.get("/api/ho-so", pageNumber=number, pageSize=500, **COMPACT).json()
        rows, number, more = rows + page["data"], number + 1, page["hasNextPage"]
    codes = [row.get("MaHoSo") or "" for row in rows]
    assert len(codes) > 500
    assert [row.get("code") or "" for row in whole_igate(city)] == codes
    assert [row.get("dossierNo") or "" for row in opencps(city).json()["data"]] == codes


def test_igate_counts_pages_from_zero_and_slices_count_nothing(city):
    page = igate(city).json()
    assert page["pageable"]["pageNumber"] == 0 and len(page["content"]) == 50
    assert page["totalPages"] > 10 and page["totalElements"] > 500
    part = igate(city, spec="slice").json()
    assert part["content"] == page["content"] and not {"totalPages", "totalElements"} & part.keys()
    assert len(igate(city, size=9999).json()["content"]) == 50


def test_igate_orders_by_creation_or_by_the_last_change(city):
    created, changed = whole_igate(city), whole_igate(city, sort="updatedDate,desc")
    assert created != changed and len(created) == len(changed)
    assert {row["id"] for row in created} == {row["id"] for row in changed}


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "appointmentDate,asc"}, {"spec": "all"}, {"page": -1}, {"size": 0}, {"accepted-from": "2025-07-01"},
        {"code": ",".join(f"X{number}" for number in range(21))},
    ],
)  # fmt: skip
def test_igate_refuses_what_it_does_not_know(city, query):
    assert igate(city, **query).status_code == 400


def test_opencps_gives_rows_between_offsets_and_everything_without_an_end(city):
    everything = opencps(city).json()
    assert len(everything["data"]) >= everything["total"] > 500
    assert opencps(city, start=0, end=0).json() == everything
    part = opencps(city, start=10, end=30).json()["data"]
    assert part == everything["data"][10:30]
    assert opencps(city, start=700, end=600).json()["data"] == []


def test_opencps_sends_a_single_row_without_a_list(city):
    code = opencps(city, start=0, end=2).json()["data"][1]["dossierNo"]
    found = opencps(city, dossierNo=code).json()["data"]
    assert isinstance(found, dict) and found["dossierNo"] == code


def test_opencps_answers_only_its_site_and_its_account(city):
    assert opencps(city, group="1").status_code == 401
    assert opencps(city, secret="sai").status_code == 401
    assert city.client.get("/o/rest/v2/dossiers").status_code == 401
    assert city.client.get("/pa/dossier/search").status_code == 401


def test_the_oddities_are_there(city):
    rows = whole_igate(city)
    for name, member in (("currentTask", "assignee"), ("agency", "name"), ("dossierFormFile", "formCode")):
        kinds = {type(row.get(name)) for row in rows if row.get(name)}
        assert kinds == {list, dict}, name
        assert all(member in row[name] for row in rows if isinstance(row.get(name), dict))
    rows = opencps(city).json()["data"]
    assert {type(row["dueDate"]) for row in rows if row.get("dueDate")} == {int, str}
    assert {type(row["finishDate"]) for row in rows if row.get("finishDate")} >= {int}
    assert any("originality" not in row and row.get("online") == "true" for row in rows)
