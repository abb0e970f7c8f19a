-- Grain: one row per staged row of payments__transactions.
-- Answers: the row as core.payments would hold it, and what its suite needs to judge it.

CREATE VIEW core.payment_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.transaction_code,
    s.dossier_code,
    s.procedure_code,
    s.amount_vnd,
    s.fee_vnd,
    s.charge_vnd,
    s.method,
    s.platform,
    s.collected_when,
    coalesce(s.collected_when = 'waived', false) AS is_waived,
    s.status,
    s.requested_at,
    s.paid_at,
    s.refunded_at
FROM staging.payments__transactions AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.payment_candidates IS 'Các giao dịch vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.payment_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.payment_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.payment_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.payment_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.payment_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.payment_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.payment_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.payment_candidates.transaction_code IS 'Mã giao dịch.';
COMMENT ON COLUMN core.payment_candidates.dossier_code IS 'Mã hồ sơ được thu.';
COMMENT ON COLUMN core.payment_candidates.procedure_code IS 'Mã thủ tục rút gọn dạng d.dddddd; mã khác dạng giữ nguyên.';
COMMENT ON COLUMN core.payment_candidates.amount_vnd IS 'Số tiền của giao dịch, đồng.';
COMMENT ON COLUMN core.payment_candidates.fee_vnd IS 'Phần phí, đồng.';
COMMENT ON COLUMN core.payment_candidates.charge_vnd IS 'Phần lệ phí, đồng.';
COMMENT ON COLUMN core.payment_candidates.method IS 'Hình thức thanh toán: online trực tuyến, cash tiền mặt, transfer chuyển khoản; trống khi chưa trả.';
COMMENT ON COLUMN core.payment_candidates.platform IS 'Cổng thanh toán: national Cổng DVCQG, local cổng của bộ, địa phương; trống khi không qua cổng.';
COMMENT ON COLUMN core.payment_candidates.collected_when IS 'Hình thức thu: before thu trước, after thu sau, waived đối tượng miễn phí.';
COMMENT ON COLUMN core.payment_candidates.is_waived IS 'Người nộp được miễn: đứng ngoài cả tử số và mẫu số.';
COMMENT ON COLUMN core.payment_candidates.status IS 'Trạng thái: awaiting chờ thanh toán, unpaid chưa thanh toán, paid đã thanh toán, refunded đã hoàn phí, cancelled hủy.';
COMMENT ON COLUMN core.payment_candidates.requested_at IS 'Lúc yêu cầu thanh toán.';
COMMENT ON COLUMN core.payment_candidates.paid_at IS 'Lúc thu phí; kỳ tính theo đây.';
COMMENT ON COLUMN core.payment_candidates.refunded_at IS 'Lúc hoàn phí.';
