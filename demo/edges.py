"""How often each hard case was planted; a seed without one of them proves less than it seems to."""

from collections import Counter
from datetime import datetime, time

from .city import LAST_DAY, City


def count_edges(seed: int) -> Counter:
    """Return how many dossiers of the whole city carry each edge."""
    city = City(seed)
    return Counter(
        tag for dossier in city.dossiers(datetime.combine(LAST_DAY, time.max)) for tag in dossier.tags
    )
