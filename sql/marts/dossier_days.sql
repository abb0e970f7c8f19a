-- Grain: one row per counted dossier and calendar day, from reception through the last of end, due and first due;
-- of an open dossier through the day of the newest reading, or a due date after it.
-- Answers: why a day counts or does not, how many have counted through it, and which notice says it is worked or off.
-- Rules: docs/counting.md, section 1.

CREATE VIEW marts.dossier_days AS
SELECT
    t.commune_code,
    t.dossier_code,
    t.day,
    t.why,
    t.why = 'counted' AS is_counted,
    (count(*) FILTER (WHERE t.why = 'counted') OVER so_far)::integer AS counted_through,
    (count(*) FILTER (WHERE t.is_working AND t.day > t.received_on) OVER so_far)::integer AS working_days_through,
    t.is_working,
    t.is_paused,
    t.reason,
    t.document,
    t.day = t.received_on AS is_received,
    coalesce(t.day = t.first_due_on, false) AS is_first_due,
    coalesce(t.day = t.due_on, false) AS is_due,
    coalesce(t.day = t.ended_on, false) AS is_ended
FROM (
    SELECT
        d.commune_code,
        d.dossier_code,
        d.received_on,
        d.first_due_on,
        d.due_on,
        d.ended_on,
        g::date AS day,
        n.is_working,
        d.pauses @> g::date AS is_paused,
        n.reason,
        n.document,
        CASE
            WHEN g::date = d.received_on THEN 'received'
            WHEN g::date > d.ended_on THEN 'after_end'
            WHEN d.ended_on IS NULL AND g::date > known.day THEN 'not_reached'
            WHEN n.day IS NULL THEN 'not_published'
            WHEN NOT n.is_working THEN 'day_off'
            WHEN d.pauses @> g::date THEN 'paused'
            ELSE 'counted'
        END AS why
    FROM marts.dossiers AS d
    LEFT JOIN (
        SELECT commune_code, core.day_of(max(fetched_at)) AS day
        FROM ops.fetches
        WHERE kind <> 'file' AND state = 'merged'
        GROUP BY commune_code
    ) AS known ON known.commune_code = d.commune_code
    CROSS JOIN LATERAL generate_series(
        d.received_on::timestamp,
        greatest(d.received_on, coalesce(d.ended_on, known.day), d.due_on, d.first_due_on)::timestamp,
        interval '1 day'
    ) AS g
    LEFT JOIN marts.days AS n ON n.commune_code = d.commune_code AND n.day = g::date
    WHERE d.is_counted
) AS t
WINDOW so_far AS (PARTITION BY t.commune_code, t.dossier_code ORDER BY t.day);

COMMENT ON VIEW marts.dossier_days IS 'Đồng hồ của hồ sơ: từng ngày từ khi tiếp nhận, được tính hay không và vì sao.';
COMMENT ON COLUMN marts.dossier_days.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.dossier_days.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN marts.dossier_days.day IS 'Ngày.';
COMMENT ON COLUMN marts.dossier_days.why IS 'Vì sao được tính hay không: received ngày tiếp nhận; counted được tính; day_off ngày nghỉ; paused đồng hồ dừng vào cuối ngày; after_end đã kết thúc; not_reached chưa tới; not_published năm chưa công bố lịch.';
COMMENT ON COLUMN marts.dossier_days.is_counted IS 'Được tính vào thời gian giải quyết.';
COMMENT ON COLUMN marts.dossier_days.counted_through IS 'Số ngày đã tính đến hết ngày này; vào ngày kết thúc là used_working_days của hồ sơ.';
COMMENT ON COLUMN marts.dossier_days.working_days_through IS 'Số ngày làm việc sau ngày tiếp nhận đến hết ngày này, kể cả ngày dừng; vào ngày hẹn đầu tiên là allowed_working_days của hồ sơ.';
COMMENT ON COLUMN marts.dossier_days.is_working IS 'Là ngày làm việc; trống khi năm chưa công bố lịch.';
COMMENT ON COLUMN marts.dossier_days.is_paused IS 'Đồng hồ dừng vào cuối ngày; điều nói thế ở marts.dossier_pauses.';
COMMENT ON COLUMN marts.dossier_days.reason IS 'Lý do nghỉ hoặc làm bù.';
COMMENT ON COLUMN marts.dossier_days.document IS 'Văn bản nói ngày này làm hay nghỉ; trống khi năm chưa công bố lịch.';
COMMENT ON COLUMN marts.dossier_days.is_received IS 'Là ngày tiếp nhận.';
COMMENT ON COLUMN marts.dossier_days.is_first_due IS 'Là ngày hẹn đầu tiên.';
COMMENT ON COLUMN marts.dossier_days.is_due IS 'Là ngày hẹn đang có hiệu lực.';
COMMENT ON COLUMN marts.dossier_days.is_ended IS 'Là ngày kết thúc xử lý.';
