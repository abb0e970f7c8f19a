-- Answers: the day on which so many working days have passed after a day; null when that leaves the published years.

CREATE FUNCTION marts.working_day_after(commune text, after date, working_days integer) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT d.day
    FROM marts.days AS a
    INNER JOIN marts.days AS d
        ON
            d.commune_code = a.commune_code
            AND d.published_run = a.published_run
            AND d.working_days_through = a.working_days_through + working_days
            AND d.is_working
    WHERE a.commune_code = commune AND a.day = after
$$;

COMMENT ON FUNCTION marts.working_day_after(text, date, integer) IS
'Ngày làm việc thứ mấy sau một ngày, không kể ngày ấy; trống khi ra ngoài lịch đã công bố.';
