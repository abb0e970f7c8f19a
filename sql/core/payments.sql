-- Grain: one row per payment transaction, as the payment platform last showed it.
-- Answers: what was charged for a dossier, how and when it was paid, refunded or waived.
-- Filled by: the merge of payments__transactions.

CREATE TABLE core.payments (
    commune_code text NOT NULL,
    transaction_code text NOT NULL,
    dossier_code text NOT NULL,
    procedure_code text,
    amount_vnd bigint NOT NULL,
    fee_vnd bigint,
    charge_vnd bigint,
    method text CHECK (method IN ('online', 'cash', 'transfer')),
    platform text CHECK (platform IN ('national', 'local')),
    collected_when text CHECK (collected_when IN ('before', 'after', 'waived')),
    is_waived boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('awaiting', 'unpaid', 'paid', 'refunded', 'cancelled')),
    requested_at timestamptz,
    paid_at timestamptz,
    refunded_at timestamptz,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, transaction_code)
);

COMMENT ON TABLE core.payments IS 'Giao dịch phí, lệ phí của hồ sơ.';
COMMENT ON COLUMN core.payments.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.payments.transaction_code IS 'Mã giao dịch.';
COMMENT ON COLUMN core.payments.dossier_code IS 'Mã hồ sơ được thu.';
COMMENT ON COLUMN core.payments.procedure_code IS 'Mã thủ tục rút gọn dạng d.dddddd; mã khác dạng giữ nguyên.';
COMMENT ON COLUMN core.payments.amount_vnd IS 'Số tiền của giao dịch, đồng.';
COMMENT ON COLUMN core.payments.fee_vnd IS 'Phần phí, đồng.';
COMMENT ON COLUMN core.payments.charge_vnd IS 'Phần lệ phí, đồng.';
COMMENT ON COLUMN core.payments.method IS 'Hình thức thanh toán: online trực tuyến, cash tiền mặt, transfer chuyển khoản; trống khi chưa trả.';
COMMENT ON COLUMN core.payments.platform IS 'Cổng thanh toán: national Cổng DVCQG, local cổng của bộ, địa phương; trống khi không qua cổng.';
COMMENT ON COLUMN core.payments.collected_when IS 'Hình thức thu: before thu trước, after thu sau, waived đối tượng miễn phí.';
COMMENT ON COLUMN core.payments.is_waived IS 'Người nộp được miễn: đứng ngoài cả tử số và mẫu số.';
COMMENT ON COLUMN core.payments.status IS 'Trạng thái: awaiting chờ thanh toán, unpaid chưa thanh toán, paid đã thanh toán, refunded đã hoàn phí, cancelled hủy.';
COMMENT ON COLUMN core.payments.requested_at IS 'Lúc yêu cầu thanh toán.';
COMMENT ON COLUMN core.payments.paid_at IS 'Lúc thu phí; kỳ tính theo đây.';
COMMENT ON COLUMN core.payments.refunded_at IS 'Lúc hoàn phí.';
COMMENT ON COLUMN core.payments.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.payments.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.payments.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.payments.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.payments.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.payments.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
