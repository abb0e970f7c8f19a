"""The walk from a source's column to the indicators it moves: read whole from the SQL, and not stale."""

import json

import pytest

from tthc import cli, settings
from tthc.indicators import definitions, lineage
from tthc.sources.streams import streams
from tthc.warehouse.column_origins import STANDING, origins


def made_of(place: str) -> set[str]:
    table, _, column = place.rpartition(".")
    return {".".join(one) for one in lineage.sources_of([(table, column)])}


def test_the_committed_page_is_not_stale():
    committed = (settings.root() / lineage.PAGE).read_text(encoding="utf-8")
    assert committed == lineage.page(), "run: .venv/bin/python -m tthc.indicators.lineage"


@pytest.mark.parametrize(
    ("place", "sources"),
    [
        ("marts.dossiers.channel", {"city__dossiers.channel"}),
        ("marts.dossiers.component_count", {"city__dossiers.components", "city__dossiers.dossier_code"}),
        ("marts.dossiers.has_fee", {"city__dossiers.fees"}),
        ("marts.dossiers.submitted_on", {"city__dossiers.submitted_at"}),
        ("core.tasks.due_on", {"register__tasks.due_on"}),
        ("marts.tasks_in_period.is_due", {"register__tasks.due_on"}),
        ("marts.tasks_in_period.is_overdue", {"register__tasks.due_on", "register__tasks.done_on"}),
        ("marts.officials.official_code", {"register__staff.official_code"}),
    ],
)
def test_columns_made_of_few_are_made_of_exactly_these(place, sources):
    assert made_of(place) == sources


def test_a_value_that_is_looked_up_is_also_made_of_what_it_is_looked_up_by():
    assert made_of("marts.dossiers.service_level") >= {
        "register__procedures.service_level_name",
        "city__dossiers.procedure_code",
        "city__dossiers.received_at",
    }
    assert "city__dossiers.due_at" not in made_of("marts.dossiers.service_level")


def test_what_an_indicator_needs_by_law_reaches_it_and_the_rest_does_not():
    def reaches(header: str) -> set[str]:
        return {id for one in lineage.told(header) for id in one["reaches"]}

    assert {"dossier_on_time_rate", "progress_rate_766", "form_ii06a_late"} & reaches("NgayHenTra") == {
        "dossier_on_time_rate",
        "progress_rate_766",
    }
    assert {"component_digitized_rate", "data_reuse_rate"} <= reaches("TaiLieuNop")
    assert "online_payment_rate" in reaches("DuocThanhToanTrucTuyen")
    assert "online_submission_rate" not in reaches("NgayHenTra")
    assert "dossier_on_time_rate" not in reaches("TaiLieuNop")
    assert reaches("SoGiayToChuHoSo") == set()


def test_every_source_that_an_indicator_declares_gives_it_a_column():
    silent = []
    for indicator in definitions.shown().values():
        given = {stream for stream, _ in lineage.sources_of(lineage.asked_of(indicator))}
        silent += [(indicator.id, name) for name in indicator.sources if name not in given]
    assert silent == []


def test_every_column_of_an_item_is_made_of_something():
    items = {indicator.item for indicator in definitions.indicators().values() if indicator.item}
    assert len(items) > 10
    # Months are counted off by the function itself.
    alone = {("marts.monitoring_months_in_period", "month_start")}
    empty = {
        (item, column)
        for item in items
        for column, made in origins()[item].made_of.items()
        if not made and column not in STANDING
    }
    assert empty - alone == set()


def test_the_command_tells_both_ways(capsys):
    assert cli.main(["lineage", "dossier_early_rate", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert "city__dossiers.due_at (NgayHenTra)" in told["made_of"]
    assert "marts.dossiers.due_on" in told["through"]
    assert cli.main(["lineage", "marts.dossiers.has_fee"]) == 0
    shown = capsys.readouterr().out
    assert "city__dossiers.fees (DanhSachLePhi)" in shown and "online_payment_rate" in shown
    assert cli.main(["lineage", "khong_co"]) == 2
    assert "khong_co" in capsys.readouterr().err


def test_a_header_of_several_sources_tells_of_each():
    assert len(lineage.told("MaHoSo")) == sum(
        column.header == "MaHoSo" for stream in streams().values() for column in stream.staged_columns
    )
