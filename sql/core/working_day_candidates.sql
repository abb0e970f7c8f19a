-- Grain: one row per staged row of register__working_days.
-- Answers: the row as core.working_days would hold it, and what its suite needs to judge it.

CREATE VIEW core.working_day_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.day,
    s.is_working,
    s.reason,
    s.document
FROM staging.register__working_days AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.working_day_candidates IS 'Các ngày vừa nhận, đã định hình để chấm và để nhập.';
