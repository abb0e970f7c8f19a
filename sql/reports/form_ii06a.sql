-- Grain: one row per published period and unit, zeros included, and one for the commune in total.
-- Answers: form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP). Columns (3) to (13): docs/counting.md, section 5.

CREATE VIEW reports.form_ii06a AS
SELECT
    p.commune_code,
    p.calendar,
    p.period,
    p.code,
    p.level = 'commune' AS is_total,
    coalesce(u.name, 'Tổng số') AS name,
    coalesce(u.sort_order, 2147483647) AS sort_order,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_received_or_carried') AS received_or_carried_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_received_online') AS received_online_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_received_other') AS received_other_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_carried_over') AS carried_over_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_settled') AS settled_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_settled_early') AS settled_early_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_settled_on_time') AS settled_on_time_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_settled_late') AS settled_late_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_open') AS open_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_open_within_term') AS open_within_term_count,
    max(p.numerator) FILTER (WHERE p.indicator = 'form_ii06a_open_overdue') AS open_overdue_count,
    p.revision_number
FROM indicators.published AS p
LEFT JOIN marts.units AS u ON u.commune_code = p.commune_code AND u.unit_code = p.code AND p.level = 'unit'
WHERE p.indicator LIKE 'form\_ii06a\_%' AND p.level IN ('commune', 'unit')
GROUP BY p.commune_code, p.calendar, p.period, p.code, p.level, u.name, u.sort_order, p.revision_number;

COMMENT ON VIEW reports.form_ii06a IS 'Biểu số II.06a/VPCP/KSTT của các kỳ đã công bố.';
COMMENT ON COLUMN reports.form_ii06a.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN reports.form_ii06a.calendar IS 'month hoặc report.';
COMMENT ON COLUMN reports.form_ii06a.period IS 'Kỳ.';
COMMENT ON COLUMN reports.form_ii06a.code IS 'Mã đơn vị; dòng tổng mang mã của xã.';
COMMENT ON COLUMN reports.form_ii06a.is_total IS 'Là dòng tổng số.';
COMMENT ON COLUMN reports.form_ii06a.name IS 'Tên đơn vị.';
COMMENT ON COLUMN reports.form_ii06a.sort_order IS 'Thứ tự trình bày; dòng tổng ở cuối.';
COMMENT ON COLUMN reports.form_ii06a.received_or_carried_count IS 'Cột (3): Tổng số tiếp nhận và chuyển sang.';
COMMENT ON COLUMN reports.form_ii06a.received_online_count IS 'Cột (4): Trong kỳ, trực tuyến.';
COMMENT ON COLUMN reports.form_ii06a.received_other_count IS 'Cột (5): Trong kỳ, trực tiếp và bưu chính.';
COMMENT ON COLUMN reports.form_ii06a.carried_over_count IS 'Cột (6): Từ kỳ trước.';
COMMENT ON COLUMN reports.form_ii06a.settled_count IS 'Cột (7): Đã giải quyết, tổng số.';
COMMENT ON COLUMN reports.form_ii06a.settled_early_count IS 'Cột (8): Trước hạn.';
COMMENT ON COLUMN reports.form_ii06a.settled_on_time_count IS 'Cột (9): Đúng hạn.';
COMMENT ON COLUMN reports.form_ii06a.settled_late_count IS 'Cột (10): Quá hạn.';
COMMENT ON COLUMN reports.form_ii06a.open_count IS 'Cột (11): Đang giải quyết, tổng số.';
COMMENT ON COLUMN reports.form_ii06a.open_within_term_count IS 'Cột (12): Trong hạn.';
COMMENT ON COLUMN reports.form_ii06a.open_overdue_count IS 'Cột (13): Quá hạn.';
COMMENT ON COLUMN reports.form_ii06a.revision_number IS 'Lần công bố.';
