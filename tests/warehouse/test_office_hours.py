"""The declaration of office hours and limits: what it says, and what it may not say."""

from pathlib import Path

import pytest

from tthc import settings
from tthc.errors import UsageError
from tthc.warehouse import database, office_hours

HERE = (settings.root() / "sources" / "office_hours.yaml").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path: Path, monkeypatch):
    """Return a function that declares a text instead of the repository's."""
    (tmp_path / "sources").mkdir()

    def write(text: str) -> None:
        (tmp_path / "sources" / "office_hours.yaml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(settings, "root", lambda: tmp_path)

    return write


def test_the_declaration_covers_every_day_and_says_that_it_is_an_assumption():
    found = office_hours.declared()
    assert [(each.opens, each.closes) for each in found.hours[0].sessions] == [
        ("07:30", "11:30"),
        ("13:30", "17:00"),
    ]
    assert "cần xác nhận" in found.hours[0].document
    assert found.limits[-1].intake_working_hours == 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('opens: "13:30"', 'opens: "11:00"'),
        ('closes: "17:00"', 'closes: "17 giờ"'),
        ('closes: "17:00"', 'closes: "25:00"'),
        ("hours:\n  - sessions", "hours:\n  - valid_from: 2025-07-01\n    sessions"),
        ("hours:\n  - sessions", "hours:\n  - valid_to: 2025-07-01\n    sessions"),
        ("    intake_working_hours: 8\n", ""),
        ("same_finish_count: 10", "same_finish: 10"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_file(written, old, new):
    assert HERE.count(old) == 1
    written(HERE.replace(old, new))
    with pytest.raises(UsageError, match=r"sources/office_hours\.yaml"):
        office_hours.declared()


def test_new_hours_hold_from_their_day_and_old_ones_until_then(warehouse, written):
    new = HERE.replace(
        "hours:\n  - sessions",
        "hours:\n  - sessions: [{opens: '08:00', closes: '12:00'}]\n    valid_to: 2025-12-31\n"
        "    document: Quyết định để thử\n  - valid_from: 2026-01-01\n    sessions",
    )
    written(new)
    with database.connection() as connection:
        office_hours.fill(connection)
        office_hours.fill(connection)
        rows = connection.execute(
            "SELECT valid_from::text, valid_to::text, opens::text FROM core.office_hours ORDER BY 1, 3"
        ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("-infinity", "2025-12-31", "08:00:00"),
        ("2026-01-01", "infinity", "07:30:00"),
        ("2026-01-01", "infinity", "13:30:00"),
    ]
    written(new.replace("2026-01-01", "2026-01-02"))
    with pytest.raises(UsageError, match="nối nhau"):
        office_hours.declared()
