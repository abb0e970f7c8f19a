-- Grain: one row per official and span of days at one post, without a name.
-- Answers: whose code a step of a dossier belongs to, where that official belonged and worked on a day.
-- An official_key that two codes share on the same days belongs to neither: who acted is not guessed.
-- Runs as the owner, over tables that its readers may not read: so it asks itself which communes they may see.

CREATE VIEW marts.officials WITH (security_barrier = true) AS
SELECT
    s.commune_code,
    s.official_code,
    CASE
        WHEN NOT EXISTS (
            SELECT FROM restricted.staff AS o
            WHERE
                o.commune_code = s.commune_code
                AND o.official_key = s.official_key
                AND o.official_code <> s.official_code
                AND o.kind = 'posting'
                AND o.starts_on <= coalesce(s.ends_on, 'infinity')
                AND s.starts_on <= coalesce(o.ends_on, 'infinity')
        ) THEN s.official_key
    END AS official_key,
    s.home_unit_code,
    s.working_unit_code,
    s.staff_kind,
    s.is_head,
    s.starts_on AS valid_from,
    coalesce(s.ends_on, 'infinity') AS valid_to
FROM restricted.staff AS s
WHERE
    s.kind = 'posting'
    AND ((SELECT ops.sight()))[s.commune_code] IS NOT NULL
    AND s.commune_code = ANY ((SELECT ops.communes_in_sight())::text[]);

COMMENT ON VIEW marts.officials IS 'Cán bộ, công chức, viên chức theo mã, không có tên: thuộc đơn vị nào, làm ở đâu, từ ngày nào đến ngày nào.';
COMMENT ON COLUMN marts.officials.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.officials.official_code IS 'Mã công chức.';
COMMENT ON COLUMN marts.officials.official_key IS 'Mã băm có khóa của họ tên, như ở core.progress_events; trống khi hai mã cùng tên trong cùng thời gian.';
COMMENT ON COLUMN marts.officials.home_unit_code IS 'Đơn vị chủ quản: nơi quản lý và đánh giá.';
COMMENT ON COLUMN marts.officials.working_unit_code IS 'Đơn vị làm việc hằng ngày.';
COMMENT ON COLUMN marts.officials.staff_kind IS 'Nhóm: leader, civil_servant, public_employee, contract.';
COMMENT ON COLUMN marts.officials.is_head IS 'Là người đứng đầu đơn vị chủ quản.';
COMMENT ON COLUMN marts.officials.valid_from IS 'Ngày đầu ở vị trí này.';
COMMENT ON COLUMN marts.officials.valid_to IS 'Ngày cuối; infinity khi còn tiếp tục.';
