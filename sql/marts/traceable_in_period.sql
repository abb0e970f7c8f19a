-- Grain: one row per dossier open at the end of b, when an export of the portal of the last 24 hours of b is known.
-- Answers: could an applicant look the dossier up on the portal. No such export, no row: nobody can tell.

CREATE FUNCTION marts.traceable_in_period(commune text, a date, b date) RETURNS TABLE (
    dossier_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    is_covered boolean,
    is_traceable boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH newest AS (
        SELECT f.fetched_at, f.fetch_id, core.joined_days(f.covers) AS covers
        FROM ops.fetches AS f
        CROSS JOIN (SELECT (b + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS ends_at) AS t
        WHERE
            f.commune_code = commune
            AND f.stream = 'portal__dossiers'
            AND f.state = 'merged'
            AND f.fetched_at < t.ends_at
            AND f.fetched_at >= t.ends_at - interval '24 hours'
        ORDER BY f.fetched_at DESC, f.fetch_id DESC
        LIMIT 1
    ),

    shown AS (
        SELECT m.dossier_code
        FROM newest AS n
        INNER JOIN core.portal_dossier_versions AS v
            ON v.commune_code = commune AND (v.fetched_at, v.fetch_id) <= (n.fetched_at, n.fetch_id)
        INNER JOIN core.dossier_matches AS m ON m.commune_code = commune AND m.portal_code = v.dossier_code
        GROUP BY m.dossier_code
    )

    SELECT
        d.dossier_code,
        d.unit_code,
        d.procedure_code,
        d.field_code,
        s.dossier_code IS NOT NULL OR coalesce(n.covers @> d.received_on, false) AS is_covered,
        s.dossier_code IS NOT NULL AS is_traceable
    FROM newest AS n
    INNER JOIN marts.dossiers AS d
        ON d.commune_code = commune AND d.is_counted AND d.received_on <= b AND d.alive_through > b
    LEFT JOIN shown AS s ON s.dossier_code = d.dossier_code
$$;

COMMENT ON FUNCTION marts.traceable_in_period(text, date, date) IS
'Các hồ sơ còn mở vào cuối kỳ, khi có tệp xuất của cổng trong 24 giờ cuối kỳ; không có tệp ấy thì không có dòng nào.
dossier_code: Mã hồ sơ.
unit_code: Mã đơn vị xử lý.
procedure_code: Mã thủ tục.
field_code: Khóa so tên của lĩnh vực.
is_covered: Tệp xuất ấy bao trùm ngày tiếp nhận, hoặc cổng đã có hồ sơ.
is_traceable: Cổng có mã và trạng thái của hồ sơ.';
