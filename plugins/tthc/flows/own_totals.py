"""Totals that a file gave and we did not count: each is one open incident until a later file agrees."""

from __future__ import annotations

from psycopg.rows import tuple_row

from tthc.flows.progress import Progress
from tthc.landing import incidents
from tthc.reports import reconciliation
from tthc.sources.streams import Stream
from tthc.warehouse import database

_KIND = "control_total"


def note(stream: Stream, progress: Progress) -> None:
    """Open an incident for each gap of a file stream that is still open, and close those that are not."""
    if stream.kind != "file":
        return
    with database.connection() as connection:
        found = [gap for gap in reconciliation.gaps(connection) if gap["stream"] == stream.stream]
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        open_now = set()
        for gap in found:
            subject = f"{stream.stream} {gap['fetch_id']} {gap['measure']}"
            open_now.add(subject)
            message = f"{reconciliation.told(gap)} Xem các dòng bị bỏ qua, hoặc xin bên gửi xuất lại tệp."
            incidents.open_incident(connection, _KIND, subject, message)
            progress(f"số tổng lệch: {message}")
        for subject in incidents.open_subjects(connection, _KIND):
            if subject.split()[0] == stream.stream and subject not in open_now:
                incidents.close_incident(
                    connection, _KIND, subject, "Lần đọc sau đã khớp, hoặc tệp đã được rút lại."
                )
