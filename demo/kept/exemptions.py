"""The register of exemptions: late dossiers with an objective cause, approved by two, by one, or by nobody yet."""

from datetime import date, timedelta
from random import Random

from ..clockwork import after
from ..exports import seen
from ..spelling import folded
from ..stream_file import Context, Row
from ..units import NAMES
from . import sheet
from .officials import CODES

HEADERS = {
    "exemption_code": "Mã miễn trừ",
    "dossier_code": "Mã hồ sơ",
    "step_official_code": "Người giữ bước được miễn",
    "cause": "Nguyên nhân khách quan",
    "requested_on": "Ngày đề nghị",
    "first_approver_code": "Người duyệt thứ nhất",
    "first_approved_on": "Ngày duyệt thứ nhất",
    "second_approver_code": "Người duyệt thứ hai",
    "second_approved_on": "Ngày duyệt thứ hai",
    "document": "Văn bản miễn trừ",
}
WORDS = {
    "cause": {
        "other_agency": "Chờ cơ quan ngoài xã",
        "system": "Lỗi hệ thống",
        "force_majeure": "Bất khả kháng",
        "changed_rules": "Thay đổi quy định",
        "other": "Nguyên nhân khác",
    }
}
FIRST, SECOND = "AH-VX-01", "AH-VP-01"
_CODES = {folded(name): code for code, name in NAMES.items()}
#: One late dossier in so many has an objective cause.
ONE_IN = 3


def rows(context: Context) -> list[Row]:
    """Return the requests for what was late by the moment, with the approvals given by then."""
    today, found = context.moment.date(), []
    for dossier in seen.dossiers(context):
        due, ended = dossier.at["NgayHenTra"], dossier.at["NgayKetThucXuLy"]
        is_late = due is not None and due.date() < (ended or context.moment).date()
        rng = Random(f"{context.seed}/miễn trừ/{dossier.code}")
        if is_late and rng.randrange(ONE_IN) == 0:
            row = _request(rng, dossier, due.date())
            if row["requested_on"] <= today:
                found.append(_known(row, today))
    return found


def _request(rng: Random, dossier: seen.Seen, due: date) -> Row:
    unit = _CODES.get(folded(dossier.unit), "phuc_vu_hanh_chinh_cong")
    # Nobody approves what is his own.
    held = [code for code in CODES[unit] if code not in (FIRST, SECOND)]
    requested = due + timedelta(days=1)
    approvals = rng.choice((2, 2, 2, 1, 0))
    return {
        "exemption_code": f"MT-{dossier.code}",
        "dossier_code": dossier.code,
        "step_official_code": rng.choice((None, rng.choice(held))),
        "cause": rng.choice(tuple(WORDS["cause"])),
        "requested_on": requested,
        "first_approver_code": FIRST if approvals else None,
        "first_approved_on": after(requested, 1) if approvals else None,
        "second_approver_code": SECOND if approvals == 2 else None,
        "second_approved_on": after(requested, 2) if approvals == 2 else None,
        "document": f"{rng.randrange(1, 400)}/MT-UBND" if approvals == 2 else None,
    }


def _known(row: Row, today: date) -> Row:
    """Return a request as the register has it that day: an approval is written when it is given."""
    told = dict(row)
    for which in ("first", "second"):
        given = row[f"{which}_approved_on"]
        if given is not None and given > today:
            told[f"{which}_approver_code"] = told[f"{which}_approved_on"] = told["document"] = None
    return told


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Mã hồ sơ": "H24.12.01-250601-9001", "Người giữ bước được miễn": "AH-KT-02",
        "Nguyên nhân khách quan": "Lỗi hệ thống", "Ngày đề nghị": date(2025, 6, 9),
        "Người duyệt thứ nhất": FIRST, "Ngày duyệt thứ nhất": date(2025, 6, 10),
        "Người duyệt thứ hai": SECOND, "Ngày duyệt thứ hai": date(2025, 6, 11), "Văn bản miễn trừ": "1/MT-UBND",
    }  # fmt: skip
    changes = [
        ({"Mã miễn trừ": None}, "code_is_given"),
        ({"Mã hồ sơ": None}, "dossier_code_is_given"),
        ({"Nguyên nhân khách quan": "Bận"}, "cause_is_known"),
        ({"Ngày đề nghị": None}, "request_has_its_day"),
        ({"Ngày đề nghị": sheet.NO_DAY}, "dates_are_readable"),
        ({"Người giữ bước được miễn": "Kiều Văn Nhầm"}, "officials_are_codes"),
        ({"Ngày duyệt thứ hai": None}, "approval_is_whole"),
        ({"Người duyệt thứ hai": FIRST.lower()}, "approvers_differ"),
        ({"Người giữ bước được miễn": SECOND}, "nobody_approves_for_himself"),
        ({"Ngày duyệt thứ nhất": date(2025, 6, 2)}, "approval_follows_request"),
        ({"Ngày duyệt thứ hai": sheet.FAR}, "nothing_is_in_the_future"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__exemptions",
    file_name="so_mien_tru.xlsx",
    title="SỔ MIỄN TRỪ HỒ SƠ MUỘN VÌ NGUYÊN NHÂN KHÁCH QUAN",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã miễn trừ": f"SAI-{number:02}"},
    private=("Ghi chú",),
)
