"""Which life a dossier leads: how it is received, what holds it up, how it ends."""

from datetime import datetime, timedelta
from random import Random

from .clockwork import after, later, office
from .dossier import Event
from .life import Life, Start, first_second_after, last_second
from .paperwork import blank
from .units import PLACEHOLDER_OFFICERS


def live(rng: Random, start: Start) -> Life:
    """Return a whole life, lived to its end or to where it got stuck."""
    life = Life(rng, start)
    life.begin()
    if not _receive(life):
        return life
    life.handle()
    _hold_up(life)
    roll = rng.random()
    if roll < 0.025:
        _withdraw(life)
    elif roll < 0.042:
        _stop(life)
    elif roll < 0.055:
        _refuse(life)
    elif roll < 0.067:
        if rng.random() < 0.7:
            life.ask(answered=False)
        else:
            life.charge(paid=False)
    else:
        _resolve(life)
    return life


def _receive(life: Life) -> bool:
    """Bring the dossier to acceptance; False when it never gets there."""
    rng = life.rng
    roll = rng.random()
    if life.channel != "2":
        if roll < 0.004:
            life.close(3, NgayTuChoi=True)
            life.tags.add("refused:at_counter")
            return False
        # At the counter filing and acceptance are one act.
        life.steps[0][1]["NgayNopHoSo"] = blank(rng) if rng.random() < 0.05 else life.write(life.now)
        life.accept(life.now)
        return True
    if roll < 0.015:
        life.event(1, life.now)
        life.close(3, NgayTuChoi=True)
        life.tags.add("refused:before_acceptance")
        return False
    if roll < 0.022:
        life.tags.add("waiting")
        return False
    if roll < 0.023:
        life.steps[0][1]["NgayTiepNhan"] = life.write(life.now)
        life.tags.add("waiting:with_reception")
        return False
    if roll < 0.04:
        asked = later(rng, life.now, 1)
        life.step(asked, TrangThaiHoSo="5")
        life.event(5, asked)
        life.waited.add(5)
        life.tags.add("supplement:before_acceptance")
        if roll < 0.03:
            return False
        back = later(rng, asked, 3)
        life.event(1, back)
        life.step(back, TrangThaiHoSo="1")
    life.accept(later(rng, life.now, 0 if rng.random() < 0.7 else 1))
    return True


def _hold_up(life: Life) -> None:
    rng = life.rng
    roll = rng.random()
    for _ in range(1 if roll < 0.08 else 2 if roll < 0.10 else 3 if roll < 0.105 else 0):
        life.ask(answered=True)
    if rng.random() < 0.03:
        life.charge(paid=True)


def _resolve(life: Life) -> None:
    rng = life.rng
    moment = _finish_moment(life)
    if moment is None:
        life.tags.add("open:forever")
        if life.due and rng.random() < 0.5:
            life.apologise(office(rng, after(life.due.date(), 1)))
        return
    if life.due and moment.date() > life.due.date():
        life.tags.add("late")
        if rng.random() < 0.65:
            # Mostly on the day after the promise, sometimes weeks later: after the end of the month it is
            # judged in.
            life.apologise(max(office(rng, after(life.due.date(), rng.choice((0, 1, 1, 2, 25)))), life.now))
            life.tags.add("late:apology")
        else:
            life.tags.add("late:no_apology")
    roll = rng.random()
    handed = later(rng, moment, rng.choice((0, 0, 0, 1, 2, 6))) if roll < 0.85 else None
    if roll > 0.985:
        # Handed over and never marked as finished.
        life.finished = moment
        life.step(moment, TrangThaiHoSo="10", NgayTra=life.write(moment))
        life.event(10, moment)
        life.tags.add("finish:only_handed_over")
        return
    life.finish(moment, handed)
    if roll < 0.006:
        life.steps[-1][1]["NgayTra"] = life.write(moment - timedelta(days=1)) if handed else blank(rng)
        life.tags.add("handed_over_before_finish")
    elif 0.006 < roll < 0.012:
        after_end = later(rng, moment, 2)
        life.events.append(Event(after_end, dict(life.events[-1].record, ThoiDiemXuLy=life.write(after_end))))
        life.tags.add("event:after_finish")
    elif 0.012 < roll < 0.022:
        _synthesise(life)


def _finish_moment(life: Life) -> datetime | None:
    """Decide when the result is ready: early, on the day, late, or never (None)."""
    rng = life.rng
    if life.due is None:
        return later(rng, life.now, rng.choice((0, 1, 1, 2, 4, 9)))
    roll = rng.random()
    span = max(0, (life.due.date() - life.now.date()).days * 5 // 7)
    if roll < 0.58:
        return later(rng, life.now, rng.randrange(0, span + 1))
    if roll < 0.84:
        if roll < 0.60:
            life.tags.add("finish:equals_due")
            return max(life.due, life.now + timedelta(minutes=2))
        if roll < 0.61:
            life.tags.add("finish:last_second")
            return max(last_second(life.due), life.now + timedelta(minutes=2))
        return max(office(rng, life.due.date()), life.now + timedelta(minutes=2))
    if roll < 0.955:
        if roll < 0.85:
            life.tags.add("finish:first_second")
            return max(first_second_after(life.due), life.now + timedelta(minutes=2))
        return max(office(rng, after(life.due.date(), rng.randrange(1, 9))), life.now + timedelta(minutes=2))
    if roll < 0.988:
        return max(
            office(rng, after(life.due.date(), rng.randrange(12, 60))), life.now + timedelta(minutes=2)
        )
    return None


def _withdraw(life: Life) -> None:
    rng = life.rng
    roll = rng.random()
    if roll < 0.35:
        life.close(7, NgayKetThucXuLy=True)
        life.tags.add("withdrawn:finish")
    elif roll < 0.55:
        life.close(7, NgayTra=True)
        life.tags.add("withdrawn:handed_over")
    else:
        life.close(7)
        late = roll > 0.85
        # The event reaches the city's list days after the status changed: until then nothing says when it
        # ended.
        life.event(7, life.now, life.now + timedelta(days=rng.randrange(3, 40)) if late else None)
        life.tags.add("withdrawn:late_event" if late else "withdrawn:event")
        return
    life.event(7, life.now)


def _stop(life: Life) -> None:
    if life.rng.random() < 0.5:
        life.close(8, NgayKetThucXuLy=True)
        life.tags.add("stopped:finish")
    else:
        life.close(8)
        life.tags.add("stopped:event")
    life.event(8, life.now)


def _refuse(life: Life) -> None:
    roll = life.rng.random()
    kind = "refusal" if roll < 0.4 else "finish" if roll < 0.7 else "event"
    if kind == "event":
        life.close(3)
    else:
        life.close(3, **{"NgayTuChoi" if kind == "refusal" else "NgayKetThucXuLy": True})
    life.event(3, life.now)
    life.tags.add(f"refused:after_acceptance:{kind}")


def _synthesise(life: Life) -> None:
    """Add the pair of events that a sender invents when it has none: accepted and finished at one instant."""
    if life.received is None:
        return
    for status, officer in ((2, PLACEHOLDER_OFFICERS[1]), (9, PLACEHOLDER_OFFICERS[0])):
        life.event(status, life.received, NguoiXuLy=officer, NoiDungXuLy="Đồng bộ từ hệ thống một cửa")
    life.tags.add("event:synthesised")
