"""The canary person: invented values placed in every personal field, so that a leak can be found by
searching.

Search for each of ``VALUES`` (bytes of UTF-8) in whatever must hold no personal data.
"""

NAME = "Trịnh Hoàng Yến Canari"
RELATIVE = "Mạc Kim Tước Canari"
OFFICER = "Vi Chim Chích Canari"
IDENTITY = "031988000777"
OLD_IDENTITY = "031999777"
PHONE = "0900777999"
EMAIL = "chim.canari@vidu.invalid"
ADDRESS = "Số 777 ngõ Chim Yến, thôn Canari Thượng"
ACCOUNT = "TECHID-CANARI-777"
NOTE = "Canari dặn gọi trước khi trả kết quả"
FILE = "https://tep.demo.invalid/canari/giay-to-cua-canari-777.pdf"
RESULT_FILE = "https://tep.demo.invalid/canari/ket-qua-cua-canari-777.pdf"

VALUES = (
    NAME,
    RELATIVE,
    OFFICER,
    IDENTITY,
    OLD_IDENTITY,
    PHONE,
    EMAIL,
    ADDRESS,
    ACCOUNT,
    NOTE,
    FILE,
    RESULT_FILE,
)
