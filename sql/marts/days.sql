-- Grain: one row per commune and day of the published years.
-- Answers: is it a working day, by which document, and how many working days have passed through it.
-- Refill: replaces the whole calendar; it is small.

CREATE TABLE marts.days (
    commune_code text NOT NULL,
    day date NOT NULL,
    is_working boolean NOT NULL,
    working_days_through integer NOT NULL,
    published_run integer NOT NULL,
    reason text,
    document text NOT NULL,
    month text NOT NULL,
    report_month text NOT NULL,
    PRIMARY KEY (commune_code, day)
);
-- The n-th working day after another is found by its number.
CREATE UNIQUE INDEX days_by_number ON marts.days (commune_code, published_run, working_days_through) WHERE is_working;

COMMENT ON TABLE marts.days IS 'Lịch làm việc từng ngày của các năm đã công bố, kèm căn cứ.';
COMMENT ON COLUMN marts.days.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.days.day IS 'Ngày.';
COMMENT ON COLUMN marts.days.is_working IS 'Là ngày làm việc.';
COMMENT ON COLUMN marts.days.working_days_through IS 'Số ngày làm việc từ đầu lịch đến hết ngày này.';
COMMENT ON COLUMN marts.days.published_run IS 'Dãy năm liền nhau đã công bố mà ngày này thuộc về; không đếm qua năm chưa công bố.';
COMMENT ON COLUMN marts.days.reason IS 'Lý do nghỉ hoặc làm bù.';
COMMENT ON COLUMN marts.days.document IS 'Văn bản làm căn cứ.';
COMMENT ON COLUMN marts.days.month IS 'Tháng dương lịch chứa ngày này.';
COMMENT ON COLUMN marts.days.report_month IS 'Kỳ báo cáo tháng (ngày 15 tháng trước đến ngày 14) chứa ngày này.';

-- Refill
DELETE FROM marts.days WHERE commune_code = %(commune_code)s;

INSERT INTO marts.days (
    commune_code, day, is_working, working_days_through, published_run, reason, document, month, report_month
)
WITH years AS (
    SELECT
        extract(YEAR FROM day)::integer AS year,
        (extract(YEAR FROM day) - dense_rank() OVER (ORDER BY extract(YEAR FROM day)))::integer AS published_run
    FROM core.working_days
    WHERE commune_code = %(commune_code)s
    GROUP BY extract(YEAR FROM day)
),

days AS (
    SELECT
        y.published_run,
        d::date AS day
    FROM years AS y
    CROSS JOIN LATERAL generate_series(make_date(y.year, 1, 1), make_date(y.year, 12, 31), interval '1 day') AS d
),

judged AS (
    SELECT
        d.day,
        d.published_run,
        coalesce(w.is_working, extract(ISODOW FROM d.day) <= 5) AS is_working,
        w.reason,
        coalesce(w.document, 'Bộ luật Lao động 2019, Điều 111; tuần làm việc 40 giờ theo Quyết định 188/1999/QĐ-TTg')
            AS document
    FROM days AS d
    LEFT JOIN core.working_days AS w ON w.commune_code = %(commune_code)s AND w.day = d.day
)

SELECT
    %(commune_code)s AS commune_code,
    day,
    is_working,
    count(*) FILTER (WHERE is_working) OVER (PARTITION BY published_run ORDER BY day) AS working_days_through,
    published_run,
    reason,
    document,
    to_char(day, 'YYYY-MM') AS month,
    to_char(day + interval '1 month' - interval '14 days', 'YYYY-MM') AS report_month
FROM judged;
