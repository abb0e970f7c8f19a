"""The query that gives each row that differs its cause, by the rules that ``tthc.indicators.changes`` states."""

from tthc.indicators import definitions
from tthc.sources import streams
from tthc.warehouse import tables


def history_of(item: str) -> dict[str, str]:
    """Return where the versions of an item's rows are kept: ``history``, ``table`` and their ``key``.

    That is the first stream that the item reads and whose key is the item's. An item that is a row of no stream (a
    unit, a procedure in force) has none.
    """
    key, reached = definitions.item_columns(item)[0], tables.reached_from(item)
    for stream in streams.streams().values():
        if stream.key[0] == key and stream.table in reached:
            return {"history": stream.history_table, "table": stream.table, "key": key}
    nothing = "(SELECT ''::text AS commune_code, ''::text AS row_key, 0::bigint AS fetch_id LIMIT 0)"
    return {"history": nothing, "table": nothing, "key": "row_key"}


DIFFERING = """
CREATE TEMPORARY TABLE differing ON COMMIT DROP AS
WITH compared AS (
    SELECT
        coalesce(o.fact_key, n.fact_key) AS fact_key,
        o.fact_key IS NULL AS is_new,
        n.fact_key IS NULL AS is_gone,
        o.source_digest IS DISTINCT FROM n.source_digest AS has_other_source,
        o.register_digest IS DISTINCT FROM n.register_digest AS has_other_register
    FROM {old} AS o
    FULL JOIN {new} AS n ON n.fact_key = o.fact_key
    WHERE ({old_row}) IS DISTINCT FROM ({new_row})
),

judged AS (
    SELECT
        c.*,
        EXISTS (
            SELECT FROM ops.quarantine AS q
            WHERE
                q.commune_code = %(commune)s
                AND q.row_key = split_part(c.fact_key, '#', 1)
                AND q.decided_at > %(then)s AND q.decided_at <= %(until)s
                AND (q.state = 'released' OR q.state = 'resolved' AND q.decision_reason = %(mended)s)
        ) AS is_released,
        EXISTS (
            SELECT FROM {history} AS v
            INNER JOIN ops.fetches AS f ON f.fetch_id = v.fetch_id
            WHERE
                v.commune_code = %(commune)s
                AND v.{key}::text = split_part(c.fact_key, '#', 1)
                AND f.merged_at <= %(then)s
        ) AS was_known,
        EXISTS (
            SELECT FROM ops.quarantine AS q
            WHERE
                q.commune_code = %(commune)s
                AND q.row_key = split_part(c.fact_key, '#', 1)
                AND q.opened_at <= %(then)s
        ) AS was_refused,
        EXISTS (
            SELECT FROM {history} AS v
            INNER JOIN ops.fetches AS f ON f.fetch_id = v.fetch_id
            WHERE
                v.commune_code = %(commune)s
                AND v.{key}::text = split_part(c.fact_key, '#', 1)
                AND f.merged_at > %(then)s
        ) AS has_moved,
        EXISTS (
            SELECT FROM {table} AS d
            WHERE d.commune_code = %(commune)s AND d.{key}::text = split_part(c.fact_key, '#', 1)
        ) AS is_known
    FROM compared AS c
)

SELECT
    fact_key,
    CASE
        WHEN is_released AND (has_other_source OR is_new) THEN 'released'
        WHEN is_new AND NOT was_known AND NOT was_refused THEN 'late'
        WHEN is_gone AND NOT is_known THEN 'removed'
        WHEN (is_new OR is_gone) AND (has_moved OR NOT %(other_rules)s) THEN 'corrected'
        WHEN is_new OR is_gone THEN 'definition'
        WHEN has_other_source THEN 'corrected'
        WHEN has_other_register THEN 'registers'
        WHEN %(other_calendar)s THEN 'calendar'
        WHEN %(other_rules)s THEN 'definition'
        ELSE 'corrected'
    END AS cause
FROM judged
"""
