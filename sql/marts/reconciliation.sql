-- Grain: one row per dossier that can be compared: received by the city system or the portal, and either shown by the
-- portal or received on a day of which the portal was asked.
-- Answers: do the two systems say the same of it, and if not, what is different.
-- Refill: replaces the dossiers of the temporary tables near_city and near_portal, so running it twice changes nothing.
-- Words and rules: docs/counting.md, section 4. For a period: marts.reconciliation_in_period.

CREATE TABLE marts.reconciliation (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    portal_code text,
    class text NOT NULL CHECK (class IN (
        'equal', 'missing_on_portal', 'missing_in_city', 'status_mismatch', 'date_mismatch', 'status_rewritten'
    )),
    matched_by text,
    unit_code text NOT NULL,
    procedure_code text NOT NULL,
    field_code text NOT NULL,
    is_covered boolean NOT NULL,
    city_status smallint,
    portal_status smallint,
    city_received_on date,
    portal_received_on date,
    city_due_on date,
    portal_due_on date,
    city_ended_on date,
    portal_ended_on date,
    PRIMARY KEY (commune_code, dossier_code),
    UNIQUE (commune_code, portal_code)
);
CREATE INDEX reconciliation_city_received_on ON marts.reconciliation (commune_code, city_received_on);
CREATE INDEX reconciliation_portal_received_on ON marts.reconciliation (commune_code, portal_received_on);

COMMENT ON TABLE marts.reconciliation IS 'Đối soát hệ thống thành phố với Cổng DVCQG: mỗi hồ sơ của một trong hai bên một dòng, kèm loại.';
COMMENT ON COLUMN marts.reconciliation.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.reconciliation.dossier_code IS 'Mã hồ sơ ở hệ thống thành phố; hồ sơ chỉ có trên cổng thì là mã trên cổng.';
COMMENT ON COLUMN marts.reconciliation.portal_code IS 'Mã hồ sơ trên cổng; trống khi cổng không có.';
COMMENT ON COLUMN marts.reconciliation.class IS 'Kết quả đối soát: equal khớp; missing_on_portal thiếu trên cổng; missing_in_city thiếu ở hệ thống thành phố; status_mismatch lệch trạng thái; date_mismatch lệch ngày; status_rewritten trạng thái 5, 6, 8 bị đẩy lên cổng thành 9.';
COMMENT ON COLUMN marts.reconciliation.matched_by IS 'Quy tắc đã ghép hai bên; trống khi chỉ một bên có.';
COMMENT ON COLUMN marts.reconciliation.unit_code IS 'Mã đơn vị xử lý, theo hệ thống thành phố, không có thì theo cổng; khac khi tên lạ.';
COMMENT ON COLUMN marts.reconciliation.procedure_code IS 'Mã thủ tục; khac khi không ghi mã.';
COMMENT ON COLUMN marts.reconciliation.field_code IS 'Khóa so tên của lĩnh vực; khac khi thủ tục không có trong danh mục.';
COMMENT ON COLUMN marts.reconciliation.is_covered IS 'Tiếp nhận vào ngày mà tệp xuất của cổng bao trùm.';
COMMENT ON COLUMN marts.reconciliation.city_status IS 'Trạng thái ở hệ thống thành phố, 1…10.';
COMMENT ON COLUMN marts.reconciliation.portal_status IS 'Trạng thái trên cổng, 1…10.';
COMMENT ON COLUMN marts.reconciliation.city_received_on IS 'Ngày tiếp nhận ở hệ thống thành phố; trống khi bên ấy chưa tiếp nhận.';
COMMENT ON COLUMN marts.reconciliation.portal_received_on IS 'Ngày tiếp nhận trên cổng; trống khi bên ấy chưa tiếp nhận.';
COMMENT ON COLUMN marts.reconciliation.city_due_on IS 'Ngày hẹn trả như hệ thống thành phố ghi, không tính thay.';
COMMENT ON COLUMN marts.reconciliation.portal_due_on IS 'Ngày hẹn trả như cổng ghi.';
COMMENT ON COLUMN marts.reconciliation.city_ended_on IS 'Ngày kết thúc theo hệ thống thành phố, như chỉ tiêu đếm.';
COMMENT ON COLUMN marts.reconciliation.portal_ended_on IS 'Ngày kết thúc theo cổng.';

-- Refill
DELETE FROM marts.reconciliation AS r
USING near_city AS n
WHERE r.commune_code = %(commune_code)s AND r.dossier_code = n.code;

DELETE FROM marts.reconciliation AS r
USING near_portal AS n
WHERE r.commune_code = %(commune_code)s AND r.portal_code = n.code;

INSERT INTO marts.reconciliation (
    commune_code, dossier_code, portal_code, class, matched_by, unit_code, procedure_code, field_code, is_covered,
    city_status, portal_status, city_received_on, portal_received_on, city_due_on, portal_due_on,
    city_ended_on, portal_ended_on
)
WITH sides AS (
    SELECT
        n.code AS dossier_code,
        m.portal_code,
        m.matched_by
    FROM near_city AS n
    LEFT JOIN core.dossier_matches AS m ON m.commune_code = %(commune_code)s AND m.dossier_code = n.code
    UNION ALL
    SELECT
        NULL AS dossier_code,
        n.code AS portal_code,
        NULL AS matched_by
    FROM near_portal AS n
    WHERE NOT EXISTS (
        SELECT FROM core.dossier_matches AS m
        WHERE m.commune_code = %(commune_code)s AND m.portal_code = n.code
    )
),

city AS (
    SELECT
        d.dossier_code,
        m.unit_code,
        m.procedure_code,
        m.field_code,
        d.status,
        CASE WHEN m.is_counted THEN m.received_on END AS received_on,
        core.day_of(d.due_at) AS due_on,
        m.ended_on,
        -- What the portal has columns for: a refusal or an event it cannot show.
        core.dossier_end(d.status, d.received_at, d.finished_at, d.handed_over_at, NULL, NULL) IS NOT NULL AS shows_end
    FROM near_city AS n
    INNER JOIN core.dossiers AS d ON d.commune_code = %(commune_code)s AND d.dossier_code = n.code
    INNER JOIN marts.dossiers AS m ON m.commune_code = d.commune_code AND m.dossier_code = d.dossier_code
),

portal AS (
    SELECT
        p.dossier_code AS portal_code,
        p.procedure_code,
        coalesce(u.unit_code, 'khac') AS unit_code,
        coalesce(f.field_key, 'khac') AS field_code,
        p.status,
        CASE WHEN p.status <> 1 THEN core.day_of(p.received_at) END AS received_on,
        core.day_of(p.due_at) AS due_on,
        core.day_of(
            core.dossier_end(p.status, p.received_at, p.finished_at, p.handed_over_at, NULL, NULL)
        ) AS ended_on
    FROM near_portal AS n
    INNER JOIN core.portal_dossiers AS p ON p.commune_code = %(commune_code)s AND p.dossier_code = n.code
    LEFT JOIN core.unit_names AS u
        ON
            u.commune_code = p.commune_code
            AND u.name_key = p.unit_key
            AND core.day_of(p.received_at) BETWEEN u.valid_from AND u.valid_to
    LEFT JOIN core.procedures_in_force AS f
        ON
            f.commune_code = p.commune_code
            AND f.procedure_code = p.procedure_code
            AND core.day_of(p.received_at) BETWEEN f.valid_from AND f.valid_to
),

compared AS (
    SELECT
        coalesce(c.dossier_code, p.portal_code) AS dossier_code,
        p.portal_code,
        c.dossier_code IS NOT NULL AS is_in_city,
        s.matched_by,
        coalesce(c.unit_code, p.unit_code) AS unit_code,
        coalesce(c.procedure_code, p.procedure_code, 'khac') AS procedure_code,
        coalesce(c.field_code, p.field_code) AS field_code,
        c.status AS city_status,
        p.status AS portal_status,
        c.received_on AS city_received_on,
        p.received_on AS portal_received_on,
        c.due_on AS city_due_on,
        p.due_on AS portal_due_on,
        c.ended_on AS city_ended_on,
        p.ended_on AS portal_ended_on,
        coalesce(v.covered @> c.received_on, false) OR coalesce(v.covered @> p.received_on, false) AS is_covered,
        c.received_on IS NOT DISTINCT FROM p.received_on
        AND c.due_on IS NOT DISTINCT FROM p.due_on
        AND (c.ended_on IS NOT DISTINCT FROM p.ended_on OR p.ended_on IS NULL AND NOT c.shows_end) AS has_same_dates
    FROM sides AS s
    LEFT JOIN city AS c ON c.dossier_code = s.dossier_code
    LEFT JOIN portal AS p ON p.portal_code = s.portal_code
    LEFT JOIN core.portal_coverage AS v ON v.commune_code = %(commune_code)s
)

SELECT
    %(commune_code)s AS commune_code,
    dossier_code,
    portal_code,
    CASE
        WHEN portal_code IS NULL THEN 'missing_on_portal'
        WHEN NOT is_in_city THEN 'missing_in_city'
        WHEN city_status IN (5, 6, 8) AND portal_status = 9 THEN 'status_rewritten'
        WHEN core.status_class(city_status) <> core.status_class(portal_status) THEN 'status_mismatch'
        WHEN NOT has_same_dates THEN 'date_mismatch'
        ELSE 'equal'
    END AS class,
    matched_by,
    unit_code,
    procedure_code,
    field_code,
    is_covered,
    city_status,
    portal_status,
    city_received_on,
    portal_received_on,
    city_due_on,
    portal_due_on,
    city_ended_on,
    portal_ended_on
FROM compared
WHERE
    coalesce(city_received_on, portal_received_on) IS NOT NULL
    -- A day of which nobody asked the portal says nothing about what is missing there.
    AND (portal_code IS NOT NULL OR is_covered);
