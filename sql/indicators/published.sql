-- Grain: one row per commune, calendar, period, level, code and indicator, of the revision in force.
-- Answers: the numbers that count. Readers ask this view and nothing else.

CREATE VIEW indicators.published AS
WITH in_force AS (
    SELECT DISTINCT ON (commune_code, calendar, period) *
    FROM indicators.revisions
    ORDER BY commune_code, calendar, period, revision_number DESC
)

SELECT
    r.commune_code,
    r.period,
    r.calendar,
    v.level,
    v.code,
    v.indicator,
    v.numerator,
    v.denominator,
    v.value,
    v.status,
    r.revision_number,
    r.published_at,
    b.period_start,
    b.period_end
FROM in_force AS r
INNER JOIN indicators.builds AS b ON b.build_id = r.build_id
INNER JOIN indicators.values AS v ON v.build_id = r.build_id;

COMMENT ON VIEW indicators.published IS 'Số liệu đang có hiệu lực: bản công bố mới nhất của mỗi kỳ.';
COMMENT ON COLUMN indicators.published.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.published.period IS 'Kỳ.';
COMMENT ON COLUMN indicators.published.calendar IS 'month hoặc report.';
COMMENT ON COLUMN indicators.published.level IS 'Cấp: commune, unit, procedure, field.';
COMMENT ON COLUMN indicators.published.code IS 'Mã ở cấp đó.';
COMMENT ON COLUMN indicators.published.indicator IS 'Mã chỉ tiêu.';
COMMENT ON COLUMN indicators.published.numerator IS 'Tử số.';
COMMENT ON COLUMN indicators.published.denominator IS 'Mẫu số.';
COMMENT ON COLUMN indicators.published.value IS 'Giá trị.';
COMMENT ON COLUMN indicators.published.status IS 'ok, small_n, incomplete hoặc no_data.';
COMMENT ON COLUMN indicators.published.revision_number IS 'Lần công bố.';
COMMENT ON COLUMN indicators.published.published_at IS 'Lúc công bố.';
COMMENT ON COLUMN indicators.published.period_start IS 'Ngày đầu kỳ.';
COMMENT ON COLUMN indicators.published.period_end IS 'Ngày cuối kỳ.';
