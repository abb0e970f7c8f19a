-- Answers: how much working time lies between two instants: sessions of core.office_hours on working days.
-- A year without a published calendar has Monday to Friday: this is a timetable, no promise depends on it.

CREATE FUNCTION marts.office_time(commune text, started_at timestamptz, stopped_at timestamptz) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(sum(least(stopped_at, s.closes_at) - greatest(started_at, s.opens_at)), interval '0')
    FROM generate_series(
        core.day_of(started_at)::timestamp, core.day_of(stopped_at)::timestamp, interval '1 day'
    ) AS g
    INNER JOIN core.office_hours AS h ON h.commune_code = commune AND g::date BETWEEN h.valid_from AND h.valid_to
    LEFT JOIN marts.days AS n ON n.commune_code = commune AND n.day = g::date
    CROSS JOIN LATERAL (
        SELECT
            (g::date + h.opens) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS opens_at,
            (g::date + h.closes) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS closes_at
    ) AS s
    WHERE
        coalesce(n.is_working, extract(ISODOW FROM g) <= 5)
        AND s.opens_at < stopped_at
        AND s.closes_at > started_at
$$;

COMMENT ON FUNCTION marts.office_time(text, timestamptz, timestamptz) IS
'Thời gian làm việc giữa hai thời điểm, theo giờ làm việc và lịch làm việc của xã.';
