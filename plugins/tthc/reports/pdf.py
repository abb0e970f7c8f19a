"""A workbook or a document as PDF, by the LibreOffice of this machine when there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tthc.errors import TthcError
from tthc.reports import printing
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

_PATIENCE, _PATIENCE_EACH = 180, 10
_PROGRAMS = ("soffice", "libreoffice")


def program() -> str | None:
    """Return the path of LibreOffice; None when this machine has none."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def converted(body: bytes, suffix: str, period: Period, edition: Edition) -> bytes:
    """Return the PDF of a file; raise TthcError that says what to install when nothing here can make it.

    The instant inside is that of the publication, so the same program makes the same bytes again.
    """
    return converted_all([body], suffix, period, edition)[0]


def converted_all(bodies: Sequence[bytes], suffix: str, period: Period, edition: Edition) -> list[bytes]:
    """Return the PDF of each file, in order: the program starts once for all of them."""
    found = program()
    if found is None:
        raise TthcError(
            "Máy này không có LibreOffice nên không lập được PDF: cài gói libreoffice-calc và libreoffice-writer"
            " (Debian, Ubuntu: apt-get install libreoffice-calc libreoffice-writer), hoặc lập xlsx, docx rồi in từ đó."
        )
    patience = _PATIENCE + _PATIENCE_EACH * len(bodies)
    with tempfile.TemporaryDirectory(prefix="tthc-") as folder:
        given = [Path(folder) / f"paper-{place}.{suffix}" for place in range(len(bodies))]
        for path, body in zip(given, bodies, strict=True):
            path.write_bytes(body)
        try:
            done = subprocess.run(
                [found, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore",
                 "--convert-to", "pdf", "--outdir", folder, *map(str, given)],
                capture_output=True, timeout=patience, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise TthcError(
                f"LibreOffice không xong sau {patience} giây: chạy lại, hoặc lập xlsx, docx."
            ) from None
        made = [path.with_suffix(".pdf") for path in given]
        if not all(path.exists() for path in made):
            raise TthcError(
                f"LibreOffice không lập được PDF (mã {done.returncode}): lập xlsx, docx rồi in từ đó."
            )
        moment = printing.made_at(period, edition).strftime("%Y%m%d%H%M%S")
        return [_without_now(path.read_bytes(), moment) for path in made]


def _without_now(body: bytes, made_at: str) -> bytes:
    """Return the PDF with the instant of its making and its random names put to fixed ones of the same length."""
    body = re.sub(rb"(/CreationDate\(D:)\d{14}", rb"\g<1>" + made_at.encode(), body)
    body = re.sub(rb"(/DocChecksum /)[0-9A-F]{32}", rb"\g<1>" + b"0" * 32, body)
    return re.sub(
        rb"(/ID \[ <)[0-9A-F]{32}(>\s*<)[0-9A-F]{32}", rb"\g<1>" + b"0" * 32 + rb"\g<2>" + b"0" * 32, body
    )
