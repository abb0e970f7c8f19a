-- Grain: one row per procedure of the commune's catalogue, as its newest version says.
-- Answers: what level of online service, what deadline, whether a paper comes out.
-- Filled by: the merge of register__procedures.

CREATE TABLE core.procedures (
    commune_code text NOT NULL,
    procedure_code text NOT NULL,
    name text NOT NULL,
    field text,
    field_key text,
    service_level smallint CHECK (service_level IN (2, 3, 4)),
    deadline_working_days integer CHECK (deadline_working_days >= 0),
    has_no_deadline boolean NOT NULL,
    gives_result boolean,
    unit_name text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, procedure_code)
);

COMMENT ON TABLE core.procedures IS 'Danh mục thủ tục hành chính áp dụng tại xã.';
COMMENT ON COLUMN core.procedures.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.procedures.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.procedures.name IS 'Tên thủ tục.';
COMMENT ON COLUMN core.procedures.field IS 'Lĩnh vực như đã khai.';
COMMENT ON COLUMN core.procedures.field_key IS 'Khóa so tên của lĩnh vực.';
COMMENT ON COLUMN core.procedures.service_level IS 'Mức độ dịch vụ công: 4 toàn trình, 3 một phần, 2 cung cấp thông tin; trống khi chưa biết.';
COMMENT ON COLUMN core.procedures.deadline_working_days IS 'Thời hạn giải quyết, ngày làm việc; trống khi chưa biết hoặc không quy định.';
COMMENT ON COLUMN core.procedures.has_no_deadline IS 'Danh mục ghi rõ là không quy định thời hạn.';
COMMENT ON COLUMN core.procedures.gives_result IS 'Thủ tục có kết quả là giấy tờ hoặc tệp.';
COMMENT ON COLUMN core.procedures.unit_name IS 'Đơn vị chủ trì như đã khai.';
COMMENT ON COLUMN core.procedures.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.procedures.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.procedures.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.procedures.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.procedures.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.procedures.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
