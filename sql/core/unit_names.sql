-- Grain: one row per spelling of a unit's name and the days on which it is valid.
-- Answers: which unit a dossier belongs to. A name that is not here is never guessed.
-- Filled by: tthc init, from sources/units.yaml.

CREATE TABLE core.unit_names (
    commune_code text NOT NULL,
    name_key text NOT NULL,
    valid_from date NOT NULL DEFAULT '-infinity',
    valid_to date NOT NULL DEFAULT 'infinity',
    unit_code text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (commune_code, name_key, valid_from),
    FOREIGN KEY (commune_code, unit_code) REFERENCES core.units (commune_code, unit_code),
    CHECK (valid_from <= valid_to)
);

COMMENT ON TABLE core.unit_names IS 'Bảng tra tên đơn vị, có ngày hiệu lực; kể cả tên đơn vị đã giải thể.';
COMMENT ON COLUMN core.unit_names.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.unit_names.name_key IS 'Khóa so tên: NFC, chữ thường, gộp khoảng trắng và gạch nối, thống nhất vị trí dấu thanh.';
COMMENT ON COLUMN core.unit_names.valid_from IS 'Ngày đầu tên có hiệu lực.';
COMMENT ON COLUMN core.unit_names.valid_to IS 'Ngày cuối tên có hiệu lực.';
COMMENT ON COLUMN core.unit_names.unit_code IS 'Mã đơn vị.';
COMMENT ON COLUMN core.unit_names.name IS 'Tên như đã khai báo.';
