"""The pages for who fills registers in: one of each, complete, not stale."""

from tthc import settings
from tthc.quality.suites import suite_of
from tthc.reports import register_pages, templates


def test_the_committed_pages_are_not_stale():
    folder = settings.root() / register_pages.FOLDER
    committed = {
        f"{register_pages.FOLDER}/{path.name}": path.read_text(encoding="utf-8")
        for path in folder.glob("*.md")
    }
    assert committed == register_pages.pages(), "run: .venv/bin/python -m tthc.reports.register_pages"


def test_a_page_tells_every_column_and_every_reason():
    assert len(register_pages.registers()) == 11
    for stream in register_pages.registers():
        page = register_pages.pages()[f"{register_pages.FOLDER}/{stream.stream}.md"]
        assert all(f"\n| {field.header} |" in page for field in templates.fields(stream))
        assert all(f"\n- {rule.meta.reason}\n" in page + "\n" for rule in suite_of(stream).row_rules)
        assert ("hạn chế" in page) == stream.restricted or not stream.restricted


def test_check_tells_what_is_stale_and_writing_mends_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(settings, "root", lambda: tmp_path)
    monkeypatch.setattr(register_pages, "pages", lambda: {"docs/registers/a.md": "mới\n"})
    assert register_pages.main(["--check"]) == 1
    assert "đã cũ" in capsys.readouterr().err
    assert register_pages.main([]) == 0
    left_over = tmp_path / "docs" / "registers" / "b.md"
    left_over.write_text("cũ\n")
    assert register_pages.main(["--check"]) == 1
    assert register_pages.main([]) == 0
    assert register_pages.main(["--check"]) == 0
    assert not left_over.exists()
