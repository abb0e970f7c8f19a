-- Grain: one row per petition that arrived by the end of b and was not handled before a.
-- Answers: was it answered, and published, in the working days that the rules give; was the sender content.
-- Terms (QĐ 766, index 5.2): refused 2 working days, asked for more 5, answered 15, published 2 after the answer; counted
-- from the last transfer, else from the day it was sent. Rules: docs/counting.md, section 9.

CREATE FUNCTION marts.petitions_in_period(commune text, a date, b date) RETURNS TABLE (
    petition_code text,
    unit_code text,
    field_code text,
    kind text,
    topic text,
    is_received boolean,
    is_carried_over boolean,
    is_handled boolean,
    is_open boolean,
    is_due boolean,
    is_in_time boolean,
    is_late boolean,
    is_undetermined boolean,
    is_answered boolean,
    is_publication_due boolean,
    is_published boolean,
    is_disliked boolean,
    is_repeated boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH dated AS (
        SELECT
            p.*,
            core.day_of(coalesce(p.transferred_at, p.sent_at)) AS arrived_on,
            core.day_of(coalesce(p.replied_at, p.refused_at, p.supplement_requested_at)) AS handled_on,
            core.day_of(p.replied_at) AS replied_on,
            core.day_of(p.published_at) AS published_on,
            CASE
                WHEN p.replied_at IS NOT NULL THEN 15
                WHEN p.refused_at IS NOT NULL THEN 2
                WHEN p.supplement_requested_at IS NOT NULL THEN 5
                ELSE 15
            END AS term
        FROM core.petitions AS p
        WHERE p.commune_code = commune
    ),

    -- As it stood at the end of b: what came after is not there yet.
    standing AS (
        SELECT
            d.*,
            coalesce(d.handled_on <= b, false) AS was_handled,
            coalesce(d.published_on <= b, false) AS was_published,
            CASE
                WHEN d.handled_on <= b THEN marts.working_days_between(commune, d.arrived_on, d.handled_on)
                ELSE marts.working_days_between(commune, d.arrived_on, b)
            END AS waited,
            CASE
                WHEN d.replied_on > b OR d.replied_on IS NULL THEN 0
                ELSE marts.working_days_between(commune, d.replied_on, least(d.published_on, b))
            END AS waited_to_publish
        FROM dated AS d
        WHERE d.arrived_on <= b AND coalesce(d.handled_on >= a, true)
    ),

    judged AS (
        SELECT
            s.*,
            s.waited > CASE WHEN s.was_handled THEN s.term ELSE 15 END OR s.waited_to_publish > 2 AS is_late
        FROM standing AS s
    )

    SELECT
        j.petition_code,
        coalesce(u.unit_code, 'khac') AS unit_code,
        coalesce(j.field_key, 'khac') AS field_code,
        j.kind,
        j.topic,
        j.arrived_on >= a AS is_received,
        j.arrived_on < a AS is_carried_over,
        j.was_handled AS is_handled,
        NOT j.was_handled AS is_open,
        -- Handled in the period, or still waiting and past its term.
        j.was_handled OR coalesce(j.is_late, true) AS is_due,
        j.was_handled AND NOT j.is_late AS is_in_time,
        j.is_late,
        j.is_late IS NULL AS is_undetermined,
        coalesce(j.replied_on BETWEEN a AND b, false) AS is_answered,
        coalesce(j.replied_on <= b AND (j.was_published OR j.waited_to_publish > 2), false) AS is_publication_due,
        j.was_published AS is_published,
        coalesce(NOT j.is_satisfied, false) OR coalesce(j.dislike_count, 0) > coalesce(j.like_count, 0) AS is_disliked,
        coalesce(j.is_repeated, false) AS is_repeated
    FROM judged AS j
    LEFT JOIN core.unit_names AS u
        ON u.commune_code = commune AND u.name_key = j.unit_key AND j.arrived_on BETWEEN u.valid_from AND u.valid_to
$$;

COMMENT ON FUNCTION marts.petitions_in_period(text, date, date) IS
'Các phản ánh, kiến nghị đến chậm nhất vào cuối kỳ [a, b] và chưa xử lý xong trước kỳ.
petition_code: Mã phản ánh, kiến nghị.
unit_code: Mã đơn vị xử lý.
field_code: Khóa so tên của lĩnh vực.
kind: Loại: behaviour hành vi hành chính, regulation quy định hành chính.
topic: Nhóm nội dung.
is_received: Đến trong kỳ.
is_carried_over: Đến trước kỳ, chưa xử lý xong trước kỳ.
is_handled: Xử lý xong trong kỳ: đã trả lời, từ chối, hoặc yêu cầu bổ sung.
is_open: Đến cuối kỳ chưa xử lý xong.
is_due: Xử lý xong trong kỳ, hoặc đến cuối kỳ đã quá hạn mà chưa xong.
is_in_time: Xử lý xong trong hạn, và chưa quá hạn công khai.
is_late: Quá hạn xử lý hoặc quá hạn công khai, tính đến cuối kỳ; trống khi ra ngoài lịch đã công bố.
is_undetermined: Không biết có quá hạn không, vì ra ngoài lịch đã công bố.
is_answered: Trả lời trong kỳ.
is_publication_due: Đã trả lời, và đã công khai hoặc đã quá hạn công khai.
is_published: Câu trả lời đã công khai chậm nhất vào cuối kỳ.
is_disliked: Người gửi không hài lòng, hoặc lượt không thích nhiều hơn lượt thích.
is_repeated: Là phản ánh lặp lại.';
