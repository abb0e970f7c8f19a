"""Every keyed hash in the warehouse brought to newer keys, in one transaction: the same rows under other names.

Nobody needs to know what was hashed: a hash of the next generation is made from the hash before. The fingerprint of
a row holds its hashes too; it is told again from the archive, read once with the old keys and the new ones. So no
version is made, no refusal opened, no join lost: each old name has exactly one new name, everywhere at once. What is
published is not touched: of the fingerprints that it keeps, ``ops.digest_changes`` says what became of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators.facts import SOURCE_DIGEST
from tthc.landing import keys, recognition
from tthc.landing.readers import RecordReader
from tthc.landing.stage import records
from tthc.sources import streams
from tthc.sources.streams import Stream

Progress = Callable[[str], None]
SCHEMAS = ("ops", "staging", "restricted", "core", "marts", "indicators", "reports")
_AT_ONCE = 20_000
#: Never written again, and of no person: published numbers, sheets, and the memory of old fingerprints itself.
_LEFT = ("indicators.", "restricted.score_", "ops.digest_changes", "ops.key_changes")
_HASH = "^[0-9a-f]{32}$"
#: Hashes inside longer texts: (table, column, the hash as SQL, the whole text with another hash as SQL).
_INSIDE = (
    (
        "ops.fetches",
        "source",
        "CASE WHEN kind = 'file' THEN left(source, 32) END",
        "m.new || substr(source, 33)",
    ),
    (
        "ops.access_log",
        "subject",
        "CASE WHEN subject LIKE 'subject %' THEN substr(subject, 9) END",
        "'subject ' || m.new",
    ),
    ("ops.incidents", "subject", "subject", "m.new"),
    ("ops.erasures", "subject_key", "subject_key", "m.new"),
)
_FUNCTION = """
CREATE FUNCTION pg_temp.rehashed(items jsonb, members text[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(i.item || coalesce((
        SELECT jsonb_object_agg(n.name, m.new) FROM unnest(members) AS n (name)
        INNER JOIN pg_temp.hash_names AS m ON m.old = i.item ->> n.name
    ), '{}') ORDER BY i.place), '[]')
    FROM jsonb_array_elements(items) WITH ORDINALITY AS i (item, place)
$$
"""


class Rehashed(NamedTuple):
    """How many different hashes, and how many rows, have new names."""

    hash_count: int
    row_count: int


class _Table(NamedTuple):
    """A table with hashes: plain columns, lists by the members that are hashed, and whether rows have fingerprints."""

    name: str
    plain: tuple[str, ...]
    lists: dict[str, tuple[str, ...]]
    has_fingerprint: bool


def hashed_streams() -> list[Stream]:
    """Return the streams of which something is hashed."""
    return [stream for stream in streams.streams().values() if any(_hashed_names(stream))]


def rehash(connection: psycopg.Connection, since: int, until: int, progress: Progress) -> Rehashed:
    """Bring every hash from the keys of generation ``since`` to those of ``until``, in the caller's transaction.

    The caller is alone with the warehouse. Raises TthcError, and nothing was done, when a row of core is not found
    in the archive as it was read, or an old hash would be left anywhere.
    """
    cursor = connection.cursor(row_factory=tuple_row)
    found = _tables(cursor)
    _note_digests(cursor, "old_digests")
    _name_fingerprints(connection, cursor, since, until, progress)
    hash_count = _name_hashes(cursor, found, keys.lifter(since, until))
    progress(f"{hash_count} mã băm khác nhau; đang viết lại các bảng…")
    cursor.execute(_FUNCTION)
    row_count = sum(_rename(cursor, table) for table in found) + _rename_inside(cursor)
    for stream in hashed_streams():
        _check_fingerprints(cursor, stream)
    _check_nothing_left(cursor)
    # What was recognised was so by a mark of the old keys.
    cursor.execute("DELETE FROM staging.record_marks")
    cursor.execute("DELETE FROM staging.known_rows")
    return Rehashed(hash_count, row_count)


def note_digests(connection: psycopg.Connection, change_id: int) -> None:
    """Remember which fingerprint of a dossier's sources became which, after :func:`rehash` in its transaction."""
    cursor = connection.cursor(row_factory=tuple_row)
    _note_digests(cursor, "new_digests")
    cursor.execute(
        "CREATE TEMPORARY TABLE digest_names ON COMMIT DROP AS SELECT DISTINCT commune_code, o.digest AS old,"
        " n.digest AS new FROM old_digests AS o INNER JOIN new_digests AS n USING (commune_code, dossier_code)"
        " WHERE o.digest <> n.digest"
    )
    cursor.execute(
        "UPDATE ops.digest_changes AS c SET new_digest = n.new, change_id = %s FROM digest_names AS n"
        " WHERE n.commune_code = c.commune_code AND n.old = c.new_digest",
        (change_id,),
    )
    cursor.execute(
        "INSERT INTO ops.digest_changes (commune_code, old_digest, new_digest, change_id)"
        " SELECT commune_code, old, new, %s FROM digest_names"
        " ON CONFLICT (commune_code, old_digest) DO UPDATE"
        " SET new_digest = excluded.new_digest, change_id = excluded.change_id",
        (change_id,),
    )


def _hashed_names(stream: Stream) -> Iterator[tuple[str, str | None]]:
    """Yield (column, None) of hashed columns and (list, member) of hashed members of lists."""
    for column in stream.staged_columns:
        if column.type == "list":
            yield from ((column.name, member.name) for member in column.members if member.personal == "hash")
        elif column.personal == "hash":
            yield column.name, None


def _tables(cursor: psycopg.Cursor) -> list[_Table]:
    """Return every table that may hold a hash or the fingerprint of a row with one: found by their columns' names."""
    plain, lists = set(), defaultdict(set)
    for stream in streams.streams().values():
        for name, member in _hashed_names(stream):
            if member is None:
                plain.add(name)
            else:
                lists[name].add(member)
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for name, column, kind in _columns(cursor):
        columns[name][column] = kind
    found = []
    for name, kinds in columns.items():
        table = _Table(
            name,
            tuple(sorted(column for column in plain if kinds.get(column) == "text")),
            {
                column: tuple(sorted(members))
                for column, members in lists.items()
                if kinds.get(column) == "jsonb"
            },
            kinds.get("row_hash") == "uuid",
        )
        if table.plain or table.lists or table.has_fingerprint:
            found.append(table)
    return found


def _columns(cursor: psycopg.Cursor) -> list[tuple[str, str, str]]:
    """Return (table, column, type) of every table that may be written again; of a divided table the whole only."""
    rows = cursor.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname), a.attname::text, format_type(a.atttypid, NULL)"
        " FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (%s) ORDER BY 1, a.attnum",
        (list(SCHEMAS),),
    ).fetchall()
    return [row for row in rows if not row[0].startswith(_LEFT)]


def _note_digests(cursor: psycopg.Cursor, name: str) -> None:
    cursor.execute(f"DROP TABLE IF EXISTS {name}")
    cursor.execute(
        f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT v.commune_code, v.dossier_code,"
        f" {SOURCE_DIGEST} AS digest FROM core.dossier_versions AS v GROUP BY v.commune_code, v.dossier_code"
    )


def _name_fingerprints(
    connection: psycopg.Connection, cursor: psycopg.Cursor, since: int, until: int, progress: Progress
) -> None:
    """Fill ``row_names``: the fingerprint of each row of the archive by the old keys, and by the new ones."""
    cursor.execute("DROP TABLE IF EXISTS all_row_names, row_names")
    cursor.execute("CREATE TEMPORARY TABLE all_row_names (old uuid, new uuid) ON COMMIT DROP")
    cursor.adapters.register_dumper(None, recognition.ReadyUuid)
    for stream in hashed_streams():
        readings = cursor.execute(
            "SELECT fetch_id, commune_code, state FROM ops.fetches WHERE stream = %s AND state <> 'fetching'"
            " ORDER BY fetch_id",
            (stream.stream,),
        ).fetchall()
        before, after = RecordReader(stream, since), RecordReader(stream, until)
        for number, (fetch_id, commune, state) in enumerate(readings, start=1):
            progress(f"{stream.title}: đọc lại lần đọc {fetch_id} từ kho lưu ({number}/{len(readings)})")
            with settings.using({"TTHC_COMMUNE": commune}):
                try:
                    _name_rows(connection, cursor, stream, fetch_id, before, after)
                except TthcError:
                    # What was taken in has to be read again; of what was stopped there may be nothing that can be.
                    if state == "merged":
                        raise
    cursor.execute(
        "CREATE TEMPORARY TABLE row_names ON COMMIT DROP AS SELECT DISTINCT old, new FROM all_row_names"
    )
    cursor.execute("CREATE UNIQUE INDEX ON row_names (old)")
    cursor.execute("ANALYZE row_names")


def _name_rows(
    connection: psycopg.Connection,
    cursor: psycopg.Cursor,
    stream: Stream,
    fetch_id: int,
    before: RecordReader,
    after: RecordReader,
) -> None:
    with connection.transaction():
        rows = records(connection, stream, fetch_id)
        with cursor.copy("COPY all_row_names FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["uuid", "uuid"])
            for _, _, _, record in rows:
                old, new = before(record)[0], after(record)[0]
                if old != new:
                    copy.write_row((old, new))


def _name_hashes(cursor: psycopg.Cursor, found: list[_Table], lift: Callable[[str], str]) -> int:
    """Fill ``hash_names``: every hash that the warehouse holds, and what it is called from now on."""
    parts = []
    for table in found:
        parts += [f"SELECT {column} AS old FROM {table.name}" for column in table.plain]
        parts += [
            f"SELECT i ->> '{member}' FROM {table.name}, jsonb_array_elements({column}) AS i"
            for column, members in table.lists.items()
            for member in members
        ]
    parts += [f"SELECT {hashed} FROM {name}" for name, _, hashed, _ in _INSIDE]
    cursor.execute("DROP TABLE IF EXISTS known_hashes, hash_names")
    cursor.execute(
        f"CREATE TEMPORARY TABLE known_hashes ON COMMIT DROP AS SELECT DISTINCT old FROM"
        f" ({' UNION ALL '.join(parts)}) AS every WHERE old ~ '{_HASH}'"
    )
    cursor.execute(
        "CREATE TEMPORARY TABLE hash_names (old text PRIMARY KEY, new text NOT NULL) ON COMMIT DROP"
    )
    count = 0
    with cursor.connection.cursor("known", row_factory=tuple_row) as known:
        known.execute("SELECT old FROM known_hashes")
        while rows := known.fetchmany(_AT_ONCE):
            with cursor.copy("COPY hash_names FROM STDIN") as copy:
                for (old,) in rows:
                    copy.write_row((old, lift(old)))
            count += len(rows)
    cursor.execute("ANALYZE hash_names")
    return count


def _rename(cursor: psycopg.Cursor, table: _Table) -> int:
    name_of = "(SELECT m.new FROM hash_names AS m WHERE m.old = t.{0})"
    sets = [f"{column} = coalesce({name_of.format(column)}, t.{column})" for column in table.plain]
    touched = [f"t.{column} IN (SELECT old FROM hash_names)" for column in table.plain]
    for column, members in table.lists.items():
        listed = ", ".join(f"'{member}'" for member in members)
        sets.append(f"{column} = pg_temp.rehashed(t.{column}, ARRAY[{listed}])")
        touched.append(f"jsonb_array_length(t.{column}) > 0")
    if table.has_fingerprint:
        sets.append(
            "row_hash = coalesce((SELECT m.new FROM row_names AS m WHERE m.old = t.row_hash), t.row_hash)"
        )
        touched.append("t.row_hash IN (SELECT old FROM row_names)")
    return cursor.execute(
        f"UPDATE {table.name} AS t SET {', '.join(sets)} WHERE {' OR '.join(touched)}"
    ).rowcount


def _rename_inside(cursor: psycopg.Cursor) -> int:
    return sum(
        cursor.execute(
            f"UPDATE {name} AS t SET {column} = {whole} FROM hash_names AS m WHERE m.old = {hashed}"
        ).rowcount
        for name, column, hashed, whole in _INSIDE
    )


def _check_fingerprints(cursor: psycopg.Cursor, stream: Stream) -> None:
    for table in (stream.table, stream.history_table):
        (left,) = cursor.execute(
            f"SELECT count(*) FROM {table} AS t WHERE ({_holds_hashes(stream)})"
            " AND NOT EXISTS (SELECT FROM row_names AS m WHERE m.new = t.row_hash)"
        ).fetchone()
        if left:
            raise TthcError(
                f"{left} dòng của {table} không đọc lại được từ kho lưu như lúc nhập; chưa đổi gì. Chạy tthc doctor "
                "--full, sửa theo lời báo (khôi phục kho lưu, hoặc dựng lại core), rồi chạy lại."
            )


def _holds_hashes(stream: Stream) -> str:
    """Return the SQL that says whether a row of core, as ``t``, has a hash of its own."""
    return " OR ".join(
        f"t.{name} ~ '{_HASH}'" if member is None else f"t.{name} @? '$[*].{member}'"
        for name, member in _hashed_names(stream)
    )


def _check_nothing_left(cursor: psycopg.Cursor) -> None:
    """Look for old names in every column of every table that may be written: a column that nobody declared too."""
    for name, column, kind in _columns(cursor):
        place = sql.SQL(name), sql.Identifier(column)
        if kind == "uuid":
            query = sql.SQL("SELECT EXISTS (SELECT FROM {} AS t INNER JOIN row_names AS m ON m.old = t.{})")
        elif kind in ("text", "text[]", "jsonb", "json"):
            query = sql.SQL(
                "SELECT EXISTS (SELECT FROM {} AS t CROSS JOIN LATERAL"
                " regexp_matches(t.{}::text, '\\m[0-9a-f]{{32}}\\M', 'g') AS w (words)"
                " INNER JOIN hash_names AS m ON m.old = w.words[1])"
            )
        else:
            continue
        if cursor.execute(query.format(*place)).fetchone()[0]:
            raise TthcError(
                f"Mã băm dưới khóa cũ còn ở {name}.{column}, nơi phần mềm không biết là có; chưa đổi gì. Báo nơi làm "
                "phần mềm."
            )
