-- Grain: one row per report received, or finding concluded, about conduct in the period [a, b]; no official is told.
-- Answers: what was confirmed, and what was only reported: a report is a signal, never a finding.

CREATE FUNCTION marts.conduct_in_period(commune text, a date, b date) RETURNS TABLE (
    record_code text,
    unit_code text,
    is_violation boolean,
    is_harassment boolean,
    is_report boolean,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        r.record_code,
        r.unit_code,
        x.is_confirmed AND r.behaviour <> 'harassment' AS is_violation,
        x.is_confirmed AND r.behaviour = 'harassment' AS is_harassment,
        coalesce(r.kind = 'report' AND r.behaviour IN ('harassment', 'attitude'), false) AS is_report,
        r.fetch_id,
        r.row_number
    FROM restricted.conduct_records AS r
    CROSS JOIN LATERAL (
        SELECT r.kind = 'finding' AND coalesce(r.verdict IN ('substantiated', 'partly_substantiated'), false)
            AS is_confirmed
    ) AS x
    WHERE r.commune_code = commune AND r.kind IN ('report', 'finding') AND r.happened_on BETWEEN a AND b
$$;

COMMENT ON FUNCTION marts.conduct_in_period(text, date, date) IS
'Các phản ánh nhận trong kỳ [a, b] và các kết luận trong kỳ về kỷ luật, kỷ cương; không cho biết là ai.
record_code: Mã dòng của sổ kỷ luật, kỷ cương.
unit_code: Đơn vị của người liên quan; phản ánh có thể chưa rõ đơn vị, khi ấy chỉ đếm ở cấp xã.
is_violation: Đã kết luận đúng, toàn bộ hoặc một phần, về vi phạm kỷ luật, kỷ cương, thái độ không đúng mực, làm sai dữ liệu, hoặc tham nhũng, lãng phí.
is_harassment: Đã kết luận đúng, toàn bộ hoặc một phần, về phiền hà, sách nhiễu.
is_report: Phản ánh về thái độ hoặc phiền hà, sách nhiễu: chưa biết đúng sai, không bao giờ thành điểm.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
