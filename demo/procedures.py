"""The demo city's catalogue: real codes, names and fields of commune-level procedures.

Codes, names and fields are those the national portal published in 2026. Levels, deadlines, fees and weights
are the demo's own: plausible, chosen so that every case of the counting rules occurs (no deadline, unknown
deadline, no result, information only).
"""

import csv
from pathlib import Path
from typing import NamedTuple

NO_DEADLINE = "none"
UNKNOWN_DEADLINE = "unknown"


class Procedure(NamedTuple):
    """One entry. ``deadline`` is working days, ``NO_DEADLINE`` or ``UNKNOWN_DEADLINE``; ``fee`` is VND."""

    code: str
    name: str
    field: str
    level: int
    deadline: int | str
    gives_result: bool
    unit: str
    fee: int
    weight: int


def _read(path: Path) -> tuple[Procedure, ...]:
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Procedure(
                row["code"],
                row["name"],
                row["field"],
                int(row["level"]),
                int(row["deadline"]) if row["deadline"].isdigit() else row["deadline"],
                row["gives_result"] == "yes",
                row["unit"],
                int(row["fee"]),
                int(row["weight"]),
            )
            for row in csv.DictReader(lines)
        )


CATALOGUE = _read(Path(__file__).with_name("catalogue.csv"))

# Sent by the city although no catalogue holds them: local pseudo-codes and codes since withdrawn.
OUTSIDE_CATALOGUE = (
    Procedure("ANHUNG-01", "Xác nhận hoàn cảnh gia đình", "Nội bộ", 2, 3, True, "van_phong", 0, 3),
    Procedure("TTHC.NB.07", "Giới thiệu mở tài khoản", "Nội bộ", 2, 1, True, "phuc_vu_hanh_chinh_cong", 0, 2),
    Procedure(
        "1.999001", "Cấp giấy xác nhận tạm thời", "Hộ tịch", 3, 3, True, "phuc_vu_hanh_chinh_cong", 0, 2
    ),
    Procedure("2.999777", "Khôi phục sản xuất sau thiên tai", "Nông nghiệp", 3, 20, False, "kinh_te", 0, 2),
)
