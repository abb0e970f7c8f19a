"""The files that other systems export: the same for the same seed, about the same dossiers, every kind planted."""

from datetime import datetime, timedelta

import pytest

from demo import units
from demo.exports import EXPORTS, payments, portal_dossiers, portal_procedures, ratings, seen
from demo.files import FILES, write_all
from demo.procedures import CATALOGUE
from demo.spelling import folded
from demo.stream_file import Context

MOMENT = datetime(2025, 7, 4, 18)
INSTANTS = ("received_at", "due_at")


@pytest.fixture(scope="module")
def context() -> Context:
    return Context.at(1, MOMENT)


def test_the_same_seed_writes_the_same_bytes_and_another_one_others(context, tmp_path):
    first, again = tmp_path / "một", tmp_path / "hai"
    names = [path.name for path in write_all(first, context)]
    write_all(again, Context.at(1, MOMENT))
    assert len(names) == len(set(names)) == len(FILES) + 3
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in names)
    other = Context.at(2, MOMENT)
    same = [file.stream for file in EXPORTS.values() if file.expected(context) == file.expected(other)]
    # What ministries issue does not depend on a city.
    assert same == ["portal__procedures"]


def test_every_difference_between_portal_and_city_is_planted(context):
    kinds = portal_dossiers.kinds(context)
    assert set(kinds) == {
        "same",
        "rewritten",
        "missing",
        "extra",
        "other_date",
        "other_status",
        "own_code",
        "city_alias",
        "unlinked",
    }
    assert min(kinds.values()) >= 20
    assert kinds["same"] > sum(kinds.values()) / 2


def test_a_dossier_keeps_its_code_from_one_export_to_the_next(context):
    later = Context(context.seed, MOMENT + timedelta(days=31), context.city)
    before, after = (
        {code: row["dossier_code"] for _, code, row in portal_dossiers.shown(when) if code and row}
        for when in (context, later)
    )
    both = before.keys() & after.keys()
    changed = [code for code in both if before[code] != after[code]]
    assert len(both) > 2000 and not changed


def test_each_difference_is_what_its_name_says(context):
    city = {dossier.code: dossier for dossier in seen.dossiers(context)}
    codes = [row["dossier_code"] for row in portal_dossiers.rows(context)]
    assert len(codes) == len(set(codes))
    checked = 0
    for kind, code, row in portal_dossiers.shown(context):
        if kind == "missing":
            assert code not in codes and row is None
            continue
        assert row["status"] not in (5, 6, 8)
        if kind == "extra":
            assert code is None and row["dossier_code"] not in city
            continue
        dossier = city[code]
        told = {name: value and value.replace(tzinfo=None) for name, value in row.items() if name in INSTANTS}
        written = {
            "same": row["dossier_code"] == code and row["status"] == dossier.status,
            "rewritten": row["dossier_code"] == (dossier.other_code or code)
            and (dossier.status in (5, 6, 8), row["status"]) == (True, 9),
            "other_date": told["due_at"] != dossier.at["NgayHenTra"],
            "other_status": dossier.status in (9, 10) and row["status"] == 4,
            "own_code": row["dossier_code"] not in city and row["other_dossier_code"] == code,
            "city_alias": row["dossier_code"] == dossier.other_code != code,
            "unlinked": (row["dossier_code"] not in city, row["other_dossier_code"], told["received_at"])
            == (True, None, dossier.at["NgayTiepNhan"]),
        }
        assert written[kind], (kind, code)
        checked += 1
    assert checked > 2000


def test_money_and_ratings_are_of_dossiers_that_the_city_has(context):
    codes = {dossier.code for dossier in seen.dossiers(context)}
    paid, rated = payments.rows(context), ratings.rows(context)
    assert {row["dossier_code"] for row in paid} <= codes
    assert {row["dossier_code"] for row in rated} - {None} <= codes
    assert {row["status"] for row in paid} == {"awaiting", "unpaid", "paid", "refunded", "cancelled"}
    assert {row["method"] for row in paid} == {"online", "cash", "transfer", None}
    assert any(row["is_waived"] for row in paid)
    assert {row["unit_key"] for row in rated} == {folded(name) for name in units.NAMES.values()}
    assert {row["scale"] for row in rated} == {"words_5", "words_3", "stars_5", "yes_no"}
    assert any(row["item"] == "harassment" and not row["is_satisfied"] for row in rated)


def test_nothing_is_told_that_had_not_happened(context):
    zone = portal_dossiers.rows(context)[0]["status_updated_at"].tzinfo
    now = MOMENT.replace(tzinfo=zone)
    checked = 0
    for file in FILES.values():
        for row in file.expected(context):
            told = {n: v for n, v in row.items() if isinstance(v, datetime) and n != "due_at"}
            # A hand-over may be noted before it happens only where the city itself says so.
            assert all(value <= now for value in told.values()), (file.stream, row)
            checked += len(told)
    assert checked > 10_000


def test_the_ministries_files_make_the_whole_catalogue():
    issued = [row for ministry in portal_procedures.MINISTRIES for row in portal_procedures.rows_of(ministry)]
    assert sorted(row["procedure_code"] for row in issued) == sorted(p.code for p in CATALOGUE)
