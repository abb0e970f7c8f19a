"""The demo city of many communes: each under its own address, the same whenever it is made again."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from demo.communes import Communes, write_declarations
from demo.hai_phong import AN_HUNG, COMMUNES, chosen, city_of
from demo.server import create
from tests.airflow_home import ROOT

MOMENT = datetime(2025, 6, 30, 18)
CLIENT = ("kho", "bi-mat-chi-dung-de-thu")
OTHER, THIRD = "10507", "11948"
ASKED = {"tuNgay": "20250601", "denNgay": "20250630", "pageSize": "500"}


class Asking:
    """One client of a running application."""

    def __init__(self, app) -> None:
        self.http = TestClient(app)
        form = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
        self.token = self.http.post("/oauth/token", data=form).json()["access_token"]

    def __call__(self, prefix: str = "", path: str = "/api/ho-so"):
        return self.http.get(
            f"{prefix}{path}", params=ASKED, headers={"Authorization": f"Bearer {self.token}"}
        )


@pytest.fixture
def ask() -> Asking:
    codes = [AN_HUNG, OTHER, THIRD]
    return Asking(Communes(1, MOMENT, CLIENT, 3600, codes, share=0.05, heavy={THIRD: 4.0}, kept=1))


def test_there_are_114_and_a_number_or_codes_choose_among_them():
    assert len(COMMUNES) == 114 and COMMUNES[AN_HUNG] == "xã An Hưng"
    assert set(chosen("114")) == set(COMMUNES) and chosen("1") == [AN_HUNG] and len(chosen("7")) == 7
    assert chosen("11674, 10507") == ["11674", "10507"]
    for wrong in ("0", "115", "99999"):
        with pytest.raises(ValueError):
            chosen(wrong)


def test_an_hung_is_what_it_is_alone_and_every_other_commune_is_another(ask):
    alone = Asking(create(city_of(1, share=0.05), MOMENT, *CLIENT))
    own, other = ask(f"/xa/{AN_HUNG}").json(), ask(f"/xa/{OTHER}").json()
    assert own == ask().json() == alone().json() and own["totalCount"] > 20
    codes = [{row["MaHoSo"] for row in told["data"]} for told in (own, other)]
    assert codes[0] != codes[1] and other["totalCount"] > 20
    # Each commune counts its own, so some codes are the same and mean another dossier.
    shared = codes[0] & codes[1] - {""}
    by_code = [{row["MaHoSo"]: row for row in told["data"]} for told in (own, other)]
    assert shared and all(by_code[0][code] != by_code[1][code] for code in shared)


def test_what_was_forgotten_is_made_again_the_same_and_one_may_be_larger(ask):
    first = [ask(f"/xa/{code}").json() for code in (AN_HUNG, OTHER, THIRD)]
    # Only one stays in memory: each of these was forgotten in between.
    assert [ask(f"/xa/{code}").json() for code in (AN_HUNG, OTHER, THIRD)] == first
    assert first[2]["totalCount"] > 2 * first[1]["totalCount"]
    assert ask(f"/xa/{OTHER}", "/api/tien-do").json()["totalCount"] > 20


def test_the_clock_is_one_and_a_commune_that_is_away_is_away_alone(ask):
    key = {"X-Demo-Key": CLIENT[1]}
    before = ask(f"/xa/{OTHER}").json()["totalCount"]
    ask.http.put("/_demo/clock", json={"now": "2025-06-10T18:00:00+07:00"}, headers=key).raise_for_status()
    answer = ask(f"/xa/{OTHER}")
    assert answer.json()["totalCount"] < before and answer.headers["date"].startswith("Tue, 10 Jun 2025")
    assert ask.http.put("/_demo/away", json={"communes": [OTHER]}).status_code == 403
    ask.http.put("/_demo/away", json={"communes": [OTHER]}, headers=key).raise_for_status()
    assert [ask(f"/xa/{code}").status_code for code in (OTHER, THIRD, "10525")] == [503, 200, 404]


def test_troubles_are_switched_on_for_every_commune(ask):
    key = {"X-Demo-Key": CLIENT[1]}
    ask.http.put("/_demo/troubles", json={"rates": {"http_500": 1.0}}, headers=key).raise_for_status()
    assert {ask(f"/xa/{code}").status_code for code in (OTHER, THIRD)} == {500}


def test_its_declarations_are_ones_that_the_warehouse_takes(tmp_path, monkeypatch):
    from tthc.warehouse import seeds

    codes = chosen("5")
    write_declarations(tmp_path, codes, ROOT / "sources" / "units.yaml")
    monkeypatch.setenv("TTHC_COMMUNE", "all")
    monkeypatch.setenv("TTHC_COMMUNES_FOLDER", str(tmp_path))
    seeds.check()
    found = [seeds.declared_units(code) for code in codes]
    assert len({one.portal_agency for one in found}) == 5
    assert seeds.label(AN_HUNG) == "11674 xã An Hưng"
