"""Which communes an installation holds, which one is in force, and how each asks the city."""

import pytest

from tthc import settings
from tthc.errors import UsageError
from tthc.warehouse import seeds

CITY = {
    "TTHC_CITY_URL": "https://mot-cua.example.vn/xa/{commune}/",
    "TTHC_CITY_CLIENT_ID": "kho",
    "TTHC_CITY_CLIENT_SECRET": "bi-mat",
}


@pytest.fixture
def several(monkeypatch):
    """Configure three communes and how the city is asked."""
    for name, value in {**CITY, "TTHC_COMMUNE": "11674, 11680,11683"}.items():
        monkeypatch.setenv(name, value)
    return ("11674", "11680", "11683")


def test_one_commune_is_always_in_force(monkeypatch):
    monkeypatch.setenv("TTHC_COMMUNE", "11674")
    assert settings.communes() == settings.in_force() == ("11674",)
    assert settings.commune_code() == "11674" and not settings.has_several_communes()


def test_of_several_one_must_be_chosen_and_stays_within_its_block(several):
    assert settings.communes() == settings.in_force() == several and settings.has_several_communes()
    with pytest.raises(settings.CommuneNotChosen) as caught:
        settings.commune_code()
    assert "3 xã" in str(caught.value) and "--commune 11674" in str(caught.value)
    with settings.for_commune("11680"):
        assert settings.commune_code() == "11680"
        assert settings.communes() == several and settings.in_force() == ("11680",)
    with pytest.raises(UsageError, match="không có xã 99999"), settings.for_commune("99999"):
        pass


@pytest.mark.parametrize("text", ["11674,1168", "11674;11680", "An Hưng", ","])
def test_what_is_no_list_of_codes_is_refused(monkeypatch, text):
    monkeypatch.setenv("TTHC_COMMUNE", text)
    with pytest.raises(UsageError, match="TTHC_COMMUNE"):
        settings.communes()


def test_all_are_those_with_a_declaration(monkeypatch, tmp_path):
    monkeypatch.setenv("TTHC_COMMUNE", "all")
    monkeypatch.setenv("TTHC_COMMUNES_FOLDER", str(tmp_path))
    with pytest.raises(UsageError, match="chưa có khai báo"):
        settings.communes()
    for code in ("11683", "11680"):
        (tmp_path / f"{code}.yaml").touch()
    assert settings.communes() == ("11680", "11683")


def test_each_commune_asks_the_city_as_itself(several, monkeypatch):
    monkeypatch.setenv("TTHC_CITY_CLIENT_SECRET_11683", "bi-mat-rieng")
    found = {}
    for code in several:
        with settings.for_commune(code):
            found[code] = settings.city()
    assert found["11680"].url == "https://mot-cua.example.vn/xa/11680"
    assert {code: city.client_secret for code, city in found.items()} == {
        "11674": "bi-mat",
        "11680": "bi-mat",
        "11683": "bi-mat-rieng",
    }


@pytest.mark.parametrize(
    ("name", "value", "ask"),
    [
        ("TTHC_CITY_CLIENT_ID", "xa-{commune}", "client_id"),
        ("TTHC_CITY_CLIENT_ID_11680", "xa-11680", "client_id"),
        ("TTHC_CITY_URL_11680", "https://xa-11680.example.vn", "url"),
    ],
)
def test_what_tells_a_commune_from_the_others(several, monkeypatch, name, value, ask):
    monkeypatch.setenv("TTHC_CITY_URL", "https://mot-cua.example.vn")
    with settings.for_commune("11680"):
        # Two communes that ask alike would be given the same dossiers.
        with pytest.raises(UsageError, match="cùng một địa chỉ bằng cùng một tên"):
            settings.city()
        monkeypatch.setenv(name, value)
        assert "11680" in getattr(settings.city(), ask)


def test_two_sites_of_one_opencps_have_two_clients(several, monkeypatch):
    from tthc.sources import dialects

    monkeypatch.setenv("TTHC_CITY_URL", "https://mot-cua.example.vn")
    monkeypatch.setenv("TTHC_CITY_DIALECT", "opencps")
    clients = []
    for code in several[:2]:
        monkeypatch.setenv(f"TTHC_CITY_GROUP_ID_{code}", f"2{code}")
        with settings.for_commune(code):
            clients.append(dialects.client_for(settings.city()))
    assert clients[0] is not clients[1]


def test_a_commune_among_several_never_gets_another_ones_units(several, monkeypatch, tmp_path):
    monkeypatch.setenv("TTHC_COMMUNES_FOLDER", str(tmp_path))
    text = (settings.root() / "sources" / "units.yaml").read_text()
    (tmp_path / "11680.yaml").write_text(text.replace('"11674"', '"11680"').replace("H24.187", "H24.188"))
    (tmp_path / "11683.yaml").write_text(text)
    assert seeds.declared_units("11674").portal_agency == "H24.187"
    assert seeds.declared_units("11680").portal_agency == "H24.188"
    with pytest.raises(UsageError, match='commune phải là "11683"'):
        seeds.declared_units("11683")
    (tmp_path / "11683.yaml").unlink()
    with pytest.raises(UsageError, match="Xã 11683 chưa có khai báo"):
        seeds.declared_units("11683")
