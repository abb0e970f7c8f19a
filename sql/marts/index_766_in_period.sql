-- Grain: at most one row: the commune's own score of a calendar month; none for any other period.
-- Answers: what the portal published of the 766 index for it, group by group. Absent is not 0.

CREATE FUNCTION marts.index_766_in_period(commune text, a date, b date) RETURNS TABLE (
    agency_code text,
    month_start date,
    transparency_score numeric,
    progress_score numeric,
    online_service_score numeric,
    online_payment_score numeric,
    digitization_score numeric,
    satisfaction_score numeric,
    total_score numeric,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        s.agency_code,
        s.month_start,
        s.transparency_score,
        s.progress_score,
        s.online_service_score,
        s.online_payment_score,
        s.digitization_score,
        s.satisfaction_score,
        s.total_score,
        s.fetch_id,
        s.row_number
    FROM core.communes AS c
    INNER JOIN core.index_766_scores AS s
        ON s.commune_code = c.commune_code AND s.agency_code = c.portal_agency_code
    WHERE
        c.commune_code = commune
        AND s.month_start = a
        AND b = (date_trunc('month', a) + interval '1 month' - interval '1 day')::date
$$;

COMMENT ON FUNCTION marts.index_766_in_period(text, date, date) IS
'Điểm 766 của chính xã mà cổng công bố cho tháng [a, b]; kỳ không phải một tháng dương lịch thì không có.
agency_code: Mã cơ quan của xã trên cổng.
month_start: Ngày đầu của tháng.
transparency_score: Điểm nhóm công khai, minh bạch.
progress_score: Điểm nhóm tiến độ giải quyết.
online_service_score: Điểm nhóm dịch vụ công trực tuyến.
online_payment_score: Điểm nhóm thanh toán trực tuyến.
digitization_score: Điểm nhóm số hóa hồ sơ.
satisfaction_score: Điểm nhóm mức độ hài lòng.
total_score: Tổng điểm cổng công bố.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
