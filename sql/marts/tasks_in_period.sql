-- Grain: one row per task that a yes/no answer of docs/counting.md (registers) makes matter in the period [a, b].
-- Answers: which work was due in the period, done by its end, on time or late, reminded of, freed of its obstacle.
-- A cancelled task is nowhere: the register does not tell the day on which it was cancelled.

CREATE FUNCTION marts.tasks_in_period(commune text, a date, b date) RETURNS TABLE (
    task_code text,
    unit_code text,
    official_code text,
    kind text,
    source text,
    due_on date,
    done_on date,
    is_due boolean,
    is_done boolean,
    is_on_time boolean,
    is_late boolean,
    is_overdue boolean,
    is_excused boolean,
    is_done_in_period boolean,
    product_count integer,
    is_obstacle_due boolean,
    is_obstacle_resolved boolean,
    is_reminder_due boolean,
    has_reminder_term boolean,
    is_reminded boolean,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        t.task_code,
        t.unit_code,
        t.official_code,
        t.kind,
        t.source,
        t.due_on,
        t.done_on,
        x.is_due,
        coalesce(t.done_on <= b, false) AS is_done,
        coalesce(t.done_on <= t.due_on AND t.done_on <= b, false) AS is_on_time,
        r.is_late,
        x.is_overdue,
        t.excused_by IS NOT NULL AS is_excused,
        x.is_done_in_period,
        CASE WHEN t.kind = 'communication_product' THEN coalesce(t.done_count, 1) END AS product_count,
        x.is_obstacle_due,
        coalesce(t.obstacle_resolved_on <= coalesce(t.obstacle_due_on, b), false) AS is_obstacle_resolved,
        x.is_reminder_due,
        r.remind_by IS NOT NULL AS has_reminder_term,
        coalesce(t.reminded_on <= r.remind_by, false) AS is_reminded,
        t.fetch_id,
        t.row_number
    FROM core.tasks AS t
    CROSS JOIN LATERAL (
        SELECT
            t.due_on < b AND coalesce(t.done_on > t.due_on, true) AS is_late,
            marts.working_day_after(commune, t.due_on, 3) AS remind_by
    ) AS r
    CROSS JOIN LATERAL (
        SELECT
            t.due_on BETWEEN a AND b AS is_due,
            t.due_on < b AND coalesce(t.done_on > b, true) AS is_overdue,
            coalesce(t.done_on BETWEEN a AND b, false) AS is_done_in_period,
            coalesce(
                t.obstacle_reported_on IS NOT NULL
                AND coalesce(t.obstacle_due_on, t.obstacle_reported_on) BETWEEN a AND b,
                false
            ) AS is_obstacle_due,
            -- A term that the calendar cannot give is asked about in the period of the day after the deadline.
            r.is_late AND coalesce(r.remind_by, t.due_on + 1) BETWEEN a AND b AS is_reminder_due
    ) AS x
    WHERE
        t.commune_code = commune
        AND t.state <> 'cancelled'
        AND (x.is_due OR x.is_overdue OR x.is_done_in_period OR x.is_obstacle_due OR x.is_reminder_due)
$$;

COMMENT ON FUNCTION marts.tasks_in_period(text, date, date) IS
'Các việc của sổ nhiệm vụ có liên quan đến kỳ [a, b]; việc dừng thực hiện không có ở kỳ nào.
task_code: Mã nhiệm vụ.
unit_code: Đơn vị thực hiện.
official_code: Công chức phụ trách, theo sổ cán bộ; trống khi giao cả đơn vị.
kind: Loại việc: task, document, report, monitoring_report, inspection_plan, communication_product.
source: Nguồn giao: par_plan (kế hoạch CCHC), communication_plan (kế hoạch tuyên truyền), city, commune, reporting_rule.
due_on: Hạn đang có hiệu lực.
done_on: Ngày hoàn thành.
is_due: Đến hạn trong kỳ.
is_done: Đã hoàn thành đến hết ngày cuối kỳ.
is_on_time: Hoàn thành không sau hạn.
is_late: Đến ngày cuối kỳ đã qua hạn, và hoàn thành sau hạn hoặc chưa hoàn thành.
is_overdue: Hết ngày cuối kỳ chưa hoàn thành, hạn trước ngày ấy.
is_excused: Có văn bản xác nhận chậm vì lý do khách quan; vẫn tính là chậm, nêu riêng.
is_done_in_period: Hoàn thành trong kỳ.
product_count: Số sản phẩm tuyên truyền đã làm; sổ để trống thì dòng ấy là một sản phẩm.
is_obstacle_due: Có vướng mắc mà hạn xử lý trong kỳ; không ghi hạn thì theo ngày báo.
is_obstacle_resolved: Vướng mắc được xử lý không sau hạn của nó; không ghi hạn thì đến ngày cuối kỳ.
is_reminder_due: Việc chậm mà ngày làm việc thứ ba sau hạn ở trong kỳ.
has_reminder_term: Biết ngày làm việc thứ ba sau hạn (lịch làm việc đã công bố).
is_reminded: Được đôn đốc không sau ngày làm việc thứ ba sau hạn.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
