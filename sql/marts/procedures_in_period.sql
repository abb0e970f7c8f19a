-- Grain: one row per procedure that the commune's catalogue has on day b.
-- Answers: which are offered online, which of them were used, which carry a fee, which were paid for online.
-- The catalogue tells no fees: a procedure carries one when a dossier received in [a, b] does.

CREATE FUNCTION marts.procedures_in_period(commune text, a date, b date) RETURNS TABLE (
    procedure_code text,
    field_code text,
    service_level smallint,
    is_online boolean,
    has_dossier boolean,
    has_online_dossier boolean,
    has_verified_dossier boolean,
    has_fee boolean,
    is_payable_online boolean,
    has_online_payment boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH dossiers AS (
        SELECT
            d.procedure_code,
            bool_or(d.is_counted AND d.received_on BETWEEN a AND b) AS has_dossier,
            -- Filed online and not accepted yet is a dossier of the day on which it was filed.
            bool_or(d.channel = 2) AS has_online,
            bool_or(d.is_counted AND (d.is_vneid_verified OR d.is_from_national_store)) AS has_verified,
            bool_or(d.is_counted AND d.has_fee) AS has_fee
        FROM marts.dossiers AS d
        WHERE
            d.commune_code = commune
            AND (d.received_on BETWEEN a AND b OR d.received_on IS NULL AND d.channel = 2 AND d.submitted_on BETWEEN a AND b)
        GROUP BY d.procedure_code
    ),

    payments AS (
        SELECT
            p.procedure_code,
            bool_or(p.platform IS NOT NULL AND coalesce(core.day_of(p.paid_at), core.day_of(p.requested_at)) <= b)
                AS is_payable,
            bool_or(p.method = 'online' AND p.status = 'paid' AND core.day_of(p.paid_at) BETWEEN a AND b) AS is_paid
        FROM core.payments AS p
        WHERE p.commune_code = commune AND NOT p.is_waived
        GROUP BY p.procedure_code
    )

    SELECT
        c.procedure_code,
        coalesce(c.field_key, 'khac') AS field_code,
        c.service_level,
        coalesce(c.service_level IN (3, 4), false) AS is_online,
        coalesce(d.has_dossier, false) AS has_dossier,
        coalesce(d.has_online, false) AS has_online_dossier,
        coalesce(d.has_verified, false) AS has_verified_dossier,
        coalesce(d.has_fee, false) AS has_fee,
        coalesce(p.is_payable, false) AS is_payable_online,
        coalesce(p.is_paid, false) AS has_online_payment
    FROM core.procedures_in_force AS c
    LEFT JOIN dossiers AS d ON d.procedure_code = c.procedure_code
    LEFT JOIN payments AS p ON p.procedure_code = c.procedure_code
    WHERE c.commune_code = commune AND b BETWEEN c.valid_from AND c.valid_to
$$;

COMMENT ON FUNCTION marts.procedures_in_period(text, date, date) IS
'Các thủ tục có trong danh mục của xã vào cuối kỳ [a, b], và những gì đã phát sinh trong kỳ.
procedure_code: Mã thủ tục.
field_code: Khóa so tên của lĩnh vực.
service_level: Mức độ dịch vụ công vào cuối kỳ.
is_online: Cung cấp trực tuyến, một phần hoặc toàn trình.
has_dossier: Có hồ sơ tiếp nhận trong kỳ.
has_online_dossier: Có hồ sơ nộp trực tuyến trong kỳ.
has_verified_dossier: Có hồ sơ tiếp nhận trong kỳ mà tài khoản đã xác thực VNeID hoặc giấy tờ lấy từ kho của cổng.
has_fee: Có hồ sơ tiếp nhận trong kỳ phải nộp phí, lệ phí.
is_payable_online: Đã từng có giao dịch qua cổng thanh toán, tính đến cuối kỳ.
has_online_payment: Có giao dịch thanh toán trực tuyến thành công trong kỳ.';
