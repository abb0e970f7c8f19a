-- Grain: one row per staged row of city__progress_events.
-- Answers: the row as core.progress_events would hold it, and what its suite needs to judge it.

CREATE VIEW core.progress_event_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.dossier_code,
    s.occurred_at,
    s.status,
    coalesce(s.text_key, '') AS text_key,
    s.official_key,
    s.unit_key,
    s.step_started_at,
    s.step_due_at,
    core.day_of(s.occurred_at) AS occurred_on,
    core.day_of(s.answered_at) AS fetched_on
FROM staging.city__progress_events AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.progress_event_candidates IS 'Các sự kiện tiến độ vừa nhận, đã định hình để chấm và để nhập.';
