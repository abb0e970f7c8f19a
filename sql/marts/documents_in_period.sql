-- Grain: one row per document sent or received in the period [a, b]; secret ones never came here.
-- Answers: was it exchanged electronically, between agencies, signed digitally.

CREATE FUNCTION marts.documents_in_period(commune text, a date, b date) RETURNS TABLE (
    document_code text,
    unit_code text,
    direction text,
    partner_kind text,
    is_electronic boolean,
    is_sent boolean,
    is_signed boolean,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        d.document_code,
        n.unit_code,
        d.direction,
        d.partner_kind,
        d.medium IN ('electronic', 'both') AS is_electronic,
        d.direction = 'sent' AS is_sent,
        d.is_signed,
        d.fetch_id,
        d.row_number
    FROM core.document_exchanges AS d
    LEFT JOIN core.unit_names AS n
        ON
            n.commune_code = d.commune_code
            AND n.name_key = d.unit_key
            AND core.day_of(d.exchanged_at) BETWEEN n.valid_from AND n.valid_to
    WHERE d.commune_code = commune AND core.day_of(d.exchanged_at) BETWEEN a AND b
$$;

COMMENT ON FUNCTION marts.documents_in_period(text, date, date) IS
'Các văn bản gửi hoặc nhận trong kỳ [a, b], không kể văn bản mật.
document_code: Mã định danh văn bản.
unit_code: Đơn vị soạn thảo, xử lý; trống khi hệ thống văn bản không ghi, chỉ đếm ở cấp xã.
direction: Hướng: sent văn bản đi, received văn bản đến.
partner_kind: Nơi gửi hoặc nhận: agency cơ quan nhà nước, other tổ chức, cá nhân; trống khi không rõ.
is_electronic: Gửi, nhận dưới dạng điện tử, có hay không kèm bản giấy.
is_sent: Văn bản đi.
is_signed: Có ký số; trống khi hệ thống không ghi.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
