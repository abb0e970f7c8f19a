-- Grain: one row per procedure of the national catalogue, as its newest version says.
-- Answers: what the national portal calls a procedure, who issued it, who carries it out, in which field.
-- Filled by: the merge of portal__procedures.

CREATE TABLE core.national_procedures (
    commune_code text NOT NULL,
    procedure_code text NOT NULL,
    name text NOT NULL,
    issuing_agency text,
    executing_agency text,
    field text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, procedure_code)
);

COMMENT ON TABLE core.national_procedures IS 'Danh mục thủ tục hành chính quốc gia.';
COMMENT ON COLUMN core.national_procedures.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.national_procedures.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.national_procedures.name IS 'Tên thủ tục, gom về một dòng.';
COMMENT ON COLUMN core.national_procedures.issuing_agency IS 'Cơ quan ban hành, gom về một dòng.';
COMMENT ON COLUMN core.national_procedures.executing_agency IS 'Cơ quan thực hiện, gom về một dòng.';
COMMENT ON COLUMN core.national_procedures.field IS 'Lĩnh vực, gom về một dòng.';
COMMENT ON COLUMN core.national_procedures.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.national_procedures.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.national_procedures.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.national_procedures.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.national_procedures.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.national_procedures.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
