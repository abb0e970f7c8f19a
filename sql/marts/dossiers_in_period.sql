-- Grain: one row per counted dossier alive in the period [a, b], both days inside.
-- Answers: the yes and no columns of docs/counting.md, section 2, for any period: a month, a quarter, a year.

CREATE FUNCTION marts.dossiers_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    official_code text,
    channel smallint,
    service_level smallint,
    is_received boolean,
    is_carried_over boolean,
    is_resolved boolean,
    is_withdrawn boolean,
    is_stopped boolean,
    is_refused boolean,
    is_open boolean,
    is_early boolean,
    is_on_time boolean,
    is_late boolean,
    is_no_deadline boolean,
    is_undetermined boolean,
    is_paused boolean,
    is_within_term boolean,
    is_overdue boolean,
    is_late_or_overdue boolean,
    has_fee boolean,
    is_paid_online boolean,
    must_digitize boolean,
    has_components_digitized boolean,
    gives_result boolean,
    is_result_digitized boolean,
    is_reused boolean,
    has_component_file boolean,
    is_from_national_store boolean,
    is_vneid_verified boolean,
    supplement_count integer,
    is_apologised boolean,
    is_told_in_time boolean,
    is_rescheduled_again boolean,
    has_full_progress boolean,
    has_process_violation boolean,
    is_rated boolean,
    is_rated_badly boolean,
    has_petition boolean,
    used_working_days integer,
    allowed_working_days integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        d.dossier_code,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        CASE WHEN s.is_late_or_overdue THEN d.late_official_code ELSE d.official_code END AS official_code,
        d.channel,
        d.service_level,
        d.received_on >= a AS is_received,
        d.received_on < a AS is_carried_over,
        d.outcome = 'resolved' AND s.has_ended AS is_resolved,
        d.outcome = 'withdrawn' AND s.has_ended AS is_withdrawn,
        d.outcome = 'stopped' AND s.has_ended AS is_stopped,
        d.outcome = 'refused' AND s.has_ended AS is_refused,
        NOT s.has_ended AS is_open,
        s.is_settled AND s.has_due AND d.ended_on < d.due_on AS is_early,
        s.is_settled AND s.has_due AND d.ended_on = d.due_on AS is_on_time,
        s.is_settled AND s.has_due AND d.ended_on > d.due_on AS is_late,
        s.is_settled AND d.due_source = 'none' AS is_no_deadline,
        d.due_source = 'unknown' AND (s.is_settled OR NOT s.has_ended AND NOT s.is_paused) AS is_undetermined,
        NOT s.has_ended AND s.is_paused AS is_paused,
        NOT s.has_ended AND (s.is_paused OR d.due_source = 'none' OR s.has_due AND d.due_on >= b) AS is_within_term,
        NOT s.has_ended AND NOT s.is_paused AND s.has_due AND d.due_on < b AS is_overdue,
        s.is_late_or_overdue,
        d.has_fee,
        d.is_paid_online,
        d.must_digitize,
        d.has_components_digitized,
        d.gives_result,
        d.is_result_digitized,
        d.is_reused,
        d.has_component_file,
        d.is_from_national_store,
        d.is_vneid_verified,
        d.supplement_count,
        coalesce(d.apology_on <= b, false) AS is_apologised,
        -- The law: at the latest one day before the promised date.
        coalesce(d.told_late_on < d.due_on AND d.told_late_on <= b, false) AS is_told_in_time,
        coalesce(d.rescheduled_again_on BETWEEN a AND b, false) AS is_rescheduled_again,
        d.has_full_progress,
        d.has_process_violation,
        d.is_rated,
        d.is_rated_badly,
        d.has_petition,
        d.used_working_days,
        d.allowed_working_days
    FROM marts.dossiers AS d
    CROSS JOIN LATERAL (
        SELECT
            d.alive_through <= b AS has_ended,
            coalesce(d.outcome = 'resolved' AND d.alive_through <= b, false) AS is_settled,
            d.due_source IN ('given', 'computed') AS has_due,
            d.pauses @> b AS is_paused,
            d.due_source IN ('given', 'computed') AND (
                d.alive_through > d.due_on AND d.outcome = 'resolved' AND d.alive_through <= b
                OR d.due_on < b AND d.alive_through > b AND NOT d.pauses @> b
            ) AS is_late_or_overdue
    ) AS s
    WHERE d.commune_code = commune AND d.is_counted AND d.received_on <= b AND d.alive_through >= a
$$;

COMMENT ON FUNCTION marts.dossiers_in_period(text, date, date) IS
'Các hồ sơ có mặt trong kỳ [a, b], với mọi câu trả lời có/không mà chỉ tiêu dùng.
dossier_code: Mã hồ sơ.
unit_code: Mã đơn vị xử lý.
procedure_code: Mã thủ tục.
field_code: Khóa so tên của lĩnh vực.
official_code: Mã công chức của hồ sơ: xong muộn hoặc đang quá hạn thì là người của bước để quá hạn, còn lại là người của bước cuối có tên; trống khi không biết.
channel: Kênh nộp.
service_level: Mức độ dịch vụ công của thủ tục.
is_received: Tiếp nhận trong kỳ.
is_carried_over: Tiếp nhận trước kỳ, còn mở đầu kỳ hoặc kết thúc từ đầu kỳ trở đi.
is_resolved: Giải quyết xong trong kỳ.
is_withdrawn: Rút hoặc trả lại trong kỳ.
is_stopped: Dừng xử lý trong kỳ.
is_refused: Từ chối sau tiếp nhận, trong kỳ.
is_open: Còn mở vào cuối kỳ.
is_early: Giải quyết xong trước hạn.
is_on_time: Giải quyết xong đúng ngày hẹn.
is_late: Giải quyết xong sau hạn.
is_no_deadline: Giải quyết xong, thủ tục không quy định thời hạn.
is_undetermined: Không biết hạn: có trong tổng số, không vào tỷ lệ nào.
is_paused: Còn mở và đang dừng đồng hồ vào cuối kỳ.
is_within_term: Còn mở, còn trong hạn.
is_overdue: Còn mở, đã quá hạn.
is_late_or_overdue: Xong muộn hoặc đang quá hạn.
has_fee: Có phí, lệ phí.
is_paid_online: Đã thanh toán trực tuyến.
must_digitize: Phải số hóa thành phần.
has_components_digitized: Đã số hóa mọi thành phần.
gives_result: Thủ tục có kết quả là giấy tờ hoặc tệp.
is_result_digitized: Kết quả đã số hóa.
is_reused: Có tái sử dụng dữ liệu số hóa.
has_component_file: Có tệp ở ít nhất một thành phần.
is_from_national_store: Có thành phần lấy từ kho dữ liệu của Cổng DVCQG.
is_vneid_verified: Tài khoản nộp đã xác thực VNeID.
supplement_count: Số lần yêu cầu bổ sung.
is_apologised: Đã xin lỗi chậm nhất vào cuối kỳ.
is_told_in_time: Đã báo chậm hoặc xin lỗi chậm nhất một ngày trước hạn.
is_rescheduled_again: Trong kỳ bị hẹn lại lần thứ hai.
has_full_progress: Tiến độ đủ bước.
has_process_violation: Kiểm tra kết luận sai thẩm quyền, sai quy trình hoặc yêu cầu thêm giấy tờ.
is_rated: Có phiếu đánh giá.
is_rated_badly: Bị đánh giá là không hài lòng.
has_petition: Có phản ánh, kiến nghị nói tới hồ sơ.
used_working_days: Số ngày làm việc đã dùng.
allowed_working_days: Số ngày làm việc được hẹn lúc đầu.';
