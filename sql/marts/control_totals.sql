-- Grain: one row per merged reading and total that its source itself gave: the totals of a file, the count that the
-- city system announced.
-- Answers: did we read what the sender says there is, and if not, which days does the gap touch.
-- Runs as the owner, over tables that its readers may not read: so it asks itself which communes they may see.

CREATE VIEW marts.control_totals WITH (security_barrier = true) AS
WITH told AS (
    SELECT
        t.fetch_id,
        t.measure,
        t.said,
        t.counted,
        t.place
    FROM ops.control_totals AS t
    UNION ALL
    -- A window that was split is told by its parts.
    SELECT
        w.fetch_id,
        'rows' AS measure,
        sum(w.announced_count) AS said,
        sum(w.distinct_count) AS counted,
        'totalCount' AS place
    FROM ops.fetch_windows AS w
    INNER JOIN ops.fetches AS f ON f.fetch_id = w.fetch_id
    WHERE f.kind <> 'file' AND w.state IN ('complete', 'short')
    GROUP BY w.fetch_id
),

dated AS (
    SELECT
        f.commune_code,
        f.stream,
        f.kind,
        f.fetched_at,
        t.*,
        t.counted - t.said AS gap,
        coalesce(f.covers, datemultirange(daterange(f.window_from, f.window_to, '[]'))) AS days
    FROM told AS t
    INNER JOIN ops.fetches AS f ON f.fetch_id = t.fetch_id
    WHERE
        f.state = 'merged'
        AND ((SELECT ops.sight()))[f.commune_code] IS NOT NULL
        AND f.commune_code = ANY ((SELECT ops.communes_in_sight())::text[])
)

SELECT
    d.commune_code,
    d.fetch_id,
    d.stream,
    d.kind,
    d.fetched_at,
    d.measure,
    d.said,
    d.counted,
    d.gap,
    d.place,
    CASE WHEN f.kind <> 'file' OR f.covers IS NOT NULL THEN d.days END AS days,
    d.gap <> 0 AND NOT EXISTS (
        SELECT FROM dated AS later
        WHERE
            later.commune_code = d.commune_code
            AND later.stream = d.stream
            AND (later.fetched_at, later.fetch_id) > (d.fetched_at, d.fetch_id)
            AND later.measure = d.measure
            AND later.gap = 0
            AND later.days @> d.days
    ) AS is_open
FROM dated AS d
INNER JOIN ops.fetches AS f ON f.fetch_id = d.fetch_id;

COMMENT ON VIEW marts.control_totals IS 'Số tổng mà nguồn tự ghi, so với số ta đọc được, của mỗi lần đọc đã nhập.';
COMMENT ON COLUMN marts.control_totals.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.control_totals.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN marts.control_totals.stream IS 'Tên luồng.';
COMMENT ON COLUMN marts.control_totals.kind IS 'Loại lần đọc: tệp, hay một lượt gọi hệ thống thành phố.';
COMMENT ON COLUMN marts.control_totals.fetched_at IS 'Thời điểm của lần đọc.';
COMMENT ON COLUMN marts.control_totals.measure IS 'rows: số dòng; còn lại là tên cột được cộng.';
COMMENT ON COLUMN marts.control_totals.said IS 'Số nguồn ghi.';
COMMENT ON COLUMN marts.control_totals.counted IS 'Số ta đếm hoặc cộng được.';
COMMENT ON COLUMN marts.control_totals.gap IS 'Số ta đếm trừ số nguồn ghi; 0 là khớp.';
COMMENT ON COLUMN marts.control_totals.place IS 'Nguồn ghi ở đâu: trang tính và dòng, hoặc totalCount.';
COMMENT ON COLUMN marts.control_totals.days IS 'Những ngày mà lần đọc bao trùm; trống khi không biết.';
COMMENT ON COLUMN marts.control_totals.is_open IS 'Lệch, và chưa có lần đọc sau nào khớp mà bao trùm đủ những ngày ấy.';
