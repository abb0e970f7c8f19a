"""A late dossier with an objective cause that two people approved does not count against its official, only there."""

import json
import zipfile
from decimal import Decimal
from fractions import Fraction

import psycopg
import pytest

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.cli.test_scoring import PERSON
from tests.evaluation.test_process import PERIOD, assess, load, publish, sheet_of
from tests.evaluation.test_process import quarter as quarter
from tthc.evaluation import telling
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.people import Exempted, Person
from tthc.evaluation.rule_files import named
from tthc.evaluation.scoring import half_up
from tthc.evaluation.sheets import official_sheet
from tthc.sources import streams
from tthc.workdays import periods


def exempt(tmp_path, *, step: str | None, second: str | None) -> None:
    row = {
        "Mã miễn trừ": "MT-1", "Mã hồ sơ": "H24.99.01-250701-0003", "Người giữ bước được miễn": step,
        "Nguyên nhân khách quan": "Lỗi hệ thống", "Ngày đề nghị": "17/07/2025", "Người duyệt thứ nhất": "AH-07",
        "Ngày duyệt thứ nhất": "18/07/2025", "Người duyệt thứ hai": second,
        "Ngày duyệt thứ hai": "21/07/2025" if second else None, "Văn bản miễn trừ": "9/MT-UBND",
    }  # fmt: skip
    load(tmp_path, "register__exemptions", [row])


@pytest.mark.parametrize(
    ("step", "second", "is_off"),
    [
        (None, "AH-08", True),
        ("AH-02", "AH-08", True),
        # One approval is none; the step of somebody else; approved by the one who is exempted.
        (None, None, False),
        ("AH-01", "AH-08", False),
        (None, "AH-02", False),
    ],
)
def test_a_late_dossier_exempted_by_two_does_not_count_against_its_official(
    quarter, tmp_path, step, second, is_off
):
    """D3 was late and nobody apologised; AH-02 held the step."""
    with psycopg.connect(quarter) as connection:
        connection.execute("UPDATE marts.dossiers SET late_official_code = 'AH-02' WHERE status = 10")
    publish()
    late = {veto["code"]: veto["holds"] for veto in sheet_of("AH-02")["vetoes"]}
    assert late["V4"] is True
    exempt(tmp_path, step=step, second=second)
    told = sheet_of("AH-02")
    vetoes = {veto["code"]: veto["holds"] for veto in told["vetoes"]}
    assert vetoes["V4"] is not is_off
    assert len(told["exempted"]) == is_off
    if is_off:
        (one,) = told["exempted"]
        assert (one["dossier"], one["cause"], one["document"]) == (
            "H24.99.01-250701-0003", "Lỗi hệ thống", "9/MT-UBND",
        )  # fmt: skip
        assert one["off"] == ["dossier_late_settled_count.numerator", "apology_issued_rate.failures"]
    # What is published says the same as before.
    lines = {
        line["item"]: line
        for line in json.loads(run("score", PERIOD, "--unit", "kinh_te", "--json").out)["items"]
    }
    assert lines["A1"]["numerator"] == 2 and lines["A1"]["denominator"] == 3
    with psycopg.connect(quarter) as connection:
        count = connection.execute(
            "SELECT numerator FROM indicators.published WHERE level = 'official' AND code = 'AH-02'"
            " AND indicator = 'dossier_late_settled_count' AND period = %s",
            (PERIOD,),
        ).fetchone()
    assert count == (1,)


@pytest.mark.parametrize(
    ("exempted", "late", "overdue", "a", "c"), [(0, 4, 2, "90.91", "93.18"), (3, 1, 2, "90.91", "96.59")]
)
def test_what_is_exempted_is_taken_off_every_number_that_a_sheet_reads(exempted, late, overdue, a, c):
    """20 settled, 4 of them late, 2 open and overdue: by hand a = 20/22, c = (22 - 0.25 x (late + overdue)) / 22."""
    period = periods.parse("2026-Q1")
    span = ((period.start, period.end),)
    told = {
        "dossier_on_time_rate": Figure(16, 20, Decimal(80), "ok"),
        "dossier_late_settled_count": Figure(4, None, Decimal(4), "ok"),
        "dossier_overdue_open_count": Figure(2, None, Decimal(2), "ok"),
    }
    known = Figures(period, "11674", {("official", "P", id): one for id, one in told.items()}, 1)
    free = tuple(
        Exempted(f"D{n}", f"M{n}", "system", None, ("dossier_late_settled_count.numerator",))
        for n in range(exempted)
    )
    person = Person("P", "u", "u", "civil_servant", False, None, span, (), free)
    rules = named("nd335_2026")
    sheet = official_sheet(rules, known, person, [], None, [])
    values = {line.item.code: half_up(line.value) for line in sheet.total.lines if line.value is not None}
    assert values == {"a": Decimal(a), "c": Decimal(c)}
    assert half_up(100 * (22 - Fraction(late + overdue, 4)) / 22) == Decimal(c)
    # Of a colleague nothing is taken off.
    assert known.part("official", "P", "dossier_late_settled_count.numerator")[0] == 4


def test_a_pack_with_exemptions_and_points_of_people_holds_on_another_machine(quarter, tmp_path):
    with psycopg.connect(quarter) as connection:
        connection.execute("UPDATE marts.dossiers SET late_official_code = 'AH-02' WHERE status = 10")
    publish()
    assess(tmp_path)
    exempt(tmp_path, step=None, second="AH-08")
    pack = tmp_path / "goi.zip"
    made = run("pack", "make", PERIOD, "--official", "AH-02", "--out", pack, "--no-pdf", "--by", "Lan")
    assert made.code == 0, made.err
    said = run("pack", "verify", pack)
    assert said.code == 0, said.out + said.err
    with zipfile.ZipFile(pack) as archive:
        told = json.loads(archive.read("phieu.json"))
        grounds = json.loads(archive.read("can-cu.json"))
    assert [one["dossier"] for one in told["exempted"]] == ["H24.99.01-250701-0003"]
    assert grounds["person"]["exempted"][0][0] == "H24.99.01-250701-0003"
    assert grounds["person"]["self_scored"] == [["g1", "1"]]


def test_who_approves_must_have_been_at_a_post_that_day(quarter, tmp_path):
    with psycopg.connect(quarter) as connection:
        connection.execute("UPDATE marts.dossiers SET late_official_code = 'AH-02' WHERE status = 10")
    publish()
    assess(tmp_path)
    exempt(tmp_path, step=None, second="AH-01")
    said = run("score", "check", PERIOD, "--by", "Lan", "--json")
    assert said.code == 1
    assert json.loads(said.out)["problems"] == [
        "Miễn trừ MT-1: người duyệt AH-07 không có quãng công tác vào ngày duyệt."
    ]
    with psycopg.connect(quarter) as connection:
        connection.execute(PERSON, ("AH-07", "Trần Văn Duyệt Thử", "khoa-AH-07", "contract", False))
    assert json.loads(run("score", "check", PERIOD, "--by", "Lan", "--json").out)["problems"] == []


def test_every_cause_that_the_register_takes_has_its_word():
    words = streams.stream_named("register__exemptions").words("cause")
    assert len(words) > 3 and words == telling.CAUSES
