-- Grain: one row per dossier, calendar and month in which the dossier was alive.
-- Answers: the yes and no columns of docs/counting.md, section 2, month by month, for people who query.
-- Refill: replaces one month of one calendar, so running it twice changes nothing.

CREATE TABLE marts.dossier_periods (
    commune_code text NOT NULL,
    calendar text NOT NULL CHECK (calendar IN ('month', 'report')),
    period text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    dossier_code text NOT NULL,
    unit_code text NOT NULL,
    procedure_code text NOT NULL,
    field_code text NOT NULL,
    official_code text,
    channel smallint,
    service_level smallint,
    is_received boolean NOT NULL,
    is_carried_over boolean NOT NULL,
    is_resolved boolean,
    is_withdrawn boolean,
    is_stopped boolean,
    is_refused boolean,
    is_open boolean NOT NULL,
    is_early boolean,
    is_on_time boolean,
    is_late boolean,
    is_no_deadline boolean,
    is_undetermined boolean,
    is_paused boolean,
    is_within_term boolean,
    is_overdue boolean,
    is_late_or_overdue boolean,
    has_fee boolean NOT NULL,
    is_paid_online boolean NOT NULL,
    must_digitize boolean NOT NULL,
    has_components_digitized boolean NOT NULL,
    gives_result boolean,
    is_result_digitized boolean NOT NULL,
    is_reused boolean NOT NULL,
    has_component_file boolean NOT NULL,
    is_from_national_store boolean NOT NULL,
    is_vneid_verified boolean NOT NULL,
    supplement_count integer NOT NULL,
    is_apologised boolean NOT NULL,
    is_told_in_time boolean NOT NULL,
    is_rescheduled_again boolean NOT NULL,
    has_full_progress boolean NOT NULL,
    has_process_violation boolean NOT NULL,
    is_rated boolean NOT NULL,
    is_rated_badly boolean NOT NULL,
    has_petition boolean NOT NULL,
    used_working_days integer,
    allowed_working_days integer,
    PRIMARY KEY (commune_code, calendar, period_start, dossier_code)
) PARTITION BY RANGE (period_start);

COMMENT ON TABLE marts.dossier_periods IS 'Mỗi hồ sơ, mỗi lịch, mỗi tháng có mặt: một dòng với các cột có/không.';
COMMENT ON COLUMN marts.dossier_periods.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.dossier_periods.calendar IS 'month: tháng dương lịch; report: kỳ báo cáo từ ngày 15 đến ngày 14.';
COMMENT ON COLUMN marts.dossier_periods.period IS 'Tháng, dạng 2025-07.';
COMMENT ON COLUMN marts.dossier_periods.period_start IS 'Ngày đầu kỳ.';
COMMENT ON COLUMN marts.dossier_periods.period_end IS 'Ngày cuối kỳ.';
COMMENT ON COLUMN marts.dossier_periods.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN marts.dossier_periods.unit_code IS 'Mã đơn vị xử lý.';
COMMENT ON COLUMN marts.dossier_periods.procedure_code IS 'Mã thủ tục.';
COMMENT ON COLUMN marts.dossier_periods.field_code IS 'Khóa so tên của lĩnh vực.';
COMMENT ON COLUMN marts.dossier_periods.official_code IS 'Mã công chức của hồ sơ: xong muộn hoặc đang quá hạn thì là người của bước để quá hạn, còn lại là người của bước cuối có tên; trống khi không biết.';
COMMENT ON COLUMN marts.dossier_periods.channel IS 'Kênh nộp.';
COMMENT ON COLUMN marts.dossier_periods.service_level IS 'Mức độ dịch vụ công của thủ tục.';
COMMENT ON COLUMN marts.dossier_periods.is_received IS 'Tiếp nhận trong kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_carried_over IS 'Tiếp nhận trước kỳ, còn mở đầu kỳ hoặc kết thúc từ đầu kỳ trở đi.';
COMMENT ON COLUMN marts.dossier_periods.is_resolved IS 'Giải quyết xong trong kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_withdrawn IS 'Rút hoặc trả lại trong kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_stopped IS 'Dừng xử lý trong kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_refused IS 'Từ chối sau tiếp nhận, trong kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_open IS 'Còn mở vào cuối kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_early IS 'Giải quyết xong trước hạn.';
COMMENT ON COLUMN marts.dossier_periods.is_on_time IS 'Giải quyết xong đúng ngày hẹn.';
COMMENT ON COLUMN marts.dossier_periods.is_late IS 'Giải quyết xong sau hạn.';
COMMENT ON COLUMN marts.dossier_periods.is_no_deadline IS 'Giải quyết xong, thủ tục không quy định thời hạn.';
COMMENT ON COLUMN marts.dossier_periods.is_undetermined IS 'Không biết hạn: có trong tổng số, không vào tỷ lệ nào.';
COMMENT ON COLUMN marts.dossier_periods.is_paused IS 'Còn mở và đang dừng đồng hồ vào cuối kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_within_term IS 'Còn mở, còn trong hạn.';
COMMENT ON COLUMN marts.dossier_periods.is_overdue IS 'Còn mở, đã quá hạn.';
COMMENT ON COLUMN marts.dossier_periods.is_late_or_overdue IS 'Xong muộn hoặc đang quá hạn.';
COMMENT ON COLUMN marts.dossier_periods.has_fee IS 'Có phí, lệ phí.';
COMMENT ON COLUMN marts.dossier_periods.is_paid_online IS 'Đã thanh toán trực tuyến.';
COMMENT ON COLUMN marts.dossier_periods.must_digitize IS 'Phải số hóa thành phần.';
COMMENT ON COLUMN marts.dossier_periods.has_components_digitized IS 'Đã số hóa mọi thành phần.';
COMMENT ON COLUMN marts.dossier_periods.gives_result IS 'Thủ tục có kết quả là giấy tờ hoặc tệp.';
COMMENT ON COLUMN marts.dossier_periods.is_result_digitized IS 'Kết quả đã số hóa.';
COMMENT ON COLUMN marts.dossier_periods.is_reused IS 'Có tái sử dụng dữ liệu số hóa.';
COMMENT ON COLUMN marts.dossier_periods.has_component_file IS 'Có tệp ở ít nhất một thành phần.';
COMMENT ON COLUMN marts.dossier_periods.is_from_national_store IS 'Có thành phần lấy từ kho dữ liệu của Cổng DVCQG.';
COMMENT ON COLUMN marts.dossier_periods.is_vneid_verified IS 'Tài khoản nộp đã xác thực VNeID.';
COMMENT ON COLUMN marts.dossier_periods.supplement_count IS 'Số lần yêu cầu bổ sung.';
COMMENT ON COLUMN marts.dossier_periods.is_apologised IS 'Đã xin lỗi chậm nhất vào cuối kỳ.';
COMMENT ON COLUMN marts.dossier_periods.is_told_in_time IS 'Đã báo chậm hoặc xin lỗi chậm nhất một ngày trước hạn.';
COMMENT ON COLUMN marts.dossier_periods.is_rescheduled_again IS 'Trong kỳ bị hẹn lại lần thứ hai.';
COMMENT ON COLUMN marts.dossier_periods.has_full_progress IS 'Tiến độ đủ bước.';
COMMENT ON COLUMN marts.dossier_periods.has_process_violation IS 'Kiểm tra kết luận sai thẩm quyền, sai quy trình hoặc yêu cầu thêm giấy tờ.';
COMMENT ON COLUMN marts.dossier_periods.is_rated IS 'Có phiếu đánh giá.';
COMMENT ON COLUMN marts.dossier_periods.is_rated_badly IS 'Bị đánh giá là không hài lòng.';
COMMENT ON COLUMN marts.dossier_periods.has_petition IS 'Có phản ánh, kiến nghị nói tới hồ sơ.';
COMMENT ON COLUMN marts.dossier_periods.used_working_days IS 'Số ngày làm việc đã dùng.';
COMMENT ON COLUMN marts.dossier_periods.allowed_working_days IS 'Số ngày làm việc được hẹn lúc đầu.';

-- Refill
DELETE FROM marts.dossier_periods
WHERE commune_code = %(commune_code)s AND calendar = %(calendar)s AND period_start = %(period_start)s;

INSERT INTO marts.dossier_periods
SELECT
    %(commune_code)s AS commune_code,
    %(calendar)s AS calendar,
    %(period)s AS period,
    %(period_start)s::date AS period_start,
    %(period_end)s::date AS period_end,
    p.*
FROM marts.dossiers_in_period(%(commune_code)s, %(period_start)s::date, %(period_end)s::date) AS p;
