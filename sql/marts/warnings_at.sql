-- Grain: one row per dossier and warning, as things stand at one instant, of the dossiers of one commune.
-- Answers: what has to be done today so that no promise breaks, and by whom. Rules: docs/counting.md, section 7.
-- The state on a past day uses what is known now about that day, as everywhere.

CREATE FUNCTION marts.warnings_at(commune text, moment timestamptz) RETURNS TABLE (
    warning text,
    dossier_code text,
    unit_code text,
    official_code text,
    procedure_code text,
    received_on date,
    due_on date,
    act_by date,
    working_days_left integer,
    waiting_since timestamptz,
    waited_working_days integer,
    waited_hours numeric,
    is_calendar_published boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH limits AS (
        SELECT w.*, core.day_of(moment) AS today
        FROM core.warning_limits AS w
        WHERE w.commune_code = commune AND core.day_of(moment) BETWEEN w.valid_from AND w.valid_to
    ),

    officials AS MATERIALIZED (
        SELECT o.official_key, o.official_code, o.valid_from, o.valid_to
        FROM marts.officials AS o
        WHERE o.commune_code = commune AND o.official_key IS NOT NULL
    ),

    letters AS (
        SELECT a.dossier_code, min(a.apologized_on) AS apologized_on
        FROM core.apology_letters AS a
        WHERE a.commune_code = commune
        GROUP BY a.dossier_code
    ),

    -- Open at the end of the day, the clock running, and somebody was promised a day.
    running AS (
        SELECT
            d.dossier_code,
            d.unit_code,
            d.procedure_code,
            d.received_on,
            d.due_on,
            w.today,
            w.due_within_working_days,
            least(d.apology_on, l.apologized_on) AS apologized_on,
            marts.working_days_between(commune, least(w.today, d.due_on), greatest(w.today, d.due_on)) AS apart,
            d.due_on - w.apology_days_before AS apology_day
        FROM marts.dossiers AS d
        CROSS JOIN limits AS w
        LEFT JOIN letters AS l ON l.dossier_code = d.dossier_code
        WHERE
            d.commune_code = commune
            AND d.is_counted
            AND d.received_on <= w.today
            AND d.alive_through > w.today
            AND d.due_source IN ('given', 'computed')
            AND NOT d.pauses @> w.today
    ),

    -- A timetable falls back on Monday to Friday where the calendar is not published, and says so.
    counted AS (
        SELECT
            r.*,
            r.apart IS NOT NULL AS is_calendar_published,
            CASE WHEN r.due_on < r.today THEN -1 ELSE 1 END * coalesce(r.apart, (
                SELECT count(*)::integer
                FROM generate_series(1, abs(r.due_on - r.today)) AS n
                WHERE extract(ISODOW FROM least(r.today, r.due_on) + n) <= 5
            )) AS days_left,
            coalesce(
                (
                    SELECT max(n.day)
                    FROM marts.days AS n
                    WHERE
                        n.commune_code = commune
                        AND n.is_working
                        AND n.day BETWEEN r.apology_day - 30 AND r.apology_day
                        AND r.apart IS NOT NULL
                ),
                r.apology_day - greatest(extract(ISODOW FROM r.apology_day)::integer - 5, 0)
            ) AS apology_by
        FROM running AS r
    ),

    -- Filed online and neither accepted nor refused; asked for papers first is the applicant's turn. Materialized, or
    -- the hours of every dossier ever filed online would be counted before most are put aside.
    waiting AS MATERIALIZED (
        SELECT
            d.dossier_code,
            d.unit_code,
            d.procedure_code,
            d.submitted_at,
            w.today,
            w.intake_working_hours
        FROM marts.dossiers AS d
        INNER JOIN core.dossiers AS c ON c.commune_code = d.commune_code AND c.dossier_code = d.dossier_code
        CROSS JOIN limits AS w
        WHERE
            d.commune_code = commune
            AND d.channel = 2
            AND d.submitted_at <= moment
            AND (
                d.status = 1
                OR d.status = 3 AND d.received_at IS NULL AND coalesce(c.refused_at, c.finished_at) > moment
                OR d.status <> 1 AND d.received_at > moment
            )
            AND NOT d.pauses @> w.today
    ),

    told AS (
        SELECT
            k.warning,
            c.dossier_code,
            c.unit_code,
            c.procedure_code,
            c.received_on,
            c.due_on,
            k.act_by,
            c.days_left AS working_days_left,
            NULL::timestamptz AS waiting_since,
            NULL::integer AS waited_working_days,
            NULL::numeric AS waited_hours,
            c.is_calendar_published
        FROM counted AS c
        CROSS JOIN LATERAL (
            VALUES
            ('due_soon', c.due_on, c.due_on >= c.today AND c.days_left <= c.due_within_working_days),
            ('overdue', c.due_on, c.due_on < c.today),
            (
                'apology_owed', c.apology_by,
                c.today >= c.apology_by AND coalesce(c.apologized_on > c.today, true)
            )
        ) AS k (warning, act_by, holds)
        WHERE k.holds

        UNION ALL

        SELECT
            'online_waiting',
            o.dossier_code,
            o.unit_code,
            o.procedure_code,
            NULL,
            NULL,
            o.today,
            NULL,
            o.submitted_at,
            NULL,
            round(extract(EPOCH FROM t.waited) / 3600, 2),
            EXISTS (SELECT FROM marts.days AS n WHERE n.commune_code = commune AND n.day = o.today)
        FROM waiting AS o
        CROSS JOIN LATERAL (SELECT marts.office_time(commune, o.submitted_at, moment) AS waited) AS t
        WHERE t.waited > make_interval(secs => o.intake_working_hours::double precision * 3600)

        UNION ALL

        -- The result is there and nobody has come for it.
        SELECT
            'result_waiting',
            d.dossier_code,
            d.unit_code,
            d.procedure_code,
            d.received_on,
            d.due_on,
            NULL,
            NULL,
            d.ended_at,
            t.waited,
            NULL,
            t.apart IS NOT NULL
        FROM marts.dossiers AS d
        CROSS JOIN limits AS w
        CROSS JOIN LATERAL (SELECT marts.working_days_between(commune, d.ended_on, w.today) AS apart) AS a
        CROSS JOIN LATERAL (
            SELECT
                a.apart,
                coalesce(a.apart, (
                    SELECT count(*)::integer
                    FROM generate_series(1, w.today - d.ended_on) AS n
                    WHERE extract(ISODOW FROM d.ended_on + n) <= 5
                )) AS waited
        ) AS t
        WHERE
            d.commune_code = commune
            AND d.outcome = 'resolved'
            AND d.is_counted
            AND d.ended_on <= w.today
            AND d.gives_result IS DISTINCT FROM false
            AND (d.handed_over_at IS NULL AND d.status = 9 OR core.day_of(d.handed_over_at) > w.today)
            AND t.waited >= w.result_waits_working_days
    )

    SELECT
        t.warning,
        t.dossier_code,
        t.unit_code,
        o.official_code,
        t.procedure_code,
        t.received_on,
        t.due_on,
        t.act_by,
        t.working_days_left,
        t.waiting_since,
        t.waited_working_days,
        t.waited_hours,
        t.is_calendar_published
    FROM told AS t
    LEFT JOIN LATERAL (
        SELECT e.official_key, core.day_of(e.occurred_at) AS acted_on
        FROM core.progress_events AS e
        WHERE
            e.commune_code = commune
            AND e.dossier_code = t.dossier_code
            AND e.official_key IS NOT NULL
            AND e.occurred_at <= moment
        ORDER BY e.occurred_at DESC, e.status DESC, e.text_key
        LIMIT 1
    ) AS e ON true
    LEFT JOIN LATERAL (
        SELECT s.official_code
        FROM officials AS s
        WHERE s.official_key = e.official_key AND e.acted_on BETWEEN s.valid_from AND s.valid_to
        ORDER BY s.official_code
        LIMIT 1
    ) AS o ON true
$$;

COMMENT ON FUNCTION marts.warnings_at(text, timestamptz) IS
'Cảnh báo sớm của một xã vào một thời điểm: sắp đến hạn, quá hạn, phải xin lỗi, trực tuyến chờ tiếp nhận, kết quả chờ trả.
warning: Điều phải làm: due_soon sắp đến hạn; overdue quá hạn; apology_owed phải xin lỗi; online_waiting trực tuyến chờ tiếp nhận quá giờ; result_waiting kết quả chưa trả.
dossier_code: Mã hồ sơ.
unit_code: Mã đơn vị xử lý.
official_code: Mã công chức của người xử lý gần nhất; trống khi sổ cán bộ không cho biết.
procedure_code: Mã thủ tục.
received_on: Ngày tiếp nhận.
due_on: Ngày hẹn trả đang có hiệu lực.
act_by: Ngày cuối phải làm xong điều ấy: ngày hẹn, hoặc ngày làm việc cuối còn kịp xin lỗi.
working_days_left: Số ngày làm việc còn lại đến hạn; 0 là hôm nay; âm là đã quá hạn.
waiting_since: Chờ từ lúc nào: lúc nộp, hoặc lúc có kết quả.
waited_working_days: Kết quả đã chờ mấy ngày làm việc.
waited_hours: Hồ sơ trực tuyến đã chờ mấy giờ làm việc.
is_calendar_published: Đếm theo lịch đã công bố; không thì theo thứ Hai–thứ Sáu.';
