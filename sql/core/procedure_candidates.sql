-- Grain: one row per staged row of register__procedures.
-- Answers: the row as core.procedures would hold it, and what its suite needs to judge it.

CREATE VIEW core.procedure_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        lower(s.service_level_name) AS level_word,
        lower(s.deadline_text) AS deadline_word
    FROM staging.register__procedures AS s
    INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
)

SELECT
    commune_code,
    fetch_id,
    row_number,
    row_uid,
    row_hash,
    fetched_at,
    unreadable,
    procedure_code,
    procedure_name AS name,
    field_name AS field,
    field_key,
    CASE level_word
        WHEN 'toàn trình' THEN 4
        WHEN 'một phần' THEN 3
        WHEN 'cung cấp thông tin' THEN 2
    END AS service_level,
    CASE WHEN deadline_word ~ '^[0-9]{1,4}$' THEN deadline_word::integer END AS deadline_working_days,
    coalesce(deadline_word = 'không quy định', false) AS has_no_deadline,
    gives_result,
    lead_unit_name AS unit_name,
    service_level_name,
    deadline_text
FROM staged;

COMMENT ON VIEW core.procedure_candidates IS 'Các dòng danh mục thủ tục vừa nhận, đã định hình để chấm và để nhập.';
