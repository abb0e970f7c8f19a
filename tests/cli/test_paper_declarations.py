"""A declaration of a paper that cannot be right is refused with its file; the last day of a period chooses which."""

from datetime import date

import msgspec
import pytest

from tthc import settings
from tthc.errors import UsageError
from tthc.reports import letterhead, papers
from tthc.workdays import periods

DECLARED = (settings.root() / "papers" / "ii06a" / "2020.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("of: form_ii06a_settled_late", "of: form_ii06a_setled_late", "cột (10) lấy form_ii06a_setled_late"),
        ("{number: 13,", "{number: 14,", "đánh số liền nhau"),
        ("(11) = (12) + (13)", "(11) = (12) + (14)", "một cột không có"),
        ("(11) = (12) + (13)", "(11) == (12)", "phải viết như"),
        ("of: form_ii06a_open_overdue", "of: dossier_on_time_rate", "một cột không có, hoặc không cộng được"),
        ("count: form_ii06a_undetermined", "count: nobody", "đếm bằng nobody"),
        ("of: form_ii06a_carried_over, meaning", "meaning", "đúng một trong"),
        ("row_head: Đơn vị", "row_hed: Đơn vị", "row_hed"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_refused_with_its_file(tmp_path, old, new, said):
    assert old in DECLARED
    path = tmp_path / "ii06a" / "2020.yaml"
    path.parent.mkdir()
    path.write_text(DECLARED.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        papers.read(path)
    assert "papers/ii06a/2020.yaml" in str(refused.value) and said in str(refused.value)


def test_the_version_in_force_on_the_last_day_of_a_period_is_used(monkeypatch):
    old = papers.read(settings.root() / "papers" / "ii06a" / "2020.yaml")
    first = msgspec.structs.replace(old, valid_to=date(2025, 7, 14), version="a")
    second = msgspec.structs.replace(old, valid_from=date(2025, 7, 15), version="b")
    monkeypatch.setattr(papers, "papers", lambda: {"II.06a": (first, second)})
    assert papers.paper("ii06a", periods.parse("2025-07", "report")).version == "a"
    assert papers.paper("II.06a", periods.parse("2025-07", "month")).version == "b"


def test_the_letterhead_is_that_of_the_commune_and_the_day(monkeypatch):
    monkeypatch.setenv("TTHC_COMMUNE", "11674")
    assert letterhead.letterhead(periods.parse("2025-07")).name == "Ủy ban nhân dân xã An Hưng"
    # Before the commune was made, and in a commune that nobody declared, only the code is known.
    assert "11674" in letterhead.letterhead(periods.parse("2025-06")).name
    monkeypatch.setenv("TTHC_COMMUNE", "99999")
    assert "99999" in letterhead.letterhead(periods.parse("2025-07")).name


def test_two_versions_may_not_be_in_force_on_one_day(monkeypatch, tmp_path):
    folder = tmp_path / "papers" / "ii06a"
    folder.mkdir(parents=True)
    (folder / "2020.yaml").write_text(DECLARED, encoding="utf-8")
    (folder / "2026.yaml").write_text(
        DECLARED.replace("valid_from: 2020", "valid_from: 2026"), encoding="utf-8"
    )
    monkeypatch.setattr(papers.settings, "root", lambda: tmp_path)
    with pytest.raises(UsageError, match="cùng có hiệu lực từ 01/01/2026"):
        papers.papers.__wrapped__()
