"""What binds an evidence pack to the records of its warehouse: the link of its revision, the run that sealed it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from tthc.evaluation import pack_members as members
from tthc.warehouse import score_chain


class Said(NamedTuple):
    """One line: whether it holds (None: nothing here can tell), and what it is about."""

    holds: bool | None
    text: str


@dataclass
class Pack:
    """The members of a pack by name, and what its manifest says."""

    members: dict[str, bytes]
    manifest: dict[str, Any]

    def json(self, name: str) -> Any:
        """Return a member that is a document."""
        return json.loads(self.members[name])


def revision(pack: Pack) -> Iterator[Said]:
    """Say whether the link of the revision is whole, and is that of the sheet."""
    told, link = pack.manifest["revision"], pack.members[members.LINK].decode().rstrip("\n")
    is_right = members.digest(link.encode()) == told["chain_hash"]
    yield Said(is_right, f"Mắt xích của bản công bố: dấu {match(is_right)} mục lục.")
    read = json.loads(link)
    same = {
        "period": read["period"] == pack.manifest["period"],
        "calendar": read["calendar"] == pack.manifest["calendar"],
        "commune_code": read["commune_code"] == pack.manifest["commune"],
        **{
            name: read.get(name) == told[name]
            for name in ("revision_number", "content_hash", "facts_hash", "previous_hash", "chain_number")
        },
    }
    wrong = [name for name, is_same in same.items() if not is_same]
    yield Said(
        not wrong,
        f"Mắt xích nói về kỳ {read['period']}, lần công bố {read['revision_number']}: "
        + (f"khác mục lục ở {', '.join(wrong)}." if wrong else "khớp mục lục."),
    )
    is_right = pack.json(members.SHEET)["revision"] == told["revision_number"]
    yield Said(is_right, f"Lần công bố trên phiếu: {match(is_right)} mục lục.")


def seal(pack: Pack) -> Iterator[Said]:
    """Say whether the sheet is one of those that were sealed."""
    told, sheet = pack.manifest["seal"], pack.json(members.SHEET)
    if told is None:
        yield Said(None, "Phiếu chưa niêm: gói nói phiếu tính thế nào, không nói phiếu đã được duyệt.")
        return
    lines = pack.members[members.SEALED_SHEETS].decode().splitlines()
    own = f"{sheet['level_of']} {sheet['code']} {score_chain.sheet_hash(sheet)}"
    yield Said(own in lines, f"Phiếu trong lần niêm phiên bản {told['version']}: dấu {match(own in lines)}.")
    is_right = len(lines) == told["sheet_count"] and told["content_hash"] == score_chain.content_hash(
        tuple(line.split(" ")) for line in lines
    )
    yield Said(is_right, f"Dấu của cả {len(lines)} phiếu trong lần niêm: {match(is_right)} mục lục.")
    if members.SEALED_RUN not in pack.members:
        yield Said(None, f"Lần niêm nêu người khác nên không kèm: so dấu {told['chain_hash'][:16]} với kho.")
        return
    link = pack.members[members.SEALED_RUN].decode().rstrip("\n")
    is_right = members.digest(link.encode()) == told["chain_hash"]
    yield Said(is_right, f"Mắt xích của lần niêm: dấu {match(is_right)} mục lục.")
    read = json.loads(link)
    same = {
        "state": read["state"] == "sealed",
        "period": (read["period"], read["calendar"]) == (sheet["period"], sheet["calendar"]),
        "commune_code": read["commune_code"] == pack.manifest["commune"],
        "revision_hash": read["revision_hash"] == pack.manifest["revision"]["chain_hash"],
        "rulesets": read["rulesets"].get(sheet["ruleset"]["id"]) == sheet["ruleset"]["sha256"],
        **{name: read.get(name) == value for name, value in told.items() if name != "chain_hash"},
    }
    wrong = [name for name, is_same in same.items() if not is_same]
    yield Said(
        not wrong,
        f"Lần niêm nói về kỳ {read['period']}, {read['sheet_count']} phiếu, hai người duyệt {read['first_by']} và"
        f" {read['second_by']}: " + (f"khác gói ở {', '.join(wrong)}." if wrong else "khớp gói."),
    )


def match(is_right: bool) -> str:
    """Say whether two things are the same."""
    return "khớp" if is_right else "KHÁC"
