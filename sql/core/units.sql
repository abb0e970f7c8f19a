-- Grain: one row per unit of the commune.
-- Answers: which units are judged, and in what order they are shown.
-- Filled by: tthc init, from sources/units.yaml.

CREATE TABLE core.units (
    commune_code text NOT NULL,
    unit_code text NOT NULL,
    name text NOT NULL,
    sort_order integer NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (commune_code, unit_code)
);

COMMENT ON TABLE core.units IS 'Các đơn vị của xã.';
COMMENT ON COLUMN core.units.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.units.unit_code IS 'Mã đơn vị (do kho đặt cho đến khi có mã của thành phố).';
COMMENT ON COLUMN core.units.name IS 'Tên đơn vị.';
COMMENT ON COLUMN core.units.sort_order IS 'Thứ tự trình bày.';
COMMENT ON COLUMN core.units.is_active IS 'Đang hoạt động: luôn có dòng trong báo cáo, kể cả khi không có hồ sơ.';
