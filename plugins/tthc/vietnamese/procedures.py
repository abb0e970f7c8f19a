"""Codes of administrative procedures."""

import re

_NATIONAL = re.compile(r"\d\.\d{6}(?!\d)", re.ASCII)


def procedure_code(text: str | None) -> str | None:
    """Return the part ``d.dddddd`` by which procedures are compared, or None when the code is blank.

    Senders add a province suffix to the national code; a local pseudo-code has no such part and stays.

    >>> procedure_code("1.004944.000.00.00.H56"), procedure_code(" TTHC-XA-07 ")
    ('1.004944', 'TTHC-XA-07')
    """
    trimmed = (text or "").strip()
    national = _NATIONAL.match(trimmed)
    return national[0] if national else trimmed or None
