-- Grain: one row per dossier, as the national portal last showed it.
-- Answers: what the other of the two systems says: status, instants, channel, payment, rating.
-- Filled by: the merge of portal__dossiers.

CREATE TABLE core.portal_dossiers (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    other_dossier_code text,
    procedure_code text,
    unit_name text,
    unit_key text,
    channel smallint CHECK (channel IN (1, 2, 3)),
    submitted_at timestamptz,
    received_at timestamptz,
    due_at timestamptz,
    finished_at timestamptz,
    handed_over_at timestamptz,
    status smallint NOT NULL CHECK (status BETWEEN 1 AND 10),
    status_updated_at timestamptz,
    online_payment text CHECK (online_payment IN ('0', '1', '2')),
    has_electronic_result boolean,
    rating_level smallint CHECK (rating_level BETWEEN 1 AND 5),
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, dossier_code)
);

COMMENT ON TABLE core.portal_dossiers IS 'Hồ sơ của xã như Cổng Dịch vụ công quốc gia ghi.';
COMMENT ON COLUMN core.portal_dossiers.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.portal_dossiers.dossier_code IS 'Mã hồ sơ trên cổng.';
COMMENT ON COLUMN core.portal_dossiers.other_dossier_code IS 'Mã của hồ sơ ấy ở hệ thống địa phương, khi cổng ghi.';
COMMENT ON COLUMN core.portal_dossiers.procedure_code IS 'Mã thủ tục rút gọn dạng d.dddddd; mã khác dạng giữ nguyên.';
COMMENT ON COLUMN core.portal_dossiers.unit_name IS 'Tên cơ quan giải quyết như đã nhận.';
COMMENT ON COLUMN core.portal_dossiers.unit_key IS 'Khóa so tên của cơ quan giải quyết.';
COMMENT ON COLUMN core.portal_dossiers.channel IS 'Kênh nộp: 1 trực tiếp, 2 trực tuyến, 3 bưu chính; trống khi cổng ghi khác.';
COMMENT ON COLUMN core.portal_dossiers.submitted_at IS 'Lúc nộp.';
COMMENT ON COLUMN core.portal_dossiers.received_at IS 'Lúc tiếp nhận.';
COMMENT ON COLUMN core.portal_dossiers.due_at IS 'Lúc hẹn trả đang có hiệu lực.';
COMMENT ON COLUMN core.portal_dossiers.finished_at IS 'Lúc kết thúc xử lý.';
COMMENT ON COLUMN core.portal_dossiers.handed_over_at IS 'Lúc trả kết quả.';
COMMENT ON COLUMN core.portal_dossiers.status IS 'Trạng thái hồ sơ 1…10 như cổng ghi.';
COMMENT ON COLUMN core.portal_dossiers.status_updated_at IS 'Lúc cổng cập nhật trạng thái lần cuối.';
COMMENT ON COLUMN core.portal_dossiers.online_payment IS 'Thanh toán trực tuyến: 0 không, 1 qua Cổng DVCQG, 2 qua cổng của bộ, địa phương; trống khi không rõ.';
COMMENT ON COLUMN core.portal_dossiers.has_electronic_result IS 'Cổng có tệp kết quả điện tử của hồ sơ.';
COMMENT ON COLUMN core.portal_dossiers.rating_level IS 'Mức hài lòng người nộp chọn: 5 rất hài lòng … 1 rất không hài lòng; trống khi chưa đánh giá.';
COMMENT ON COLUMN core.portal_dossiers.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.portal_dossiers.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.portal_dossiers.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.portal_dossiers.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.portal_dossiers.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.portal_dossiers.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
