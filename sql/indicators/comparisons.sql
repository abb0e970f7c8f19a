-- Grain: one row per published value of an indicator (not of a cell of a form).
-- Answers: how far from the target, from the period before, from the same period last year, and which place among units.
-- A value is compared whatever its status, and the status of either side stands beside it; only whole values are ranked.

CREATE VIEW indicators.comparisons AS
WITH told AS (
    SELECT
        e.*,
        regexp_replace(e.period, '[0-9]', '', 'g') AS shape,
        (left(e.period, 4)::integer - 1)::text || substr(e.period, 5) AS period_last_year,
        e.level = 'unit' AND e.status IN ('ok', 'small_n') AND e.direction <> 'none' AS is_ranked
    FROM indicators.explanations AS e
    WHERE e.form IS NULL
)

SELECT
    t.commune_code,
    t.calendar,
    t.period,
    t.period_start,
    t.period_end,
    t.level,
    t.code,
    t.indicator,
    t.name,
    t.direction,
    t.numerator,
    t.denominator,
    t.value,
    t.status,
    t.target,
    t.value - t.target AS from_target,
    t.meets_target,
    b.period AS period_before,
    b.value AS value_before,
    b.status AS status_before,
    t.value - b.value AS since_before,
    t.period_last_year,
    y.value AS value_last_year,
    y.status AS status_last_year,
    t.value - y.value AS since_last_year,
    CASE WHEN t.is_ranked THEN
        rank() OVER (
            PARTITION BY t.commune_code, t.calendar, t.period, t.level, t.indicator, t.is_ranked
            ORDER BY CASE t.direction WHEN 'up' THEN -t.value WHEN 'down' THEN t.value ELSE abs(t.value) END
        )
    END AS unit_rank,
    CASE WHEN t.is_ranked THEN
        count(*) OVER (PARTITION BY t.commune_code, t.calendar, t.period, t.level, t.indicator, t.is_ranked)
    END AS ranked_units
FROM told AS t
-- Nine months begin with the year, so those before are those of the year before.
LEFT JOIN indicators.published AS b
    ON
        b.commune_code = t.commune_code
        AND b.calendar = t.calendar
        AND regexp_replace(b.period, '[0-9]', '', 'g') = t.shape
        AND b.period_end
        = CASE
            WHEN t.shape = '-M' THEN (t.period_end - interval '1 year')::date
            ELSE t.period_start - 1
        END
        AND b.level = t.level
        AND b.code = t.code
        AND b.indicator = t.indicator
LEFT JOIN indicators.published AS y
    ON
        y.commune_code = t.commune_code
        AND y.calendar = t.calendar
        AND y.period = t.period_last_year
        AND y.level = t.level
        AND y.code = t.code
        AND y.indicator = t.indicator;

COMMENT ON VIEW indicators.comparisons IS 'Mỗi giá trị đã công bố đặt cạnh mục tiêu, kỳ liền trước, cùng kỳ năm trước và các đơn vị khác.';
COMMENT ON COLUMN indicators.comparisons.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.comparisons.calendar IS 'month hoặc report.';
COMMENT ON COLUMN indicators.comparisons.period IS 'Kỳ.';
COMMENT ON COLUMN indicators.comparisons.period_start IS 'Ngày đầu kỳ.';
COMMENT ON COLUMN indicators.comparisons.period_end IS 'Ngày cuối kỳ.';
COMMENT ON COLUMN indicators.comparisons.level IS 'Cấp: commune, unit, procedure, field, official.';
COMMENT ON COLUMN indicators.comparisons.code IS 'Mã ở cấp đó; tên ở marts.level_names.';
COMMENT ON COLUMN indicators.comparisons.indicator IS 'Mã chỉ tiêu.';
COMMENT ON COLUMN indicators.comparisons.name IS 'Tên chỉ tiêu.';
COMMENT ON COLUMN indicators.comparisons.direction IS 'up: càng cao càng tốt; down: càng thấp càng tốt; near: càng gần 0 càng tốt; none: không chấm tốt xấu.';
COMMENT ON COLUMN indicators.comparisons.numerator IS 'Tử số.';
COMMENT ON COLUMN indicators.comparisons.denominator IS 'Mẫu số.';
COMMENT ON COLUMN indicators.comparisons.value IS 'Giá trị.';
COMMENT ON COLUMN indicators.comparisons.status IS 'Trạng thái của giá trị: ok, small_n, incomplete, no_data, no_source.';
COMMENT ON COLUMN indicators.comparisons.target IS 'Mục tiêu có hiệu lực vào ngày cuối kỳ.';
COMMENT ON COLUMN indicators.comparisons.from_target IS 'Giá trị trừ mục tiêu.';
COMMENT ON COLUMN indicators.comparisons.meets_target IS 'Đạt mục tiêu.';
COMMENT ON COLUMN indicators.comparisons.period_before IS 'Kỳ liền trước cùng loại; trống khi chưa công bố.';
COMMENT ON COLUMN indicators.comparisons.value_before IS 'Giá trị kỳ liền trước.';
COMMENT ON COLUMN indicators.comparisons.status_before IS 'Trạng thái của giá trị kỳ liền trước.';
COMMENT ON COLUMN indicators.comparisons.since_before IS 'Giá trị trừ giá trị kỳ liền trước.';
COMMENT ON COLUMN indicators.comparisons.period_last_year IS 'Cùng kỳ năm trước.';
COMMENT ON COLUMN indicators.comparisons.value_last_year IS 'Giá trị cùng kỳ năm trước.';
COMMENT ON COLUMN indicators.comparisons.status_last_year IS 'Trạng thái của giá trị cùng kỳ năm trước.';
COMMENT ON COLUMN indicators.comparisons.since_last_year IS 'Giá trị trừ giá trị cùng kỳ năm trước.';
COMMENT ON COLUMN indicators.comparisons.unit_rank IS 'Thứ hạng giữa các đơn vị, 1 là tốt nhất; chỉ xếp giá trị ok và small_n của chỉ tiêu có chiều tốt xấu.';
COMMENT ON COLUMN indicators.comparisons.ranked_units IS 'Số đơn vị được xếp.';
