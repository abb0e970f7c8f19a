"""What goes wrong in a register: mistakes (mended or not), silent corrections, repeats, late entries,
deletions."""

from datetime import datetime, timedelta
from random import Random

from . import dates, paperwork, units
from .clockwork import after, later
from .dossier import FOREVER, Dossier, Overlay, Record, Twin
from .life import Life
from .paperwork import blank

UNREADABLE_SCALARS = ("NgayNopHoSo", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi")
UNREADABLE_SUPPLEMENT = ("NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi")
NESTED_MISTAKES = tuple(f"unreadable:{name}" for name in (*UNREADABLE_SUPPLEMENT, "NgayXinLoi"))
MISTAKES = (
    "no_code",
    "status",
    "no_reception",
    "future_reception",
    "future_finish",
    "future_handed_over",
    "finish_before_reception",
    "resolved_without_finish",
    "unknown_unit",
    "missing_unit",
    "dissolved_unit",
    *(f"unreadable:{name}" for name in UNREADABLE_SCALARS),
)
CORRECTIONS = ("due", "finish", "unit", "channel", "procedure", "reopened")


def mistake(life: Life, dossier: Dossier, kind: str) -> bool:
    """Plant one mistake over the truth; False when this life offers no place for it."""
    rng = life.rng
    since, values = _mistake_values(life, dossier, kind)
    if values is None:
        return False
    mended = rng.random() < 0.65
    until = since + timedelta(days=rng.randrange(2, 41), minutes=7) if mended else FOREVER
    dossier.overlays.append(Overlay(since, until, values))
    dossier.tags |= {f"mistake:{kind}", "mistake:mended" if mended else "mistake:kept"}
    dossier.clean = False
    return True


def _mistake_values(life: Life, dossier: Dossier, kind: str) -> tuple[datetime, Record | None]:
    rng, received, finished = life.rng, life.received, life.finished
    start, end = dossier.created, finished or dossier.created
    if kind == "no_code":
        return start, {"MaHoSo": blank(rng)}
    if kind == "status":
        return end, {"TrangThaiHoSo": rng.choice(("0", "11", "99", "đang xử lý", ""))}
    if kind == "unknown_unit":
        return start, {"DonViXuLy": rng.choice(units.UNKNOWN)}
    if kind == "missing_unit":
        return start, {"DonViXuLy": blank(rng)}
    if kind == "dissolved_unit":
        day = (received or dossier.created).date()
        fits = day >= datetime(2025, 7, 1).date()
        return start, {"DonViXuLy": rng.choice(units.DISSOLVED)} if fits else None
    if kind.startswith("unreadable:"):
        return _unreadable(life, dossier, kind.split(":")[1])
    if received is None:
        return start, None
    if kind == "no_reception":
        return received, {"NgayTiepNhan": blank(rng)}
    if kind == "future_reception":
        ahead = received + timedelta(days=rng.randrange(90, 300))
        # A day after acceptance, so that a reading may already know the dossier and ask for it by code.
        return received + timedelta(days=1), {"NgayTiepNhan": life.write(ahead)}
    if finished is None:
        return start, None
    if kind == "future_finish":
        return finished, {"NgayKetThucXuLy": life.write(finished + timedelta(days=365))}
    if kind == "future_handed_over":
        return finished, {"NgayTra": life.write(finished + timedelta(days=365))}
    if kind == "finish_before_reception":
        wrong = life.write(received - timedelta(days=rng.randrange(1, 9)))
        return finished, {"NgayKetThucXuLy": wrong}
    return finished, {"NgayKetThucXuLy": blank(rng), "NgayTra": blank(rng)}


def _unreadable(life: Life, dossier: Dossier, name: str) -> tuple[datetime, Record | None]:
    rng = life.rng
    garbage = rng.choice(dates.UNREADABLE)
    if name in UNREADABLE_SCALARS:
        return (life.finished or dossier.created), {name: garbage}
    listed = "DanhSachXinLoi" if name == "NgayXinLoi" else "DanhSachHoSoBoSung"
    rows = [(moment, patch[listed]) for moment, patch in life.steps if patch.get(listed)]
    rows = [(moment, value) for moment, value in rows if isinstance(value, list)]
    if not rows:
        return dossier.created, None
    moment, value = rows[-1]
    return moment, {listed: [*value[:-1], value[-1] | {name: garbage}]}


def correct(life: Life, dossier: Dossier, kind: str) -> bool:
    """Change a value long after the fact, with no event that says so; False when there is nothing to
    change."""
    rng = life.rng
    if life.received is None:
        return False
    moment = life.received + timedelta(days=rng.randrange(2, 75), hours=rng.randrange(1, 5))
    if kind == "unit":
        wrong = rng.choice([name for code, name in units.NAMES.items() if code != life.start.unit])
        dossier.overlays.append(Overlay(dossier.created, moment, {"DonViXuLy": wrong}))
    elif kind == "channel":
        dossier.overlays.append(
            Overlay(dossier.created, moment, {"KenhThucHien": rng.choice(("1", "3", ""))})
        )
    elif kind == "procedure" and life.due is None:
        # Whether a first promise computed for the wrong procedure stands is nowhere settled.
        return False
    elif kind == "procedure":
        dossier.overlays.append(Overlay(dossier.created, moment, {"MaTTHC": "1.001193"}))
    elif kind == "due":
        if life.due is None or any(row.get("NgayHenTraTruoc") for row in life.supplements):
            return False
        moved = datetime.combine(after(life.due.date(), rng.randrange(1, 8)), life.due.time())
        dossier.steps.append((moment, {"NgayHenTra": life.write(moved)}))
    elif life.finished is None or not any("NgayKetThucXuLy" in patch for _, patch in life.steps[1:]):
        return False
    elif kind == "finish":
        moment = max(moment, life.finished + timedelta(days=rng.randrange(1, 50)))
        target = life.due if life.due and life.due < life.finished else life.received + timedelta(minutes=20)
        dossier.steps.append((moment, {"NgayKetThucXuLy": life.write(max(target, life.received))}))
    else:
        moment = max(moment, life.steps[-1][0] + timedelta(days=rng.randrange(1, 30)))
        # ``life.steps`` is the dossier's own line: what follows is appended to it in time order.
        reopened = {"TrangThaiHoSo": "4", "NgayKetThucXuLy": blank(rng), "NgayTra": blank(rng)}
        again = later(rng, moment, rng.randrange(1, 12))
        done = {"TrangThaiHoSo": "9", "NgayKetThucXuLy": life.write(again)}
        dossier.steps += [(moment, reopened), (again, done)]
    dossier.tags.add(f"corrected:{kind}")
    return True


def repeat(life: Life, dossier: Dossier) -> bool:
    """List the dossier twice: an older state of it stands before the true row."""
    if life.received is None:
        return False
    rng = life.rng
    values: Record = {
        "TrangThaiHoSo": "4",
        "NgayKetThucXuLy": rng.choice(("", None)),
        "NgayTra": rng.choice(("", None)),
        "SoDienThoai": "0970" + paperwork.digits(rng, 6),
        "DonViXuLy": rng.choice(list(units.NAMES.values())),
    }
    created = max(dossier.created, life.received) + timedelta(minutes=rng.randrange(1, 50))
    until = FOREVER if rng.random() < 0.6 else created + timedelta(days=rng.randrange(10, 90))
    dossier.twins.append(Twin(created, until, values))
    dossier.tags.add("repeated")
    return True


def enter_late(life: Life, dossier: Dossier) -> bool:
    """Let the row appear days after its reception date, as paper files typed in later do."""
    if life.received is None:
        return False
    dossier.created = life.received + timedelta(days=life.rng.randrange(3, 26), minutes=11)
    for event in dossier.events:
        event.since = max(event.since, dossier.created)
    dossier.tags.add("entered_late")
    return True


def delete(rng: Random, dossier: Dossier) -> None:
    """Let the dossier vanish from the city's answers, its events with it."""
    dossier.deleted = dossier.created + timedelta(days=rng.randrange(5, 120), minutes=3)
    dossier.tags.add("deleted")


def break_event(rng: Random, dossier: Dossier, kind: str) -> bool:
    """Spoil a copy of one event so that it must be refused; the good one stays."""
    if not dossier.events:
        return False
    event = dossier.events[0]
    spoilt: Record = {
        "no_code": {"MaHoSo": rng.choice(("", None))},
        "unreadable": {"ThoiDiemXuLy": rng.choice(dates.UNREADABLE)},
        "status": {"TrangThai": rng.choice(("0", "11", "", "xong"))},
    }[kind]
    dossier.events.append(type(event)(event.since, event.record | spoilt))
    dossier.tags.add(f"event:{kind}")
    return True
