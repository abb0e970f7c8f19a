-- Grain: one row per staged row of portal__dossiers.
-- Answers: the row as core.portal_dossiers would hold it, and what its suite needs to judge it.

CREATE VIEW core.portal_dossier_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        core.day_of(coalesce(s.received_at, s.submitted_at, f.fetched_at)) AS named_on
    FROM staging.portal__dossiers AS s
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
    s.unit_name,
    s.unit_key,
    s.channel::smallint AS channel,
    s.submitted_at,
    s.received_at,
    s.due_at,
    s.finished_at,
    s.handed_over_at,
    s.status::smallint AS status,
    s.status_updated_at,
    s.online_payment,
    s.has_electronic_result,
    s.rating_level::smallint AS rating_level,
    -- From here on: for the judgement only.
    s.received_at IS NOT NULL AND s.status <> '1' AS is_counted,
    coalesce(s.finished_at, s.handed_over_at) AS ended_at,
    n.unit_code
FROM staged AS s
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = s.commune_code
        AND n.name_key = s.unit_key
        AND s.named_on BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.portal_dossier_candidates IS 'Các dòng hồ sơ vừa nhận từ tệp xuất của cổng, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.portal_dossier_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.portal_dossier_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.portal_dossier_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.portal_dossier_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.portal_dossier_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.portal_dossier_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.portal_dossier_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.portal_dossier_candidates.dossier_code IS 'Mã hồ sơ trên cổng.';
COMMENT ON COLUMN core.portal_dossier_candidates.other_dossier_code IS 'Mã của hồ sơ ấy ở hệ thống địa phương, khi cổng ghi.';
COMMENT ON COLUMN core.portal_dossier_candidates.procedure_code IS 'Mã thủ tục rút gọn dạng d.dddddd; mã khác dạng giữ nguyên.';
COMMENT ON COLUMN core.portal_dossier_candidates.unit_name IS 'Tên cơ quan giải quyết như đã nhận.';
COMMENT ON COLUMN core.portal_dossier_candidates.unit_key IS 'Khóa so tên của cơ quan giải quyết.';
COMMENT ON COLUMN core.portal_dossier_candidates.channel IS 'Kênh nộp: 1 trực tiếp, 2 trực tuyến, 3 bưu chính; trống khi cổng ghi khác.';
COMMENT ON COLUMN core.portal_dossier_candidates.submitted_at IS 'Lúc nộp.';
COMMENT ON COLUMN core.portal_dossier_candidates.received_at IS 'Lúc tiếp nhận.';
COMMENT ON COLUMN core.portal_dossier_candidates.due_at IS 'Lúc hẹn trả đang có hiệu lực.';
COMMENT ON COLUMN core.portal_dossier_candidates.finished_at IS 'Lúc kết thúc xử lý.';
COMMENT ON COLUMN core.portal_dossier_candidates.handed_over_at IS 'Lúc trả kết quả.';
COMMENT ON COLUMN core.portal_dossier_candidates.status IS 'Trạng thái hồ sơ 1…10 như cổng ghi.';
COMMENT ON COLUMN core.portal_dossier_candidates.status_updated_at IS 'Lúc cổng cập nhật trạng thái lần cuối.';
COMMENT ON COLUMN core.portal_dossier_candidates.online_payment IS 'Thanh toán trực tuyến: 0 không, 1 qua Cổng DVCQG, 2 qua cổng của bộ, địa phương; trống khi không rõ.';
COMMENT ON COLUMN core.portal_dossier_candidates.has_electronic_result IS 'Cổng có tệp kết quả điện tử của hồ sơ.';
COMMENT ON COLUMN core.portal_dossier_candidates.rating_level IS 'Mức hài lòng người nộp chọn: 5 rất hài lòng … 1 rất không hài lòng; trống khi chưa đánh giá.';
COMMENT ON COLUMN core.portal_dossier_candidates.is_counted IS 'Là hồ sơ được đếm: đã tiếp nhận và không còn ở trạng thái 1.';
COMMENT ON COLUMN core.portal_dossier_candidates.ended_at IS 'Lúc kết thúc theo cổng.';
COMMENT ON COLUMN core.portal_dossier_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên, vào ngày tiếp nhận (không có thì ngày nộp, ngày đọc); trống là tên lạ.';
