"""Files that people give us: copied into the archive, never moved, and known by their content."""

import hmac
import os
from datetime import UTC, datetime
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

import fsspec
import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.landing import keys, ledger
from tthc.landing.archive import Archive
from tthc.sources.streams import Stream

#: Larger files would not fit into the memory a step may take; a year of a commune has a twentieth of this.
LARGEST_FILE = 256 * 2**20


def receive(connection: psycopg.Connection, path_or_url: str, stream: Stream) -> tuple[int, bool]:
    """Archive a file as one reading of ``stream``; return ``(fetch_id, is_new)``.

    A content that this stream has taken (or refused) already is the known reading, ``is_new`` False; of a
    register, whose files replace each other, only when it is the newest. One that was archived but got no
    further is the known reading with ``is_new`` True: it still has to be staged.

    Raises UsageError when the file cannot be opened. No message holds its name: names hold people's names.
    """
    body = read_bytes(path_or_url)
    stored = Archive(settings.archive_url()).store(body)
    with connection.transaction():
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"fetch {settings.commune_code()} {stream.stream}",),
        )
        known = _known(connection, stream, ledger.body_hash([stored.sha256]))
        if known is not None:
            return known
        fetch_id = ledger.begin_fetch(
            connection, stream=stream.stream, source=hashed_name(path_or_url), kind="file"
        )
        number = ledger.add_window(connection, fetch_id)
        page = ledger.Page(
            fetch_id=fetch_id,
            page_number=1,
            window_number=number,
            source_page=1,
            sha256=stored.sha256,
            first_row=1,
            # The rows of a file are counted when it is staged.
            record_count=0,
            byte_count=len(body),
            announced_count=None,
            has_next=False,
            answered_at=datetime.now(UTC),
        )
        ledger.add_page(connection, page, stored)
        (window,) = ledger.windows_of(connection, fetch_id)
        ledger.close_window(connection, window, "complete", announced=0, distinct=0)
        ledger.finish_fetch(connection, fetch_id)
    return fetch_id, True


def read_bytes(path_or_url: str) -> bytes:
    """Return the content of a file at a path or an fsspec URL; raise UsageError when it cannot be read."""
    if path_or_url.startswith("file://"):
        # fsspec takes such a URL literally; whoever copied it from a browser has %20 in it.
        decoded = unquote(urlsplit(path_or_url).path)
        path_or_url = decoded if os.path.exists(decoded) else path_or_url
    try:
        with fsspec.open(path_or_url, "rb") as file:
            body = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise UsageError("Không có tệp ở đường dẫn đã nêu: kiểm tra lại tên và thư mục.") from None
    except IsADirectoryError:
        raise UsageError("Đường dẫn đã nêu là một thư mục: hãy nêu từng tệp.") from None
    except PermissionError:
        raise UsageError("Không được phép đọc tệp đã nêu: kiểm tra quyền của tệp.") from None
    except (OSError, ValueError, ImportError) as error:
        # Its own message would repeat the name.
        kind = type(error).__name__
        raise UsageError(f"Không đọc được tệp đã nêu ({kind}): kiểm tra đường dẫn hoặc URL.") from None
    if len(body) > LARGEST_FILE:
        raise TthcError(f"Tệp lớn hơn {LARGEST_FILE // 2**20} MB: hãy chia thành nhiều tệp rồi nạp lại.")
    if not body:
        raise TthcError("Tệp rỗng, không có byte nào: hãy xuất lại tệp từ nguồn.")
    return body


def hashed_name(path_or_url: str) -> str:
    """Return the keyed hash that stands for a file's name (its last part) in the ledger."""
    name = PurePath(path_or_url.rstrip("/")).name
    return hmac.digest(keys.subkey("identity"), f"tệp {name}".encode(), "sha256")[:16].hex()


def _known(connection: psycopg.Connection, stream: Stream, body_hash: str) -> tuple[int, bool] | None:
    newest = connection.execute(
        """
        SELECT fetch_id, state, body_hash
        FROM ops.fetches
        WHERE commune_code = %s AND stream = %s AND kind = 'file' AND state <> 'undone'
            AND (body_hash = %s OR %s)
        ORDER BY fetch_id DESC
        LIMIT 1
        """,
        (settings.commune_code(), stream.stream, body_hash, stream.replaces),
    ).fetchone()
    if newest is None or newest[2] != body_hash:
        return None
    fetch_id, state, _ = newest
    return fetch_id, state == "fetched"
