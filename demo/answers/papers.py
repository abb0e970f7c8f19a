"""What registers and other systems say of the city's dossiers: letters, ratings, petitions, findings, officials."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ..exports import petitions, ratings
from ..kept import apologies, inspections, staff
from ..spelling import folded
from ..stream_file import Context


class Letter(NamedTuple):
    """A letter of apology: what was sent on which day, and the date that it promised."""

    noticed: date | None
    apologised: date | None
    new_due: date | None


class Posting(NamedTuple):
    """Who works for the commune under this name, from one day through another."""

    code: str
    first: date
    last: date


@dataclass(frozen=True)
class Papers:
    """All of it, by dossier code; ``postings`` by the name as names are compared."""

    letters: dict[str, list[Letter]] = field(default_factory=dict)
    rated: frozenset[str] = frozenset()
    rated_badly: frozenset[str] = frozenset()
    petitioned: frozenset[str] = frozenset()
    violated: frozenset[str] = frozenset()
    postings: dict[str, list[Posting]] = field(default_factory=dict)

    def official(self, name: str | None, on: date) -> str | None:
        """Return the code of the person of that name on a day; None when nobody, or more than one, bears it."""
        codes = {
            post.code for post in self.postings.get(folded(name) or "", ()) if post.first <= on <= post.last
        }
        return codes.pop() if len(codes) == 1 else None

    def is_official(self, code: str, on: date) -> bool:
        """Say whether somebody works under this code on a day."""
        return any(
            post.code == code and post.first <= on <= post.last
            for posts in self.postings.values()
            for post in posts
        )


NO_PAPERS = Papers()
AGAINST_PROCESS = ("wrong_authority", "wrong_process", "extra_papers")


def papers(context: Context) -> Papers:
    """Return what the files written at the context's moment say."""
    letters: dict[str, list[Letter]] = defaultdict(list)
    for row in apologies.rows(context):
        letter = Letter(row["noticed_on"], row["apologized_on"], row["new_due_on"])
        letters[row["dossier_code"]].append(letter)
    answers = [row for row in ratings.rows(context) if row["dossier_code"]]
    bad = [row for row in answers if row["item"] == "overall" and not row["is_satisfied"]]
    findings = inspections.rows(context)
    concluded = {row["entry_code"] for row in findings if row["kind"] == "inspection" and row["concluded_on"]}
    postings: dict[str, list[Posting]] = defaultdict(list)
    for row in staff.rows(context):
        if row["kind"] == "posting":
            post = Posting(row["official_code"], row["starts_on"], row["ends_on"] or date.max)
            postings[folded(row["full_name"]) or ""].append(post)
    return Papers(
        letters=dict(letters),
        rated=frozenset(row["dossier_code"] for row in answers),
        rated_badly=frozenset(row["dossier_code"] for row in bad),
        petitioned=frozenset(row["dossier_code"] for row in petitions.rows(context) if row["dossier_code"]),
        violated=frozenset(
            row["dossier_code"]
            for row in findings
            if row["kind"] == "finding"
            and row["finding_kind"] in AGAINST_PROCESS
            and (row["concluded_on"] or row["inspection_code"] in concluded)
            and row["dossier_code"]
        ),
        postings=dict(postings),
    )
