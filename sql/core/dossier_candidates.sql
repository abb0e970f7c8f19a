-- Grain: one row per staged row of city__dossiers.
-- Answers: the row as core.dossiers would hold it, and what its suite needs to judge it.

CREATE VIEW core.dossier_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        CASE WHEN s.channel IN ('1', '2', '3') THEN s.channel::smallint END AS channel_code,
        core.dossier_outcome(s.status, s.received_at) AS outcome,
        core.dossier_end(
            s.status, s.received_at, s.finished_at, s.handed_over_at, s.refused_at,
            -- The events are asked only where nothing else says when the dossier ended.
            CASE
                WHEN s.status IN (7, 8) AND s.finished_at IS NULL OR s.status = 3 AND s.refused_at IS NULL
                    THEN (
                        SELECT max(e.occurred_at)
                        FROM core.progress_events AS e
                        WHERE
                            e.commune_code = f.commune_code
                            AND e.dossier_code = s.dossier_code
                            AND e.status = s.status
                    )
            END
        ) AS ended_at,
        core.day_of(coalesce(s.received_at, s.submitted_at, s.answered_at)) AS named_on
    FROM staging.city__dossiers AS s
    INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
)

SELECT
    s.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    s.fetched_at,
    s.unreadable,
    s.dossier_code,
    s.other_dossier_code,
    s.procedure_code,
    s.procedure_code_as_received,
    s.channel_code AS channel,
    s.channel AS channel_as_received,
    s.applicant_kind,
    s.applicant_key,
    s.status,
    s.submitted_at,
    s.received_at,
    s.due_at,
    s.finished_at,
    s.handed_over_at,
    s.refused_at,
    s.unit_name,
    s.unit_key,
    s.return_channel,
    s.filed_at_place,
    s.online_payment,
    s.is_vneid_verified,
    s.components,
    s.fees,
    s.supplements,
    s.results,
    s.apologies,
    -- From here on: for the judgement only.
    s.outcome,
    s.ended_at,
    s.received_at IS NOT NULL AND s.status <> 1 AS is_counted,
    core.day_of(s.submitted_at) AS submitted_on,
    core.day_of(s.received_at) AS received_on,
    core.day_of(s.due_at) AS due_on,
    core.day_of(s.finished_at) AS finished_on,
    core.day_of(s.handed_over_at) AS handed_over_on,
    core.day_of(s.ended_at) AS ended_on,
    core.day_of(s.answered_at) AS fetched_on,
    n.unit_code,
    p.procedure_code IS NOT NULL AS is_known_procedure,
    p.service_level
FROM staged AS s
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = s.commune_code
        AND n.name_key = s.unit_key
        AND s.named_on BETWEEN n.valid_from AND n.valid_to
LEFT JOIN core.procedures_in_force AS p
    ON
        p.commune_code = s.commune_code
        AND p.procedure_code = s.procedure_code
        AND s.named_on BETWEEN p.valid_from AND p.valid_to;

COMMENT ON VIEW core.dossier_candidates IS 'Các dòng hồ sơ vừa nhận, đã định hình để chấm và để nhập.';
