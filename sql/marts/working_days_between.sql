-- Answers: how many working days lie after one day through another; null when the span leaves the published years.

CREATE FUNCTION marts.working_days_between(commune text, after date, through date) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT greatest(b.working_days_through - a.working_days_through, 0)
    FROM marts.days AS a
    INNER JOIN marts.days AS b
        ON b.commune_code = a.commune_code AND b.published_run = a.published_run AND b.day = through
    WHERE a.commune_code = commune AND a.day = after
$$;

COMMENT ON FUNCTION marts.working_days_between(text, date, date) IS
'Số ngày làm việc sau một ngày đến hết một ngày khác; trống khi ra ngoài lịch đã công bố.';
