-- Grain: one row per dossier that the city system or the portal received in the period [a, b], both days inside.
-- Answers: how the two systems agree about it; not_covered when the portal was never asked of its day.

CREATE FUNCTION marts.reconciliation_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    portal_code text,
    class text,
    matched_by text,
    unit_code text,
    procedure_code text,
    field_code text,
    is_covered boolean,
    is_received boolean,
    city_status smallint,
    portal_status smallint,
    city_received_on date,
    portal_received_on date,
    city_due_on date,
    portal_due_on date,
    city_ended_on date,
    portal_ended_on date
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        r.dossier_code,
        r.portal_code,
        r.class,
        r.matched_by,
        r.unit_code,
        r.procedure_code,
        r.field_code,
        r.is_covered,
        coalesce(r.city_received_on BETWEEN a AND b, false) AS is_received,
        r.city_status,
        r.portal_status,
        r.city_received_on,
        r.portal_received_on,
        r.city_due_on,
        r.portal_due_on,
        r.city_ended_on,
        r.portal_ended_on
    FROM marts.reconciliation AS r
    WHERE r.commune_code = commune AND (r.city_received_on BETWEEN a AND b OR r.portal_received_on BETWEEN a AND b)
    UNION ALL
    SELECT
        d.dossier_code,
        NULL,
        'not_covered',
        NULL,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        false,
        true,
        d.status,
        NULL,
        d.received_on,
        NULL,
        NULL,
        NULL,
        d.ended_on,
        NULL
    FROM marts.dossiers AS d
    WHERE
        d.commune_code = commune
        AND d.is_counted
        AND d.received_on BETWEEN a AND b
        AND NOT EXISTS (
            SELECT FROM marts.reconciliation AS r
            WHERE r.commune_code = d.commune_code AND r.dossier_code = d.dossier_code
        )
$$;

COMMENT ON FUNCTION marts.reconciliation_in_period(text, date, date) IS
'Các hồ sơ mà một trong hai hệ thống tiếp nhận trong kỳ [a, b], kèm loại đối soát.
dossier_code: Mã hồ sơ ở hệ thống thành phố; hồ sơ chỉ có trên cổng thì là mã trên cổng.
portal_code: Mã hồ sơ trên cổng; trống khi cổng không có.
class: Kết quả đối soát: equal khớp; missing_on_portal thiếu trên cổng; missing_in_city thiếu ở hệ thống thành phố; status_mismatch lệch trạng thái; date_mismatch lệch ngày; status_rewritten trạng thái 5, 6, 8 bị đẩy lên cổng thành 9.
matched_by: Quy tắc đã ghép hai bên; trống khi chỉ một bên có.
unit_code: Mã đơn vị xử lý, theo hệ thống thành phố, không có thì theo cổng; khac khi tên lạ.
procedure_code: Mã thủ tục; khac khi không ghi mã.
field_code: Khóa so tên của lĩnh vực; khac khi thủ tục không có trong danh mục.
is_covered: Tiếp nhận vào ngày mà tệp xuất của cổng bao trùm.
is_received: Tiếp nhận trong kỳ.
city_status: Trạng thái ở hệ thống thành phố, 1…10.
portal_status: Trạng thái trên cổng, 1…10.
city_received_on: Ngày tiếp nhận ở hệ thống thành phố; trống khi bên ấy chưa tiếp nhận.
portal_received_on: Ngày tiếp nhận trên cổng; trống khi bên ấy chưa tiếp nhận.
city_due_on: Ngày hẹn trả như hệ thống thành phố ghi, không tính thay.
portal_due_on: Ngày hẹn trả như cổng ghi.
city_ended_on: Ngày kết thúc theo hệ thống thành phố, như chỉ tiêu đếm.
portal_ended_on: Ngày kết thúc theo cổng.';
