-- Grain: one row per dossier filed online in the period [a, b], both days inside, accepted or not.
-- Answers: was each answered (accepted, refused, asked for papers) within the working hours that the rule gives.

CREATE FUNCTION marts.filings_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    official_code text,
    is_accepted boolean,
    is_refused boolean,
    is_waiting boolean,
    is_answer_due boolean,
    is_answered_in_time boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        d.dossier_code,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        d.reception_official_code AS official_code,
        s.is_accepted,
        s.is_refused,
        NOT s.is_accepted AND NOT s.is_refused AND coalesce(core.day_of(d.answered_at) > b, true) AS is_waiting,
        -- The few that nobody answered yet are late once their hours are over.
        CASE
            WHEN d.is_answered_in_time IS NOT NULL THEN true
            ELSE coalesce(
                marts.office_time(commune, d.submitted_at, (b + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')
                > make_interval(secs => (w.intake_working_hours * 3600)::double precision),
                false
            )
        END AS is_answer_due,
        coalesce(d.is_answered_in_time, false) AS is_answered_in_time
    FROM marts.dossiers AS d
    LEFT JOIN core.warning_limits AS w
        ON w.commune_code = commune AND d.submitted_on BETWEEN w.valid_from AND w.valid_to
    CROSS JOIN LATERAL (
        SELECT
            coalesce(d.received_on <= b AND d.status <> 1, false) AS is_accepted,
            coalesce(d.status = 3 AND d.received_on IS NULL AND core.day_of(d.answered_at) <= b, false) AS is_refused
    ) AS s
    WHERE d.commune_code = commune AND d.channel = 2 AND d.submitted_on BETWEEN a AND b
$$;

COMMENT ON FUNCTION marts.filings_in_period(text, date, date) IS
'Các hồ sơ nộp trực tuyến trong kỳ [a, b], đã tiếp nhận hay chưa.
dossier_code: Mã hồ sơ.
unit_code: Mã đơn vị xử lý.
procedure_code: Mã thủ tục.
field_code: Khóa so tên của lĩnh vực.
official_code: Mã công chức tiếp nhận; trống khi không biết.
is_accepted: Đã tiếp nhận chậm nhất vào cuối kỳ.
is_refused: Bị từ chối khi chưa tiếp nhận, chậm nhất vào cuối kỳ.
is_waiting: Đến cuối kỳ chưa được trả lời.
is_answer_due: Đã được trả lời, hoặc đến cuối kỳ đã quá số giờ làm việc quy định.
is_answered_in_time: Được tiếp nhận, từ chối hoặc yêu cầu bổ sung trong số giờ làm việc quy định.';
