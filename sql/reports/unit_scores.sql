-- Grain: one row per period and unit, of the newest sealed version.
-- Answers: what was proposed for each unit when the sheets were sealed; nothing of any person.
-- Runs as the owner, over rows that policies guard, and asks itself which communes its readers may see; the barrier
-- keeps a reader's own functions behind its conditions.

CREATE VIEW reports.unit_scores WITH (security_barrier = true) AS
WITH newest AS (
    SELECT DISTINCT ON (commune_code, calendar, period) *
    FROM restricted.score_runs
    WHERE
        state = 'sealed'
        AND ((SELECT ops.sight()))[commune_code] IS NOT NULL
        AND commune_code = ANY ((SELECT ops.communes_in_sight())::text[])
    ORDER BY commune_code, calendar, period, version DESC
)

SELECT
    r.commune_code,
    r.calendar,
    r.period,
    s.subject_code AS unit_code,
    (s.sheet ->> 'points')::numeric AS points,
    (s.sheet ->> 'points_least')::numeric AS points_least,
    (s.sheet ->> 'points_most')::numeric AS points_most,
    s.sheet ->> 'proposed_level' AS proposed_level,
    s.sheet -> 'ruleset' ->> 'id' AS ruleset,
    s.sheet ->> 'label' AS label,
    r.version,
    r.revision_number,
    r.made_at AS sealed_at
FROM newest AS r
INNER JOIN restricted.score_sheets AS s ON s.score_run_id = r.score_run_id
WHERE s.subject_kind = 'unit';

COMMENT ON VIEW reports.unit_scores IS 'Điểm và mức đề xuất của các đơn vị trong lần niêm mới nhất của mỗi kỳ. Chỉ là đề xuất: xem label. Không có gì của người.';
COMMENT ON COLUMN reports.unit_scores.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN reports.unit_scores.calendar IS 'month hoặc report.';
COMMENT ON COLUMN reports.unit_scores.period IS 'Kỳ đánh giá.';
COMMENT ON COLUMN reports.unit_scores.unit_code IS 'Mã đơn vị.';
COMMENT ON COLUMN reports.unit_scores.points IS 'Điểm đề xuất; trống khi người còn phải nhập hoặc quá ít mục có số.';
COMMENT ON COLUMN reports.unit_scores.points_least IS 'Điểm ít nhất, khi người chưa nhập gì.';
COMMENT ON COLUMN reports.unit_scores.points_most IS 'Điểm nhiều nhất.';
COMMENT ON COLUMN reports.unit_scores.proposed_level IS 'Mức đề xuất; trống khi chưa đề xuất được.';
COMMENT ON COLUMN reports.unit_scores.ruleset IS 'Bộ quy tắc đã chấm.';
COMMENT ON COLUMN reports.unit_scores.label IS 'Là quy tắc của ai, và đây chỉ là đề xuất.';
COMMENT ON COLUMN reports.unit_scores.version IS 'Phiên bản đã niêm.';
COMMENT ON COLUMN reports.unit_scores.revision_number IS 'Lần công bố số liệu mà phiếu đọc.';
COMMENT ON COLUMN reports.unit_scores.sealed_at IS 'Lúc niêm.';
