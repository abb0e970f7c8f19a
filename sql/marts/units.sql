-- Grain: one row per unit.
-- Answers: the units around the facts.

CREATE VIEW marts.units AS
SELECT commune_code, unit_code, name, sort_order, is_active
FROM core.units;

COMMENT ON VIEW marts.units IS 'Các đơn vị của xã.';
COMMENT ON COLUMN marts.units.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.units.unit_code IS 'Mã đơn vị.';
COMMENT ON COLUMN marts.units.name IS 'Tên đơn vị.';
COMMENT ON COLUMN marts.units.sort_order IS 'Thứ tự trình bày.';
COMMENT ON COLUMN marts.units.is_active IS 'Đang hoạt động.';
