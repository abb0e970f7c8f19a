"""When things happen in an office: working hours, and now and then the minutes around midnight."""

from datetime import date, datetime, time, timedelta
from random import Random

from .working_days import NotPublished, is_working, nth_after


def office(rng: Random, day: date) -> datetime:
    """Return an instant on ``day``: in office hours, one time in forty within ten minutes of midnight."""
    roll = rng.random()
    if roll < 0.0125:
        return datetime.combine(day, time(23, 50)) + timedelta(seconds=rng.randrange(600))
    if roll < 0.025:
        return datetime.combine(day, time(0, 0)) + timedelta(seconds=rng.randrange(600))
    if roll < 0.6:
        return datetime.combine(day, time(7, 30)) + timedelta(seconds=rng.randrange(4 * 3600))
    return datetime.combine(day, time(13, 30)) + timedelta(seconds=rng.randrange(int(3.4 * 3600)))


def opens(day: date) -> bool:
    """Say whether the office works on ``day``; years without a published calendar follow Monday to Friday."""
    try:
        return is_working(day)
    except NotPublished:
        return day.weekday() < 5


def after(day: date, working_days: int) -> date:
    """Return the working day ``working_days`` after ``day``, past the published years by Monday to Friday."""
    try:
        return nth_after(day, working_days)
    except NotPublished:
        while working_days > 0:
            day += timedelta(days=1)
            working_days -= opens(day)
        return day


def later(rng: Random, moment: datetime, working_days: int) -> datetime:
    """Return an instant that many working days on, at least two minutes after ``moment``."""
    if working_days <= 0:
        return moment + timedelta(seconds=rng.randrange(120, 3000))
    found = office(rng, after(moment.date(), working_days))
    return max(found, moment + timedelta(minutes=2))
