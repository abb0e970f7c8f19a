-- Grain: one row per procedure of the catalogue or of a check, by the newest check not after the end of [a, b].
-- Answers: is it public at the Centre and on the commune's portal, and was the city's last decision followed in time.

CREATE FUNCTION marts.publicity_in_period(commune text, a date, b date) RETURNS TABLE (
    procedure_code text,
    field_code text,
    checked_on date,
    decided_on date,
    is_checked boolean,
    is_public_at_center boolean,
    is_public_on_portal boolean,
    is_update_due boolean,
    is_update_known boolean,
    is_updated_in_time boolean,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH checks AS (
        SELECT DISTINCT ON (c.procedure_code) c.*
        FROM core.publicity_checks AS c
        WHERE c.commune_code = commune AND c.checked_on <= b
        ORDER BY c.procedure_code, c.checked_on DESC
    ),

    judged AS (
        SELECT
            c.procedure_code,
            c.checked_on,
            c.decided_on,
            t.update_by,
            c.fetch_id,
            c.row_number,
            c.is_at_center AND c.is_center_current AND c.is_center_complete AS is_public_at_center,
            c.is_on_portal AND c.is_portal_current AS is_public_on_portal,
            coalesce(
                c.is_at_center
                AND c.is_center_current
                AND c.center_posted_on BETWEEN c.decided_on AND t.update_by
                AND c.is_on_portal
                AND c.is_portal_current
                AND c.portal_posted_on BETWEEN c.decided_on AND t.update_by,
                false
            ) AS is_updated_in_time
        FROM checks AS c
        CROSS JOIN LATERAL (SELECT marts.working_day_after(commune, c.decided_on, 5) AS update_by) AS t
    )

    SELECT
        coalesce(p.procedure_code, j.procedure_code) AS procedure_code,
        coalesce(p.field_key, 'khac') AS field_code,
        j.checked_on,
        j.decided_on,
        j.checked_on IS NOT NULL AS is_checked,
        coalesce(j.is_public_at_center, false) AS is_public_at_center,
        coalesce(j.is_public_on_portal, false) AS is_public_on_portal,
        -- A term that the calendar cannot give is asked about in the period of the day after the decision.
        coalesce(coalesce(j.update_by, j.decided_on + 1) BETWEEN a AND b, false) AS is_update_due,
        coalesce(j.update_by IS NOT NULL AND (j.is_updated_in_time OR j.checked_on >= j.update_by), false)
            AS is_update_known,
        coalesce(j.is_updated_in_time, false) AS is_updated_in_time,
        j.fetch_id,
        j.row_number
    FROM (SELECT c.procedure_code, c.field_key FROM core.procedures AS c WHERE c.commune_code = commune) AS p
    FULL JOIN judged AS j ON j.procedure_code = p.procedure_code
$$;

COMMENT ON FUNCTION marts.publicity_in_period(text, date, date) IS
'Các thủ tục của danh mục hoặc của bảng kiểm, theo lần kiểm gần nhất không sau ngày cuối của kỳ [a, b].
procedure_code: Mã thủ tục dạng d.dddddd.
field_code: Lĩnh vực theo danh mục; khac khi thủ tục không có trong danh mục.
checked_on: Ngày của lần kiểm gần nhất; trống khi chưa kiểm lần nào.
decided_on: Ngày quyết định công bố gần nhất của thành phố, theo lần kiểm ấy.
is_checked: Đã được kiểm ít nhất một lần đến ngày cuối kỳ.
is_public_at_center: Niêm yết tại Trung tâm, đúng bản đang có hiệu lực, đủ nội dung.
is_public_on_portal: Đăng trên Cổng thông tin điện tử xã, đúng bản đang có hiệu lực.
is_update_due: Ngày làm việc thứ năm sau quyết định công bố ở trong kỳ.
is_update_known: Đã biết có cập nhật đúng hạn hay không: lịch đã công bố, và đã kiểm từ ngày hết hạn hoặc đã thấy cập nhật.
is_updated_in_time: Bản đúng được niêm yết và đăng từ ngày quyết định đến ngày làm việc thứ năm sau đó, ở cả hai nơi.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
