"""Moments in every shape that was seen, against the standard library as an independent reader."""

import traceback
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tthc.vietnamese.instants import UnreadableInstant, read_day, read_instant

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31, 23, 59, 59)).map(
    lambda moment: moment.replace(microsecond=0)
)
# Shape as strftime writes it, and the finest unit that it keeps.
SHAPES = [
    ("%Y%m%d%H%M%S", "second"),
    ("%Y%m%d", "day"),
    ("%Y-%m-%d", "day"),
    ("%Y-%m-%d %H:%M", "minute"),
    ("%Y-%m-%dT%H:%M", "minute"),
    ("%Y-%m-%d %H:%M:%S", "second"),
    ("%Y-%m-%dT%H:%M:%S", "second"),
    ("%Y-%m-%dT%H:%M:%S.000", "second"),
    ("%d/%m/%Y", "day"),
    ("%d/%m/%Y %H:%M", "minute"),
    ("%d/%m/%Y %H:%M:%S", "second"),
    ("%H:%M, %d/%m/%Y", "minute"),
    ("%H:%M:%S %d/%m/%Y", "second"),
]
KEPT = {"day": {"hour": 0, "minute": 0, "second": 0}, "minute": {"second": 0}, "second": {}}


@pytest.mark.parametrize(("shape", "unit"), SHAPES)
@given(moment=MOMENTS)
def test_every_shape_without_a_zone_is_vietnamese_time(shape, unit, moment):
    read = read_instant(moment.strftime(shape))
    expected = moment.replace(**KEPT[unit], tzinfo=HANOI)
    assert read == expected
    assert read.utcoffset() == timedelta(hours=7) == expected.utcoffset()
    assert read.replace(tzinfo=None) == expected.replace(tzinfo=None)


@given(
    moment=st.datetimes(datetime(1990, 1, 2), datetime(2100, 12, 30)),
    minutes=st.integers(-14 * 60, 14 * 60),
    form=st.sampled_from(["%z", "%:z", "Z"]),
    digits=st.integers(1, 6),
)
def test_a_zone_is_obeyed(moment, minutes, form, digits):
    zone = UTC if form == "Z" else timezone(timedelta(minutes=minutes))
    aware = moment.replace(
        microsecond=moment.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits), tzinfo=zone
    )
    offset = aware.strftime("%z")
    suffix = {"%z": offset, "%:z": f"{offset[:3]}:{offset[3:]}", "Z": "Z"}[form]
    text = f"{aware:%Y-%m-%dT%H:%M:%S}.{aware.microsecond:06}"[: 20 + digits] + suffix
    assert read_instant(text) == aware
    assert read_instant(text).utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-07-01T08:12:33.000+0700", "2025-07-01T08:12:33+07:00"),
        ("2025-06-30T23:30:00Z", "2025-07-01T06:30:00+07:00"),
        ("01/07/25", "2025-07-01T00:00:00+07:00"),
        ("1/7/2025", "2025-07-01T00:00:00+07:00"),
        ("\u00a0 20250701081233\ufeff", "2025-07-01T08:12:33+07:00"),
        ("17:05,  01/07/2025", "2025-07-01T17:05:00+07:00"),
        (20250701081233, "2025-07-01T08:12:33+07:00"),
        (datetime(2025, 7, 1, 8), "2025-07-01T08:00:00+07:00"),
        (datetime(2025, 6, 30, 20, tzinfo=UTC), "2025-07-01T03:00:00+07:00"),
        (date(2025, 7, 1), "2025-07-01T00:00:00+07:00"),
    ],
)
def test_particular_values(text, expected):
    assert read_instant(text).isoformat() == expected


@pytest.mark.parametrize("blank", [None, "", "   ", "\u00a0", "\ufeff"])
def test_a_blank_is_no_moment(blank):
    assert read_instant(blank) is None
    assert read_day(blank) is None


UNREADABLE = [
    "20250230081233",
    "20250701241233",
    "20250701086033",
    "20250701081260",
    "19891231235959",
    "21010101000000",
    "00000000000000",
    "2025070108123",
    "202507010812",
    "20251301",
    "1751332353000",
    "31/04/2025",
    "07/13/2025",
    "25-07-01",
    "2025-7-1",
    "01-07-2025",
    "2025/07/01",
    "1/7",
    "7/2025",
    "01/07/025",
    "hôm qua",
    "Dinhkem",
    "2025-07-01T25:00:00",
    "2025-07-01T08:12:33+15:00",
    "2025-07-01T08:12:33+07:60",
    "٢٠٢٥٠٧٠١٠٨١٢٣٣",
    "1989-12-31T16:59:59Z",
    "0",
    0,
    True,
    45839.5,
    [],
]


@pytest.mark.parametrize("value", UNREADABLE, ids=repr)
def test_anything_else_is_unreadable_and_the_error_holds_no_value(value):
    with pytest.raises(UnreadableInstant) as caught:
        read_instant(value)
    assert caught.value.args == ("thời điểm không đọc được",)
    shown = "".join(traceback.TracebackException.from_exception(caught.value).format_exception_only())
    assert str(value) not in shown or len(str(value)) < 2
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text(max_size=25) | st.text("0123456789/-:, TZ+.", max_size=25))
def test_any_text_is_a_moment_in_range_blank_or_unreadable(text):
    try:
        read = read_instant(text)
    except UnreadableInstant:
        return
    assert read is None or 1990 <= read.year <= 2100


def test_the_day_is_the_vietnamese_day():
    assert read_day("2025-06-30T17:00:00Z") == date(2025, 7, 1)
    assert read_day("2025-06-30T16:59:59Z") == date(2025, 6, 30)
