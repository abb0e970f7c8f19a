"""How often each hard case was planted; a seed without one of them proves less than it seems to."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time

from .city import LAST_DAY, City
from .dossier import Dossier


def count_edges(dossiers: Iterable[Dossier]) -> Counter:
    """Return how many of ``dossiers`` carry each edge."""
    return Counter(tag for dossier in dossiers for tag in dossier.tags)


def whole_city(seed: int) -> Iterable[Dossier]:
    """Return every dossier that the seed ever files."""
    return City(seed).dossiers(datetime.combine(LAST_DAY, time.max))
