-- Grain: one row per dossier, sign of a bent deadline, and reading or event that shows it.
-- Answers: where the record looks as if a deadline was bent. Never scored; always shown with its list.
-- The five signs: docs/counting.md, section 4. An instant at midnight says a day only and takes part in none that
-- asks for the second.

CREATE VIEW marts.deadline_signals AS
SELECT
    g.commune_code,
    g.dossier_code,
    g.signal,
    coalesce(m.unit_code, 'khac') AS unit_code,
    o.official_code,
    core.day_of(g.seen_at) AS seen_on,
    g.was_at,
    g.became_at,
    g.dossier_count,
    g.fetch_id,
    g.row_number
FROM (
    -- 1. The finish is the due instant, to the second.
    SELECT
        d.commune_code,
        d.dossier_code,
        'finish_equals_due' AS signal,
        d.finished_at AS seen_at,
        d.due_at AS was_at,
        d.finished_at AS became_at,
        NULL::integer AS dossier_count,
        d.fetch_id,
        d.row_number
    FROM core.dossiers AS d
    WHERE
        date_trunc('second', d.finished_at) = date_trunc('second', d.due_at)
        AND d.finished_at <> core.day_of(d.finished_at)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
    UNION ALL
    -- 2. Many dossiers of one official with one finish instant. Dossiers that name nobody are not put together.
    SELECT
        c.commune_code,
        c.dossier_code,
        'same_finish_instant' AS signal,
        c.finished_at AS seen_at,
        NULL AS was_at,
        c.finished_at AS became_at,
        c.dossier_count,
        c.fetch_id,
        c.row_number
    FROM (
        SELECT
            d.commune_code,
            d.dossier_code,
            d.finished_at,
            d.fetch_id,
            d.row_number,
            w.same_finish_count,
            count(*) OVER (
                PARTITION BY d.commune_code, date_trunc('second', d.finished_at), e.official_key
            )::integer AS dossier_count
        FROM (
            SELECT commune_code, date_trunc('second', finished_at) AS instant
            FROM core.dossiers
            WHERE finished_at <> core.day_of(finished_at)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
            GROUP BY commune_code, date_trunc('second', finished_at)
            HAVING count(*) > 1
        ) AS many
        INNER JOIN core.warning_limits AS w
            ON
                w.commune_code = many.commune_code
                AND core.day_of(many.instant) BETWEEN w.valid_from AND w.valid_to
        INNER JOIN core.dossiers AS d
            ON d.commune_code = many.commune_code AND date_trunc('second', d.finished_at) = many.instant
        CROSS JOIN LATERAL (
            SELECT e.official_key
            FROM core.progress_events AS e
            WHERE
                e.commune_code = d.commune_code
                AND e.dossier_code = d.dossier_code
                AND e.official_key IS NOT NULL
                AND e.occurred_at <= d.finished_at
            ORDER BY e.occurred_at DESC, e.status DESC, e.text_key
            LIMIT 1
        ) AS e
    ) AS c
    WHERE c.dossier_count >= c.same_finish_count
    UNION ALL
    -- 3. Work went on after the day of the finish. Handing the result over is no work.
    SELECT
        d.commune_code,
        d.dossier_code,
        'event_after_finish' AS signal,
        e.occurred_at AS seen_at,
        d.finished_at AS was_at,
        e.occurred_at AS became_at,
        NULL AS dossier_count,
        e.fetch_id,
        e.row_number
    FROM core.dossiers AS d
    INNER JOIN core.progress_events AS e ON e.commune_code = d.commune_code AND e.dossier_code = d.dossier_code
    WHERE
        e.status <> 10
        AND core.day_of(e.occurred_at) > core.day_of(d.finished_at)
        -- The last of them stands for all.
        AND NOT EXISTS (
            SELECT
            FROM core.progress_events AS n
            WHERE
                n.commune_code = e.commune_code
                AND n.dossier_code = e.dossier_code
                AND n.status <> 10
                AND (n.occurred_at, n.status, n.text_key) > (e.occurred_at, e.status, e.text_key)
        )
    UNION ALL
    -- 4. The promised day changed or vanished, and no pause around the two readings says why.
    SELECT
        v.commune_code,
        v.dossier_code,
        'due_moved_without_supplement' AS signal,
        v.fetched_at AS seen_at,
        v.last_due_at AS was_at,
        v.due_at AS became_at,
        NULL AS dossier_count,
        v.fetch_id,
        v.row_number
    FROM (
        SELECT
            commune_code,
            dossier_code,
            status,
            due_at,
            supplements,
            fetched_at,
            fetch_id,
            row_number,
            lag(due_at) OVER in_order AS last_due_at,
            lag(status) OVER in_order AS last_status,
            lag(supplements) OVER in_order AS last_supplements,
            lag(fetched_at) OVER in_order AS last_fetched_at
        FROM core.dossier_versions
        WINDOW in_order AS (PARTITION BY commune_code, dossier_code ORDER BY fetched_at, fetch_id, row_number)
    ) AS v
    WHERE
        v.last_due_at IS NOT NULL
        AND core.day_of(v.due_at) IS DISTINCT FROM core.day_of(v.last_due_at)
        AND v.supplements = v.last_supplements
        AND v.status NOT IN (5, 6)
        AND v.last_status NOT IN (5, 6)
        AND NOT EXISTS (
            SELECT
            FROM marts.dossier_pauses AS p
            WHERE
                p.commune_code = v.commune_code
                AND p.dossier_code = v.dossier_code
                AND p.began_at <= v.fetched_at
                AND coalesce(p.stopped_at, 'infinity') >= v.last_fetched_at
        )
    UNION ALL
    -- 5. The finish moved to an earlier day than the last one that was told.
    SELECT
        v.commune_code,
        v.dossier_code,
        'finish_moved_earlier' AS signal,
        v.fetched_at AS seen_at,
        v.last_finished_at AS was_at,
        v.finished_at AS became_at,
        NULL AS dossier_count,
        v.fetch_id,
        v.row_number
    FROM (
        SELECT
            commune_code,
            dossier_code,
            finished_at,
            fetched_at,
            fetch_id,
            row_number,
            lag(finished_at) OVER (
                PARTITION BY commune_code, dossier_code ORDER BY fetched_at, fetch_id, row_number
            ) AS last_finished_at
        FROM core.dossier_versions
        WHERE finished_at IS NOT NULL
    ) AS v
    WHERE core.day_of(v.finished_at) < core.day_of(v.last_finished_at)
) AS g
LEFT JOIN marts.dossiers AS m ON m.commune_code = g.commune_code AND m.dossier_code = g.dossier_code
LEFT JOIN LATERAL (
    SELECT e.official_key, core.day_of(e.occurred_at) AS acted_on
    FROM core.progress_events AS e
    WHERE
        e.commune_code = g.commune_code
        AND e.dossier_code = g.dossier_code
        AND e.official_key IS NOT NULL
        AND e.occurred_at <= g.seen_at
    ORDER BY e.occurred_at DESC, e.status DESC, e.text_key
    LIMIT 1
) AS e ON true
LEFT JOIN LATERAL (
    SELECT s.official_code
    FROM marts.officials AS s
    WHERE
        s.commune_code = g.commune_code
        AND s.official_key = e.official_key
        AND e.acted_on BETWEEN s.valid_from AND s.valid_to
    ORDER BY s.official_code
    LIMIT 1
) AS o ON true;

COMMENT ON VIEW marts.deadline_signals IS 'Dấu hiệu hạn trả bị bẻ: chỉ để xem, không bao giờ thành điểm, luôn kèm danh sách hồ sơ.';
COMMENT ON COLUMN marts.deadline_signals.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.deadline_signals.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN marts.deadline_signals.signal IS 'Dấu hiệu: finish_equals_due xong đúng giây hẹn; same_finish_instant nhiều hồ sơ của một người xong cùng một giây; event_after_finish còn tiến độ sau ngày xong; due_moved_without_supplement đổi hẹn mà không có bổ sung; finish_moved_earlier ngày xong lùi về trước.';
COMMENT ON COLUMN marts.deadline_signals.unit_code IS 'Mã đơn vị xử lý.';
COMMENT ON COLUMN marts.deadline_signals.official_code IS 'Mã công chức của người xử lý gần nhất lúc ấy; trống khi sổ cán bộ không cho biết.';
COMMENT ON COLUMN marts.deadline_signals.seen_on IS 'Ngày của điều được thấy: ngày xong, ngày sự kiện, hoặc ngày của lần đọc thấy thay đổi.';
COMMENT ON COLUMN marts.deadline_signals.was_at IS 'Thời điểm cũ: hạn trả, hoặc lúc xong, trước khi đổi.';
COMMENT ON COLUMN marts.deadline_signals.became_at IS 'Thời điểm mới: lúc xong, lúc của sự kiện, hoặc hạn trả sau khi đổi; trống khi hạn bị bỏ.';
COMMENT ON COLUMN marts.deadline_signals.dossier_count IS 'Số hồ sơ cùng người, cùng giây; chỉ của same_finish_instant.';
COMMENT ON COLUMN marts.deadline_signals.fetch_id IS 'Lần đọc cho thấy điều ấy.';
COMMENT ON COLUMN marts.deadline_signals.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
