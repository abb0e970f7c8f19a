-- Grain: one row per commune of this warehouse.
-- Answers: under which code the National Public Service Portal knows it.
-- Filled by: tthc init, from sources/units.yaml.

CREATE TABLE core.communes (
    commune_code text PRIMARY KEY,
    portal_agency_code text
);

COMMENT ON TABLE core.communes IS 'Xã mà kho này giữ số liệu.';
COMMENT ON COLUMN core.communes.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.communes.portal_agency_code IS 'Mã cơ quan của xã trên Cổng Dịch vụ công quốc gia; trống khi chưa biết.';
