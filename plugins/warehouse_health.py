"""Airflow plugin: ``GET /health`` for whoever watches the machine.

Answers 200 when every stream is fresh, 503 when one is late or the warehouse does not answer. It needs no account,
so it tells names of streams and moments, never a number of the warehouse or a word of an incident.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin
from fastapi import FastAPI, Response

app = FastAPI(title="TTHC health", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("")
@app.get("/")
def health(response: Response) -> dict[str, Any]:
    """Return how fresh each stream is; of several communes each one's streams, under its code."""
    from tthc import settings
    from tthc.errors import TthcError

    now = datetime.now(UTC)
    try:
        found = {code: _of_commune(code, now) for code in settings.communes()}
    except TthcError:
        response.status_code = 503
        return {"status": "down", "at": now.isoformat()}
    is_late = any(told["status"] == "late" for told in found.values())
    response.status_code = 503 if is_late else 200
    status = {"status": "late" if is_late else "ok", "at": now.isoformat()}
    if len(found) > 1:
        return {**status, "communes": found}
    (told,) = found.values()
    return {**told, **status}


def _of_commune(code: str, now: datetime) -> dict[str, Any]:
    from tthc import settings
    from tthc.warehouse import database, freshness

    with settings.for_commune(code), database.connection() as connection:
        streams = freshness.of_streams(connection, now)
        incidents = connection.execute(
            "SELECT count(*) AS n FROM ops.incidents WHERE commune_code = %s AND closed_at IS NULL", (code,)
        ).fetchone()["n"]
    return {
        "status": "late" if any(each.is_late for each in streams) else "ok",
        "open_incident_count": incidents,
        "streams": [each.as_json(now) for each in streams],
    }


class WarehouseHealth(AirflowPlugin):
    """Mounts the page."""

    name = "warehouse_health"
    fastapi_apps: ClassVar[list[Any]] = [{"app": app, "url_prefix": "/health", "name": "TTHC health"}]
