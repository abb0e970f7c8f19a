-- Grain: one row per month of the period [a, b]: the calendar's own months, from the day of the month on which it begins.
-- Answers: in which months a report on the monitoring of administrative reform was issued.

CREATE FUNCTION marts.monitoring_months_in_period(commune text, a date, b date) RETURNS TABLE (
    month_start text,
    has_report boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        to_char(m.first, 'YYYY-MM-DD') AS month_start,
        EXISTS (
            SELECT FROM core.tasks AS t
            WHERE
                t.commune_code = commune
                AND t.kind = 'monitoring_report'
                AND t.done_on BETWEEN m.first::date AND least((m.first + interval '1 month')::date - 1, b)
        ) AS has_report
    FROM generate_series(a::timestamp, b::timestamp, interval '1 month') AS m (first)
$$;

COMMENT ON FUNCTION marts.monitoring_months_in_period(text, date, date) IS
'Các tháng của kỳ [a, b], và tháng nào có báo cáo theo dõi cải cách hành chính.
month_start: Ngày đầu của tháng theo lịch của kỳ.
has_report: Trong tháng có ít nhất một báo cáo theo dõi cải cách hành chính được gửi.';
