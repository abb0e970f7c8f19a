-- Grain: one row per counted dossier alive in the period [a, b], both days inside.
-- Answers: the yes and no columns of docs/counting.md, section 2, for any period: a month, a quarter, a year.

CREATE FUNCTION marts.dossiers_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    channel smallint,
    service_level smallint,
    is_received boolean,
    is_carried_over boolean,
    is_resolved boolean,
    is_withdrawn boolean,
    is_stopped boolean,
    is_refused boolean,
    is_open boolean,
    is_early boolean,
    is_on_time boolean,
    is_late boolean,
    is_no_deadline boolean,
    is_undetermined boolean,
    is_paused boolean,
    is_within_term boolean,
    is_overdue boolean,
    is_late_or_overdue boolean,
    has_fee boolean,
    is_paid_online boolean,
    must_digitize boolean,
    has_components_digitized boolean,
    gives_result boolean,
    is_result_digitized boolean,
    is_reused boolean,
    supplement_count integer,
    is_apologised boolean,
    used_working_days integer,
    allowed_working_days integer
)
LANGUAGE sql STABLE
AS $$
    SELECT
        d.dossier_code,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        d.channel,
        d.service_level,
        d.received_on >= a AS is_received,
        d.received_on < a AS is_carried_over,
        d.outcome = 'resolved' AND s.has_ended AS is_resolved,
        d.outcome = 'withdrawn' AND s.has_ended AS is_withdrawn,
        d.outcome = 'stopped' AND s.has_ended AS is_stopped,
        d.outcome = 'refused' AND s.has_ended AS is_refused,
        NOT s.has_ended AS is_open,
        s.is_settled AND s.has_due AND d.ended_on < d.due_on AS is_early,
        s.is_settled AND s.has_due AND d.ended_on = d.due_on AS is_on_time,
        s.is_settled AND s.has_due AND d.ended_on > d.due_on AS is_late,
        s.is_settled AND d.due_source = 'none' AS is_no_deadline,
        d.due_source = 'unknown' AND (s.is_settled OR NOT s.has_ended AND NOT s.is_paused) AS is_undetermined,
        NOT s.has_ended AND s.is_paused AS is_paused,
        NOT s.has_ended AND (s.is_paused OR d.due_source = 'none' OR s.has_due AND d.due_on >= b) AS is_within_term,
        NOT s.has_ended AND NOT s.is_paused AND s.has_due AND d.due_on < b AS is_overdue,
        s.has_due AND (
            s.is_settled AND d.ended_on > d.due_on
            OR NOT s.has_ended AND NOT s.is_paused AND d.due_on < b
        ) AS is_late_or_overdue,
        d.has_fee,
        d.is_paid_online,
        d.must_digitize,
        d.has_components_digitized,
        d.gives_result,
        d.is_result_digitized,
        d.is_reused,
        d.supplement_count,
        coalesce(d.apology_on <= b, false) AS is_apologised,
        d.used_working_days,
        d.allowed_working_days
    FROM marts.dossiers AS d
    CROSS JOIN LATERAL (
        SELECT
            d.alive_through <= b AS has_ended,
            coalesce(d.outcome = 'resolved' AND d.alive_through <= b, false) AS is_settled,
            d.due_source IN ('given', 'computed') AS has_due,
            d.pauses @> b AS is_paused
    ) AS s
    WHERE d.commune_code = commune AND d.is_counted AND d.received_on <= b AND d.alive_through >= a
$$;

COMMENT ON FUNCTION marts.dossiers_in_period(text, date, date) IS
'Các hồ sơ có mặt trong kỳ [a, b], với mọi câu trả lời có/không mà chỉ tiêu dùng.';
