-- Grain: one row per counted dossier received in the period [a, b], both days inside, of whoever received it.
-- Answers: what the receiving official did with the papers. marts.dossiers_in_period has the handling official.

CREATE FUNCTION marts.receptions_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    unit_code text,
    official_code text,
    must_digitize boolean,
    has_components_digitized boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        d.dossier_code,
        d.unit_code,
        d.reception_official_code AS official_code,
        d.must_digitize,
        d.has_components_digitized
    FROM marts.dossiers AS d
    WHERE d.commune_code = commune AND d.is_counted AND d.received_on BETWEEN a AND b
$$;

COMMENT ON FUNCTION marts.receptions_in_period(text, date, date) IS
'Các hồ sơ tiếp nhận trong kỳ [a, b], theo công chức tiếp nhận.
dossier_code: Mã hồ sơ.
unit_code: Mã đơn vị xử lý.
official_code: Mã công chức tiếp nhận; trống khi không biết.
must_digitize: Phải số hóa thành phần.
has_components_digitized: Đã số hóa mọi thành phần.';
