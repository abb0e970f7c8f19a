-- Grain: one row per stream, rule, unit, state and age of the cases kept apart.
-- Answers: what waits on the desk, for whom, why and how long; and how long what is decided took.
-- Runs as the owner, over tables that its readers may not read: so it asks itself which communes they may see.

CREATE VIEW marts.quarantine_counts WITH (security_barrier = true) AS
WITH lines AS (
    SELECT
        q.commune_code,
        q.stream,
        q.rules,
        q.unit_code,
        q.state,
        q.decided_at,
        -- An attempt to mend goes on with its case: one case, as old as its first line, said by its newest.
        min(q.opened_at) OVER attempts AS opened_at,
        q.quarantine_id = max(q.quarantine_id) OVER attempts AS is_newest
    FROM ops.quarantine AS q
    INNER JOIN ops.fetches AS f ON f.fetch_id = q.fetch_id
    -- A reading that was taken back has never come.
    WHERE
        f.state <> 'undone'
        AND ((SELECT ops.sight()))[q.commune_code] IS NOT NULL
        AND q.commune_code = ANY ((SELECT ops.communes_in_sight())::text[])
    WINDOW attempts AS (PARTITION BY coalesce(q.case_id, q.quarantine_id))
),

cases AS (
    SELECT
        commune_code,
        stream,
        rules,
        unit_code,
        state,
        core.day_of(opened_at) AS opened_on,
        core.day_of(coalesce(decided_at, now())) - core.day_of(opened_at) AS age_days
    FROM lines
    WHERE is_newest
),

banded AS (
    SELECT
        c.commune_code,
        c.stream,
        r.rule,
        c.unit_code,
        c.state,
        CASE
            WHEN c.age_days <= 2 THEN '0-2'
            WHEN c.age_days <= 7 THEN '3-7'
            WHEN c.age_days <= 30 THEN '8-30'
            ELSE '31+'
        END AS age_band,
        c.opened_on
    FROM cases AS c
    CROSS JOIN LATERAL unnest(c.rules) AS r (rule)
)

SELECT
    b.commune_code,
    b.stream,
    b.rule,
    b.unit_code,
    u.name AS unit_name,
    b.state,
    b.age_band,
    count(*)::integer AS case_count,
    min(b.opened_on) AS oldest_on
FROM banded AS b
LEFT JOIN core.units AS u ON u.commune_code = b.commune_code AND u.unit_code = b.unit_code
GROUP BY b.commune_code, b.stream, b.rule, b.unit_code, u.name, b.state, b.age_band;

COMMENT ON VIEW marts.quarantine_counts IS 'Khu cách ly đếm theo luồng, luật, đơn vị, trạng thái và tuổi. Một vụ việc phạm hai luật thì có ở cả hai luật.';
COMMENT ON COLUMN marts.quarantine_counts.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.quarantine_counts.stream IS 'Luồng, như tệp trong sources/.';
COMMENT ON COLUMN marts.quarantine_counts.rule IS 'Luật không đạt, như tên trong expectations/.';
COMMENT ON COLUMN marts.quarantine_counts.unit_code IS 'Mã đơn vị của dòng; trống khi không rõ, hoặc khi luồng hạn chế.';
COMMENT ON COLUMN marts.quarantine_counts.unit_name IS 'Tên đơn vị; trống khi không rõ.';
COMMENT ON COLUMN marts.quarantine_counts.state IS 'open: đang chờ; resolved: đã tốt; released: xét lại đạt; rejected: bị loại.';
COMMENT ON COLUMN marts.quarantine_counts.age_band IS 'Số ngày đã chờ, hoặc đã chờ đến lúc quyết định: 0-2, 3-7, 8-30, 31+.';
COMMENT ON COLUMN marts.quarantine_counts.case_count IS 'Số vụ việc; các lần sửa chưa đạt của một dòng là một vụ việc.';
COMMENT ON COLUMN marts.quarantine_counts.oldest_on IS 'Ngày cách ly của vụ việc cũ nhất.';
