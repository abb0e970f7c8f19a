-- Grain: one row per dossier that the city system or the portal received in the period [a, b], both days inside.
-- Answers: how the two systems agree about it; not_covered when the portal was never asked of its day.

CREATE FUNCTION marts.reconciliation_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    portal_code text,
    class text,
    matched_by text,
    unit_code text,
    procedure_code text,
    field_code text,
    is_covered boolean,
    is_received boolean,
    city_status smallint,
    portal_status smallint,
    city_received_on date,
    portal_received_on date,
    city_due_on date,
    portal_due_on date,
    city_ended_on date,
    portal_ended_on date
)
LANGUAGE sql STABLE
AS $$
    SELECT
        r.dossier_code,
        r.portal_code,
        r.class,
        r.matched_by,
        r.unit_code,
        r.procedure_code,
        r.field_code,
        r.is_covered,
        coalesce(r.city_received_on BETWEEN a AND b, false) AS is_received,
        r.city_status,
        r.portal_status,
        r.city_received_on,
        r.portal_received_on,
        r.city_due_on,
        r.portal_due_on,
        r.city_ended_on,
        r.portal_ended_on
    FROM marts.reconciliation AS r
    WHERE r.commune_code = commune AND (r.city_received_on BETWEEN a AND b OR r.portal_received_on BETWEEN a AND b)
    UNION ALL
    SELECT
        d.dossier_code,
        NULL,
        'not_covered',
        NULL,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        false,
        true,
        d.status,
        NULL,
        d.received_on,
        NULL,
        NULL,
        NULL,
        d.ended_on,
        NULL
    FROM marts.dossiers AS d
    WHERE
        d.commune_code = commune
        AND d.is_counted
        AND d.received_on BETWEEN a AND b
        AND NOT EXISTS (
            SELECT FROM marts.reconciliation AS r
            WHERE r.commune_code = d.commune_code AND r.dossier_code = d.dossier_code
        )
$$;

COMMENT ON FUNCTION marts.reconciliation_in_period(text, date, date) IS
'Các hồ sơ mà một trong hai hệ thống tiếp nhận trong kỳ [a, b], kèm loại đối soát.';
