-- Grain: one row per session of the working day and span of days on which it is valid.
-- Answers: from when until when the office works; what an hour of work is.
-- Filled by: tthc init, from sources/office_hours.yaml.

CREATE TABLE core.office_hours (
    commune_code text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    opens time NOT NULL,
    closes time NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (commune_code, valid_from, opens),
    CHECK (valid_from <= valid_to),
    CHECK (opens < closes)
);

COMMENT ON TABLE core.office_hours IS 'Giờ làm việc trong ngày làm việc, mỗi buổi một dòng, có ngày hiệu lực.';
COMMENT ON COLUMN core.office_hours.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.office_hours.valid_from IS 'Ngày đầu có hiệu lực.';
COMMENT ON COLUMN core.office_hours.valid_to IS 'Ngày cuối có hiệu lực; infinity khi còn tiếp tục.';
COMMENT ON COLUMN core.office_hours.opens IS 'Giờ mở cửa của buổi, giờ Việt Nam.';
COMMENT ON COLUMN core.office_hours.closes IS 'Giờ đóng cửa của buổi, giờ Việt Nam.';
COMMENT ON COLUMN core.office_hours.document IS 'Văn bản làm căn cứ, hoặc lời nói rõ là giả định.';
