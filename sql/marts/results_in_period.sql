-- Grain: one row per dossier whose result was promised for a day of [a, b], or waits too long for its owner at the end of b.
-- Answers: were results in the applicant's hands by the appointment, and how many lie uncollected.
-- A dossier that ended before the period is here too, so this is not a part of marts.dossiers_in_period.

CREATE FUNCTION marts.results_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    official_code text,
    is_due boolean,
    is_handed_over_in_time boolean,
    is_uncollected boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        d.dossier_code,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        d.official_code,
        s.is_due,
        coalesce(s.is_due AND d.handed_over_on <= d.due_on, false) AS is_handed_over_in_time,
        s.is_uncollected
    FROM marts.dossiers AS d
    INNER JOIN core.warning_limits AS w ON w.commune_code = commune AND b BETWEEN w.valid_from AND w.valid_to
    CROSS JOIN LATERAL (
        SELECT
            coalesce(
                d.due_on BETWEEN a AND b
                AND d.due_source IN ('given', 'computed')
                AND coalesce(d.outcome = 'resolved', d.outcome IS NULL)
                -- Who is asked for something is waited for, not kept waiting.
                AND NOT (d.pauses @> d.due_on AND d.alive_through > d.due_on)
                -- Handed over, and nobody wrote down when.
                AND NOT (d.status = 10 AND d.handed_over_on IS NULL),
                false
            ) AS is_due,
            coalesce(
                d.outcome = 'resolved'
                AND d.ended_on < b - w.result_uncollected_days
                AND coalesce(d.handed_over_on > b, d.status = 9),
                false
            ) AS is_uncollected
    ) AS s
    WHERE
        d.commune_code = commune
        AND d.is_counted
        AND d.gives_result
        AND d.received_on <= b
        AND (
            d.due_on BETWEEN a AND b
            OR d.outcome = 'resolved' AND coalesce(d.handed_over_on, 'infinity'::date) > b
        )
        AND (s.is_due OR s.is_uncollected)
$$;

COMMENT ON FUNCTION marts.results_in_period(text, date, date) IS
'Các kết quả hẹn trả trong kỳ [a, b], và các kết quả đến cuối kỳ vẫn chưa có người nhận.
dossier_code: Mã hồ sơ.
unit_code: Mã đơn vị xử lý.
procedure_code: Mã thủ tục.
field_code: Khóa so tên của lĩnh vực.
official_code: Mã công chức của bước xử lý cuối có tên; trống khi không biết.
is_due: Kết quả hẹn trả trong kỳ.
is_handed_over_in_time: Kết quả đến tay người nộp chậm nhất vào ngày hẹn.
is_uncollected: Có kết quả đã lâu mà đến cuối kỳ chưa có người nhận.';
