-- Grain: one row per commune, calendar and period of the published years.
-- Answers: which days a period has, so that nobody writes dates by hand: it joins to every marts.…_in_period.
-- The months before the first January and after the last December are counted like any other.

CREATE VIEW marts.periods AS
WITH years AS (
    SELECT DISTINCT
        commune_code,
        extract(YEAR FROM day)::integer AS year
    FROM marts.days
),

kinds (kind, first_month, month_count, suffix) AS (
    SELECT
        'month',
        m,
        1,
        '-' || lpad(m::text, 2, '0')
    FROM generate_series(1, 12) AS m
    UNION ALL
    SELECT
        'quarter',
        3 * q - 2,
        3,
        '-Q' || q
    FROM generate_series(1, 4) AS q
    UNION ALL
    SELECT
        'half',
        6 * h - 5,
        6,
        '-H' || h
    FROM generate_series(1, 2) AS h
    UNION ALL
    SELECT
        'nine_months',
        1,
        9,
        '-9M'
    UNION ALL
    SELECT
        'year',
        1,
        12,
        ''
),

months AS (
    SELECT
        y.commune_code,
        y.year || k.suffix AS period,
        k.kind,
        make_date(y.year, k.first_month, 1) AS first_day,
        (make_date(y.year, k.first_month, 1) + make_interval(months => k.month_count))::date AS next_day
    FROM years AS y
    CROSS JOIN kinds AS k
)

SELECT
    commune_code,
    'month' AS calendar,
    period,
    kind,
    first_day AS period_start,
    next_day - 1 AS period_end
FROM months
UNION ALL
SELECT
    commune_code,
    'report',
    period,
    kind,
    (first_day - interval '1 month')::date + 14,
    (next_day - interval '1 month')::date + 13
FROM months;

COMMENT ON VIEW marts.periods IS 'Các kỳ của những năm đã công bố lịch làm việc, ở cả hai lịch, với ngày đầu và ngày cuối.';
COMMENT ON COLUMN marts.periods.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.periods.calendar IS 'month: tháng dương lịch; report: từ ngày 15 tháng trước đến ngày 14.';
COMMENT ON COLUMN marts.periods.period IS 'Kỳ: 2025-07, 2025-Q3, 2025-H2, 2025-9M, 2025.';
COMMENT ON COLUMN marts.periods.kind IS 'Loại kỳ: month, quarter, half, nine_months, year.';
COMMENT ON COLUMN marts.periods.period_start IS 'Ngày đầu kỳ.';
COMMENT ON COLUMN marts.periods.period_end IS 'Ngày cuối kỳ.';
