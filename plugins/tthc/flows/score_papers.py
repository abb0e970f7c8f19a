"""The papers and packs of an evaluation, written where only who asked for them reads.

Before a file about a person is there, ``ops.access_log`` has a line that says who takes it, why, and its hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.evaluation import cases, emulation, packing, rule_files, standing, telling
from tthc.evaluation.cases import Gathered
from tthc.evaluation.pack_members import digest
from tthc.flows.progress import Progress, say
from tthc.reports import (
    council_workbook,
    evaluation_sheet,
    own_files,
    papers,
    pdf,
    printing,
    unit_scores_workbook,
    values,
)
from tthc.reports.evaluation_sheet import Frame
from tthc.reports.letterhead import letterhead
from tthc.reports.papers import ScorePaper
from tthc.reports.values import Edition
from tthc.warehouse import database
from tthc.workdays import periods
from tthc.workdays.periods import Period

OFFICIAL, UNIT, BOARD, COUNCIL = "phieu-ca-nhan", "phieu-don-vi", "bang-diem-don-vi", "danh-sach-thi-dua"


@dataclass(frozen=True)
class _File:
    name: str
    body: bytes
    #: Whose code a reader of ``ops.access_log`` finds it by; None for what names no person.
    of: str | None = None


def write(
    label: str,
    out: Path,
    *,
    calendar: str = "month",
    unit: str | None = None,
    official: str | None = None,
    everything: bool = False,
    draft: bool = False,
    with_pdf: bool | None = None,
    by: str | None = None,
    reason: str | None = None,
    progress: Progress = say,
) -> list[dict[str, Any]]:
    """Write the sheet of a unit or person, or all of them with the board and the council's list; return what was.

    ``with_pdf`` None: when this machine has LibreOffice. Each file: path, sha256, and of whom it is.
    """
    _refuse_vague(unit, official, everything)
    period = periods.parse(label, calendar)
    folder = own_files.folder(out)
    if with_pdf is None:
        with_pdf = pdf.program() is not None
        if not with_pdf:
            progress(
                "Máy này không có LibreOffice nên chỉ lập docx, xlsx; muốn có PDF thì cài libreoffice-writer."
            )
    with database.connection() as connection:
        subject = "mọi người" if everything else official
        known = cases.gather(connection, period, draft=draft, subject=subject, by=by, reason=reason)
        every = _Papers(connection, known)
        wanted = [*known.units, *known.people] if everything else [unit or official or ""]
        files = every.sheets(wanted, with_pdf)
        if everything:
            files += [every.board(), every.council()]
        return [_kept(connection, folder, file, period, by, reason) for file in files]


def make_pack(
    label: str,
    out: Path,
    *,
    calendar: str = "month",
    unit: str | None = None,
    official: str | None = None,
    with_pdf: bool | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Write the evidence pack of a unit or person; return its path and sha256. Only what is published is packed."""
    _refuse_vague(unit, official, False)
    period = periods.parse(label, calendar)
    path = out.expanduser()
    own_files.refuse_ours(path)
    code = official or unit or ""
    with_pdf = pdf.program() is not None if with_pdf is None else with_pdf
    with database.connection() as connection:
        known = cases.gather(connection, period, subject=official, by=by, reason=reason)
        if known.revision is None:
            raise TthcError(f"Kỳ {period.label} chưa công bố: gói chứng cứ chỉ lập từ số đã công bố.")
        (paper, *printed) = _Papers(connection, known).sheets([code], with_pdf)
        body = packing.packed(
            connection, known.case(code), known.revision, paper.body, printed[0].body if printed else None
        )
        return _kept(connection, path.parent, _File(path.name, body, official), period, by, reason)


def _refuse_vague(unit: str | None, official: str | None, everything: bool) -> None:
    if sum((unit is not None, official is not None, everything)) != 1:
        raise UsageError("Nêu đúng một trong: --unit MÃ, --official MÃ" + (", --all." if everything else "."))


class _Papers:
    """The papers of a period: what stands around the numbers is the same on all of them."""

    def __init__(self, connection: psycopg.Connection, known: Gathered) -> None:
        self.known, self.period = known, known.period
        edition = values.edition(
            connection, known.period, known.figures.revision is None, known.figures.revision
        )
        if edition is None:
            raise TthcError(f"Kỳ {known.period.label} không có bản số liệu nào.")
        self.edition: Edition = edition
        rows = connection.execute(
            "SELECT unit_code, name FROM marts.units WHERE commune_code = %s", (settings.commune_code(),)
        ).fetchall()
        now = {row["unit_code"]: row["name"] for row in rows}
        self.names = {**now, **{code: name for code, (name, _) in (edition.units or {}).items()}}

    def frame(self, form: str) -> Frame:
        """Return what one kind of paper has around its numbers."""
        paper = papers.paper(form, self.period)
        assert isinstance(paper, ScorePaper)
        return Frame(paper, letterhead(self.period), self.period, self.edition, self.names)

    def sheets(self, codes: Sequence[str], with_pdf: bool) -> list[_File]:
        """Return the sheets of these, each as docx and, when asked for, as PDF after it."""
        made = [(code, *self._sheet(code)) for code in codes]
        files = [_File(name + ".docx", body, of) for _, name, body, of in made]
        if not with_pdf:
            return files
        bodies = pdf.converted_all([file.body for file in files], "docx", self.period, self.edition)
        return [
            each
            for file, body in zip(files, bodies, strict=True)
            for each in (file, _File(file.name.removesuffix("docx") + "pdf", body, file.of))
        ]

    def _sheet(self, code: str) -> tuple[str, bytes, str | None]:
        told = telling.told(self.known.sheet(code))
        is_person = told["level_of"] == "official"
        frame = self.frame(OFFICIAL if is_person else UNIT)
        name = self._name(frame, "", code).rstrip(".")
        return name, evaluation_sheet.document(frame, told), code if is_person else None

    def _name(self, frame: Frame, suffix: str, code: str = "") -> str:
        commune = settings.commune_code()
        return printing.file_name(frame.paper, self.period, self.edition, commune, suffix, code)

    def board(self) -> _File:
        """Return the board of units."""
        frame, known = self.frame(BOARD), self.known
        limits = known.unit_rules.volume_limits
        places = [vars(place) for place in standing.places(known.units, known.figures, limits)]
        told = {code: telling.told(sheet) for code, sheet in known.units.items()}
        return _File(self._name(frame, "xlsx"), unit_scores_workbook.workbook(frame, told, places, limits))

    def council(self) -> _File:
        """Return the list for the council of emulation."""
        frame, known = self.frame(COUNCIL), self.known
        rules = rule_files.in_force("emulation", self.period.end)
        if rules is None:
            raise UsageError(f"Không có bộ quy tắc thi đua nào có hiệu lực ngày {self.period.end:%d/%m/%Y}.")
        answers = emulation.preconditions(rules, known.units, known.people, known.findings)
        body = council_workbook.workbook(
            frame,
            rules.label,
            [(title.code, title.name, title.who) for title in rules.titles],
            {code: telling.told(sheet) for code, sheet in (*known.units.items(), *known.people.items())},
            [vars(answer) for answer in answers],
            list(quotas(known)),
        )
        return _File(self._name(frame, "xlsx"), body, "mọi người")


def quotas(known: Gathered) -> Iterator[Mapping[str, Any]]:
    """Yield the checks of the highest level, rule set by rule set."""
    rules_by_id = {sheet.rules.ruleset: sheet.rules for sheet in known.people.values()}
    for id, rules in sorted(rules_by_id.items()):
        if rules.quota:
            held = [sheet for sheet in known.people.values() if sheet.rules.ruleset == id]
            for check in standing.quotas(held, rules.quota):
                yield {"ruleset": id, "is_exceeded": check.is_exceeded, **vars(check)}


def _kept(
    connection: psycopg.Connection,
    folder: Path,
    file: _File,
    period: Period,
    by: str | None,
    reason: str | None,
) -> dict[str, Any]:
    """Write a file; of one about a person the line in the log stands first."""
    path, hash = folder / file.name, digest(file.body)
    if file.of is not None:
        connection.execute(
            "INSERT INTO ops.access_log (accessed_by, action, subject, reason)"
            " VALUES (concat_ws(' · ', %s::text, session_user::text), 'score.paper', %s, %s)",
            (
                by,
                f"giấy tờ cá nhân · {file.of} · kỳ {period.label} ({period.calendar}) · sha256:{hash}",
                reason,
            ),
        )
        connection.commit()
    own_files.write(path, file.body)
    return {"path": str(path), "sha256": hash, "of": file.of}
