-- Grain: one row per staged row of portal__index_766.
-- Answers: the row as core.index_766_scores would hold it, and what its suite needs to judge it.

CREATE VIEW core.index_766_score_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        CASE WHEN s.year BETWEEN 1990 AND 2100 AND s.month BETWEEN 1 AND 12 THEN make_date(s.year, s.month, 1) END AS month_start
    FROM staging.portal__index_766 AS s
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
    s.agency_code,
    s.year,
    s.month,
    s.month_start,
    core.one_line(s.agency_name) AS agency_name,
    s.transparency_score,
    s.progress_score,
    s.online_service_score,
    s.online_payment_score,
    s.digitization_score,
    s.satisfaction_score,
    s.total_score,
    s.synced_pct,
    s.on_time_pct,
    s.online_submission_pct,
    s.online_procedure_used_pct,
    s.online_payment_pct,
    s.electronic_result_pct,
    s.digitized_pct,
    s.data_reuse_pct,
    s.petition_on_time_pct,
    s.petition_satisfaction_pct,
    s.dossier_satisfaction_pct,
    s.received_count,
    s.synced_count,
    s.on_time_count,
    s.late_count,
    s.online_count,
    s.in_person_count,
    s.post_count,
    s.petition_count,
    s.petition_on_time_count,
    -- From here on: for the judgement only.
    s.transparency_score
        + s.progress_score
        + s.online_service_score
        + s.online_payment_score
        + s.digitization_score
        + s.satisfaction_score AS known_total
FROM staged AS s;

COMMENT ON VIEW core.index_766_score_candidates IS 'Các dòng điểm 766 vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.index_766_score_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.index_766_score_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.index_766_score_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.index_766_score_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.index_766_score_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.index_766_score_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.index_766_score_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.index_766_score_candidates.agency_code IS 'Mã cơ quan trên cổng (ví dụ H24.187).';
COMMENT ON COLUMN core.index_766_score_candidates.year IS 'Năm.';
COMMENT ON COLUMN core.index_766_score_candidates.month IS 'Tháng.';
COMMENT ON COLUMN core.index_766_score_candidates.month_start IS 'Ngày đầu của tháng được chấm.';
COMMENT ON COLUMN core.index_766_score_candidates.agency_name IS 'Tên cơ quan như cổng ghi.';
COMMENT ON COLUMN core.index_766_score_candidates.transparency_score IS 'Điểm công khai, minh bạch (CKMB), tối đa 18.';
COMMENT ON COLUMN core.index_766_score_candidates.progress_score IS 'Điểm tiến độ giải quyết (TDGQ), tối đa 20.';
COMMENT ON COLUMN core.index_766_score_candidates.online_service_score IS 'Điểm dịch vụ công trực tuyến (CLGQ), tối đa 12.';
COMMENT ON COLUMN core.index_766_score_candidates.online_payment_score IS 'Điểm thanh toán trực tuyến (TTTT), tối đa 10.';
COMMENT ON COLUMN core.index_766_score_candidates.digitization_score IS 'Điểm số hóa hồ sơ (MDSH), tối đa 22.';
COMMENT ON COLUMN core.index_766_score_candidates.satisfaction_score IS 'Điểm mức độ hài lòng (MDHL), tối đa 18.';
COMMENT ON COLUMN core.index_766_score_candidates.total_score IS 'Tổng điểm như cổng công bố, tối đa 100.';
COMMENT ON COLUMN core.index_766_score_candidates.synced_pct IS 'Tỷ lệ hồ sơ đồng bộ lên cổng, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.on_time_pct IS 'Tỷ lệ hồ sơ xử lý đúng hạn (cả còn trong hạn), phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.online_submission_pct IS 'Tỷ lệ hồ sơ nộp trực tuyến, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.online_procedure_used_pct IS 'Tỷ lệ dịch vụ công trực tuyến có phát sinh hồ sơ, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.online_payment_pct IS 'Tỷ lệ hồ sơ thanh toán trực tuyến, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.electronic_result_pct IS 'Tỷ lệ hồ sơ có kết quả điện tử, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.digitized_pct IS 'Tỷ lệ hồ sơ được số hóa, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.data_reuse_pct IS 'Tỷ lệ khai thác, sử dụng lại dữ liệu số hóa, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.petition_on_time_pct IS 'Tỷ lệ phản ánh, kiến nghị xử lý đúng hạn, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.petition_satisfaction_pct IS 'Tỷ lệ hài lòng trong xử lý phản ánh, kiến nghị, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.dossier_satisfaction_pct IS 'Tỷ lệ hài lòng trong tiếp nhận, giải quyết thủ tục, phần trăm.';
COMMENT ON COLUMN core.index_766_score_candidates.received_count IS 'Số hồ sơ tiếp nhận trong tháng.';
COMMENT ON COLUMN core.index_766_score_candidates.synced_count IS 'Số hồ sơ đồng bộ lên cổng.';
COMMENT ON COLUMN core.index_766_score_candidates.on_time_count IS 'Số hồ sơ đúng hạn, cả còn trong hạn.';
COMMENT ON COLUMN core.index_766_score_candidates.late_count IS 'Số hồ sơ quá hạn.';
COMMENT ON COLUMN core.index_766_score_candidates.online_count IS 'Số hồ sơ nộp trực tuyến.';
COMMENT ON COLUMN core.index_766_score_candidates.in_person_count IS 'Số hồ sơ nộp trực tiếp.';
COMMENT ON COLUMN core.index_766_score_candidates.post_count IS 'Số hồ sơ nộp qua bưu chính.';
COMMENT ON COLUMN core.index_766_score_candidates.petition_count IS 'Số phản ánh, kiến nghị thuộc thẩm quyền.';
COMMENT ON COLUMN core.index_766_score_candidates.petition_on_time_count IS 'Số phản ánh, kiến nghị xử lý đúng hạn.';
COMMENT ON COLUMN core.index_766_score_candidates.known_total IS 'Tổng điểm sáu nhóm; trống khi thiếu một nhóm.';
