"""The register of conduct: briefings of everybody, a few reports, fewer findings; a report is not a finding."""

from datetime import date

from ..stream_file import Context, Row
from . import colleagues, sheet
from .officials import OFFICIALS
from .staff import OTHERS

HEADERS = {
    "record_code": "Mã dòng kỷ cương",
    "kind": "Loại dòng",
    "happened_on": "Ngày ghi nhận",
    "unit_code": "Đơn vị",
    "official_code": "Mã công chức",
    "behaviour": "Hành vi",
    "reported_through": "Nguồn tin",
    "report_code": "Kết luận cho phản ánh",
    "verdict": "Kết luận",
    "discipline": "Hình thức kỷ luật",
    "disciplined_on": "Ngày quyết định kỷ luật",
    "document": "Văn bản kết luận",
}
WORDS = {
    "kind": {"briefing": "Quán triệt", "report": "Phản ánh", "finding": "Kết luận"},
    "unit_code": sheet.UNITS,
    "behaviour": {
        "harassment": "Phiền hà, sách nhiễu",
        "indiscipline": "Vi phạm kỷ luật, kỷ cương",
        "attitude": "Thái độ không đúng mực",
        "falsification": "Làm sai dữ liệu, kết thúc hồ sơ giả",
        "corruption": "Tham nhũng, lãng phí bị xử lý",
    },
    "reported_through": {
        "petition_system": "Hệ thống PAKN",
        "letter": "Đơn thư",
        "hotline": "Đường dây nóng",
        "inspection": "Kiểm tra",
    },
    "verdict": {
        "substantiated": "Đúng",
        "partly_substantiated": "Đúng một phần",
        "unsubstantiated": "Không đúng",
    },
    "discipline": {"none": "Không xử lý kỷ luật", "reprimand": "Khiển trách", "warning": "Cảnh cáo"},
}
BRIEFINGS = (date(2024, 7, 15), date(2025, 1, 20), date(2025, 4, 14), date(2025, 7, 22))
# Day, unit, official, behaviour, source; then day, verdict, discipline and its day of the finding, if any.
REPORTS = (
    (date(2025, 2, 3), "kinh_te", "AH-KT-03", "attitude", "hotline", date(2025, 3, 3), "unsubstantiated", "none", None),
    (date(2025, 3, 10), "van_phong", "AH-VP-02", "indiscipline", "inspection",
     date(2025, 4, 7), "substantiated", "reprimand", date(2025, 4, 21)),
    (date(2025, 5, 12), "phuc_vu_hanh_chinh_cong", None, "harassment", "petition_system", None, None, None, None),
    (date(2025, 6, 2), "kinh_te", "AH-KT-02", "harassment", "letter",
     date(2025, 7, 21), "partly_substantiated", None, None),
    (date(2025, 6, 24), None, None, "attitude", "petition_system", None, None, None, None),
    (date(2025, 12, 14), "kinh_te", "AH-KT-04", "attitude", "hotline",
     date(2025, 12, 31), "substantiated", "none", None),
    (date(2025, 12, 15), "van_hoa_xa_hoi", "AH-VX-02", "harassment", "letter",
     date(2026, 1, 15), "substantiated", "reprimand", date(2026, 1, 20)),
    (date(2025, 12, 31), None, None, "harassment", "petition_system", None, None, None, None),
    (date(2026, 1, 1), "van_phong", None, "indiscipline", "inspection", None, None, None, None),
    (date(2026, 3, 9), "phuc_vu_hanh_chinh_cong", "AH-TT-03", "harassment", "hotline",
     date(2026, 3, 31), "unsubstantiated", "none", None),
    (date(2026, 4, 6), "kinh_te", None, None, "letter", None, None, None, None),
    (date(2026, 6, 8), "su_nghiep_cong", "AH-SN-02", "indiscipline", "inspection",
     date(2026, 6, 15), "partly_substantiated", "none", None),
    (date(2026, 9, 15), "phuc_vu_hanh_chinh_cong", "AH-TT-02", "attitude", "petition_system",
     date(2026, 10, 14), "partly_substantiated", None, None),
    *colleagues.REPORTS,
)  # fmt: skip
# Briefings since to which not everybody came: the day, and one in so many who stayed away.
LATER_BRIEFINGS = ((date(2026, 1, 26), 3), (date(2026, 7, 20), 2))


def rows(context: Context) -> list[Row]:
    """Return every briefing, report and finding up to the moment."""
    today, found = context.moment.date(), []
    for turn, day in enumerate(BRIEFINGS):
        if day <= today:
            found += [
                _row(f"QT-{turn}-{official.code}", "briefing", day, official.home, official.code)
                for official in OFFICIALS
            ]
    for day, absent in LATER_BRIEFINGS:
        if day <= today:
            found += [
                _row(f"QT-{day:%y%m%d}-{code}", "briefing", day, unit, code)
                for number, (code, unit) in enumerate(_invited(day))
                if number % absent
            ]
    for number, (day, unit, official, behaviour, source, *finding) in enumerate(REPORTS, start=1):
        code = f"PA-{day.year}-{number:02}"
        if day <= today:
            found.append(
                _row(code, "report", day, unit, official)
                | {"behaviour": behaviour, "reported_through": source}
            )
        concluded, verdict, discipline, disciplined = finding
        if concluded and concluded <= today:
            found.append(
                _row(f"KL-{concluded.year}-{number:02}", "finding", concluded, unit, official)
                | {"behaviour": behaviour, "report_code": code, "verdict": verdict, "discipline": discipline}
                | {"disciplined_on": disciplined, "document": f"{number}/KL-UBND"}
            )
    return found


def _invited(day: date) -> list[tuple[str, str]]:
    """Return who was at a post that day: the code, and the unit that judges."""
    others = [
        (row["official_code"], row["home_unit_code"])
        for row in OTHERS
        if row["starts_on"] <= day <= (row["ends_on"] or day)
    ]
    return [*((official.code, official.home) for official in OFFICIALS), *others]


def _row(code: str, kind: str, day: date, unit: str | None, official: str | None) -> Row:
    about = {
        "record_code": code,
        "kind": kind,
        "happened_on": day,
        "unit_code": unit,
        "official_code": official,
    }
    return dict.fromkeys(HEADERS) | about


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    nothing = {header: None for name, header in HEADERS.items() if name != "record_code"}
    finding = nothing | {
        "Loại dòng": "Kết luận", "Ngày ghi nhận": date(2025, 3, 3), "Đơn vị": "Phòng Kinh tế",
        "Mã công chức": "AH-KT-01", "Hành vi": "Thái độ không đúng mực", "Kết luận": "Đúng",
        "Hình thức kỷ luật": "Khiển trách", "Ngày quyết định kỷ luật": date(2025, 3, 10),
        "Văn bản kết luận": "7/KL-UBND",
    }  # fmt: skip
    report = nothing | {
        "Loại dòng": "Phản ánh", "Ngày ghi nhận": date(2025, 3, 3), "Hành vi": "Phiền hà, sách nhiễu",
        "Nguồn tin": "Đơn thư",
    }  # fmt: skip
    briefing = nothing | {
        "Loại dòng": "Quán triệt", "Ngày ghi nhận": date(2025, 3, 3), "Đơn vị": "Phòng Kinh tế",
        "Mã công chức": "AH-KT-01",
    }  # fmt: skip
    changes = [
        (finding, {"Mã dòng kỷ cương": None}, "code_is_given"),
        (finding, {"Loại dòng": "Nghi vấn"}, "kind_is_known"),
        (finding, {"Ngày ghi nhận": None}, "record_has_its_day"),
        (finding, {"Ngày ghi nhận": sheet.NO_DAY}, "dates_are_readable"),
        (report, {"Nguồn tin": "Nghe nói"}, "words_are_known"),
        (report, {"Đơn vị": "Phòng Tư pháp"}, "unit_is_known"),
        (report, {"Kết luận": "Đúng"}, "report_is_not_a_finding"),
        (briefing, {"Hành vi": "Thái độ không đúng mực"}, "briefing_is_only_a_briefing"),
        (briefing, {"Mã công chức": None}, "briefing_names_an_official"),
        (finding, {"Văn bản kết luận": None}, "finding_is_concluded"),
        (finding, {"Ngày quyết định kỷ luật": None}, "discipline_has_its_day"),
        (finding, {"Kết luận": "Không đúng"}, "discipline_follows_a_true_finding"),
        (finding, {"Ngày quyết định kỷ luật": sheet.FAR}, "nothing_is_in_the_future"),
        (briefing, {"Mã công chức": "Kiều Văn Nhầm"}, "official_is_a_code"),
    ]
    return [(base | change, rule) for base, change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__conduct",
    file_name="so_ky_luat_ky_cuong.xlsx",
    title="SỔ KỶ LUẬT, KỶ CƯƠNG HÀNH CHÍNH (LƯU HÀNH HẠN CHẾ)",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã dòng kỷ cương": f"SAI-{number:02}"},
    private=("Người phản ánh", "Nội dung phản ánh", "Ghi chú"),
)
