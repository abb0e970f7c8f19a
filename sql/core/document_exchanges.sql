-- Grain: one row per document sent or received, secret ones excluded.
-- Answers: which documents were exchanged electronically, and which of those sent were signed digitally.
-- Filled by: the merge of documents__exchanges.

CREATE TABLE core.document_exchanges (
    commune_code text NOT NULL,
    document_code text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('sent', 'received')),
    document_number text,
    document_kind text,
    partner_kind text CHECK (partner_kind IN ('agency', 'other')),
    issued_on date,
    exchanged_at timestamptz NOT NULL,
    medium text NOT NULL CHECK (medium IN ('electronic', 'paper', 'both')),
    is_signed boolean,
    unit_name text,
    unit_key text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, document_code)
);

COMMENT ON TABLE core.document_exchanges IS 'Văn bản gửi và nhận, không kể văn bản mật.';
COMMENT ON COLUMN core.document_exchanges.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.document_exchanges.document_code IS 'Mã định danh văn bản trong hệ thống văn bản.';
COMMENT ON COLUMN core.document_exchanges.direction IS 'Hướng: sent văn bản đi, received văn bản đến.';
COMMENT ON COLUMN core.document_exchanges.document_number IS 'Số, ký hiệu văn bản.';
COMMENT ON COLUMN core.document_exchanges.document_kind IS 'Loại văn bản như đã nhận.';
COMMENT ON COLUMN core.document_exchanges.partner_kind IS 'Nơi gửi hoặc nhận: agency cơ quan nhà nước, other tổ chức, cá nhân; trống khi không rõ.';
COMMENT ON COLUMN core.document_exchanges.issued_on IS 'Ngày ban hành văn bản.';
COMMENT ON COLUMN core.document_exchanges.exchanged_at IS 'Lúc gửi hoặc nhận; kỳ tính theo đây.';
COMMENT ON COLUMN core.document_exchanges.medium IS 'Hình thức gửi nhận: electronic điện tử, paper giấy, both cả hai.';
COMMENT ON COLUMN core.document_exchanges.is_signed IS 'Văn bản có ký số; trống khi hệ thống không ghi.';
COMMENT ON COLUMN core.document_exchanges.unit_name IS 'Đơn vị soạn thảo hoặc xử lý như đã nhận.';
COMMENT ON COLUMN core.document_exchanges.unit_key IS 'Khóa so tên của đơn vị soạn thảo hoặc xử lý.';
COMMENT ON COLUMN core.document_exchanges.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.document_exchanges.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.document_exchanges.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.document_exchanges.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.document_exchanges.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.document_exchanges.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
