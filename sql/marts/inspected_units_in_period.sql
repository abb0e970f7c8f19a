-- Grain: one row per active unit of the commune.
-- Answers: was it inspected in the period [a, b], as planned or not.

CREATE FUNCTION marts.inspected_units_in_period(commune text, a date, b date) RETURNS TABLE (
    unit_code text,
    is_inspected boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        u.unit_code,
        EXISTS (
            SELECT FROM core.inspection_records AS r
            WHERE
                r.commune_code = u.commune_code
                AND r.unit_code = u.unit_code
                AND r.kind = 'inspection'
                AND r.inspected_on BETWEEN a AND b
        ) AS is_inspected
    FROM marts.units AS u
    WHERE u.commune_code = commune AND u.is_active
$$;

COMMENT ON FUNCTION marts.inspected_units_in_period(text, date, date) IS
'Các đơn vị đang hoạt động của xã, và đơn vị nào được kiểm tra trong kỳ [a, b].
unit_code: Mã đơn vị.
is_inspected: Có ít nhất một cuộc kiểm tra trong kỳ.';
