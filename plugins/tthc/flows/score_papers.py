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
from tthc.evaluation import cases, emulation, packing, people, rule_files, sealed, standing, telling
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
    is_sealed: bool = False,
    version: int | None = None,
    with_pdf: bool | None = None,
    by: str | None = None,
    reason: str | None = None,
    progress: Progress = say,
) -> list[dict[str, Any]]:
    """Write the sheet of a unit or person, or all of them with the board and the council's list; return what was.

    ``is_sealed``: as they were sealed, the newest ``version`` unless named. ``with_pdf`` None: when this machine has
    LibreOffice. Each file: path, sha256, and of whom it is.
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
        asked = _Asked(period, subject, unit or official, by, reason)
        if is_sealed or version is not None:
            every = _Papers(connection, *_as_sealed(connection, asked, version))
        else:
            known = cases.gather(connection, period, draft=draft, subject=subject, by=by, reason=reason)
            every = _Papers(connection, known)
        wanted = [*every.known.units, *every.known.people] if everything else [unit or official or ""]
        files = every.sheets(wanted, with_pdf)
        if everything:
            files += [every.board(), every.council()]
        return [_kept(connection, folder, file, asked) for file in files]


def make_pack(
    label: str,
    out: Path,
    *,
    calendar: str = "month",
    unit: str | None = None,
    official: str | None = None,
    is_sealed: bool = False,
    version: int | None = None,
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
    asked = _Asked(period, official, code, by, reason)
    with database.connection() as connection:
        if is_sealed or version is not None:
            every = _Papers(connection, *_as_sealed(connection, asked, version))
        else:
            every = _Papers(
                connection, cases.gather(connection, period, subject=official, by=by, reason=reason)
            )
        known = every.known
        if known.revision is None:
            raise TthcError(f"Kỳ {period.label} chưa công bố: gói chứng cứ chỉ lập từ số đã công bố.")
        (paper, *printed) = every.sheets([code], with_pdf)
        seal = None
        if every.run is not None:
            seal = packing.seal_of(connection, every.run, code, known.sheet(code).level_of)
        body = packing.packed(
            connection,
            known.case(code),
            known.revision,
            paper.body,
            printed[0].body if printed else None,
            seal,
        )
        return _kept(connection, path.parent, _File(path.name, body, official), asked)


@dataclass(frozen=True)
class _Asked:
    """Whose sheets are asked for, by whom and why; ``subject`` None: no person's, ``code`` None: all."""

    period: Period
    subject: str | None
    code: str | None
    by: str | None
    reason: str | None


def _as_sealed(
    connection: psycopg.Connection, asked: _Asked, version: int | None
) -> tuple[Gathered, dict[str, Any], Mapping[str, Mapping[str, Any]]]:
    """Return what sealed sheets were made of, their run, and the sheets; they are what is counted again from it.

    Registers may say something else by now: then they are read as they stood when the sheets were sealed. Raises
    TthcError when even so a sheet would be another one.
    """
    people.refuse_others(connection)
    run = sealed.sealed(connection, asked.period, version)
    seen = sealed.read(connection, asked.period, "sealed", run["version"], asked.code, asked.by, asked.reason)
    told = {code: one.sheet for (_, code), one in seen.items()}
    wrong: list[str] = []
    for at in (None, run["made_at"]):
        known = cases.gather(
            connection, asked.period, subject=asked.subject, by=asked.by, reason=asked.reason,
            number=run["revision_number"], at=at,
        )  # fmt: skip
        again = {**known.units, **known.people}
        wrong = sorted(
            code
            for code, sheet in told.items()
            if code not in again
            or sealed.subject(telling.told(again[code])).sheet != sealed.subject(sheet).sheet
        )
        if not wrong and asked.code in (None, *told):
            return known, run, told
    if asked.code is not None and asked.code not in told:
        raise UsageError(
            f"Phiên bản {run['version']} không có phiếu mang mã {asked.code} mà tài khoản này được xem."
        )
    raise TthcError(
        f"Phiếu đã niêm của {', '.join(wrong[:5])} không tính lại được đúng như lúc niêm: sổ cán bộ, sổ kết luận, sổ"
        " chấm điểm hoặc bộ quy tắc đã bị sửa ngược về trước. Xem: tthc score check; khôi phục sổ cũ rồi lập lại."
    )


def _refuse_vague(unit: str | None, official: str | None, everything: bool) -> None:
    if sum((unit is not None, official is not None, everything)) != 1:
        raise UsageError("Nêu đúng một trong: --unit MÃ, --official MÃ" + (", --all." if everything else "."))


class _Papers:
    """The papers of a period: what stands around the numbers is the same on all of them."""

    def __init__(
        self,
        connection: psycopg.Connection,
        known: Gathered,
        run: Mapping[str, Any] | None = None,
        told: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.known, self.period = known, known.period
        self.run, self.told = run, told or {}
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
        seal = None
        if self.run is not None:
            seal = f"đã niêm phiên bản {self.run['version']}, dấu {self.run['chain_hash'][:16]}"
        return Frame(paper, letterhead(self.period), self.period, self.edition, self.names, seal)

    def sheet(self, code: str) -> Mapping[str, Any]:
        """Return a sheet as it was sealed, or as it is now."""
        return self.told[code] if code in self.told else telling.told(self.known.sheet(code))

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
        told = self.sheet(code)
        is_person = told["level_of"] == "official"
        frame = self.frame(OFFICIAL if is_person else UNIT)
        name = self._name(frame, "", code).rstrip(".")
        return name, evaluation_sheet.document(frame, told), code if is_person else None

    def _name(self, frame: Frame, suffix: str, code: str = "") -> str:
        commune = settings.commune_code()
        version = "" if self.run is None else f"niem-{self.run['version']}"
        return printing.file_name(frame.paper, self.period, self.edition, commune, suffix, code, version)

    def board(self) -> _File:
        """Return the board of units."""
        frame, known = self.frame(BOARD), self.known
        limits = known.unit_rules.volume_limits
        places = [vars(place) for place in standing.places(known.units, known.figures, limits)]
        told = {code: self.sheet(code) for code in known.units}
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
            {code: self.sheet(code) for code in (*known.units, *known.people)},
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


def _kept(connection: psycopg.Connection, folder: Path, file: _File, asked: _Asked) -> dict[str, Any]:
    """Write a file; of one about a person the line in the log stands first."""
    path, hash, period = folder / file.name, digest(file.body), asked.period
    if file.of is not None:
        connection.execute(
            "INSERT INTO ops.access_log (accessed_by, action, subject, reason)"
            " VALUES (concat_ws(' · ', %s::text, session_user::text), 'score.paper', %s, %s)",
            (
                asked.by,
                f"giấy tờ cá nhân · {file.of} · kỳ {period.label} ({period.calendar}) · sha256:{hash}",
                asked.reason,
            ),
        )
        connection.commit()
    own_files.write(path, file.body)
    return {"path": str(path), "sha256": hash, "of": file.of}
