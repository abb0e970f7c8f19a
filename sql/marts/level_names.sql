-- Grain: one row per level and code that a number can stand at.
-- Answers: what a code of indicators.published is called.

CREATE VIEW marts.level_names AS
SELECT
    commune_code,
    'commune' AS level,
    commune_code AS code,
    'Toàn xã' AS name,
    0 AS sort_order
FROM core.units
GROUP BY commune_code
UNION ALL
SELECT
    commune_code,
    'unit',
    unit_code,
    name,
    sort_order
FROM marts.units
UNION ALL
SELECT
    commune_code,
    'field',
    field_code,
    min(field),
    0
FROM marts.procedures
GROUP BY commune_code, field_code
UNION ALL
SELECT
    commune_code,
    'procedure',
    procedure_code,
    coalesce(name, procedure_code),
    0
FROM marts.procedures
UNION ALL
-- Names of people are nowhere but in restricted: an official is called by the code.
SELECT
    commune_code,
    'official',
    official_code,
    official_code,
    0
FROM marts.officials
GROUP BY commune_code, official_code;

COMMENT ON VIEW marts.level_names IS 'Tên gọi của từng mã ở từng cấp: xã, đơn vị, lĩnh vực, thủ tục; công chức chỉ có mã.';
COMMENT ON COLUMN marts.level_names.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.level_names.level IS 'Cấp: commune, unit, field, procedure, official.';
COMMENT ON COLUMN marts.level_names.code IS 'Mã ở cấp đó.';
COMMENT ON COLUMN marts.level_names.name IS 'Tên; thủ tục ngoài danh mục và công chức thì là mã.';
COMMENT ON COLUMN marts.level_names.sort_order IS 'Thứ tự trình bày của đơn vị; cấp khác là 0.';
