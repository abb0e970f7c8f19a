"""What becomes of the rows of a rehearsed reading: refused, new, changed; by address, key, column, never by value."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from tthc.errors import UsageError
from tthc.quality.concerns import Concerns
from tthc.quality.naming import row_key_of, staging_of
from tthc.quality.suites import suite_of
from tthc.sources import spreadsheets
from tthc.sources.spreadsheets import FoundTable
from tthc.sources.streams import Stream

#: Columns of a version that say where it comes from, not what it says.
_OF_THE_READING = [
    "fetch_id", "row_number", "row_uid", "row_hash", "fetched_at", "valid_to", "flags", "missing_since",
]  # fmt: skip


class Rows:
    """The rows of one reading, in the transaction that stages and merges it."""

    def __init__(self, connection: psycopg.Connection, stream: Stream, fetch_id: int) -> None:
        self._connection, self._stream, self._fetch_id = connection, stream, fetch_id
        self._history = sql.Identifier(*stream.history_table.split("."))
        self._concerns = Concerns(stream)

    def refused_count(self) -> int:
        """Return how many staged rows are refused."""
        return self._one("SELECT count(*) AS found FROM staging.verdicts AS v WHERE {refused}")

    def refused(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the refused rows in the order of the file."""
        return self._all(
            "SELECT s.address, {key} AS key, v.refused AS rules, s.unreadable FROM {staging} AS s"
            " INNER JOIN staging.verdicts AS v ON v.row_number = s.row_number"
            " WHERE s.fetch_id = {fetch_id} AND {refused} ORDER BY s.row_number LIMIT {limit}",
            key=row_key_of(self._stream, "s"),
            limit=limit,
        )

    def explained(self, refused: list[dict[str, Any]], tables: list[FoundTable]) -> list[dict[str, Any]]:
        """Say of refused rows which cells they are refused for, and why."""
        suite = suite_of(self._stream)
        return [
            {
                "address": row["address"],
                "key": row["key"],
                "rules": row["rules"],
                "reason": suite.reason(row["rules"]),
                "cells": [
                    {
                        "cell": self._cell(tables, row["address"], name),
                        "header": self._concerns.column(name).header,
                        "reason": suite.reason(rules),
                    }
                    for name, rules in self._concerns.columns(row["rules"], row["unreadable"]).items()
                ],
            }
            for row in refused
        ]

    def warnings(self) -> list[dict[str, Any]]:
        """Return the rules that rows do not meet and that refuse none: name, rows, reason."""
        reasons = {rule.rule: rule.meta.reason for rule in suite_of(self._stream).expectations}
        rows = self._all(
            "SELECT rule, failed_count AS rows FROM ops.validations"
            " WHERE fetch_id = {fetch_id} AND NOT is_met AND severity = 'warning' ORDER BY rule"
        )
        return [row | {"reason": reasons.get(row["rule"], "")} for row in rows]

    def keep_addresses(self) -> None:
        """Keep the addresses of the staged rows beside them: a merge forgets what it has merged."""
        self._connection.execute("DROP TABLE IF EXISTS pg_temp.checked_rows")
        self._connection.execute(
            self._statement(
                "CREATE TEMPORARY TABLE checked_rows ON COMMIT DROP AS"
                " SELECT row_number, address FROM {staging} WHERE fetch_id = {fetch_id}"
            )
        )

    def version_counts(self) -> tuple[int, int]:
        """Return how many rows became the first version of something, and how many a further one."""
        (row,) = self._all(
            "SELECT count(*) FILTER (WHERE p.fetch_id IS NULL) AS new, count(p.fetch_id) AS changed FROM {versions}"
        )
        return row["new"], row["changed"]

    def versions(self, limit: int | None, *, changed: bool) -> list[dict[str, Any]]:
        """Return the rows that became versions, in the order of the file, with the headers of what changed."""
        rows = self._all(
            "SELECT c.address, {key} AS key, ARRAY(SELECT n.key FROM jsonb_each(to_jsonb(t)) AS n"
            " INNER JOIN jsonb_each(to_jsonb(p)) AS o USING (key)"
            " WHERE n.value IS DISTINCT FROM o.value AND n.key <> ALL ({own})) AS columns"
            " FROM {versions} LEFT JOIN checked_rows AS c ON c.row_number = t.row_number"
            " WHERE (p.fetch_id IS NOT NULL) = {changed} ORDER BY t.row_number LIMIT {limit}",
            key=row_key_of(self._stream, "t"),
            own=_OF_THE_READING,
            changed=changed,
            limit=limit,
        )
        if not changed:
            return [{"address": row["address"], "key": row["key"]} for row in rows]
        return [
            {
                "address": row["address"],
                "key": row["key"],
                "columns": self._concerns.headers(row["columns"]),
            }
            for row in rows
        ]

    def closed_cases(self) -> list[dict[str, Any]]:
        """Return the quarantined rows that this reading closes."""
        return self._all(
            "SELECT quarantine_id, row_key AS key, decided_by AS by, decision_reason AS reason FROM ops.quarantine"
            " WHERE closed_fetch_id = {fetch_id} AND fetch_id <> {fetch_id} ORDER BY quarantine_id"
        )

    def _cell(self, tables: list[FoundTable], address: str, name: str) -> str | None:
        try:
            sheet, row, letter = spreadsheets.cell_of(tables, self._stream, address, name)
        except UsageError:
            # A column that a person said this file may lack.
            return None
        return f"{sheet}!{letter}{row}" if sheet else f"{letter}{row}"

    def _all(self, text: str, **parts: Any) -> list[dict[str, Any]]:
        return self._connection.execute(self._statement(text, **parts)).fetchall()

    def _one(self, text: str) -> Any:
        return self._connection.execute(self._statement(text)).fetchone()["found"]

    def _statement(self, text: str, **parts: Any) -> sql.Composed:
        same = sql.SQL(" AND ").join(
            sql.SQL("p.{0} = t.{0}").format(sql.Identifier(name))
            for name in ("commune_code", *self._stream.key)
        )
        refused = sql.SQL(
            "v.stream = {} AND v.fetch_id = {} AND cardinality(v.refused) > 0"
        ).format(self._stream.stream, self._fetch_id)  # fmt: skip
        # The version before is the one that was closed when this one came.
        versions = sql.SQL(
            "(SELECT * FROM {0} WHERE fetch_id = {1}) AS t LEFT JOIN {0} AS p"
            " ON {2} AND p.valid_to = t.fetched_at AND p.fetch_id <> t.fetch_id"
        ).format(self._history, self._fetch_id, same)
        return sql.SQL(text).format(
            staging=staging_of(self._stream),
            fetch_id=self._fetch_id,
            refused=refused,
            versions=versions,
            **parts,
        )
