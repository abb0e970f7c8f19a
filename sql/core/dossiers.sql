-- Grain: one row per dossier, as its newest good version says.
-- Answers: what the city system last said of a dossier. What it means is in marts.dossiers.
-- Filled by: the merge of city__dossiers. A column added here is filled from the view core.dossier_candidates.

CREATE TABLE core.dossiers (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    other_dossier_code text,
    procedure_code text,
    procedure_code_as_received text,
    channel smallint CHECK (channel IN (1, 2, 3)),
    applicant_kind text,
    applicant_key text,
    status smallint NOT NULL CHECK (status BETWEEN 1 AND 10),
    submitted_at timestamptz,
    received_at timestamptz,
    due_at timestamptz,
    finished_at timestamptz,
    handed_over_at timestamptz,
    refused_at timestamptz,
    unit_name text,
    unit_key text,
    return_channel text,
    filed_at_place text,
    online_payment text,
    is_vneid_verified boolean,
    components jsonb NOT NULL,
    fees jsonb NOT NULL,
    supplements jsonb NOT NULL,
    results jsonb NOT NULL,
    apologies jsonb NOT NULL,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, dossier_code)
);

COMMENT ON TABLE core.dossiers IS 'Mỗi hồ sơ một dòng: bản tốt mới nhất mà hệ thống thành phố cho biết.';
COMMENT ON COLUMN core.dossiers.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.dossiers.dossier_code IS 'Mã hồ sơ (MaHoSo).';
COMMENT ON COLUMN core.dossiers.other_dossier_code IS 'Mã hồ sơ khác (MaHoSoKhac), thường là mã trên Cổng DVCQG.';
COMMENT ON COLUMN core.dossiers.procedure_code IS 'Mã thủ tục rút gọn dạng d.dddddd; mã khác dạng giữ nguyên.';
COMMENT ON COLUMN core.dossiers.procedure_code_as_received IS 'Mã thủ tục như đã nhận (MaTTHC).';
COMMENT ON COLUMN core.dossiers.channel IS 'Kênh nộp: 1 trực tiếp, 2 trực tuyến, 3 bưu chính; trống khi nguồn ghi khác.';
COMMENT ON COLUMN core.dossiers.applicant_kind IS 'Loại đối tượng như đã nhận (LoaiDoiTuong).';
COMMENT ON COLUMN core.dossiers.applicant_key IS 'Mã băm có khóa của số giấy tờ chủ hồ sơ; không phải số giấy tờ.';
COMMENT ON COLUMN core.dossiers.status IS 'Trạng thái hồ sơ 1…10 (TrangThaiHoSo).';
COMMENT ON COLUMN core.dossiers.submitted_at IS 'Lúc nộp (NgayNopHoSo).';
COMMENT ON COLUMN core.dossiers.received_at IS 'Lúc tiếp nhận (NgayTiepNhan).';
COMMENT ON COLUMN core.dossiers.due_at IS 'Lúc hẹn trả đang có hiệu lực (NgayHenTra).';
COMMENT ON COLUMN core.dossiers.finished_at IS 'Lúc kết thúc xử lý (NgayKetThucXuLy).';
COMMENT ON COLUMN core.dossiers.handed_over_at IS 'Lúc trả kết quả (NgayTra).';
COMMENT ON COLUMN core.dossiers.refused_at IS 'Lúc từ chối (NgayTuChoi).';
COMMENT ON COLUMN core.dossiers.unit_name IS 'Tên đơn vị xử lý như đã nhận (DonViXuLy).';
COMMENT ON COLUMN core.dossiers.unit_key IS 'Khóa so tên của đơn vị xử lý.';
COMMENT ON COLUMN core.dossiers.return_channel IS 'Cách trả kết quả (HinhThuc): 0 trực tiếp, 1 bưu chính.';
COMMENT ON COLUMN core.dossiers.filed_at_place IS 'Nơi nộp (NoiNopHoSo): 1 Cổng DVCQG, 2 hệ thống địa phương.';
COMMENT ON COLUMN core.dossiers.online_payment IS 'Thanh toán trực tuyến (DuocThanhToanTrucTuyen): 1 hoặc 2 là có.';
COMMENT ON COLUMN core.dossiers.is_vneid_verified IS 'Tài khoản đã xác thực VNeID.';
COMMENT ON COLUMN core.dossiers.components IS 'Thành phần hồ sơ (TaiLieuNop): cờ số hóa, tái sử dụng, đã xóa; tệp chỉ là mã băm.';
COMMENT ON COLUMN core.dossiers.fees IS 'Phí, lệ phí (DanhSachLePhi).';
COMMENT ON COLUMN core.dossiers.supplements IS 'Các lần yêu cầu bổ sung (DanhSachHoSoBoSung).';
COMMENT ON COLUMN core.dossiers.results IS 'Giấy tờ kết quả (DanhSachGiayToKetQua); tệp chỉ là mã băm.';
COMMENT ON COLUMN core.dossiers.apologies IS 'Các lần xin lỗi (DanhSachXinLoi).';
COMMENT ON COLUMN core.dossiers.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.dossiers.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.dossiers.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.dossiers.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.dossiers.flags IS 'Các luật cảnh báo mà bản này phạm, như tên trong expectations/.';
COMMENT ON COLUMN core.dossiers.missing_since IS 'Vắng mặt từ lần đọc đủ cả năm nào; vẫn được đếm đến khi có người quyết định.';
