"""An evidence pack: a sheet with everything that it stands on, so that another machine can count it again.

The rows are those kept with the revision, not those of today: they add up to what was published whatever has changed
since. What was looked at while scoring is what is packed, no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from tthc.errors import TthcError
from tthc.evaluation import pack_check, rule_files, sheets, telling
from tthc.evaluation import pack_members as members
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.people import Finding, Person
from tthc.evaluation.rules import RuleSet
from tthc.evaluation.sheets import Led, Sheet
from tthc.evaluation.vetoes import Unit
from tthc.indicators import definitions, facts
from tthc.indicators.facts import Definition, Laid
from tthc.warehouse.chain import link_text

#: Columns of the kept rows that say nothing to a reader, or more than the pack is about.
_LEFT_OUT = (
    "fact_key",
    "source_digest",
    "register_digest",
    "official_code",
    "official_key",
    "fetch_id",
    "row_number",
)
_NO_DEFINITION = (
    "Bản công bố này cũ hơn việc giữ từng dòng đã đếm: không lập gói được. Công bố lại kỳ rồi lập."
)


class _Asked(dict[members.Place, Figure]):
    """Numbers that remember which of them were looked at."""

    def __init__(self, known: Mapping[members.Place, Figure]) -> None:
        super().__init__(known)
        self.seen: set[members.Place] = set()

    def get(self, place, default=None):
        """Return a number, and remember that it was asked for."""
        self.seen.add(place)
        return super().get(place, default)


@dataclass(frozen=True)
class Case:
    """What one sheet is made of: the rule set, the numbers, and for a person what was known of them."""

    rules: RuleSet
    figures: Figures
    code: str
    person: Person | None = None
    findings: Sequence[Finding] = ()
    unit_rules: RuleSet | None = None
    led: Sequence[Led] = ()
    entered: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Seal:
    """What a pack keeps of the run that sealed its sheet: ``told`` in the manifest, and its members."""

    told: Mapping[str, Any]
    members: Mapping[str, bytes]


def seal_of(connection: psycopg.Connection, run: Mapping[str, Any], code: str, kind: str) -> Seal:
    """Return what a pack keeps of a sealed run.

    The link of a run says of whom points were missing; in the pack of a person it is left out when that is others.
    """
    rows = connection.execute(
        "SELECT subject_kind, subject_code, sheet_sha256 FROM restricted.sheet_hashes(%s)",
        (run["score_run_id"],),
    ).fetchall()
    lines = sorted(f"{row['subject_kind']} {row['subject_code']} {row['sheet_sha256']}" for row in rows)
    names = (
        "version",
        "revision_number",
        "sheet_count",
        "content_hash",
        "chain_number",
        "previous_hash",
        "chain_hash",
    )
    found = {members.SEALED_SHEETS: ("\n".join(lines) + "\n").encode()}
    if kind == "unit" or all(one[0] == code for one in run["missing"]):
        text = link_text(connection, run["score_run_id"], "restricted.score_runs", "score_run_id")
        found[members.SEALED_RUN] = (text + "\n").encode()
    return Seal({name: run[name] for name in names}, found)


def packed(
    connection: psycopg.Connection,
    case: Case,
    revision: Mapping[str, Any],
    paper: bytes,
    printed: bytes | None,
    seal: Seal | None = None,
) -> bytes:
    """Return the bytes of the pack of a sheet; the same case gives the same bytes.

    Raises TthcError when the revision kept no rows, or when the pack does not hold: such a pack is not handed out.
    """
    if revision["facts_hash"] is None:
        raise TthcError(_NO_DEFINITION)
    numbers = numbers_of(case)
    laid = facts.unpack(connection, dict(revision), "packed")
    lists = dict(_lists(connection, numbers, laid, revision))
    link = link_text(connection, revision["revision_id"])
    return assembled(
        case, revision, link, {one.id: one for one in laid.definitions}, lists, paper, printed, seal
    )


def assembled(
    case: Case,
    revision: Mapping[str, Any],
    link: str,
    counted: Mapping[str, Definition],
    lists: Mapping[str, bytes],
    paper: bytes,
    printed: bytes | None = None,
    seal: Seal | None = None,
) -> bytes:
    """Return the pack of a case whose lists are known; ``counted`` is how the revision counted, by indicator."""
    sheet, unit, _ = _scored(case)
    told = telling.told(sheet)
    numbers = numbers_of(case)
    found = {
        members.SHEET: members.to_json(told),
        members.PAPER: paper,
        members.RULES: members.rules_to_yaml(case.rules),
        members.NUMBERS: members.numbers_to_csv(numbers),
        members.MEANINGS: members.to_json(_meanings(numbers, counted)),
        members.GROUNDS: members.to_json(
            members.grounds(case.person, case.findings, unit, _led(case), case.entered)
        ),
        members.LINK: (link + "\n").encode(),
        members.READ_ME: _READ_ME.format(label=told["label"], code=case.code, period=told["period"]).encode(),
        **lists,
    }
    if unit is not None and case.unit_rules is not None:
        found[members.UNIT_RULES] = members.rules_to_yaml(case.unit_rules)
    if printed is not None:
        found[members.PRINTED] = printed
    if seal is not None:
        found |= seal.members
    manifest = _manifest(case, told, revision, found, seal)
    body = members.zipped({**found, members.MANIFEST: members.to_json(manifest)})
    wrong = [line.text for line in pack_check.check(body) if line.holds is False]
    if wrong:
        raise TthcError(
            f"Gói của {case.code} không tự khớp nên không được lập: {wrong[0]} Chạy tthc doctor; báo người giữ kho."
        )
    return body


def numbers_of(case: Case) -> dict[members.Place, Figure]:
    """Return the numbers that are looked at while a case is scored, and those that these are made of."""
    _, _, seen = _scored(case)
    by_place, known = case.figures.by_place, definitions.indicators()
    numbers = {place: by_place[place] for place in seen if place in by_place}
    for level, code, indicator in list(numbers):
        for part in known[indicator].parts:
            place = (level, code, part.indicator)
            if place in by_place:
                numbers[place] = by_place[place]
    return numbers


def sheet_of(case: Case) -> Sheet:
    """Return the sheet of a case."""
    return _scored(case)[0]


def _scored(case: Case) -> tuple[Sheet, Unit | None, set[members.Place]]:
    """Return the sheet, what the home unit's sheet says where that matters, and which numbers were looked at."""
    asked = _Asked(case.figures.by_place)
    figures = Figures(case.figures.period, case.figures.commune, asked, case.figures.revision)
    if case.person is None:
        return sheets.unit_sheet(case.rules, figures, case.code), None, asked.seen
    unit = None
    if case.unit_rules is not None and _asks_of_unit(case.rules, case.person):
        unit = sheets.standing_of(sheets.unit_sheet(case.unit_rules, figures, case.person.home_unit))
    sheet = sheets.official_sheet(
        case.rules, figures, case.person, case.findings, unit, _led(case), case.entered
    )
    return sheet, unit, asked.seen


def _led(case: Case) -> Sequence[Led]:
    """Return whom a head leads; of nobody else the levels of colleagues are told."""
    return case.led if case.person is not None and case.person.is_head else ()


def _asks_of_unit(rules: RuleSet, person: Person) -> bool:
    """Say whether a cap of this person is about the sheet of the home unit."""
    return any(
        veto.fact in ("unit_veto", "unit_level") and (person.is_head or not veto.heads_only)
        for veto in rules.vetoes
    )


def _meanings(
    numbers: Mapping[members.Place, Figure], counted: Mapping[str, Definition]
) -> dict[str, dict[str, Any]]:
    """Return of every indicator what it is; of those counted from rows, as the revision counted."""
    found = {}
    for indicator in sorted({indicator for _, _, indicator in numbers}):
        declared, then = definitions.indicators()[indicator], counted.get(indicator)
        found[indicator] = {
            "name": declared.name,
            "legal": declared.legal,
            "kind": then.kind if then else declared.kind,
            "item": then.item if then else declared.item,
            "numerator_sql": then.numerator if then else None,
            "denominator_sql": then.denominator if then else None,
            "parts": [
                {
                    "indicator": part.indicator,
                    "weight": str(part.weight),
                    "floor": str(part.floor),
                    "target": str(part.target),
                }
                for part in declared.parts
            ],
        }
    return found


def _lists(
    connection: psycopg.Connection,
    numbers: Mapping[members.Place, Figure],
    laid: Laid,
    revision: Mapping[str, Any],
) -> Iterator[tuple[str, bytes]]:
    counted = {one.id: one for one in laid.definitions}
    for place in sorted(numbers):
        if place[2] in counted:
            yield members.list_name(place), _list(connection, place, counted[place[2]], laid, revision)


#: One row is a group of its own, so the aggregates that counted the number tell what it added.
_ROWS = """
WITH parts AS (
    SELECT fact_key, coalesce(({numerator})::bigint, 0) AS n, coalesce(({denominator})::bigint, 0) AS d
    FROM {table} WHERE {whose} GROUP BY fact_key
)
SELECT f.fact_key, p.n, p.d{columns}
FROM parts AS p INNER JOIN {table} AS f ON f.fact_key = p.fact_key{dates}
WHERE p.n <> 0 OR p.d <> 0
ORDER BY f.fact_key COLLATE "C"
"""
#: What the city said of a dossier when the revision was published.
_DATES = """
LEFT JOIN LATERAL (
    SELECT v.status, v.received_at, v.due_at, v.finished_at FROM core.dossier_versions AS v
    WHERE v.commune_code = %(commune)s AND v.dossier_code = f.dossier_code AND v.fetched_at <= %(moment)s
    ORDER BY v.fetched_at DESC, v.fetch_id DESC, v.row_number DESC LIMIT 1
) AS said ON true"""
_SAID = ("nguon_trang_thai", "nguon_tiep_nhan", "nguon_hen_tra", "nguon_ket_thuc")
_SAID_SQL = ", said.status::text" + "".join(
    f", to_char(said.{name} AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD')"
    for name in ("received_at", "due_at", "finished_at")
)


def _list(
    connection: psycopg.Connection,
    place: members.Place,
    definition: Definition,
    laid: Laid,
    revision: Mapping[str, Any],
) -> bytes:
    level, code, _ = place
    columns = [name for name, _ in laid.columns[definition.item]]
    shown = [name for name in columns if name not in _LEFT_OUT]
    of_dossier = "dossier_code" in columns
    column = definitions.CODES.get(level)
    query = _ROWS.format(
        numerator=definition.numerator,
        denominator=definition.denominator,
        table=laid.tables[definition.item],
        whose="true" if column is None else f"{column} = %(code)s",
        columns="".join(f", f.{name}::text" for name in shown) + (_SAID_SQL if of_dossier else ""),
        dates=_DATES if of_dossier else "",
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            query, {"code": code, "commune": revision["commune_code"], "moment": revision["published_at"]}
        ).fetchall()
    heads = (members.KEY, *members.PARTS, *shown, *(_SAID if of_dossier else ()))
    return members.to_csv(heads, ([members.cell(each) for each in row] for row in rows))


def _manifest(
    case: Case,
    told: Mapping[str, Any],
    revision: Mapping[str, Any],
    found: Mapping[str, bytes],
    seal: Seal | None,
) -> dict[str, Any]:
    unit_rules = case.unit_rules if members.UNIT_RULES in found else None
    return {
        "format": members.FORMAT,
        "label": told["label"],
        "subject": {"level_of": told["level_of"], "code": told["code"]},
        "commune": case.figures.commune,
        "period": told["period"],
        "calendar": told["calendar"],
        "ruleset": {"id": case.rules.ruleset, "sha256": rule_files.fingerprint(case.rules)},
        "unit_rules_sha256": None if unit_rules is None else rule_files.fingerprint(unit_rules),
        "revision": {
            name: revision[name]
            for name in (
                "revision_number", "published_at", "content_hash", "facts_hash", "chain_number", "previous_hash",
                "chain_hash",
            )
        },
        "seal": None if seal is None else dict(seal.told),
        "members": {name: members.digest(body) for name, body in found.items()},
    }  # fmt: skip


_READ_ME = """GÓI CHỨNG CỨ CỦA PHIẾU {code}, KỲ {period}

{label}.

Kiểm lại trên máy khác, không cần kho dữ liệu:
    tthc pack verify TỆP.zip

phieu.json            phiếu; phieu.docx, phieu.pdf là bản in của nó
bo-quy-tac*.yaml      bộ quy tắc đã dùng, nguyên vẹn
so-lieu.csv           các số đã công bố mà phiếu dùng
danh-sach/            từng dòng đứng sau mỗi số: cấp / mã / chỉ tiêu; khoa là mã hồ sơ hoặc mã dòng sổ,
                      phan_tu_so và phan_mau_so cộng lại ra đúng tử số và mẫu số; các cột nguon_… là điều hệ thống
                      một cửa ghi vào lúc công bố
dinh-nghia.json       mỗi chỉ tiêu được đếm thế nào
can-cu.json           quãng công tác, vắng mặt, kết luận, điểm người nhập (phiếu của người)
lan-niem.json         dòng của lần niêm trong chuỗi các lần lập phiếu
phieu-cua-lan-niem.txt dấu của mọi phiếu lần ấy
mat-xich.json         dòng công bố trong chuỗi công bố của kho; mã băm của nó là dấu của mắt xích
muc-luc.json          mã băm của mọi tệp

Danh sách hồ sơ là tài liệu nội bộ: giữ và gửi như văn bản nội bộ.
"""
