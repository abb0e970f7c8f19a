"""The life of one dossier, from filing to the result, as steps of a timeline.

Every figure of the counting rules is decided here by what happens, never by a label: the answer key reads
only the records that the city shows.
"""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from . import canary, dates, paperwork, units
from .clockwork import after, later, office
from .dossier import Dossier, Event, Record
from .paperwork import blank
from .procedures import NO_DEADLINE, UNKNOWN_DEADLINE, Procedure

STEP_TEXTS = {
    1: "Đăng ký mới",
    2: "Tiếp nhận hồ sơ",
    3: "Từ chối tiếp nhận",
    4: "Chuyển xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}


class Start(NamedTuple):
    """Where a life begins: ``day`` of reception, serial number, and what was asked for."""

    serial: int
    code: str
    day: date
    procedure: Procedure
    unit: str
    unit_name: str
    has_canary: bool


class Life:
    """Builds one dossier. ``now`` is the last thing that happened, ``due`` the promise in force
    (None: no promise)."""

    def __init__(self, rng: Random, start: Start) -> None:
        self.rng = rng
        self.start = start
        self.code = start.code
        self.write = dates.shape(rng)
        self.officer = rng.choice(units.OFFICERS[start.unit])
        self.tags: set[str] = set()
        self.steps: list[tuple[datetime, Record]] = []
        self.events: list[Event] = []
        self.supplements: list[Record] = []
        self.apologies: list[Record] = []
        self.waited: set[int] = set()
        self.now = office(rng, start.day)
        self.received: datetime | None = None
        self.due: datetime | None = None
        self.finished: datetime | None = None
        self.channel = self._channel()
        self.parts = paperwork.components(rng, self.file_tag, self.tags)

    @property
    def file_tag(self) -> str:
        return f"{self.start.day:%y%m%d}{self.start.serial:05}"

    def _channel(self) -> object:
        roll = self.rng.random()
        if roll < 0.60:
            return "2"
        if roll < 0.91:
            return "1"
        if roll < 0.95:
            return "3"
        self.tags.add("channel:none" if roll < 0.985 else "channel:garbage")
        return blank(self.rng) if roll < 0.985 else self.rng.choice(("9", "0", "Trực tuyến"))

    def step(self, moment: datetime, **values: object) -> None:
        self.now = moment
        self.steps.append((moment, values))

    def event(self, status: int, moment: datetime, shown: datetime | None = None, **members: object) -> None:
        """Add a progress event of ``moment``, shown from ``shown`` (default: at once)."""
        rng = self.rng
        officer = self.officer if rng.random() < 0.93 else rng.choice(units.PLACEHOLDER_OFFICERS)
        # A shape without hours would make events of one day simultaneous, and their order a matter of luck.
        write = self.write if self.write is not dates.SHAPES[5] else dates.SHAPES[0]
        record: Record = {
            "MaHoSo": self.code,
            "NguoiXuLy": canary.OFFICER if self.start.has_canary else officer,
            "ChucDanh": "Công chức",
            "ThoiDiemXuLy": write(moment),
            "PhongBanXuLy": self.start.unit_name,
            "NoiDungXuLy": STEP_TEXTS[status],
            "TrangThai": str(status),
            "NgayBatDau": write(moment),
            "NgayKetThucTheoQuyDinh": write(self.due) if self.due and status in (2, 4) else None,
        }
        if self.start.has_canary:
            record["NoiDungXuLy"] += f": liên hệ {canary.NAME}, {canary.PHONE}"
            record["ChucDanh"] = f"Công chức {canary.OFFICER}"
        self.events.append(Event(shown or moment, record | members))

    def begin(self) -> None:
        """File the dossier, and accept it unless it waits, is refused, or is asked for papers first."""
        rng, procedure = self.rng, self.start.procedure
        record: Record = {"MaHoSo": self.code, "MaHoSoKhac": blank(rng), "SoBienNhan": blank(rng)}
        record |= paperwork.procedure_fields(rng, procedure)
        record |= paperwork.applicant(rng)
        record |= paperwork.fees(rng, procedure, self.tags)
        if self.start.has_canary:
            record |= paperwork.canary_scalars()
            for part in self.parts:
                part["TenTepDinhKem"] = f"Giấy tờ của {canary.NAME}"
                part["DuongDanTaiTepTin"] = canary.FILE
        record |= {
            "KenhThucHien": self.channel,
            "NgayTiepNhan": blank(rng),
            "NgayHenTra": blank(rng),
            "TrangThaiHoSo": "1",
            "NgayTra": blank(rng),
            "NgayKetThucXuLy": blank(rng),
            "NgayTuChoi": blank(rng),
            "NgayNopHoSo": self.write(self.now),
            "HinhThuc": rng.choice(("0", "0", "1")),
            "DonViXuLy": self.start.unit_name,
            "NoiNopHoSo": "2",
            "HoSoCoThanhPhanSoHoa": "1" if self.parts else "0",
            "TaiKhoanDuocXacThucVoiVNeID": rng.choice(("0", "1")),
            "TaiLieuNop": self.parts,
            "DanhSachHoSoBoSung": [] if rng.random() < 0.8 else blank(rng),
            "DanhSachGiayToKetQua": [] if rng.random() < 0.8 else blank(rng),
            "DanhSachXinLoi": [] if rng.random() < 0.8 else blank(rng),
        }
        if rng.random() < 0.02:
            record["MaHoSoKhac"] = (
                f"{self.code.split('-')[0]}-{self.start.day:%y%m%d}-{rng.randrange(10_000, 99_999)}"
            )
            self.tags.add("code:alias")
        self.steps.append((self.now, record))

    def accept(self, moment: datetime) -> None:
        """Accept at ``moment``: a reception date, a promise where the procedure has one, an event."""
        rng, deadline = self.rng, self.start.procedure.deadline
        self.received = moment
        roll = rng.random()
        if deadline == NO_DEADLINE:
            days = 1 if roll < 0.12 else None
        elif deadline == UNKNOWN_DEADLINE:
            days = 5 if roll < 0.6 else None
        else:
            days = deadline if roll < 0.95 else None
        if days is not None:
            clock = time(17, 0) if rng.random() < 0.5 else moment.time().replace(microsecond=0)
            self.due = datetime.combine(after(moment.date(), int(days)), clock)
        else:
            self.tags.add(f"due_missing:{deadline if isinstance(deadline, str) else 'days'}")
        promise = self.write(self.due) if self.due else blank(rng)
        self.step(moment, TrangThaiHoSo="2", NgayTiepNhan=self.write(moment), NgayHenTra=promise)
        self.event(2, moment)

    def handle(self) -> None:
        moment = later(self.rng, self.now, 0 if self.rng.random() < 0.8 else 1)
        self.step(moment, TrangThaiHoSo="4")
        self.event(4, moment)

    def ask(self, answered: bool) -> None:
        """Ask for more papers: an event, a list row, both or, once in a while, neither; then wait for
        the answer."""
        rng = self.rng
        asked = later(rng, self.now, rng.choice((0, 1, 1, 2)))
        roll = rng.random()
        # Only the first wait of its kind may be silent, so that "first seen" can mean one moment only.
        silent = roll < 0.06 and 5 not in self.waited and "pause:silent" not in self.tags
        self.waited.add(5)
        with_event, with_row = not silent and roll < 0.85, roll >= 0.35
        changes: Record = {"TrangThaiHoSo": "5"}
        if silent:
            self.tags.add("pause:silent")
            with_row = False
        if with_event:
            self.event(5, asked)
            if rng.random() < 0.04:
                self.events.append(self.events[-1])
                self.tags.add("event:repeated")
        row: Record = {}
        if with_row:
            row = self._supplement_row(asked)
            changes["DanhSachHoSoBoSung"] = list(self.supplements)
        self.tags.add(f"supplement:{'event' if with_event else 'no_event'}_{'row' if with_row else 'no_row'}")
        self.step(asked, **changes)
        if not answered:
            self.tags.add("supplement:unanswered")
            return
        back = later(rng, asked, rng.choice((1, 2, 3, 5, 8)))
        changes = {"TrangThaiHoSo": "4"}
        if self.due and with_row and rng.random() < 0.75:
            # No list row, no trace: only a supplement may move the promise without being a silent correction.
            previous = self.due
            pause = (back.date() - asked.date()).days
            self.due = datetime.combine(after(self.due.date(), max(1, pause * 5 // 7)), self.due.time())
            row |= {"NgayHenTraTruoc": self.write(previous), "NgayHenTraMoi": self.write(self.due)}
            changes["NgayHenTra"] = self.write(self.due)
        if with_row:
            row |= {"NgayTiepNhanBoSung": self.write(back), "TrangThaiBoSung": "true"}
            if self.start.has_canary:
                row |= {"NguoiTiepNhanBoSung": canary.OFFICER, "ThongTinTiepNhan": canary.NOTE}
            self.supplements[-1] = row
            changes["DanhSachHoSoBoSung"] = list(self.supplements)
        if with_event:
            self.event(4, back)
        self.step(back, **changes)

    def _supplement_row(self, asked: datetime) -> Record:
        person = canary.OFFICER if self.start.has_canary else self.officer
        row: Record = {
            "HoSoBoSungId": f"{self.file_tag}-{len(self.supplements) + 1}",
            "NguoiYeuCauBoSung": person,
            "NoiDungBoSung": f"Đề nghị {canary.NAME} nộp thêm"
            if self.start.has_canary
            else "Bổ sung giấy tờ",
            "NgayBoSung": self.write(asked),
            "NgayTiepNhanBoSung": self.rng.choice((None, "")),
            "TrangThaiBoSung": "false",
            "DanhSachGiayToBoSung": [{"TenGiayTo": f"Bản sao của {canary.RELATIVE}"}]
            if self.start.has_canary
            else [],
            "DanhSachLePhiBoSung": [],
        }
        self.supplements.append(dict(row))
        return row

    def charge(self, paid: bool) -> None:
        """Wait for the applicant to pay: status 6, with its event nine times in ten."""
        asked = later(self.rng, self.now, self.rng.choice((0, 1)))
        with_event = self.rng.random() < 0.9 or 6 in self.waited or "pause:silent" in self.tags
        self.waited.add(6)
        self.step(asked, TrangThaiHoSo="6")
        if with_event:
            self.event(6, asked)
        else:
            self.tags.add("pause:silent")
        self.tags.add("finance:event" if with_event else "finance:no_event")
        if paid:
            back = later(self.rng, asked, self.rng.choice((1, 1, 2, 4)))
            self.step(back, TrangThaiHoSo="4")
            if with_event:
                self.event(4, back)

    def apologise(self, moment: datetime) -> None:
        """Send the letter of apology; the new date stays in the letter, the promise does not move."""
        new_due = after(moment.date(), 3)
        letter = {
            "NgayXinLoi": self.write(moment),
            "NgayHenTraMoi": self.write(datetime.combine(new_due, time(17))),
        }
        self.apologies.append(letter)
        self.steps.append((moment, {"DanhSachXinLoi": list(self.apologies)}))

    def finish(self, moment: datetime, handed_over: datetime | None) -> None:
        """Finish at ``moment``; the result files come with it, the hand-over when it happens."""
        self.finished = moment
        files = paperwork.result_files(self.rng, self.file_tag, self.parts, self.tags)
        if self.start.has_canary:
            for file in files:
                file |= {
                    "TenGiayTo": f"Kết quả của {canary.NAME}",
                    "DuongDanTepTinKetQua": canary.RESULT_FILE,
                }
        self.step(moment, TrangThaiHoSo="9", NgayKetThucXuLy=self.write(moment), DanhSachGiayToKetQua=files)
        self.event(9, moment)
        if handed_over:
            self.step(handed_over, TrangThaiHoSo="10", NgayTra=self.write(handed_over))
            self.event(10, handed_over)

    def close(self, status: int, **ends: object) -> None:
        """End otherwise: withdrawn 7, stopped 8 or refused 3, with whatever instants ``ends`` gives."""
        moment = later(self.rng, self.now, self.rng.choice((0, 1, 2)))
        written = {name: self.write(moment) if value is True else value for name, value in ends.items()}
        self.step(moment, TrangThaiHoSo=str(status), **written)

    def dossier(self) -> Dossier:
        """Return what was built; the caller plants its quirks and freezes it."""
        return Dossier(self.start.serial, self.steps[0][0], self.steps, events=self.events, tags=self.tags)


def last_second(moment: datetime) -> datetime:
    """Return the last second of that day."""
    return datetime.combine(moment.date(), time(23, 59, 59))


def first_second_after(moment: datetime) -> datetime:
    """Return the first second of the day after."""
    return datetime.combine(moment.date() + timedelta(days=1), time(0, 0, 1))
