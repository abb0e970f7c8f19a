-- Grain: one row per staged row of documents__exchanges.
-- Answers: the row as core.document_exchanges would hold it, and what its suite needs to judge it.

CREATE VIEW core.document_exchange_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        core.day_of(coalesce(s.exchanged_at, f.fetched_at)) AS named_on
    FROM staging.documents__exchanges AS s
    INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
)

SELECT
    s.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    s.fetched_at,
    s.unreadable,
    s.document_code,
    s.direction,
    s.document_number,
    s.document_kind,
    s.partner_kind,
    s.issued_on,
    s.exchanged_at,
    s.medium,
    s.is_signed,
    s.unit_name,
    s.unit_key,
    -- From here on: for the judgement only.
    n.unit_code
FROM staged AS s
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = s.commune_code
        AND n.name_key = s.unit_key
        AND s.named_on BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.document_exchange_candidates IS 'Các văn bản vừa nhận từ tệp xuất, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.document_exchange_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.document_exchange_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.document_exchange_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.document_exchange_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.document_exchange_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.document_exchange_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.document_exchange_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.document_exchange_candidates.document_code IS 'Mã định danh văn bản trong hệ thống văn bản.';
COMMENT ON COLUMN core.document_exchange_candidates.direction IS 'Hướng: sent văn bản đi, received văn bản đến.';
COMMENT ON COLUMN core.document_exchange_candidates.document_number IS 'Số, ký hiệu văn bản.';
COMMENT ON COLUMN core.document_exchange_candidates.document_kind IS 'Loại văn bản như đã nhận.';
COMMENT ON COLUMN core.document_exchange_candidates.partner_kind IS 'Nơi gửi hoặc nhận: agency cơ quan nhà nước, other tổ chức, cá nhân; trống khi không rõ.';
COMMENT ON COLUMN core.document_exchange_candidates.issued_on IS 'Ngày ban hành văn bản.';
COMMENT ON COLUMN core.document_exchange_candidates.exchanged_at IS 'Lúc gửi hoặc nhận; kỳ tính theo đây.';
COMMENT ON COLUMN core.document_exchange_candidates.medium IS 'Hình thức gửi nhận: electronic điện tử, paper giấy, both cả hai.';
COMMENT ON COLUMN core.document_exchange_candidates.is_signed IS 'Văn bản có ký số; trống khi hệ thống không ghi.';
COMMENT ON COLUMN core.document_exchange_candidates.unit_name IS 'Đơn vị soạn thảo hoặc xử lý như đã nhận.';
COMMENT ON COLUMN core.document_exchange_candidates.unit_key IS 'Khóa so tên của đơn vị soạn thảo hoặc xử lý.';
COMMENT ON COLUMN core.document_exchange_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên, vào ngày gửi nhận; trống là tên lạ.';
