"""Every file stream from a file to core: exact rows, exact refusals, twice nothing, unloaded without a trace."""

import pytest

from demo.exports import portal_dossiers, portal_procedures
from tests.proof.small_pull import checksums
from tests.proof.test_canary import found_in, leaks
from tests.streams import harness
from tests.streams.harness import LATER, context, core_rows, demo_file, expected_rows, load
from tthc import flows
from tthc.quality.suites import suite_of
from tthc.reports import reconciliation
from tthc.sources import spreadsheets, streams
from tthc.sources.own_totals import Said
from tthc.warehouse import database

DECLARED = harness.file_streams()
STREAMS = [stream for stream in DECLARED if stream.stream in harness.FILES]
PAYMENTS = "payments__transactions"
every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stream)


def test_every_file_stream_has_its_demo_file():
    assert len(DECLARED) >= 9
    assert set(harness.FILES) == {stream.stream for stream in DECLARED}
    assert all(file.stream == name for name, file in harness.FILES.items())


@every_stream
def test_a_file_is_known_by_its_headers_alone(stream):
    body = demo_file(stream).write(context())
    assert spreadsheets.recognise(body, DECLARED) == stream
    # Nobody else must claim it when its own declaration is away.
    others = [other for other in DECLARED if other != stream]
    try:
        assert spreadsheets.recognise(body, others) is None
    except Exception as error:
        assert "thiếu cột" in str(error)


def test_some_exports_say_what_they_hold_and_some_do_not():
    said = {
        (stream.stream, moment): spreadsheets.examine(demo_file(stream).write(context(moment)), DECLARED).said
        for stream in STREAMS
        for moment in (harness.MOMENT, LATER)
    }
    counted = {
        each[0]: {(total.header, int(total.value)) for total in found.totals}
        for each, found in said.items()
        if each[1] == harness.MOMENT and found.totals
    }
    rows = {name: len(demo_file(streams.stream_named(name)).expected(context())) for name in counted}
    paid = sum(row["amount_vnd"] for row in demo_file(streams.stream_named(PAYMENTS)).expected(context()))
    assert counted == {
        "portal__dossiers": {("rows", rows["portal__dossiers"])},
        "petitions__cases": {("rows", rows["petitions__cases"])},
        "documents__exchanges": {("rows", rows["documents__exchanges"])},
        PAYMENTS: {("Số tiền", paid)},
    }
    asked = said["portal__dossiers", harness.MOMENT]
    assert (asked.first, asked.last) == portal_dossiers.window(context())
    assert said["portal__dossiers", LATER] == Said()


@every_stream
def test_a_good_file_becomes_exactly_these_rows(stream, warehouse, tmp_path):
    file = demo_file(stream)
    expected, seeded = expected_rows(stream), core_rows(warehouse, stream)
    before = checksums(warehouse)
    told = load(tmp_path, file.file_name, file.write(context()))
    harness.adds_up(told)
    assert (told["stream"], told["quarantined"]) == (stream.stream, 0)
    with database.connection() as connection:
        assert reconciliation.gaps(connection) == []
    assert told["merged"] + told["unchanged"] == len(expected) > 0
    harness.same_rows(core_rows(warehouse, stream), harness.added(seeded, expected, stream))

    after = checksums(warehouse)
    again = load(tmp_path / "lần hai", "tên khác.xlsx", file.write(context()))
    assert (again["fetch_id"], again["is_new"]) == (told["fetch_id"], False)
    assert checksums(warehouse) == after

    flows.unload(told["fetch_id"], progress=str)
    assert checksums(warehouse) == before


@every_stream
def test_a_file_with_mistakes_loses_only_these_rows(stream, warehouse, tmp_path):
    file = demo_file(stream)
    body, planted = file.broken(context())
    critical = {rule.rule for rule in suite_of(stream).row_rules if rule.severity == "critical"}
    assert {mistake.rule for mistake in planted} == critical, "a critical rule without a planted mistake"
    seeded, before = core_rows(warehouse, stream), checksums(warehouse)
    told = load(tmp_path, file.file_name, body)
    harness.adds_up(told)
    assert told["quarantined"] == len(planted)
    with database.connection() as connection:
        # A row that is refused was counted all the same.
        assert reconciliation.gaps(connection) == []
    assert harness.quarantined(warehouse, told["fetch_id"]) == sorted(
        (mistake.row, (mistake.rule,)) for mistake in planted
    )
    expected = harness.added(seeded, expected_rows(stream), stream)
    harness.same_rows(core_rows(warehouse, stream), expected)

    flows.unload(told["fetch_id"], progress=str)
    assert checksums(warehouse) == before


@every_stream
def test_a_later_file_adds_and_changes_and_takes_nothing_away(stream, warehouse, tmp_path):
    file = demo_file(stream)
    key = lambda row: tuple(row[name] for name in stream.key)  # noqa: E731
    load(tmp_path, "trước.xlsx", file.write(context()))
    between = checksums(warehouse)
    newer = file.write(context(LATER))
    if newer == file.write(context()):
        # A catalogue or a list of staff says the same a month later: then it is the same reading.
        assert load(tmp_path, "sau.xlsx", newer)["is_new"] is False
        assert checksums(warehouse) == between
        return
    told = load(tmp_path, "sau.xlsx", newer)
    harness.adds_up(told)
    both = harness.added(expected_rows(stream), expected_rows(stream, LATER), stream)
    harness.same_rows(core_rows(warehouse, stream), both)
    earlier = {key(row): row for row in expected_rows(stream)}
    changed = [row for row in expected_rows(stream, LATER) if earlier.get(key(row)) != row]
    assert told["merged"] == len(changed) > 0

    flows.unload(told["fetch_id"], progress=str)
    assert checksums(warehouse) == between


#: Names of staff live in the restricted schema; the tests of the registers look there.
PERSONAL = [s for s in STREAMS if not s.restricted and any(column.personal != "keep" for column in s.columns)]


@pytest.mark.parametrize("stream", PERSONAL, ids=lambda stream: stream.stream)
def test_a_person_named_in_a_file_is_found_nowhere(stream, warehouse, tmp_path, capsys):
    file = demo_file(stream)
    body, _ = file.broken(context())
    assert found_in(harness.content(body)), "no canary in the file: the search would prove nothing"
    told = [load(tmp_path / "tốt", file.file_name, file.write(context()))]
    told.append(load(tmp_path / "lỗi", file.file_name, body))
    assert not leaks(warehouse)
    assert not found_in(repr(told) + "".join(capsys.readouterr()))


def test_there_are_files_that_name_people():
    assert len(PERSONAL) >= 5


def test_the_files_of_all_ministries_make_one_catalogue(warehouse, tmp_path):
    stream = streams.stream_named("portal__procedures")
    file = demo_file(stream)
    files = {file.file_name: file.write(context()), **file.more(context())}
    assert len(files) == 4
    for name, body in files.items():
        told = load(tmp_path, name, body)
        harness.adds_up(told)
        assert told["quarantined"] == 0
    expected = [
        row for ministry in portal_procedures.MINISTRIES for row in portal_procedures.rows_of(ministry)
    ]
    harness.same_rows(core_rows(warehouse, stream), harness.in_order(expected, stream))
