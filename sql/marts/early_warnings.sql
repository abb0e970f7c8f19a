-- Grain: one row per dossier and warning, as things stand at the newest reading of the city.
-- Answers: what has to be done this morning, by unit and official. Another moment: marts.warnings_at.

CREATE VIEW marts.early_warnings AS
SELECT
    n.commune_code,
    n.known_at,
    w.warning,
    w.dossier_code,
    w.unit_code,
    w.official_code,
    w.procedure_code,
    w.received_on,
    w.due_on,
    w.act_by,
    w.working_days_left,
    w.waiting_since,
    w.waited_working_days,
    w.waited_hours,
    w.is_calendar_published
FROM (
    SELECT commune_code, max(fetched_at) AS known_at
    FROM ops.fetches
    WHERE kind <> 'file' AND state = 'merged'
    GROUP BY commune_code
) AS n
CROSS JOIN LATERAL marts.warnings_at(n.commune_code, n.known_at) AS w;

COMMENT ON VIEW marts.early_warnings IS 'Cảnh báo sớm theo lần đọc mới nhất: mỗi hồ sơ và mỗi điều phải làm một dòng.';
COMMENT ON COLUMN marts.early_warnings.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.early_warnings.known_at IS 'Thời điểm của lần đọc mới nhất: cảnh báo là của lúc ấy.';
COMMENT ON COLUMN marts.early_warnings.warning IS 'Điều phải làm: due_soon sắp đến hạn; overdue quá hạn; apology_owed phải xin lỗi; online_waiting trực tuyến chờ tiếp nhận quá giờ; result_waiting kết quả chưa trả.';
COMMENT ON COLUMN marts.early_warnings.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN marts.early_warnings.unit_code IS 'Mã đơn vị xử lý.';
COMMENT ON COLUMN marts.early_warnings.official_code IS 'Mã công chức của người xử lý gần nhất; trống khi sổ cán bộ không cho biết.';
COMMENT ON COLUMN marts.early_warnings.procedure_code IS 'Mã thủ tục.';
COMMENT ON COLUMN marts.early_warnings.received_on IS 'Ngày tiếp nhận.';
COMMENT ON COLUMN marts.early_warnings.due_on IS 'Ngày hẹn trả đang có hiệu lực.';
COMMENT ON COLUMN marts.early_warnings.act_by IS 'Ngày cuối phải làm xong điều ấy: ngày hẹn, hoặc ngày làm việc cuối còn kịp xin lỗi.';
COMMENT ON COLUMN marts.early_warnings.working_days_left IS 'Số ngày làm việc còn lại đến hạn; 0 là hôm nay; âm là đã quá hạn.';
COMMENT ON COLUMN marts.early_warnings.waiting_since IS 'Chờ từ lúc nào: lúc nộp, hoặc lúc có kết quả.';
COMMENT ON COLUMN marts.early_warnings.waited_working_days IS 'Kết quả đã chờ mấy ngày làm việc.';
COMMENT ON COLUMN marts.early_warnings.waited_hours IS 'Hồ sơ trực tuyến đã chờ mấy giờ làm việc.';
COMMENT ON COLUMN marts.early_warnings.is_calendar_published IS 'Đếm theo lịch đã công bố; không thì theo thứ Hai–thứ Sáu.';
