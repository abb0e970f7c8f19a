"""Damages real files in the ways that disks, mail gateways, programs and people do; drawn from a seed."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

Mutate = Callable[[random.Random, bytes], bytes]
#: What stands in files that were damaged on purpose.
_TOKENS = (
    b"\0", b"\xff", b"<", b">", b'"', b"&", b"]]>", b"<!DOCTYPE x>", b'r="XFD1048576"', b'r="A0"', b'r="ZZZZ9"',
    b't="s"', b't="d"', b"<v>99999999</v>", b"<v>-1</v>", b"<v>1e308</v>", b"<v>nan</v>", b'hidden="1"', b",,,,,,,",
    b"\r", b"\n\n", b";", b"\t", b"\xef\xbb\xbf", b"\xc2\xad", b"PK\x03\x04", b"</table>", b'colspan="9999"',
    b'rowspan="-1"', b"\xe1\xba", b"=1+1", b"'", b"\\",
)  # fmt: skip


def flip(rng: random.Random, body: bytes) -> bytes:
    """Change one to twelve bits."""
    changed = bytearray(body)
    for _ in range(rng.randint(1, 12)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(rng: random.Random, body: bytes) -> bytes:
    """Put a run of zeros, noise or one byte over a part."""
    at, size = rng.randrange(len(body)), rng.choice((1, 2, 4, 16, 128, 512))
    size = min(size, len(body) - at)
    fill = rng.choice((bytes(size), rng.randbytes(size), bytes([rng.randrange(256)]) * size))
    return body[:at] + fill + body[at + size :]


def cut(rng: random.Random, body: bytes) -> bytes:
    """End too early."""
    return body[: rng.randrange(1, len(body))]


def lose(rng: random.Random, body: bytes) -> bytes:
    """Lose a piece in the middle."""
    at = rng.randrange(len(body))
    return body[:at] + body[at + rng.choice((1, 2, 7, 64, 512, 1024)) :] or b"?"


def repeat(rng: random.Random, body: bytes) -> bytes:
    """Say a piece two to fifty times."""
    at = rng.randrange(len(body))
    piece = body[at : at + rng.choice((1, 3, 20, 200))]
    return body[:at] + piece * rng.randint(2, 50) + body[at:]


def move(rng: random.Random, body: bytes) -> bytes:
    """Let two pieces change places."""
    one, two = sorted(rng.sample(range(len(body)), 2))
    size = min(rng.choice((2, 16, 512)), two - one)
    return (
        body[:one]
        + body[two : two + size]
        + body[one + size : two]
        + body[one : one + size]
        + body[two + size :]
    )


def insert(rng: random.Random, body: bytes) -> bytes:
    """Put something in that means something to a parser."""
    at = rng.randrange(len(body))
    return body[:at] + rng.choice(_TOKENS) * rng.choice((1, 1, 1, 3, 500)) + body[at:]


BYTES: tuple[Mutate, ...] = (flip, overwrite, cut, lose, repeat, move, insert)


def in_part(rng: random.Random, body: bytes) -> bytes:
    """Damage the text of one part of a workbook and pack it again, so that its checksum is right."""
    return _repacked(rng, body, lambda part: rng.choice(BYTES)(rng, part) if part else b"x")


def without_part(rng: random.Random, body: bytes) -> bytes:
    """Leave out a part, or empty it."""
    return _repacked(rng, body, lambda _: rng.choice((None, b"")))


def other_part(rng: random.Random, body: bytes) -> bytes:
    """Put the content of one part in the place of another."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        other = archive.read(rng.choice(archive.namelist()))
    return _repacked(rng, body, lambda _: other)


ZIP: tuple[Mutate, ...] = (in_part, in_part, in_part, without_part, other_part)


def _repacked(rng: random.Random, body: bytes, change: Callable[[bytes], bytes | None]) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        # The cells and what leads to them are what a reader reads.
        telling = [
            name for name in names if "sheet" in name or "workbook" in name or "Strings" in name
        ] or names
        chosen = rng.choice(telling if rng.random() < 0.8 else names)
        for name in names:
            part = old.read(name)
            part = change(part) if name == chosen else part
            if part is not None:
                new.writestr(name, part)
    return buffer.getvalue()


Lines = list[list[object]]


def arrange(rng: random.Random, header: list[object], rows: Lines, notes: list[str]) -> Lines:
    """Lay a right table out as people do; the rows keep their content and order, columns may change places.

    ``notes`` are texts for titles and group rows.
    """
    order = list(range(len(header)))
    if rng.random() < 0.5:
        rng.shuffle(order)
    lines = [[header[at] for at in order]] + [[row[at] for at in order] for row in rows]
    if rng.random() < 0.3:
        lines.insert(1, [f"({at})" for at in range(1, len(header) + 1)])
    if rng.random() < 0.4:
        at = rng.randrange(min(4, len(header) + 1))
        serial = iter(range(1, len(lines) + 1))
        for number, line in enumerate(lines):
            is_data = number and not str(line[0]).startswith("(")
            line.insert(at, "STT" if number == 0 else next(serial) if is_data else "(0)")
    for _ in range(rng.randrange(3)):
        lines.insert(rng.randrange(1, len(lines) + 1), [])
    if rng.random() < 0.3:
        lines.insert(rng.randrange(1, len(lines) + 1), list(lines[0]))
    if rng.random() < 0.3:
        lines.append([rng.choice(("Tổng số", "Tổng cộng:", "Cộng", "TỔNG CỘNG"))])
    if rng.random() < 0.3:
        lines += [[], [None, None, "An Hưng, ngày 14 tháng 7 năm 2025"], ["Người lập biểu", None, "CHỦ TỊCH"]]
    lines = [[title] for title in rng.sample(notes, rng.randrange(3))] + lines
    if rng.random() < 0.3:
        before = [None] * rng.randint(1, 3)
        lines = [before + line for line in lines]
    return lines
