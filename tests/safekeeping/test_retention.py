"""What is kept too long goes, what must stay stays, and no number moves."""

import json
import os
import time
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.cli import hamlet
from tests.cli.conftest import run
from tests.safekeeping.test_subjects import OTHER, OTHER_NAME, archived, asked, rows
from tests.safekeeping.test_subjects import town as town
from tthc.errors import UsageError
from tthc.safekeeping import retention
from tthc.sources import streams
from tthc.warehouse.freshness import ZONE

CORE = (
    "SELECT dossier_code, applicant_key, row_hash FROM core.dossiers ORDER BY 1",
    "SELECT dossier_code, text_key, official_key, row_hash FROM core.progress_events ORDER BY 1",
    "SELECT level, code, indicator, numerator, denominator FROM indicators.published ORDER BY 1, 2, 3",
)


def age(url: str, months: int) -> None:
    """Let every reading be this many months older than it is."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE ops.fetches SET started_at = now() - make_interval(months => %(m)s),"
            " fetched_at = now() - make_interval(months => %(m)s)",
            {"m": months},
        )


def told(*options: str) -> dict[str, dict]:
    said = run("retention", *options, "--json")
    assert said.code == 0, said.err
    return {row["what"]: row for row in json.loads(said.out)}


def test_what_is_young_stays(town):
    before = archived()
    assert {row["due_count"] for row in told("--apply").values()} == {0}
    assert archived() == before


def test_after_its_term_the_archive_knows_nobody_and_every_row_reads_the_same(town, monkeypatch):
    before = [rows(town, query) for query in CORE]
    age(town, 25)
    done = told("--apply")["archive_personal"]
    assert done["done_count"] == done["due_count"] > 1
    left = b"".join(archived().values())
    for value in (hamlet.IDENTITY, hamlet.NAME, OTHER, OTHER_NAME, "Phạm Thị Cán Bộ"):
        assert value.encode() not in left
    (line,) = rows(town, "SELECT subject_key, erased_by, reason FROM ops.erasures")
    assert line[:2] == (None, "thời hạn giữ") and "91/2025/QH15" in line[2]
    # Read again from what is left, core is what it was, hash for hash; and nothing is due any more.
    from tthc import settings
    from tthc.warehouse import replay

    for stream in streams.city_streams():
        replay.replay_everything(settings.warehouse_url(), stream)
    assert [rows(town, query) for query in CORE] == before
    assert told()["archive_personal"]["due_count"] == 0
    # A person's request finds them by the hash alone.
    assert len(asked(monkeypatch, "find")["dossiers"]) == 3
    assert asked(monkeypatch, "erase")["dossier_count"] == 3


def test_left_over_rows_of_staging_and_old_logs_go(town, tmp_path):
    age(town, 2)
    (fetch_id,) = rows(town, "SELECT min(fetch_id) FROM ops.fetches WHERE stream = 'city__dossiers'")[0]
    assert run("doctor").code in (0, 1)
    with psycopg.connect(town) as connection:
        connection.execute(
            "INSERT INTO staging.city__dossiers (fetch_id, row_number, row_uid, row_hash, answered_at, unreadable)"
            " VALUES (%s, 1, 1, gen_random_uuid(), now(), '{}')",
            (fetch_id,),
        )
    old, new = tmp_path / "logs" / "dag_id=x" / "old.log", tmp_path / "logs" / "new.log"
    for path in (old, new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    os.utime(old, (time.time() - 86400 * 200,) * 2)
    done = told("--apply", "--logs", str(tmp_path / "logs"))
    assert done["staging"]["done_count"] == 1 and done["airflow_logs"]["done_count"] == 1
    assert new.exists() and not old.parent.exists()
    assert done["validations"]["months"] is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rules: rules.pop(),
        lambda rules: rules.append(dict(rules[0])),
        lambda rules: rules[0].update(months=0),
        lambda rules: rules[0].update(document=" "),
        lambda rules: rules[3].update(months=12),
        lambda rules: rules[0].update(what="core"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(spoil, tmp_path, monkeypatch):
    document = yaml.safe_load((streams.folder() / retention.FILE).read_text(encoding="utf-8"))
    assert len(retention.declared()) == 4
    spoil(document["rules"])
    (tmp_path / retention.FILE).write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setattr(retention.streams, "folder", lambda: Path(tmp_path))
    with pytest.raises(UsageError, match=r"retention\.yaml"):
        retention.declared()


def test_a_month_without_such_a_day_ends_earlier():
    assert retention.months_before(datetime(2028, 2, 29, tzinfo=ZONE), 12).date().isoformat() == "2027-02-28"
