-- Grain: one row per stretch in which something says that the clock of a dossier stands.
-- Answers: which request, event or reading stopped the clock, from when until when, and where its bytes are.
-- Their union is the column pauses of marts.dossiers (docs/counting.md, section 1); a proof compares the two.

CREATE VIEW marts.dossier_pauses AS
SELECT
    p.commune_code,
    p.dossier_code,
    p.said_by,
    p.status,
    p.began_at,
    p.stopped_at,
    CASE
        WHEN p.stopped_at IS NULL OR core.day_of(p.stopped_at) > core.day_of(p.began_at)
            THEN daterange(core.day_of(p.began_at), core.day_of(p.stopped_at))
        ELSE 'empty'
    END AS days,
    p.fetch_id,
    p.row_number
FROM (
    SELECT
        d.commune_code,
        d.dossier_code,
        'supplement' AS said_by,
        5::smallint AS status,
        (s ->> 'requested_at')::timestamptz AS began_at,
        (s ->> 'answered_at')::timestamptz AS stopped_at,
        d.fetch_id,
        d.row_number
    FROM core.dossiers AS d
    CROSS JOIN LATERAL jsonb_array_elements(d.supplements) AS s
    WHERE d.supplements <> '[]' AND s ->> 'requested_at' IS NOT NULL
    UNION ALL
    SELECT
        e.commune_code,
        e.dossier_code,
        'event' AS said_by,
        e.status,
        e.occurred_at AS began_at,
        (
            SELECT min(n.occurred_at)
            FROM core.progress_events AS n
            WHERE
                n.commune_code = e.commune_code
                AND n.dossier_code = e.dossier_code
                AND n.occurred_at > e.occurred_at
                AND n.status <> e.status
        ) AS stopped_at,
        e.fetch_id,
        e.row_number
    FROM core.progress_events AS e
    INNER JOIN core.dossiers AS d ON d.commune_code = e.commune_code AND d.dossier_code = e.dossier_code
    WHERE e.status IN (5, 6)
    UNION ALL
    -- Nothing says since when it stands: since the first reading that saw this status without a break.
    SELECT
        d.commune_code,
        d.dossier_code,
        'reading' AS said_by,
        d.status,
        v.fetched_at AS began_at,
        NULL AS stopped_at,
        v.fetch_id,
        v.row_number
    FROM core.dossiers AS d
    CROSS JOIN LATERAL (
        SELECT v.fetched_at, v.fetch_id, v.row_number
        FROM core.dossier_versions AS v
        WHERE
            v.commune_code = d.commune_code
            AND v.dossier_code = d.dossier_code
            AND v.status = d.status
            AND v.fetched_at > coalesce((
                SELECT max(w.fetched_at)
                FROM core.dossier_versions AS w
                WHERE
                    w.commune_code = d.commune_code
                    AND w.dossier_code = d.dossier_code
                    AND w.status <> d.status
            ), '-infinity')
        ORDER BY v.fetched_at, v.fetch_id, v.row_number
        LIMIT 1
    ) AS v
    WHERE
        d.status IN (5, 6)
        AND NOT EXISTS (
            SELECT
            FROM jsonb_array_elements(d.supplements) AS s
            WHERE s ->> 'requested_at' IS NOT NULL AND s ->> 'answered_at' IS NULL
        )
        AND NOT EXISTS (
            SELECT
            FROM core.progress_events AS e
            WHERE
                e.commune_code = d.commune_code
                AND e.dossier_code = d.dossier_code
                AND e.status IN (5, 6)
                AND NOT EXISTS (
                    SELECT
                    FROM core.progress_events AS n
                    WHERE
                        n.commune_code = e.commune_code
                        AND n.dossier_code = e.dossier_code
                        AND n.occurred_at > e.occurred_at
                        AND n.status <> e.status
                )
        )
) AS p;

COMMENT ON VIEW marts.dossier_pauses IS 'Mỗi lần đồng hồ của hồ sơ dừng: cái gì nói thế, từ lúc nào đến lúc nào.';
COMMENT ON COLUMN marts.dossier_pauses.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.dossier_pauses.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN marts.dossier_pauses.said_by IS 'Điều nói rằng đồng hồ dừng: supplement yêu cầu bổ sung; event sự kiện tiến độ; reading lần đọc đầu thấy trạng thái ấy.';
COMMENT ON COLUMN marts.dossier_pauses.status IS 'Chờ gì: 5 bổ sung, 6 nghĩa vụ tài chính.';
COMMENT ON COLUMN marts.dossier_pauses.began_at IS 'Dừng từ lúc nào.';
COMMENT ON COLUMN marts.dossier_pauses.stopped_at IS 'Đến lúc nào thì chạy tiếp; trống khi còn dừng.';
COMMENT ON COLUMN marts.dossier_pauses.days IS 'Những ngày mà lần dừng này phủ cuối ngày; rỗng khi dừng rồi chạy trong cùng một ngày.';
COMMENT ON COLUMN marts.dossier_pauses.fetch_id IS 'Lần đọc đã cho biết điều ấy.';
COMMENT ON COLUMN marts.dossier_pauses.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
