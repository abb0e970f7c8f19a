"""Instants as the city writes them: six shapes, local time of Việt Nam."""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from random import Random

VIETNAM = timezone(timedelta(hours=7))

_COMPACT = "%Y%m%d%H%M%S"
UNREADABLE = (
    "20251399081500",
    "31/02/2026 08:00:00",
    "chưa xác định",
    "2025-07-32 09:00:00",
    "25:71, 01/01/2026",
)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0700")


def _compact(moment: datetime) -> str:
    return (
        f"{moment.year}{moment.month:02}{moment.day:02}{moment.hour:02}{moment.minute:02}{moment.second:02}"
    )


SHAPES = (
    _compact,
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    _iso,
    lambda moment: moment.strftime("%d/%m/%Y %H:%M:%S"),
    lambda moment: moment.strftime("%H:%M, %d/%m/%Y"),
    lambda moment: moment.strftime("%Y%m%d000000"),
)


def shape(rng: Random):
    """Return the function that writes one dossier's instants; nine in ten dossiers use ``yyyyMMddHHmmss``."""
    if rng.random() < 0.88:
        return _compact
    return SHAPES[rng.randrange(1, len(SHAPES))]


def parse_moment(text: str) -> datetime:
    """Return ``text`` (ISO 8601; local time when it names no zone) as local time without a zone."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(VIETNAM).replace(tzinfo=None) if moment.tzinfo else moment


_PATTERNS = (
    (re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)"), "ymdHMS"),
    (re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)"), "ymdHMS"),
    (re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}\+07:?00"), "ymdHMS"),
    (re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d):(\d\d)"), "dmyHMS"),
    (re.compile(r"(\d\d):(\d\d), (\d\d)/(\d\d)/(\d{4})"), "HMdmy"),
)


@lru_cache(maxsize=100_000)
def read(text: str) -> datetime | None:
    """Return the instant that ``text`` says in one of the six shapes, as local time, or None when
    unreadable."""
    for pattern, order in _PATTERNS:
        found = pattern.fullmatch(text.strip())
        if found:
            part = dict(zip(order, map(int, found.groups()), strict=True))
            try:
                return datetime(part["y"], part["m"], part["d"], part["H"], part["M"], part.get("S", 0))
            except ValueError:
                return None
    return None


def read_date(text: object) -> date | None:
    """Return the day of a readable instant, else None (blank, missing and unreadable alike)."""
    moment = read(text) if isinstance(text, str) else None
    return moment.date() if moment else None
