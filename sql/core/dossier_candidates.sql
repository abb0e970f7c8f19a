-- Grain: one row per staged row of city__dossiers.
-- Answers: the row as core.dossiers would hold it, and what its suite needs to judge it.

CREATE VIEW core.dossier_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        CASE WHEN s.channel IN ('1', '2', '3') THEN s.channel::smallint END AS channel_code,
        core.dossier_outcome(s.status, s.received_at) AS outcome,
        core.dossier_end(
            s.status, s.received_at, s.finished_at, s.handed_over_at, s.refused_at,
            -- The events are asked only where nothing else says when the dossier ended.
            CASE
                WHEN s.status IN (7, 8) AND s.finished_at IS NULL OR s.status = 3 AND s.refused_at IS NULL
                    THEN (
                        SELECT e.occurred_at
                        FROM core.progress_events AS e
                        WHERE
                            e.commune_code = f.commune_code
                            AND e.dossier_code = s.dossier_code
                            AND e.status = s.status
                        ORDER BY e.occurred_at DESC
                        LIMIT 1
                    )
            END
        ) AS ended_at,
        core.day_of(coalesce(s.received_at, s.submitted_at, s.answered_at)) AS named_on
    FROM staging.city__dossiers AS s
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
    s.dossier_code,
    s.other_dossier_code,
    s.procedure_code,
    s.procedure_code_as_received,
    s.channel_code AS channel,
    s.channel AS channel_as_received,
    s.applicant_kind,
    s.applicant_key,
    s.status,
    s.submitted_at,
    s.received_at,
    s.due_at,
    s.finished_at,
    s.handed_over_at,
    s.refused_at,
    s.unit_name,
    s.unit_key,
    s.return_channel,
    s.filed_at_place,
    s.online_payment,
    s.is_vneid_verified,
    s.components,
    s.fees,
    s.supplements,
    s.results,
    s.apologies,
    -- From here on: for the judgement only.
    s.outcome,
    s.ended_at,
    s.received_at IS NOT NULL AND s.status <> 1 AS is_counted,
    core.day_of(s.submitted_at) AS submitted_on,
    core.day_of(s.received_at) AS received_on,
    core.day_of(s.due_at) AS due_on,
    core.day_of(s.finished_at) AS finished_on,
    core.day_of(s.handed_over_at) AS handed_over_on,
    core.day_of(s.ended_at) AS ended_on,
    core.day_of(s.answered_at) AS fetched_on,
    n.unit_code,
    p.procedure_code IS NOT NULL AS is_known_procedure,
    p.service_level
FROM staged AS s
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = s.commune_code
        AND n.name_key = s.unit_key
        AND s.named_on BETWEEN n.valid_from AND n.valid_to
LEFT JOIN core.procedures_in_force AS p
    ON
        p.commune_code = s.commune_code
        AND p.procedure_code = s.procedure_code
        AND s.named_on BETWEEN p.valid_from AND p.valid_to;

COMMENT ON VIEW core.dossier_candidates IS 'Các dòng hồ sơ vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.dossier_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.dossier_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.dossier_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.dossier_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.dossier_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.dossier_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.dossier_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.dossier_candidates.dossier_code IS 'Mã hồ sơ (MaHoSo).';
COMMENT ON COLUMN core.dossier_candidates.other_dossier_code IS 'Mã hồ sơ khác (MaHoSoKhac), thường là mã trên Cổng DVCQG.';
COMMENT ON COLUMN core.dossier_candidates.procedure_code IS 'Mã thủ tục rút gọn dạng d.dddddd; mã khác dạng giữ nguyên.';
COMMENT ON COLUMN core.dossier_candidates.procedure_code_as_received IS 'Mã thủ tục như đã nhận (MaTTHC).';
COMMENT ON COLUMN core.dossier_candidates.channel IS 'Kênh nộp: 1 trực tiếp, 2 trực tuyến, 3 bưu chính; trống khi nguồn ghi khác.';
COMMENT ON COLUMN core.dossier_candidates.channel_as_received IS 'Kênh nộp như đã nhận (KenhThucHien).';
COMMENT ON COLUMN core.dossier_candidates.applicant_kind IS 'Loại đối tượng như đã nhận (LoaiDoiTuong).';
COMMENT ON COLUMN core.dossier_candidates.applicant_key IS 'Mã băm có khóa của số giấy tờ chủ hồ sơ; không phải số giấy tờ.';
COMMENT ON COLUMN core.dossier_candidates.status IS 'Trạng thái hồ sơ như đã nhận; phải là 1…10 (TrangThaiHoSo).';
COMMENT ON COLUMN core.dossier_candidates.submitted_at IS 'Lúc nộp (NgayNopHoSo).';
COMMENT ON COLUMN core.dossier_candidates.received_at IS 'Lúc tiếp nhận (NgayTiepNhan).';
COMMENT ON COLUMN core.dossier_candidates.due_at IS 'Lúc hẹn trả đang có hiệu lực (NgayHenTra).';
COMMENT ON COLUMN core.dossier_candidates.finished_at IS 'Lúc kết thúc xử lý (NgayKetThucXuLy).';
COMMENT ON COLUMN core.dossier_candidates.handed_over_at IS 'Lúc trả kết quả (NgayTra).';
COMMENT ON COLUMN core.dossier_candidates.refused_at IS 'Lúc từ chối (NgayTuChoi).';
COMMENT ON COLUMN core.dossier_candidates.unit_name IS 'Tên đơn vị xử lý như đã nhận (DonViXuLy).';
COMMENT ON COLUMN core.dossier_candidates.unit_key IS 'Khóa so tên của đơn vị xử lý.';
COMMENT ON COLUMN core.dossier_candidates.return_channel IS 'Cách trả kết quả (HinhThuc): 0 trực tiếp, 1 bưu chính.';
COMMENT ON COLUMN core.dossier_candidates.filed_at_place IS 'Nơi nộp (NoiNopHoSo): 1 Cổng DVCQG, 2 hệ thống địa phương.';
COMMENT ON COLUMN core.dossier_candidates.online_payment IS 'Thanh toán trực tuyến (DuocThanhToanTrucTuyen): 1 hoặc 2 là có.';
COMMENT ON COLUMN core.dossier_candidates.is_vneid_verified IS 'Tài khoản đã xác thực VNeID.';
COMMENT ON COLUMN core.dossier_candidates.components IS 'Thành phần hồ sơ (TaiLieuNop): cờ số hóa, tái sử dụng, đã xóa; tệp chỉ là mã băm.';
COMMENT ON COLUMN core.dossier_candidates.fees IS 'Phí, lệ phí (DanhSachLePhi).';
COMMENT ON COLUMN core.dossier_candidates.supplements IS 'Các lần yêu cầu bổ sung (DanhSachHoSoBoSung).';
COMMENT ON COLUMN core.dossier_candidates.results IS 'Giấy tờ kết quả (DanhSachGiayToKetQua); tệp chỉ là mã băm.';
COMMENT ON COLUMN core.dossier_candidates.apologies IS 'Các lần xin lỗi (DanhSachXinLoi).';
COMMENT ON COLUMN core.dossier_candidates.outcome IS 'Kết cục theo trạng thái: resolved, withdrawn, stopped, refused.';
COMMENT ON COLUMN core.dossier_candidates.ended_at IS 'Lúc kết thúc xử lý, kể cả khi chỉ sự kiện tiến độ cho biết.';
COMMENT ON COLUMN core.dossier_candidates.is_counted IS 'Là hồ sơ được đếm: đã tiếp nhận và không còn ở trạng thái 1.';
COMMENT ON COLUMN core.dossier_candidates.submitted_on IS 'Ngày nộp.';
COMMENT ON COLUMN core.dossier_candidates.received_on IS 'Ngày tiếp nhận.';
COMMENT ON COLUMN core.dossier_candidates.due_on IS 'Ngày hẹn trả.';
COMMENT ON COLUMN core.dossier_candidates.finished_on IS 'Ngày kết thúc xử lý do nguồn ghi.';
COMMENT ON COLUMN core.dossier_candidates.handed_over_on IS 'Ngày trả kết quả.';
COMMENT ON COLUMN core.dossier_candidates.ended_on IS 'Ngày kết thúc xử lý.';
COMMENT ON COLUMN core.dossier_candidates.fetched_on IS 'Ngày nguồn trả lời trang chứa dòng này.';
COMMENT ON COLUMN core.dossier_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên, vào ngày tiếp nhận (không có thì ngày nộp, ngày đọc); trống là tên lạ.';
COMMENT ON COLUMN core.dossier_candidates.is_known_procedure IS 'Thủ tục có trong danh mục vào ngày ấy.';
COMMENT ON COLUMN core.dossier_candidates.service_level IS 'Mức độ dịch vụ công của thủ tục vào ngày ấy: 4, 3, 2.';
