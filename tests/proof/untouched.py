"""Everything that a warehouse and a folder hold, for steps that must leave no trace."""

from pathlib import Path

import psycopg
from psycopg import sql


def everything(url: str) -> dict[str, str]:
    """Return a checksum of the rows of every table of the warehouse, ledger and staging included."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchall()
        assert len(names) > 60
        return {
            f"{schema}.{name}": connection.execute(
                sql.SQL(
                    "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {} AS t"
                ).format(sql.Identifier(schema, name))
            ).fetchone()[0]
            for schema, name in names
        }


def files_in(folder: Path) -> set[tuple[str, int, int]]:
    """Return path, size and last change of every file below a folder."""
    return {
        (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
