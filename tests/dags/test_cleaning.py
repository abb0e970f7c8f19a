"""The monthly cleaning takes away staged rows and Airflow's own logs that are kept too long, and no verdict."""

import os
import time

import psycopg

from tests.conftest import COMMUNE
from tthc.stack import components


def test_staging_and_logs_go_and_verdicts_stay(dags, warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_WAREHOUSE", components.warehouse_connection(warehouse))
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    old, new = tmp_path / "logs" / "dag_id=x" / "old.log", tmp_path / "logs" / "new.log"
    for path in (old, new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    os.utime(old, (time.time() - 86400 * 200,) * 2)
    with psycopg.connect(warehouse) as connection:
        (fetch_id,) = connection.execute(
            "INSERT INTO ops.fetches (commune_code, stream, source, kind, state, started_at)"
            " VALUES (%s, 'city__dossiers', 'share thử', 'window', 'fetched', now() - interval '2 months')"
            " RETURNING fetch_id",
            (COMMUNE,),
        ).fetchone()
        connection.execute(
            "INSERT INTO ops.validations (fetch_id, rule, severity, scope, is_met, checked_count, failed_count)"
            " VALUES (%s, 'luật thử', 'critical', 'row', true, 1, 0)",
            (fetch_id,),
        )
        for number, fetch in ((1, fetch_id), (2, fetch_id + 1)):
            connection.execute(
                "INSERT INTO staging.city__dossiers (fetch_id, row_number, row_uid, row_hash, answered_at, unreadable)"
                " VALUES (%s, %s, %s, gen_random_uuid(), now(), '{}')",
                (fetch, number, number),
            )
        verdicts = connection.execute("SELECT count(*) FROM ops.validations").fetchone()
    assert verdicts[0] > 0

    done = dags["monthly_cleaning"].get_task("clean").python_callable()
    assert (done["staging"], done["airflow_logs"], done["validations"]) == (1, 1, 0)
    assert new.exists() and not old.parent.exists()
    with psycopg.connect(warehouse) as connection:
        assert connection.execute("SELECT row_number FROM staging.city__dossiers").fetchall() == [(2,)]
        assert connection.execute("SELECT count(*) FROM ops.validations").fetchone() == verdicts
