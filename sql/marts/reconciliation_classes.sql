-- Grain: one row per class of reconciliation.
-- Answers: what a class is called, what it means for the two indicators, and what the unit does about it.

CREATE VIEW marts.reconciliation_classes AS
SELECT
    v.class,
    v.sort_order,
    v.title,
    v.todo
FROM (
    VALUES
    ('missing_on_portal', 1, 'Thiếu trên cổng', 'Đồng bộ lại hồ sơ lên Cổng DVCQG.'),
    (
        'missing_in_city', 2, 'Thiếu ở hệ thống thành phố',
        'Tiếp nhận hồ sơ trên hệ thống thành phố, hoặc báo cổng gỡ nếu hồ sơ không phải của xã.'
    ),
    ('status_mismatch', 3, 'Lệch trạng thái', 'Đối chiếu hồ sơ giấy, cập nhật bên đang sai rồi đồng bộ lại.'),
    ('date_mismatch', 4, 'Lệch ngày', 'So ngày tiếp nhận, hẹn trả, kết thúc; cập nhật bên đang sai rồi đồng bộ lại.'),
    (
        'status_rewritten', 5, 'Trạng thái bị ghi lại khi đẩy',
        'Không phải lỗi của đơn vị: 5, 6, 8 bị đẩy lên cổng thành 9; báo bên vận hành hệ thống thành phố.'
    ),
    ('not_covered', 6, 'Chưa đối soát được', 'Xuất danh sách hồ sơ trên cổng của những ngày này rồi nạp.'),
    ('equal', 7, 'Khớp', NULL)
) AS v (class, sort_order, title, todo);

COMMENT ON VIEW marts.reconciliation_classes IS 'Các loại kết quả đối soát: tên và việc cần làm.';
COMMENT ON COLUMN marts.reconciliation_classes.class IS 'Loại, như ở marts.reconciliation.';
COMMENT ON COLUMN marts.reconciliation_classes.sort_order IS 'Thứ tự trình bày: việc cần làm trước đứng trước.';
COMMENT ON COLUMN marts.reconciliation_classes.title IS 'Tên loại.';
COMMENT ON COLUMN marts.reconciliation_classes.todo IS 'Việc đơn vị cần làm; trống khi không phải làm gì.';
