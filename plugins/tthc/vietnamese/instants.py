"""Moments as the city systems and their exports write them, read as Vietnamese time.

The shapes are the ones seen in working systems and their exports. Text without a zone is local time; Viet Nam
has been at +07:00 without a change since 1975, so a fixed offset says the same as the zone's name for every
year read here.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7))
FIRST_YEAR, LAST_YEAR = 1990, 2100


class UnreadableInstant(ValueError):
    """A text that is not a moment. It carries nothing of the text."""

    def __init__(self) -> None:
        super().__init__("thời điểm không đọc được")


_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
_SLASHED = r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4}|\d{2})"
_SHAPES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2}))?",
        rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})"
        rf"(?:[ T]{_CLOCK}(?:[.,](?P<fraction>\d{{1,9}}))? ?(?P<zone>[Zz]|[+-]\d{{2}}(?::?\d{{2}})?)?)?",
        rf"{_SLASHED}(?:,? {_CLOCK})?",
        rf"{_CLOCK},? {_SLASHED}",
    )
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


class _Midnights(dict):
    """Midnights by their ``yyyyMMdd``; only real days of the readable years are kept, so it stays small."""

    def __missing__(self, text: str) -> datetime:
        day = self[text] = _within_years(datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), tzinfo=ZONE))
        return day


class _Clocks(dict):
    """Times of day by their ``HHmmss``."""

    def __missing__(self, text: str) -> timedelta:
        hour, minute, second = int(text[:2]), int(text[2:4]), int(text[4:6])
        if hour > 23 or minute > 59 or second > 59:
            raise UnreadableInstant
        clock = self[text] = timedelta(hours=hour, minutes=minute, seconds=second)
        return clock


class _SlashedDays(dict):
    """Midnights by their ``dd/MM/yyyy``."""

    def __missing__(self, text: str) -> datetime:
        if not (found := _SLASHED_DAY.fullmatch(text)):
            raise UnreadableInstant
        day, month, year = map(int, found.groups())
        midnight = self[text] = _within_years(datetime(year, month, day, tzinfo=ZONE))
        return midnight


class _ColonClocks(dict):
    """Times of day by their `` HH:mm:ss``, the space in front of them included; nothing for midnight."""

    def __missing__(self, text: str) -> timedelta:
        if not (found := _COLON_CLOCK.fullmatch(text)):
            raise UnreadableInstant
        hour, minute, second = map(int, found.groups())
        if hour > 23 or minute > 59 or second > 59:
            raise UnreadableInstant
        clock = self[text] = timedelta(hours=hour, minutes=minute, seconds=second)
        return clock


_SLASHED_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_COLON_CLOCK = re.compile(r" (\d{2}):(\d{2}):(\d{2})", re.ASCII)
_midnights, _clocks = _Midnights(), _Clocks()
_slashed_days, _colon_clocks = _SlashedDays(), _ColonClocks({"": timedelta()})


def read_instant(value: object) -> datetime | None:
    """Return the moment as an aware datetime at +07:00, or None when the value is blank.

    Raises UnreadableInstant for anything else, years before 1990 and after 2100 among it. A day without a
    time of day is its midnight. Days come before months; a year of two digits is read only in ``dd/MM/yy``
    (20yy).

    >>> read_instant("20250701081233").isoformat()
    '2025-07-01T08:12:33+07:00'
    >>> read_instant("17:05, 01/07/2025") == read_instant("2025-07-01T10:05:00.000Z")
    True
    """
    if value.__class__ is str and len(value) == 14 and value.isdigit() and value.isascii():  # type: ignore[attr-defined]
        try:
            return _midnights[value[:8]] + _clocks[value[8:]]  # type: ignore[index]
        except ValueError:
            raise UnreadableInstant from None
    if value.__class__ is str and len(value) in (10, 19) and value[2] == "/":  # type: ignore[arg-type,index]
        # Written with something else in it, or no moment: that is for the patient way below.
        with suppress(ValueError, OverflowError):
            return _slashed_days[value[:10]] + _colon_clocks[value[10:]]  # type: ignore[index]
    if value is None:
        return None
    if isinstance(value, datetime):
        return _within_years(value.replace(tzinfo=ZONE) if value.tzinfo is None else value.astimezone(ZONE))
    if isinstance(value, date):
        return _within_years(datetime(value.year, value.month, value.day, tzinfo=ZONE))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise UnreadableInstant
    return _read_text(value)


def read_day(value: object) -> date | None:
    """Return the Vietnamese day of the moment, or None when the value is blank; raises UnreadableInstant."""
    moment = read_instant(value)
    return None if moment is None else moment.date()


def _read_text(value: str) -> datetime | None:
    text = " ".join(value.translate(_INVISIBLE).split())
    if not text:
        return None
    for shape in _SHAPES:
        if found := shape.fullmatch(text):
            try:
                return _from_parts(**found.groupdict())
            except (ValueError, OverflowError):
                break
    raise UnreadableInstant


def _from_parts(
    year: str,
    month: str,
    day: str,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
    fraction: str | None = None,
    zone: str | None = None,
) -> datetime:
    moment = datetime(
        int(year) + (2000 if len(year) == 2 else 0),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0")[:6].ljust(6, "0")),
        tzinfo=_zone(zone),
    )
    return _within_years(moment.astimezone(ZONE))


def _zone(text: str | None) -> timezone:
    if text is None:
        return ZONE
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 14 or minutes > 59:
        raise UnreadableInstant
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _within_years(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise UnreadableInstant
    return moment
