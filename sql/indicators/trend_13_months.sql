-- Grain: thirteen rows per commune, calendar, month, level, code and indicator that is published: that month and the
-- twelve before it.
-- Answers: how a number went in a year; a month that was not published is there, without a value.

CREATE VIEW indicators.trend_13_months AS
WITH in_force AS (
    SELECT DISTINCT ON (commune_code, calendar, period)
        commune_code,
        calendar,
        period,
        revision_number,
        build_id
    FROM indicators.revisions
    WHERE period ~ '^[0-9]{4}-[0-9]{2}$'
    ORDER BY commune_code, calendar, period, revision_number DESC
),

-- Which build tells of which month comes first, so that each value is found by its key.
walks AS (
    SELECT
        m.commune_code,
        m.calendar,
        m.period,
        m.build_id,
        b.months_back,
        l.month,
        t.build_id AS told_build_id,
        t.revision_number
    FROM in_force AS m
    CROSS JOIN generate_series(0, 12) AS b (months_back)
    CROSS JOIN LATERAL (
        SELECT to_char(to_date(m.period, 'YYYY-MM') - make_interval(months => b.months_back), 'YYYY-MM') AS month
    ) AS l
    LEFT JOIN in_force AS t
        ON t.commune_code = m.commune_code AND t.calendar = m.calendar AND t.period = l.month
)

SELECT
    w.commune_code,
    w.calendar,
    w.period,
    v.level,
    v.code,
    v.indicator,
    w.months_back,
    w.month,
    t.numerator,
    t.denominator,
    t.value,
    coalesce(t.status, CASE WHEN w.told_build_id IS NULL THEN 'not_published' ELSE 'no_data' END) AS status,
    w.revision_number
FROM walks AS w
INNER JOIN indicators.values AS v ON v.build_id = w.build_id
LEFT JOIN indicators.values AS t
    ON t.build_id = w.told_build_id AND t.level = v.level AND t.code = v.code AND t.indicator = v.indicator;

COMMENT ON VIEW indicators.trend_13_months IS 'Diễn biến mười ba tháng: mỗi tháng đã công bố cùng mười hai tháng trước nó.';
COMMENT ON COLUMN indicators.trend_13_months.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.trend_13_months.calendar IS 'month hoặc report.';
COMMENT ON COLUMN indicators.trend_13_months.period IS 'Tháng cuối của diễn biến.';
COMMENT ON COLUMN indicators.trend_13_months.level IS 'Cấp: commune, unit, procedure, field, official.';
COMMENT ON COLUMN indicators.trend_13_months.code IS 'Mã ở cấp đó; tên ở marts.level_names.';
COMMENT ON COLUMN indicators.trend_13_months.indicator IS 'Mã chỉ tiêu.';
COMMENT ON COLUMN indicators.trend_13_months.months_back IS 'Cách tháng cuối bao nhiêu tháng, 0 đến 12.';
COMMENT ON COLUMN indicators.trend_13_months.month IS 'Tháng của giá trị ở dòng này.';
COMMENT ON COLUMN indicators.trend_13_months.numerator IS 'Tử số.';
COMMENT ON COLUMN indicators.trend_13_months.denominator IS 'Mẫu số.';
COMMENT ON COLUMN indicators.trend_13_months.value IS 'Giá trị.';
COMMENT ON COLUMN indicators.trend_13_months.status IS 'Trạng thái của giá trị; not_published khi tháng ấy chưa công bố, no_data khi đã công bố mà không có số này.';
COMMENT ON COLUMN indicators.trend_13_months.revision_number IS 'Lần công bố của tháng ấy.';
