-- Grain: one row per procedure and span of days on which one version of its catalogue entry holds.
-- Answers: what the catalogue said on a day. The first known version also holds for all earlier days.
-- Refill: replaces the whole catalogue of the commune; it is small, and a plain table keeps the judging parallel.

CREATE TABLE core.procedures_in_force (
    commune_code text NOT NULL,
    procedure_code text NOT NULL,
    name text NOT NULL,
    field text,
    field_key text,
    service_level smallint,
    deadline_working_days integer,
    has_no_deadline boolean NOT NULL,
    gives_result boolean,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    PRIMARY KEY (commune_code, procedure_code, valid_from),
    CHECK (valid_from <= valid_to)
);

COMMENT ON TABLE core.procedures_in_force IS 'Danh mục thủ tục theo ngày hiệu lực: bản đầu tiên đã biết dùng cho mọi ngày trước đó.';
COMMENT ON COLUMN core.procedures_in_force.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.procedures_in_force.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.procedures_in_force.name IS 'Tên thủ tục.';
COMMENT ON COLUMN core.procedures_in_force.field IS 'Lĩnh vực.';
COMMENT ON COLUMN core.procedures_in_force.field_key IS 'Khóa so tên của lĩnh vực.';
COMMENT ON COLUMN core.procedures_in_force.service_level IS 'Mức độ dịch vụ công: 4, 3, 2; trống khi chưa biết.';
COMMENT ON COLUMN core.procedures_in_force.deadline_working_days IS 'Thời hạn, ngày làm việc.';
COMMENT ON COLUMN core.procedures_in_force.has_no_deadline IS 'Không quy định thời hạn.';
COMMENT ON COLUMN core.procedures_in_force.gives_result IS 'Có kết quả là giấy tờ hoặc tệp.';
COMMENT ON COLUMN core.procedures_in_force.valid_from IS 'Ngày đầu bản này có hiệu lực.';
COMMENT ON COLUMN core.procedures_in_force.valid_to IS 'Ngày cuối bản này có hiệu lực.';

-- Refill
DELETE FROM core.procedures_in_force WHERE commune_code = %(commune_code)s;

INSERT INTO core.procedures_in_force (
    commune_code, procedure_code, name, field, field_key, service_level, deadline_working_days, has_no_deadline,
    gives_result, valid_from, valid_to
)
WITH last_of_day AS (
    SELECT DISTINCT ON (commune_code, procedure_code, core.day_of(fetched_at))
        *,
        core.day_of(fetched_at) AS known_on
    FROM core.procedure_versions
    WHERE commune_code = %(commune_code)s
    ORDER BY commune_code, procedure_code, core.day_of(fetched_at), fetched_at DESC, fetch_id DESC, row_number DESC
)

SELECT
    commune_code,
    procedure_code,
    name,
    field,
    field_key,
    service_level,
    deadline_working_days,
    has_no_deadline,
    gives_result,
    CASE
        WHEN row_number() OVER entry = 1 THEN '-infinity'::date
        ELSE known_on
    END AS valid_from,
    coalesce(lead(known_on) OVER entry - 1, 'infinity'::date) AS valid_to
FROM last_of_day
WINDOW entry AS (PARTITION BY commune_code, procedure_code ORDER BY known_on);
