-- Grain: one row per dossier that both systems know. A dossier of either side stands in at most one row.
-- Answers: which dossier of the portal is which of the city system, and which rule says so.
-- Refill: makes again the matches of the temporary tables near_city and near_portal, which hold whole clusters: every
-- dossier of either side that a rule could join to one of them. So the order of loading decides nothing.
-- Rules: docs/decisions/0016-one-dossier-two-systems.md.

CREATE TABLE core.dossier_matches (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    portal_code text NOT NULL,
    matched_by text NOT NULL CHECK (matched_by IN ('code', 'other_code', 'procedure_instant_unit')),
    PRIMARY KEY (commune_code, dossier_code),
    UNIQUE (commune_code, portal_code)
);
-- Here and not with their tables: only matching asks for them.
CREATE INDEX IF NOT EXISTS dossiers_other_code ON core.dossiers (commune_code, other_dossier_code)
WHERE other_dossier_code IS NOT NULL;
CREATE INDEX IF NOT EXISTS portal_dossiers_other_code ON core.portal_dossiers (commune_code, other_dossier_code)
WHERE other_dossier_code IS NOT NULL;
CREATE INDEX IF NOT EXISTS portal_dossiers_received_at ON core.portal_dossiers (commune_code, received_at);

COMMENT ON TABLE core.dossier_matches IS 'Hồ sơ nào trên cổng là hồ sơ nào của hệ thống thành phố; mỗi bên nhiều nhất một lần.';
COMMENT ON COLUMN core.dossier_matches.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.dossier_matches.dossier_code IS 'Mã hồ sơ ở hệ thống thành phố.';
COMMENT ON COLUMN core.dossier_matches.portal_code IS 'Mã hồ sơ trên cổng.';
COMMENT ON COLUMN core.dossier_matches.matched_by IS 'Quy tắc đã ghép: code cùng mã; other_code một bên ghi mã của bên kia; procedure_instant_unit cùng thủ tục, lúc tiếp nhận và đơn vị.';

-- Refill
DELETE FROM core.dossier_matches AS m
USING near_city AS n
WHERE m.commune_code = %(commune_code)s AND m.dossier_code = n.code;

INSERT INTO core.dossier_matches (commune_code, dossier_code, portal_code, matched_by)
SELECT
    d.commune_code,
    d.dossier_code,
    p.dossier_code AS portal_code,
    'code' AS matched_by
FROM near_city AS n
INNER JOIN core.dossiers AS d ON d.commune_code = %(commune_code)s AND d.dossier_code = n.code
INNER JOIN core.portal_dossiers AS p ON p.commune_code = d.commune_code AND p.dossier_code = d.dossier_code;

-- Who has no match yet, in tables of their own: nobody can guess how many that are, and a wrong guess compares each
-- with each.
DROP TABLE IF EXISTS unmatched_city, unmatched_portal;

CREATE TEMPORARY TABLE unmatched_city ON COMMIT DROP AS
SELECT
    d.dossier_code,
    d.other_dossier_code,
    d.submitted_at,
    d.received_at,
    core.day_of(d.due_at) AS due_on,
    m.procedure_code,
    m.unit_code
FROM near_city AS n
INNER JOIN core.dossiers AS d ON d.commune_code = %(commune_code)s AND d.dossier_code = n.code
INNER JOIN marts.dossiers AS m ON m.commune_code = d.commune_code AND m.dossier_code = d.dossier_code
WHERE NOT EXISTS (
    SELECT FROM core.dossier_matches AS x
    WHERE x.commune_code = d.commune_code AND x.dossier_code = d.dossier_code
);

CREATE TEMPORARY TABLE unmatched_portal ON COMMIT DROP AS
SELECT
    p.dossier_code AS portal_code,
    p.other_dossier_code,
    p.submitted_at,
    p.received_at,
    core.day_of(p.due_at) AS due_on,
    p.procedure_code,
    u.unit_code
FROM near_portal AS n
INNER JOIN core.portal_dossiers AS p ON p.commune_code = %(commune_code)s AND p.dossier_code = n.code
LEFT JOIN core.unit_names AS u
    ON
        u.commune_code = p.commune_code
        AND u.name_key = p.unit_key
        AND core.day_of(p.received_at) BETWEEN u.valid_from AND u.valid_to
WHERE NOT EXISTS (
    SELECT FROM core.dossier_matches AS x
    WHERE x.commune_code = p.commune_code AND x.portal_code = p.dossier_code
);

ANALYZE unmatched_city, unmatched_portal;

SET LOCAL enable_nestloop = off;

INSERT INTO core.dossier_matches (commune_code, dossier_code, portal_code, matched_by)
WITH named_by_both AS (
    -- Each names the other: one to one by itself.
    SELECT c.dossier_code, p.portal_code
    FROM unmatched_city AS c
    INNER JOIN unmatched_portal AS p ON p.portal_code = c.other_dossier_code AND p.other_dossier_code = c.dossier_code
),

-- Of several that name the same one, that which agrees in more; then the first code.
named_by_portal AS (
    SELECT DISTINCT ON (c.dossier_code) c.dossier_code, p.portal_code
    FROM unmatched_city AS c
    INNER JOIN unmatched_portal AS p ON p.other_dossier_code = c.dossier_code
    WHERE
        NOT EXISTS (SELECT FROM named_by_both AS x WHERE x.dossier_code = c.dossier_code)
        AND NOT EXISTS (SELECT FROM named_by_both AS x WHERE x.portal_code = p.portal_code)
    ORDER BY
        c.dossier_code,
        c.received_at IS NOT DISTINCT FROM p.received_at DESC,
        c.due_on IS NOT DISTINCT FROM p.due_on DESC,
        p.portal_code COLLATE "C"
),

named_by_city AS (
    SELECT DISTINCT ON (p.portal_code) c.dossier_code, p.portal_code
    FROM unmatched_city AS c
    INNER JOIN unmatched_portal AS p ON p.portal_code = c.other_dossier_code
    WHERE
        NOT EXISTS (SELECT FROM named_by_both AS x WHERE x.dossier_code = c.dossier_code)
        AND NOT EXISTS (SELECT FROM named_by_both AS x WHERE x.portal_code = p.portal_code)
        AND NOT EXISTS (SELECT FROM named_by_portal AS x WHERE x.dossier_code = c.dossier_code)
        AND NOT EXISTS (SELECT FROM named_by_portal AS x WHERE x.portal_code = p.portal_code)
    ORDER BY
        p.portal_code,
        c.received_at IS NOT DISTINCT FROM p.received_at DESC,
        c.due_on IS NOT DISTINCT FROM p.due_on DESC,
        c.dossier_code COLLATE "C"
),

named AS (
    SELECT * FROM named_by_both
    UNION ALL
    SELECT * FROM named_by_portal
    UNION ALL
    SELECT * FROM named_by_city
),

-- Received together, by the same unit, for the same procedure. When several were: first those that also were filed
-- together and are due together, then the others in the order of filing, due day and code.
city_alike AS (
    SELECT *, row_number() OVER (
        PARTITION BY procedure_code, received_at, unit_code, submitted_at, due_on ORDER BY dossier_code COLLATE "C"
    ) AS place
    FROM unmatched_city AS c
    WHERE received_at IS NOT NULL AND NOT EXISTS (SELECT FROM named AS x WHERE x.dossier_code = c.dossier_code)
),

portal_alike AS (
    SELECT *, row_number() OVER (
        PARTITION BY procedure_code, received_at, unit_code, submitted_at, due_on ORDER BY portal_code COLLATE "C"
    ) AS place
    FROM unmatched_portal AS p
    WHERE received_at IS NOT NULL AND NOT EXISTS (SELECT FROM named AS x WHERE x.portal_code = p.portal_code)
),

wholly_alike AS (
    SELECT c.dossier_code, p.portal_code
    FROM city_alike AS c
    INNER JOIN portal_alike AS p
        ON
            p.procedure_code = c.procedure_code
            AND p.received_at = c.received_at
            AND p.unit_code = c.unit_code
            AND p.place = c.place
            AND p.submitted_at IS NOT DISTINCT FROM c.submitted_at
            AND p.due_on IS NOT DISTINCT FROM c.due_on
),

city_left AS (
    SELECT c.dossier_code, c.procedure_code, c.received_at, c.unit_code, row_number() OVER (
        PARTITION BY c.procedure_code, c.received_at, c.unit_code
        ORDER BY c.submitted_at, c.due_on, c.dossier_code COLLATE "C"
    ) AS place
    FROM city_alike AS c
    WHERE NOT EXISTS (SELECT FROM wholly_alike AS x WHERE x.dossier_code = c.dossier_code)
),

portal_left AS (
    SELECT p.portal_code, p.procedure_code, p.received_at, p.unit_code, row_number() OVER (
        PARTITION BY p.procedure_code, p.received_at, p.unit_code
        ORDER BY p.submitted_at, p.due_on, p.portal_code COLLATE "C"
    ) AS place
    FROM portal_alike AS p
    WHERE NOT EXISTS (SELECT FROM wholly_alike AS x WHERE x.portal_code = p.portal_code)
),

alike AS (
    SELECT * FROM wholly_alike
    UNION ALL
    SELECT c.dossier_code, p.portal_code
    FROM city_left AS c
    INNER JOIN portal_left AS p
        ON
            p.procedure_code = c.procedure_code
            AND p.received_at = c.received_at
            AND p.unit_code = c.unit_code
            AND p.place = c.place
)

SELECT
    %(commune_code)s AS commune_code,
    dossier_code,
    portal_code,
    'other_code' AS matched_by
FROM named
UNION ALL
SELECT
    %(commune_code)s AS commune_code,
    dossier_code,
    portal_code,
    'procedure_instant_unit' AS matched_by
FROM alike;

SET LOCAL enable_nestloop = on;
