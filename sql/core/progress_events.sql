-- Grain: one row per progress event of a dossier, by its natural key (the source gives no id).
-- Answers: when a dossier changed hands or state, and by whose step.
-- Filled by: the merge of city__progress_events.

CREATE TABLE core.progress_events (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    occurred_at timestamptz NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN 1 AND 10),
    text_key text NOT NULL,
    official_key text,
    unit_key text,
    step_started_at timestamptz,
    step_due_at timestamptz,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, dossier_code, occurred_at, status, text_key)
);

COMMENT ON TABLE core.progress_events IS 'Mỗi sự kiện tiến độ của hồ sơ một dòng.';
COMMENT ON COLUMN core.progress_events.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.progress_events.dossier_code IS 'Mã hồ sơ (MaHoSo).';
COMMENT ON COLUMN core.progress_events.occurred_at IS 'Thời điểm xử lý (ThoiDiemXuLy).';
COMMENT ON COLUMN core.progress_events.status IS 'Trạng thái sau bước này 1…10 (TrangThai).';
COMMENT ON COLUMN core.progress_events.text_key IS 'Mã băm có khóa của nội dung xử lý, chỉ để phân biệt sự kiện; chuỗi rỗng khi nguồn để trống.';
COMMENT ON COLUMN core.progress_events.official_key IS 'Mã băm có khóa của họ tên người xử lý.';
COMMENT ON COLUMN core.progress_events.unit_key IS 'Khóa so tên của phòng ban xử lý.';
COMMENT ON COLUMN core.progress_events.step_started_at IS 'Lúc bước bắt đầu (NgayBatDau).';
COMMENT ON COLUMN core.progress_events.step_due_at IS 'Hạn của bước theo quy định (NgayKetThucTheoQuyDinh).';
COMMENT ON COLUMN core.progress_events.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.progress_events.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.progress_events.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.progress_events.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.progress_events.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.progress_events.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
