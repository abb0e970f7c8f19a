-- Grain: one row per official at a post on the last day of the period [a, b]; who it is stays in the register.
-- Answers: was the official briefed on ethics, from the first day of that day's year on.
-- The key numbers the people of a unit, those who were briefed first: it tells no more than the two counts do.

CREATE FUNCTION marts.briefed_staff_in_period(commune text, a date, b date) RETURNS TABLE (
    staff_key text,
    unit_code text,
    is_briefed boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH staff AS (
        SELECT DISTINCT ON (s.official_code)
            s.official_code,
            s.home_unit_code,
            s.staff_kind
        FROM restricted.staff AS s
        WHERE
            s.commune_code = commune
            AND s.kind = 'posting'
            AND s.starts_on <= b
            AND coalesce(s.ends_on, 'infinity') >= b
        ORDER BY s.official_code, s.starts_on DESC
    ),

    judged AS (
        SELECT
            s.home_unit_code AS unit_code,
            EXISTS (
                SELECT FROM restricted.conduct_records AS r
                WHERE
                    r.commune_code = commune
                    AND r.official_code = s.official_code
                    AND r.kind = 'briefing'
                    AND r.happened_on BETWEEN make_date(extract(YEAR FROM b)::integer, 1, 1) AND b
            ) AS is_briefed
        FROM staff AS s
        -- The directive speaks of civil servants and public employees.
        WHERE s.staff_kind <> 'contract'
    )

    SELECT
        unit_code || '#' || row_number() OVER (PARTITION BY unit_code ORDER BY is_briefed DESC) AS staff_key,
        unit_code,
        is_briefed
    FROM judged
$$;

COMMENT ON FUNCTION marts.briefed_staff_in_period(text, date, date) IS
'Cán bộ, công chức, viên chức đang công tác vào ngày cuối của kỳ [a, b], không cho biết là ai.
staff_key: Số thứ tự trong đơn vị, người đã được quán triệt đứng trước; không phải mã công chức.
unit_code: Đơn vị chủ quản.
is_briefed: Đã được quán triệt đạo đức công vụ, từ đầu năm của ngày cuối kỳ đến ngày ấy.';
