"""The mapping of unit names, as the loader will use it: by key and day."""

from pathlib import Path

import yaml

from tthc.vietnamese.names import name_key

UNITS = yaml.safe_load((Path(__file__).parents[2] / "sources" / "units.yaml").read_text(encoding="utf-8"))


def test_every_name_leads_to_one_unit_on_every_day():
    units = {unit["code"] for unit in UNITS["units"]}
    assert len(units) == len(UNITS["units"]) == 5
    assert sorted(unit["sort"] for unit in UNITS["units"]) == [1, 2, 3, 4, 5]
    names = [(unit["name"], unit["code"]) for unit in UNITS["units"]]
    names += [(name["name"], name["unit"]) for name in UNITS["names"]]
    keys = [name_key(name) for name, _ in names]
    assert len(set(keys)) == len(keys) == 5 + 16
    assert {unit for _, unit in names} == units


def test_names_of_dissolved_communes_end_with_june_2025():
    ended = {name["name"]: name["valid_to"].isoformat() for name in UNITS["names"] if "valid_to" in name}
    assert ended == dict.fromkeys(["UBND xã An Thái", "UBND xã An Thọ", "UBND xã Chiến Thắng"], "2025-06-30")
    assert UNITS["commune"] == "11674"
