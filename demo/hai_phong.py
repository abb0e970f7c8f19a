"""The 114 communes, wards and special zones of Hải Phòng since 2025-07-01, and the dossiers of each."""

from .city import City

AN_HUNG = "11674"

COMMUNES = {
    "10507": "phường Thành Đông",
    "10525": "phường Hải Dương",
    "10532": "phường Lê Thanh Nghị",
    "10537": "phường Tân Hưng",
    "10543": "phường Việt Hoà",
    "10546": "phường Chí Linh",
    "10549": "phường Chu Văn An",
    "10552": "phường Nguyễn Trãi",
    "10570": "phường Trần Hưng Đạo",
    "10573": "phường Trần Nhân Tông",
    "10603": "phường Lê Đại Hành",
    "10606": "xã Nam Sách",
    "10615": "xã Hợp Tiến",
    "10633": "xã Trần Phú",
    "10642": "xã Thái Tân",
    "10645": "xã An Phú",
    "10660": "phường Ái Quốc",
    "10675": "phường Kinh Môn",
    "10678": "phường Bắc An Phụ",
    "10705": "xã Nam An Phụ",
    "10714": "phường Nhị Chiểu",
    "10726": "phường Phạm Sư Mạnh",
    "10729": "phường Trần Liễu",
    "10744": "phường Nguyễn Đại Năng",
    "10750": "xã Phú Thái",
    "10756": "xã Lai Khê",
    "10792": "xã An Thành",
    "10804": "xã Kim Thành",
    "10813": "xã Thanh Hà",
    "10816": "xã Hà Bắc",
    "10837": "phường Nam Đồng",
    "10843": "xã Hà Nam",
    "10846": "xã Hà Tây",
    "10882": "xã Hà Đông",
    "10888": "xã Cẩm Giang",
    "10891": "phường Tứ Minh",
    "10903": "xã Cẩm Giàng",
    "10909": "xã Tuệ Tĩnh",
    "10930": "xã Mao Điền",
    "10945": "xã Kẻ Sặt",
    "10966": "xã Bình Giang",
    "10972": "xã Đường An",
    "10993": "xã Thượng Hồng",
    "10999": "xã Gia Lộc",
    "11002": "phường Thạch Khôi",
    "11020": "xã Yết Kiêu",
    "11050": "xã Gia Phúc",
    "11065": "xã Trường Tân",
    "11074": "xã Tứ Kỳ",
    "11086": "xã Đại Sơn",
    "11113": "xã Tân Kỳ",
    "11131": "xã Chí Minh",
    "11140": "xã Lạc Phượng",
    "11146": "xã Nguyên Giáp",
    "11164": "xã Vĩnh Lại",
    "11167": "xã Tân An",
    "11203": "xã Ninh Giang",
    "11218": "xã Hồng Châu",
    "11224": "xã Khúc Thừa Dụ",
    "11239": "xã Thanh Miện",
    "11242": "xã Nguyễn Lương Bằng",
    "11254": "xã Bắc Thanh Miện",
    "11257": "xã Hải Hưng",
    "11284": "xã Nam Thanh Miện",
    "11311": "phường Hồng Bàng",
    "11329": "phường Ngô Quyền",
    "11359": "phường Gia Viên",
    "11383": "phường Lê Chân",
    "11407": "phường An Biên",
    "11411": "phường Đông Hải",
    "11413": "phường Hải An",
    "11443": "phường Kiến An",
    "11446": "phường Phù Liễn",
    "11455": "phường Đồ Sơn",
    "11473": "phường Bạch Đằng",
    "11488": "phường Lưu Kiếm",
    "11503": "xã Việt Khê",
    "11506": "phường Lê Ích Mộc",
    "11533": "phường Hoà Bình",
    "11542": "phường Nam Triệu",
    "11557": "phường Thiên Hương",
    "11560": "phường Thuỷ Nguyên",
    "11581": "phường An Dương",
    "11593": "phường An Phong",
    "11602": "phường Hồng An",
    "11617": "phường An Hải",
    "11629": "xã An Lão",
    "11635": "xã An Trường",
    "11647": "xã An Quang",
    "11668": "xã An Khánh",
    "11674": "xã An Hưng",
    "11680": "xã Kiến Thuỵ",
    "11689": "phường Hưng Đạo",
    "11692": "phường Dương Kinh",
    "11713": "xã Nghi Dương",
    "11725": "xã Kiến Minh",
    "11728": "xã Kiến Hưng",
    "11737": "phường Nam Đồ Sơn",
    "11749": "xã Kiến Hải",
    "11755": "xã Tiên Lãng",
    "11761": "xã Quyết Thắng",
    "11779": "xã Tân Minh",
    "11791": "xã Tiên Minh",
    "11806": "xã Chấn Hưng",
    "11809": "xã Hùng Thắng",
    "11824": "xã Vĩnh Bảo",
    "11836": "xã Vĩnh Thịnh",
    "11842": "xã Vĩnh Thuận",
    "11848": "xã Vĩnh Hoà",
    "11875": "xã Vĩnh Hải",
    "11887": "xã Vĩnh Am",
    "11911": "xã Nguyễn Bỉnh Khiêm",
    "11914": "đặc khu Cát Hải",
    "11948": "đặc khu Bạch Long Vĩ",
}


def city_of(seed: int, commune: str = AN_HUNG, share: float = 1.0) -> City:
    """Return the dossiers of one commune: those of An Hưng are the seed's own, the others' are drawn beside them.

    Dossier codes are given by each commune for itself, so the same code means another dossier in another one.
    """
    return City(seed if commune == AN_HUNG else f"{seed}/{commune}", share)


def chosen(text: str) -> list[str]:
    """Return the communes that a number (``3``: An Hưng and two more) or a list of codes names; raise ValueError."""
    others = [code for code in COMMUNES if code != AN_HUNG]
    if text.isdecimal() and len(text) < 4:
        count = int(text)
        if not 1 <= count <= len(COMMUNES):
            raise ValueError(f"có {len(COMMUNES)} xã, không có {count}")
        return sorted([AN_HUNG, *others[: count - 1]])
    codes = [code.strip() for code in text.split(",") if code.strip()]
    if unknown := [code for code in codes if code not in COMMUNES]:
        raise ValueError(f"không có xã {', '.join(unknown)}")
    return codes
