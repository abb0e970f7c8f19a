-- Grain: one row per dossier.
-- Answers: when it was received, due and ended, by whom, and every yes or no that the indicators ask of it.
-- Refill: replaces the dossiers of the temporary table touched_dossiers, so running it twice changes nothing.
-- Words and rules: docs/counting.md, sections 1 and 3.

CREATE TABLE marts.dossiers (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    procedure_code text NOT NULL,
    field_code text NOT NULL,
    unit_code text NOT NULL,
    channel smallint,
    status smallint NOT NULL,
    is_counted boolean NOT NULL,
    outcome text,
    submitted_at timestamptz,
    received_at timestamptz,
    due_at timestamptz,
    first_due_at timestamptz,
    ended_at timestamptz,
    handed_over_at timestamptz,
    submitted_on date,
    received_on date,
    due_on date,
    first_due_on date,
    ended_on date,
    handed_over_on date,
    -- Day through which the dossier is alive; infinity while it is open.
    alive_through date NOT NULL,
    due_source text NOT NULL CHECK (due_source IN ('given', 'computed', 'none', 'unknown')),
    pauses datemultirange NOT NULL,
    used_working_days integer,
    allowed_working_days integer,
    service_level smallint,
    is_known_procedure boolean NOT NULL,
    has_fee boolean NOT NULL,
    is_paid_online boolean NOT NULL,
    component_count integer NOT NULL,
    must_digitize boolean NOT NULL,
    has_components_digitized boolean NOT NULL,
    gives_result boolean,
    is_result_digitized boolean NOT NULL,
    is_reused boolean NOT NULL,
    has_component_file boolean NOT NULL,
    is_from_national_store boolean NOT NULL,
    is_vneid_verified boolean NOT NULL,
    supplement_count integer NOT NULL,
    apology_on date,
    told_late_on date,
    rescheduled_again_on date,
    has_full_progress boolean NOT NULL,
    has_process_violation boolean NOT NULL,
    is_rated boolean NOT NULL,
    is_rated_badly boolean NOT NULL,
    has_petition boolean NOT NULL,
    answered_at timestamptz,
    is_answered_in_time boolean,
    official_code text,
    late_official_code text,
    reception_official_code text,
    leaves_calendar_in integer,
    flags text[] NOT NULL,
    missing_since timestamptz,
    PRIMARY KEY (commune_code, dossier_code)
);
CREATE INDEX dossiers_received_on ON marts.dossiers (commune_code, received_on);
CREATE INDEX dossiers_alive_through ON marts.dossiers (commune_code, alive_through);
CREATE INDEX dossiers_due_on ON marts.dossiers (commune_code, due_on);
CREATE INDEX dossiers_handed_over_on ON marts.dossiers (commune_code, coalesce(handed_over_on, 'infinity'::date))
WHERE outcome = 'resolved';
CREATE INDEX dossiers_filed_online ON marts.dossiers (commune_code, submitted_on) WHERE channel = 2;

COMMENT ON TABLE marts.dossiers IS 'Mỗi hồ sơ một dòng, với mọi thuộc tính mà chỉ tiêu dùng đến.';
COMMENT ON COLUMN marts.dossiers.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.dossiers.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN marts.dossiers.procedure_code IS 'Mã thủ tục dạng d.dddddd; khac khi hồ sơ không ghi mã.';
COMMENT ON COLUMN marts.dossiers.field_code IS 'Khóa so tên của lĩnh vực theo danh mục; khac khi thủ tục không có trong danh mục.';
COMMENT ON COLUMN marts.dossiers.unit_code IS 'Mã đơn vị xử lý theo bảng tra tên.';
COMMENT ON COLUMN marts.dossiers.channel IS 'Kênh nộp: 1 trực tiếp, 2 trực tuyến, 3 bưu chính; trống được tính như trực tiếp và nêu riêng.';
COMMENT ON COLUMN marts.dossiers.status IS 'Trạng thái hồ sơ 1…10.';
COMMENT ON COLUMN marts.dossiers.is_counted IS 'Là hồ sơ được đếm; hồ sơ chờ tiếp nhận, hoặc bị từ chối khi chưa tiếp nhận, thì không.';
COMMENT ON COLUMN marts.dossiers.outcome IS 'Kết cục: resolved, withdrawn, stopped, refused; trống khi đang giải quyết.';
COMMENT ON COLUMN marts.dossiers.submitted_at IS 'Lúc nộp.';
COMMENT ON COLUMN marts.dossiers.received_at IS 'Lúc tiếp nhận.';
COMMENT ON COLUMN marts.dossiers.due_at IS 'Hẹn trả đang có hiệu lực: do nguồn cho, hoặc tính theo thời hạn.';
COMMENT ON COLUMN marts.dossiers.first_due_at IS 'Lời hẹn đầu tiên; không bao giờ bị ghi đè.';
COMMENT ON COLUMN marts.dossiers.ended_at IS 'Lúc kết thúc xử lý.';
COMMENT ON COLUMN marts.dossiers.handed_over_at IS 'Lúc kết quả đến tay người nộp.';
COMMENT ON COLUMN marts.dossiers.submitted_on IS 'Ngày nộp.';
COMMENT ON COLUMN marts.dossiers.received_on IS 'Ngày tiếp nhận.';
COMMENT ON COLUMN marts.dossiers.due_on IS 'Ngày hẹn trả đang có hiệu lực.';
COMMENT ON COLUMN marts.dossiers.first_due_on IS 'Ngày hẹn đầu tiên.';
COMMENT ON COLUMN marts.dossiers.ended_on IS 'Ngày kết thúc xử lý.';
COMMENT ON COLUMN marts.dossiers.handed_over_on IS 'Ngày kết quả đến tay người nộp.';
COMMENT ON COLUMN marts.dossiers.alive_through IS 'Ngày cuối hồ sơ còn trong sổ; vô cùng khi chưa kết thúc.';
COMMENT ON COLUMN marts.dossiers.due_source IS 'Hạn từ đâu: given do nguồn cho; computed tính theo thời hạn; none không quy định; unknown không biết.';
COMMENT ON COLUMN marts.dossiers.pauses IS 'Những ngày mà đồng hồ dừng vào cuối ngày.';
COMMENT ON COLUMN marts.dossiers.used_working_days IS 'Số ngày làm việc đã dùng, không kể ngày dừng; trống khi chưa giải quyết xong hoặc ra ngoài lịch đã công bố.';
COMMENT ON COLUMN marts.dossiers.allowed_working_days IS 'Số ngày làm việc được hẹn lúc đầu; trống khi không biết hạn hoặc ra ngoài lịch đã công bố.';
COMMENT ON COLUMN marts.dossiers.service_level IS 'Mức độ dịch vụ công của thủ tục vào ngày tiếp nhận: 4, 3, 2.';
COMMENT ON COLUMN marts.dossiers.is_known_procedure IS 'Thủ tục có trong danh mục.';
COMMENT ON COLUMN marts.dossiers.has_fee IS 'Tổng phí, lệ phí lớn hơn 0.';
COMMENT ON COLUMN marts.dossiers.is_paid_online IS 'Đã thanh toán trực tuyến.';
COMMENT ON COLUMN marts.dossiers.component_count IS 'Số thành phần hồ sơ, không kể thành phần đã xóa.';
COMMENT ON COLUMN marts.dossiers.must_digitize IS 'Phải số hóa: không nộp trực tuyến và có ít nhất một thành phần.';
COMMENT ON COLUMN marts.dossiers.has_components_digitized IS 'Mọi thành phần đều đã số hóa.';
COMMENT ON COLUMN marts.dossiers.gives_result IS 'Thủ tục có kết quả là giấy tờ hoặc tệp; trống khi chưa biết.';
COMMENT ON COLUMN marts.dossiers.is_result_digitized IS 'Có tệp kết quả, không phải một tệp đầu vào gửi lại.';
COMMENT ON COLUMN marts.dossiers.is_reused IS 'Có thành phần tái sử dụng hoặc lấy từ kho quốc gia.';
COMMENT ON COLUMN marts.dossiers.has_component_file IS 'Có tệp ở ít nhất một thành phần.';
COMMENT ON COLUMN marts.dossiers.is_from_national_store IS 'Có thành phần lấy từ kho dữ liệu cá nhân, tổ chức của Cổng DVCQG.';
COMMENT ON COLUMN marts.dossiers.is_vneid_verified IS 'Tài khoản nộp đã xác thực VNeID.';
COMMENT ON COLUMN marts.dossiers.supplement_count IS 'Số lần yêu cầu bổ sung.';
COMMENT ON COLUMN marts.dossiers.apology_on IS 'Ngày xin lỗi đầu tiên, trên hệ thống thành phố hoặc trong sổ xin lỗi.';
COMMENT ON COLUMN marts.dossiers.told_late_on IS 'Ngày đầu tiên báo chậm hoặc xin lỗi.';
COMMENT ON COLUMN marts.dossiers.rescheduled_again_on IS 'Ngày hẹn lại lần thứ hai: ngày thông báo ngày hẹn mới thứ hai; trống khi chưa.';
COMMENT ON COLUMN marts.dossiers.has_full_progress IS 'Tiến độ đủ bước: có sự kiện tiếp nhận, sự kiện xong, sự kiện cho mỗi lần bổ sung, và sự kiện trả khi đã trả.';
COMMENT ON COLUMN marts.dossiers.has_process_violation IS 'Cuộc kiểm tra đã kết luận sai thẩm quyền, sai quy trình hoặc yêu cầu thêm giấy tờ ở hồ sơ này.';
COMMENT ON COLUMN marts.dossiers.is_rated IS 'Có ít nhất một phiếu đánh giá.';
COMMENT ON COLUMN marts.dossiers.is_rated_badly IS 'Có câu trả lời không hài lòng về mức độ hài lòng chung.';
COMMENT ON COLUMN marts.dossiers.has_petition IS 'Có phản ánh, kiến nghị nói tới hồ sơ này.';
COMMENT ON COLUMN marts.dossiers.answered_at IS 'Lúc bộ phận một cửa trả lời lần nộp: tiếp nhận, từ chối, hoặc yêu cầu bổ sung, lấy việc sớm nhất.';
COMMENT ON COLUMN marts.dossiers.is_answered_in_time IS 'Nộp trực tuyến và được trả lời trong số giờ làm việc quy định; trống khi không nộp trực tuyến hoặc chưa trả lời.';
COMMENT ON COLUMN marts.dossiers.official_code IS 'Mã công chức của bước xử lý cuối có tên, tính đến ngày xong; trống khi không biết.';
COMMENT ON COLUMN marts.dossiers.late_official_code IS 'Mã công chức của bước đầu tiên để quá hạn của chính bước ấy; trống khi không biết.';
COMMENT ON COLUMN marts.dossiers.reception_official_code IS 'Mã công chức tiếp nhận; trống khi không biết.';
COMMENT ON COLUMN marts.dossiers.leaves_calendar_in IS 'Năm chưa công bố lịch làm việc mà phép tính hạn phải dừng lại.';
COMMENT ON COLUMN marts.dossiers.flags IS 'Các luật cảnh báo mà bản đang có phạm.';
COMMENT ON COLUMN marts.dossiers.missing_since IS 'Vắng mặt từ lần đọc đủ cả năm nào.';

-- Refill
DELETE FROM marts.dossiers AS d
USING touched_dossiers AS t
WHERE d.commune_code = t.commune_code AND d.dossier_code = t.dossier_code;

INSERT INTO marts.dossiers (
    commune_code, dossier_code, procedure_code, field_code, unit_code, channel, status, is_counted, outcome,
    submitted_at, received_at, due_at, first_due_at, ended_at, handed_over_at,
    submitted_on, received_on, due_on, first_due_on, ended_on, handed_over_on, alive_through, due_source, pauses,
    used_working_days, allowed_working_days, service_level, is_known_procedure, has_fee, is_paid_online,
    component_count, must_digitize, has_components_digitized, gives_result, is_result_digitized, is_reused,
    has_component_file, is_from_national_store, is_vneid_verified, supplement_count, apology_on, told_late_on,
    rescheduled_again_on, has_full_progress, has_process_violation, is_rated, is_rated_badly, has_petition,
    answered_at, is_answered_in_time, official_code, late_official_code, reception_official_code,
    leaves_calendar_in, flags, missing_since
)
WITH chosen AS (
    SELECT
        d.*,
        d.received_at IS NOT NULL AND d.status <> 1 AS is_counted,
        core.dossier_outcome(d.status, d.received_at) AS outcome,
        core.day_of(d.received_at) AS received_on,
        core.day_of(coalesce(d.received_at, d.submitted_at, d.fetched_at)) AS named_on
    FROM core.dossiers AS d
    INNER JOIN touched_dossiers AS t ON t.commune_code = d.commune_code AND t.dossier_code = d.dossier_code
),

events AS (
    SELECT
        e.commune_code,
        e.dossier_code,
        count(*) FILTER (WHERE e.status = 5) AS supplement_count,
        min(e.occurred_at) FILTER (WHERE e.status = 5) AS first_asked_at,
        bool_or(e.status = 2) AS has_reception,
        bool_or(e.status IN (9, 10)) AS has_end,
        bool_or(e.status = 10) AS has_handover,
        max(e.occurred_at) FILTER (WHERE e.status = 7) AS withdrawn_at,
        max(e.occurred_at) FILTER (WHERE e.status = 8) AS stopped_at,
        max(e.occurred_at) FILTER (WHERE e.status = 3) AS refused_at
    FROM core.progress_events AS e
    INNER JOIN touched_dossiers AS t ON t.commune_code = e.commune_code AND t.dossier_code = e.dossier_code
    GROUP BY e.commune_code, e.dossier_code
),

-- Every stretch in which the clock stands, from whatever says so. An open stretch has no stopped_at.
stretches AS (
    SELECT
        c.commune_code,
        c.dossier_code,
        (s ->> 'requested_at')::timestamptz AS began_at,
        (s ->> 'answered_at')::timestamptz AS stopped_at
    FROM chosen AS c
    CROSS JOIN LATERAL jsonb_array_elements(c.supplements) AS s
    WHERE c.supplements <> '[]' AND s ->> 'requested_at' IS NOT NULL
    UNION ALL
    SELECT
        e.commune_code,
        e.dossier_code,
        e.occurred_at AS began_at,
        (
            SELECT min(n.occurred_at)
            FROM core.progress_events AS n
            WHERE
                n.commune_code = e.commune_code
                AND n.dossier_code = e.dossier_code
                AND n.occurred_at > e.occurred_at
                AND n.status <> e.status
        ) AS stopped_at
    FROM core.progress_events AS e
    INNER JOIN touched_dossiers AS t ON t.commune_code = e.commune_code AND t.dossier_code = e.dossier_code
    WHERE e.status IN (5, 6)
),

said AS (
    SELECT commune_code, dossier_code, bool_or(stopped_at IS NULL) AS is_standing
    FROM stretches
    GROUP BY commune_code, dossier_code
),

all_stretches AS (
    SELECT * FROM stretches
    UNION ALL
    -- Nothing says since when it stands: then since the first reading that saw this status without a break.
    SELECT
        c.commune_code,
        c.dossier_code,
        (
            SELECT min(v.fetched_at)
            FROM core.dossier_versions AS v
            WHERE
                v.commune_code = c.commune_code
                AND v.dossier_code = c.dossier_code
                AND v.status = c.status
                AND v.fetched_at > coalesce((
                    SELECT max(w.fetched_at)
                    FROM core.dossier_versions AS w
                    WHERE
                        w.commune_code = c.commune_code
                        AND w.dossier_code = c.dossier_code
                        AND w.status <> c.status
                ), '-infinity')
        ) AS began_at,
        NULL AS stopped_at
    FROM chosen AS c
    LEFT JOIN said AS s USING (commune_code, dossier_code)
    WHERE c.status IN (5, 6) AND s.is_standing IS NOT TRUE
),

spans AS (
    SELECT
        commune_code,
        dossier_code,
        stopped_at IS NOT NULL AS is_over,
        daterange(core.day_of(began_at), core.day_of(stopped_at)) AS span
    FROM all_stretches
    -- A pause that began and ended on one day covers the end of no day.
    WHERE stopped_at IS NULL OR core.day_of(stopped_at) > core.day_of(began_at)
),

pauses AS (
    SELECT commune_code, dossier_code, range_agg(span) AS pauses, range_agg(span) FILTER (WHERE is_over) AS ended_pauses
    FROM spans
    GROUP BY commune_code, dossier_code
),

-- The first promise: what the first version that could have made one said, and before it what it says it replaced.
-- Empty when that version, already counted, gave no date: then the promise was the one that is computed.
promises AS (
    SELECT DISTINCT ON (v.commune_code, v.dossier_code)
        v.commune_code,
        v.dossier_code,
        coalesce(replaced.due_at, v.due_at) AS first_due_at
    FROM core.dossier_versions AS v
    INNER JOIN touched_dossiers AS t ON t.commune_code = v.commune_code AND t.dossier_code = v.dossier_code
    LEFT JOIN LATERAL (
        SELECT (s ->> 'previous_due_at')::timestamptz AS due_at
        FROM jsonb_array_elements(v.supplements) AS s
        WHERE v.supplements <> '[]' AND s ->> 'previous_due_at' IS NOT NULL
        ORDER BY (s ->> 'requested_at')::timestamptz NULLS LAST
        LIMIT 1
    ) AS replaced ON true
    WHERE coalesce(replaced.due_at, v.due_at) IS NOT NULL OR v.received_at IS NOT NULL AND v.status <> 1
    ORDER BY v.commune_code, v.dossier_code, v.fetched_at, v.fetch_id, v.row_number
),

lists AS (
    SELECT
        c.commune_code,
        c.dossier_code,
        count(*) AS component_count,
        bool_and(coalesce((m ->> 'digitized')::boolean, false)) AS is_digitized,
        bool_or(m ->> 'reused' IN ('1', '2') OR coalesce((m ->> 'from_national_store')::boolean, false)) AS is_reused,
        bool_or(coalesce((m ->> 'from_national_store')::boolean, false)) AS is_from_national_store,
        array_agg(m ->> 'file') FILTER (WHERE m ->> 'file' IS NOT NULL) AS files
    FROM chosen AS c
    CROSS JOIN LATERAL jsonb_array_elements(c.components) AS m
    WHERE c.components <> '[]' AND (m ->> 'deleted')::boolean IS NOT TRUE
    GROUP BY c.commune_code, c.dossier_code
),

-- What other systems and registers know of the dossier.
letters AS (
    SELECT
        a.commune_code,
        a.dossier_code,
        min(a.apologized_on) AS apologized_on,
        min(least(a.noticed_on, a.apologized_on)) AS told_on
    FROM core.apology_letters AS a
    INNER JOIN touched_dossiers AS t ON t.commune_code = a.commune_code AND t.dossier_code = a.dossier_code
    GROUP BY a.commune_code, a.dossier_code
),

-- One new date may stand both on the city's system and in the register: it is one.
new_dates AS (
    SELECT commune_code, dossier_code, new_due_on, min(told_on) AS told_on
    FROM (
        SELECT
            c.commune_code,
            c.dossier_code,
            core.day_of((a ->> 'new_due_at')::timestamptz) AS new_due_on,
            core.day_of((a ->> 'apologised_at')::timestamptz) AS told_on
        FROM chosen AS c
        CROSS JOIN LATERAL jsonb_array_elements(c.apologies) AS a
        WHERE c.apologies <> '[]'
        UNION ALL
        SELECT a.commune_code, a.dossier_code, a.new_due_on, coalesce(a.apologized_on, a.noticed_on)
        FROM core.apology_letters AS a
        INNER JOIN touched_dossiers AS t ON t.commune_code = a.commune_code AND t.dossier_code = a.dossier_code
    ) AS every
    WHERE new_due_on IS NOT NULL AND told_on IS NOT NULL
    GROUP BY commune_code, dossier_code, new_due_on
),

reschedulings AS (
    SELECT commune_code, dossier_code, (array_agg(told_on ORDER BY told_on))[2] AS again_on
    FROM new_dates
    GROUP BY commune_code, dossier_code
),

ratings AS (
    SELECT r.commune_code, r.dossier_code, bool_or(r.item = 'overall' AND NOT r.is_satisfied) AS is_bad
    FROM core.ratings AS r
    INNER JOIN touched_dossiers AS t ON t.commune_code = r.commune_code AND t.dossier_code = r.dossier_code
    GROUP BY r.commune_code, r.dossier_code
),

petitions AS (
    SELECT DISTINCT p.commune_code, p.dossier_code
    FROM core.petitions AS p
    INNER JOIN touched_dossiers AS t ON t.commune_code = p.commune_code AND t.dossier_code = p.dossier_code
),

violations AS (
    SELECT DISTINCT v.commune_code, v.dossier_code
    FROM core.process_violations AS v
    INNER JOIN touched_dossiers AS t ON t.commune_code = v.commune_code AND t.dossier_code = v.dossier_code
),

judged AS (
    SELECT
        c.*,
        n.unit_code,
        p.procedure_code IS NOT NULL AS is_known_procedure,
        p.field_key,
        p.service_level,
        p.gives_result,
        p.has_no_deadline,
        p.deadline_working_days,
        coalesce(z.pauses, '{}') AS pauses,
        coalesce(z.ended_pauses, '{}') AS ended_pauses,
        f.first_due_at,
        greatest(jsonb_array_length(c.supplements), coalesce(e.supplement_count, 0)) AS supplement_count,
        CASE
            WHEN c.is_counted THEN core.dossier_end(
                c.status, c.received_at, c.finished_at, c.handed_over_at, c.refused_at,
                CASE c.status WHEN 7 THEN e.withdrawn_at WHEN 8 THEN e.stopped_at WHEN 3 THEN e.refused_at END
            )
        END AS ended_at,
        coalesce(l.component_count, 0) AS component_count,
        coalesce(l.is_digitized, false) AS is_digitized,
        coalesce(l.is_reused, false) AS is_reused,
        coalesce(l.is_from_national_store, false) AS is_from_national_store,
        coalesce(l.files, '{}') AS files,
        coalesce(
            e.has_reception
            AND e.has_end
            AND (c.handed_over_at IS NULL OR e.has_handover)
            AND e.supplement_count >= jsonb_array_length(c.supplements),
            false
        ) AS has_full_progress,
        least(
            c.received_at,
            CASE
                WHEN c.received_at IS NULL AND c.status = 3 THEN coalesce(c.refused_at, c.finished_at, e.refused_at)
            END,
            e.first_asked_at,
            CASE
                WHEN c.supplements <> '[]' THEN (
                    SELECT min((s ->> 'requested_at')::timestamptz) FROM jsonb_array_elements(c.supplements) AS s
                )
            END
        ) AS answered_at
    FROM chosen AS c
    LEFT JOIN core.unit_names AS n
        ON
            n.commune_code = c.commune_code
            AND n.name_key = c.unit_key
            AND c.named_on BETWEEN n.valid_from AND n.valid_to
    LEFT JOIN core.procedures_in_force AS p
        ON
            p.commune_code = c.commune_code
            AND p.procedure_code = c.procedure_code
            AND c.named_on BETWEEN p.valid_from AND p.valid_to
    LEFT JOIN events AS e ON e.commune_code = c.commune_code AND e.dossier_code = c.dossier_code
    LEFT JOIN pauses AS z ON z.commune_code = c.commune_code AND z.dossier_code = c.dossier_code
    LEFT JOIN promises AS f ON f.commune_code = c.commune_code AND f.dossier_code = c.dossier_code
    LEFT JOIN lists AS l ON l.commune_code = c.commune_code AND l.dossier_code = c.dossier_code
),

-- The n-th working day after reception, and one day more for each working day lost to a pause that is over.
computed AS (
    SELECT
        j.commune_code,
        j.dossier_code,
        first_day.day AS first_due_on,
        last_day.day AS due_on,
        extract(YEAR FROM CASE
            WHEN r.day IS NULL THEN j.received_on
            WHEN lost.leaves_on IS NOT NULL THEN lost.leaves_on
            WHEN last_day.day IS NULL THEN (
                SELECT max(y.day) + 1
                FROM marts.days AS y
                WHERE y.commune_code = j.commune_code AND y.published_run = r.published_run
            )
        END)::integer AS leaves_calendar_in
    FROM judged AS j
    LEFT JOIN marts.days AS r ON r.commune_code = j.commune_code AND r.day = j.received_on
    LEFT JOIN LATERAL (
        SELECT
            coalesce(sum(b.working_days_through - a.working_days_through), 0)::integer AS day_count,
            min(CASE
                WHEN a.published_run IS DISTINCT FROM r.published_run THEN lower(span) - 1
                WHEN b.published_run IS DISTINCT FROM r.published_run THEN upper(span) - 1
            END) AS leaves_on
        FROM unnest(j.ended_pauses) AS span
        LEFT JOIN marts.days AS a ON a.commune_code = j.commune_code AND a.day = lower(span) - 1
        LEFT JOIN marts.days AS b ON b.commune_code = j.commune_code AND b.day = upper(span) - 1
    ) AS lost ON true
    LEFT JOIN LATERAL (
        SELECT d.day
        FROM marts.days AS d
        WHERE
            d.commune_code = j.commune_code
            AND d.published_run = r.published_run
            AND d.working_days_through = r.working_days_through + j.deadline_working_days
            AND d.is_working
            AND j.deadline_working_days > 0
        UNION ALL
        SELECT j.received_on WHERE j.deadline_working_days = 0 AND r.day IS NOT NULL
    ) AS first_day ON true
    LEFT JOIN LATERAL (
        SELECT d.day
        FROM marts.days AS d
        WHERE
            d.commune_code = j.commune_code
            AND d.published_run = r.published_run
            AND d.working_days_through = r.working_days_through + j.deadline_working_days + lost.day_count
            AND d.is_working
            AND j.deadline_working_days + lost.day_count > 0
            AND lost.leaves_on IS NULL
        UNION ALL
        SELECT j.received_on WHERE j.deadline_working_days + lost.day_count = 0 AND r.day IS NOT NULL
    ) AS last_day ON true
    WHERE
        j.is_counted
        AND (j.due_at IS NULL OR j.first_due_at IS NULL)
        AND j.has_no_deadline IS NOT TRUE
        AND j.deadline_working_days IS NOT NULL
),

dated AS (
    SELECT
        j.*,
        core.day_of(j.ended_at) AS ended_on,
        c.leaves_calendar_in,
        CASE
            WHEN j.due_at IS NOT NULL THEN 'given'
            WHEN j.has_no_deadline THEN 'none'
            WHEN c.due_on IS NOT NULL THEN 'computed'
            ELSE 'unknown'
        END AS due_source,
        coalesce(core.day_of(j.due_at), CASE WHEN j.has_no_deadline IS NOT TRUE THEN c.due_on END) AS due_on,
        c.first_due_on AS computed_first_due_on,
        coalesce(j.first_due_at, later.due_at) AS promised_at
    FROM judged AS j
    LEFT JOIN computed AS c ON c.commune_code = j.commune_code AND c.dossier_code = j.dossier_code
    -- No date at first and none that could be computed: the first date that any version gave.
    LEFT JOIN LATERAL (
        SELECT v.due_at
        FROM core.dossier_versions AS v
        WHERE
            j.due_at IS NOT NULL
            AND j.first_due_at IS NULL
            AND c.first_due_on IS NULL
            AND v.commune_code = j.commune_code
            AND v.dossier_code = j.dossier_code
            AND v.due_at IS NOT NULL
        ORDER BY v.fetched_at, v.fetch_id, v.row_number
        LIMIT 1
    ) AS later ON true
),

promised AS (
    SELECT
        *,
        CASE
            WHEN due_source IN ('given', 'computed') THEN coalesce(core.day_of(promised_at), computed_first_due_on)
        END AS first_due_on
    FROM dated
),

officials AS MATERIALIZED (
    SELECT o.commune_code, o.official_key, o.official_code, o.valid_from, o.valid_to
    FROM marts.officials AS o
    WHERE o.official_key IS NOT NULL
),

-- Each step of a dossier, until the next one begins.
steps AS (
    SELECT
        e.commune_code,
        e.dossier_code,
        e.status,
        e.official_key,
        core.day_of(e.occurred_at) AS began_on,
        core.day_of(e.step_due_at) AS step_due_on,
        row_number() OVER step AS place,
        core.day_of(lead(e.occurred_at) OVER step) AS left_on
    FROM core.progress_events AS e
    INNER JOIN touched_dossiers AS t ON t.commune_code = e.commune_code AND t.dossier_code = e.dossier_code
    WINDOW
        step AS (PARTITION BY e.commune_code, e.dossier_code ORDER BY e.occurred_at, e.status, e.text_key)
),

acting AS (
    SELECT
        p.commune_code,
        p.dossier_code,
        (array_agg(o.official_code ORDER BY s.place DESC) FILTER (
            WHERE s.official_key IS NOT NULL AND s.status <> 10 AND s.began_on <= coalesce(p.ended_on, 'infinity')
        ))[1] AS official_code,
        -- Whose own term passed, whoever came after.
        (array_agg(o.official_code ORDER BY s.place) FILTER (
            WHERE s.status IN (2, 4) AND s.step_due_on < coalesce(s.left_on, p.ended_on, 'infinity')
        ))[1] AS late_official_code,
        (array_agg(o.official_code ORDER BY s.place) FILTER (WHERE s.status = 2))[1] AS reception_official_code
    FROM promised AS p
    INNER JOIN steps AS s ON s.commune_code = p.commune_code AND s.dossier_code = p.dossier_code
    LEFT JOIN officials AS o
        ON
            o.commune_code = s.commune_code
            AND o.official_key = s.official_key
            AND s.began_on BETWEEN o.valid_from AND o.valid_to
    GROUP BY p.commune_code, p.dossier_code
)

SELECT
    d.commune_code,
    d.dossier_code,
    coalesce(d.procedure_code, 'khac') AS procedure_code,
    CASE WHEN d.is_known_procedure THEN coalesce(d.field_key, 'khac') ELSE 'khac' END AS field_code,
    coalesce(d.unit_code, 'khac') AS unit_code,
    d.channel,
    d.status,
    d.is_counted,
    d.outcome,
    d.submitted_at,
    d.received_at,
    coalesce(d.due_at, d.due_on::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh') AS due_at,
    CASE
        WHEN d.first_due_on IS NOT NULL
            THEN coalesce(d.promised_at, d.first_due_on::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')
    END AS first_due_at,
    d.ended_at,
    d.handed_over_at,
    core.day_of(d.submitted_at) AS submitted_on,
    d.received_on,
    d.due_on,
    d.first_due_on,
    d.ended_on,
    core.day_of(d.handed_over_at) AS handed_over_on,
    coalesce(d.ended_on, 'infinity') AS alive_through,
    d.due_source,
    d.pauses,
    CASE
        WHEN d.outcome = 'resolved' AND e.published_run = r.published_run
            THEN greatest(e.working_days_through - r.working_days_through, 0) - coalesce(paused.day_count, 0)
    END AS used_working_days,
    CASE
        WHEN q.published_run = r.published_run THEN greatest(q.working_days_through - r.working_days_through, 0)
    END AS allowed_working_days,
    d.service_level,
    d.is_known_procedure,
    coalesce((SELECT sum((f ->> 'amount_vnd')::numeric) FROM jsonb_array_elements(d.fees) AS f), 0) > 0 AS has_fee,
    coalesce(d.online_payment IN ('1', '2'), false) AS is_paid_online,
    d.component_count,
    d.channel IS DISTINCT FROM 2 AND d.component_count > 0 AS must_digitize,
    d.is_digitized AS has_components_digitized,
    d.gives_result,
    EXISTS (
        SELECT
        FROM jsonb_array_elements(d.results) AS f
        WHERE f ->> 'file' IS NOT NULL AND f ->> 'file' <> ALL (d.files)
    ) AS is_result_digitized,
    d.is_reused,
    cardinality(d.files) > 0 AS has_component_file,
    d.is_from_national_store,
    coalesce(d.is_vneid_verified, false) AS is_vneid_verified,
    d.supplement_count,
    least(said.apologised_on, l.apologized_on) AS apology_on,
    least(said.apologised_on, l.told_on) AS told_late_on,
    n.again_on AS rescheduled_again_on,
    d.has_full_progress,
    v.dossier_code IS NOT NULL AS has_process_violation,
    g.dossier_code IS NOT NULL AS is_rated,
    coalesce(g.is_bad, false) AS is_rated_badly,
    k.dossier_code IS NOT NULL AS has_petition,
    d.answered_at,
    CASE
        WHEN d.channel <> 2 THEN NULL
        WHEN d.answered_at <= d.submitted_at + w.intake_limit THEN true
        WHEN d.answered_at IS NOT NULL
            THEN coalesce(o.worked, marts.office_time(d.commune_code, d.submitted_at, d.answered_at)) <= w.intake_limit
    END AS is_answered_in_time,
    h.official_code,
    h.late_official_code,
    h.reception_official_code,
    CASE WHEN d.due_source = 'unknown' THEN d.leaves_calendar_in END AS leaves_calendar_in,
    d.flags,
    d.missing_since
FROM promised AS d
LEFT JOIN marts.days AS r ON r.commune_code = d.commune_code AND r.day = d.received_on
LEFT JOIN marts.days AS e ON e.commune_code = d.commune_code AND e.day = d.ended_on
LEFT JOIN marts.days AS q ON q.commune_code = d.commune_code AND q.day = d.first_due_on
LEFT JOIN LATERAL (
    SELECT sum(b.working_days_through - a.working_days_through)::integer AS day_count
    FROM unnest(d.pauses * datemultirange(daterange(d.received_on + 1, d.ended_on + 1))) AS span
    INNER JOIN marts.days AS a ON a.commune_code = d.commune_code AND a.day = lower(span) - 1
    INNER JOIN marts.days AS b ON b.commune_code = d.commune_code AND b.day = upper(span) - 1
    WHERE d.ended_on > d.received_on
) AS paused ON d.outcome = 'resolved' AND d.ended_on > d.received_on AND d.pauses <> '{}'
LEFT JOIN LATERAL (
    SELECT core.day_of(min((a ->> 'apologised_at')::timestamptz)) AS apologised_on
    FROM jsonb_array_elements(d.apologies) AS a
) AS said ON d.apologies <> '[]'
LEFT JOIN letters AS l ON l.commune_code = d.commune_code AND l.dossier_code = d.dossier_code
LEFT JOIN reschedulings AS n ON n.commune_code = d.commune_code AND n.dossier_code = d.dossier_code
LEFT JOIN ratings AS g ON g.commune_code = d.commune_code AND g.dossier_code = d.dossier_code
LEFT JOIN petitions AS k ON k.commune_code = d.commune_code AND k.dossier_code = d.dossier_code
LEFT JOIN violations AS v ON v.commune_code = d.commune_code AND v.dossier_code = d.dossier_code
LEFT JOIN acting AS h ON h.commune_code = d.commune_code AND h.dossier_code = d.dossier_code
LEFT JOIN LATERAL (
    SELECT make_interval(secs => (o.intake_working_hours * 3600)::double precision) AS intake_limit
    FROM core.warning_limits AS o
    WHERE o.commune_code = d.commune_code AND core.day_of(d.submitted_at) BETWEEN o.valid_from AND o.valid_to
) AS w ON d.channel = 2
-- What marts.office_time says, without walking through the days; it is asked where this cannot tell.
LEFT JOIN LATERAL (
    SELECT
        (b.working_days_through - a.working_days_through) * sum(s.closes - s.opens)
        + a.is_working::integer * sum(s.closes - greatest(least(t.filed, s.closes), s.opens))
        - b.is_working::integer * sum(s.closes - greatest(least(t.answered, s.closes), s.opens)) AS worked
    FROM marts.days AS a
    INNER JOIN marts.days AS b
        ON
            b.commune_code = a.commune_code
            AND b.published_run = a.published_run
            AND b.day = core.day_of(d.answered_at)
    INNER JOIN core.office_hours AS s
        ON s.commune_code = a.commune_code AND a.day >= s.valid_from AND b.day <= s.valid_to
    CROSS JOIN (
        SELECT
            (d.submitted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::time AS filed,
            (d.answered_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::time AS answered
    ) AS t
    WHERE a.commune_code = d.commune_code AND a.day = core.day_of(d.submitted_at)
    GROUP BY a.day, a.is_working, a.working_days_through, b.day, b.is_working, b.working_days_through
) AS o ON d.channel = 2 AND d.answered_at > d.submitted_at + w.intake_limit;
