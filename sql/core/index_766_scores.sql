-- Grain: one row per agency and month of the 766 index, as the portal published it.
-- Answers: what score the portal gave, from which rates and counts. Absent is not 0.
-- Filled by: the merge of portal__index_766.

CREATE TABLE core.index_766_scores (
    commune_code text NOT NULL,
    agency_code text NOT NULL,
    year integer NOT NULL,
    month integer NOT NULL CHECK (month BETWEEN 1 AND 12),
    month_start date NOT NULL,
    agency_name text,
    transparency_score numeric,
    progress_score numeric,
    online_service_score numeric,
    online_payment_score numeric,
    digitization_score numeric,
    satisfaction_score numeric,
    total_score numeric,
    synced_pct numeric,
    on_time_pct numeric,
    online_submission_pct numeric,
    online_procedure_used_pct numeric,
    online_payment_pct numeric,
    electronic_result_pct numeric,
    digitized_pct numeric,
    data_reuse_pct numeric,
    petition_on_time_pct numeric,
    petition_satisfaction_pct numeric,
    dossier_satisfaction_pct numeric,
    received_count integer,
    synced_count integer,
    on_time_count integer,
    late_count integer,
    online_count integer,
    in_person_count integer,
    post_count integer,
    petition_count integer,
    petition_on_time_count integer,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, agency_code, year, month)
);

COMMENT ON TABLE core.index_766_scores IS 'Điểm Bộ chỉ số 766 theo tháng và cơ quan, như Cổng Dịch vụ công quốc gia công bố.';
COMMENT ON COLUMN core.index_766_scores.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.index_766_scores.agency_code IS 'Mã cơ quan trên cổng (ví dụ H24.187).';
COMMENT ON COLUMN core.index_766_scores.year IS 'Năm.';
COMMENT ON COLUMN core.index_766_scores.month IS 'Tháng.';
COMMENT ON COLUMN core.index_766_scores.month_start IS 'Ngày đầu của tháng được chấm.';
COMMENT ON COLUMN core.index_766_scores.agency_name IS 'Tên cơ quan như cổng ghi.';
COMMENT ON COLUMN core.index_766_scores.transparency_score IS 'Điểm công khai, minh bạch (CKMB), tối đa 18.';
COMMENT ON COLUMN core.index_766_scores.progress_score IS 'Điểm tiến độ giải quyết (TDGQ), tối đa 20.';
COMMENT ON COLUMN core.index_766_scores.online_service_score IS 'Điểm dịch vụ công trực tuyến (CLGQ), tối đa 12.';
COMMENT ON COLUMN core.index_766_scores.online_payment_score IS 'Điểm thanh toán trực tuyến (TTTT), tối đa 10.';
COMMENT ON COLUMN core.index_766_scores.digitization_score IS 'Điểm số hóa hồ sơ (MDSH), tối đa 22.';
COMMENT ON COLUMN core.index_766_scores.satisfaction_score IS 'Điểm mức độ hài lòng (MDHL), tối đa 18.';
COMMENT ON COLUMN core.index_766_scores.total_score IS 'Tổng điểm như cổng công bố, tối đa 100.';
COMMENT ON COLUMN core.index_766_scores.synced_pct IS 'Tỷ lệ hồ sơ đồng bộ lên cổng, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.on_time_pct IS 'Tỷ lệ hồ sơ xử lý đúng hạn (cả còn trong hạn), phần trăm.';
COMMENT ON COLUMN core.index_766_scores.online_submission_pct IS 'Tỷ lệ hồ sơ nộp trực tuyến, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.online_procedure_used_pct IS 'Tỷ lệ dịch vụ công trực tuyến có phát sinh hồ sơ, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.online_payment_pct IS 'Tỷ lệ hồ sơ thanh toán trực tuyến, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.electronic_result_pct IS 'Tỷ lệ hồ sơ có kết quả điện tử, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.digitized_pct IS 'Tỷ lệ hồ sơ được số hóa, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.data_reuse_pct IS 'Tỷ lệ khai thác, sử dụng lại dữ liệu số hóa, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.petition_on_time_pct IS 'Tỷ lệ phản ánh, kiến nghị xử lý đúng hạn, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.petition_satisfaction_pct IS 'Tỷ lệ hài lòng trong xử lý phản ánh, kiến nghị, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.dossier_satisfaction_pct IS 'Tỷ lệ hài lòng trong tiếp nhận, giải quyết thủ tục, phần trăm.';
COMMENT ON COLUMN core.index_766_scores.received_count IS 'Số hồ sơ tiếp nhận trong tháng.';
COMMENT ON COLUMN core.index_766_scores.synced_count IS 'Số hồ sơ đồng bộ lên cổng.';
COMMENT ON COLUMN core.index_766_scores.on_time_count IS 'Số hồ sơ đúng hạn, cả còn trong hạn.';
COMMENT ON COLUMN core.index_766_scores.late_count IS 'Số hồ sơ quá hạn.';
COMMENT ON COLUMN core.index_766_scores.online_count IS 'Số hồ sơ nộp trực tuyến.';
COMMENT ON COLUMN core.index_766_scores.in_person_count IS 'Số hồ sơ nộp trực tiếp.';
COMMENT ON COLUMN core.index_766_scores.post_count IS 'Số hồ sơ nộp qua bưu chính.';
COMMENT ON COLUMN core.index_766_scores.petition_count IS 'Số phản ánh, kiến nghị thuộc thẩm quyền.';
COMMENT ON COLUMN core.index_766_scores.petition_on_time_count IS 'Số phản ánh, kiến nghị xử lý đúng hạn.';
COMMENT ON COLUMN core.index_766_scores.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.index_766_scores.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.index_766_scores.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.index_766_scores.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.index_766_scores.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.index_766_scores.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
