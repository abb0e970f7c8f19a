"""The demo's numbers of a year as its answer keys count them, for both scorers."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache

from demo import answer_key
from demo.answers import exports, registers
from demo.connector import Pull
from demo.files import Context
from demo.kept import conduct, staff
from demo.periods import Period, touched
from demo.stream_file import Row
from demo.units import NAMES
from tests.proof.test_register_indicators import STREAMS
from tthc.evaluation.figures import Figure, Figures
from tthc.workdays import periods

SEED = 1
MOMENT = datetime(2026, 11, 5, 18)
COMMUNE = "11674"
#: No key of the demo gives it; one unit has it, the others have nothing.
HEAD_SCORE = {("unit", "kinh_te", "unit_head_accountability_score"): Decimal("87.35")}
