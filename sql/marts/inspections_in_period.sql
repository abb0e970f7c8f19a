-- Grain: one row per inspection planned for or made in the period [a, b], or finding to be mended in it.
-- Answers: which inspections of the plan were made, which looked at discipline, what was mended in time.

CREATE FUNCTION marts.inspections_in_period(commune text, a date, b date) RETURNS TABLE (
    entry_code text,
    unit_code text,
    kind text,
    is_planned boolean,
    is_inspected boolean,
    is_inspected_in_period boolean,
    has_discipline_content boolean,
    is_mend_due boolean,
    is_mended_on_time boolean,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        r.entry_code,
        r.unit_code,
        r.kind,
        x.is_planned,
        coalesce(r.inspected_on <= b, false) AS is_inspected,
        x.is_inspected_in_period,
        coalesce(r.has_discipline_content, false) AS has_discipline_content,
        x.is_mend_due,
        coalesce(r.mended_on <= r.mend_due_on, false) AS is_mended_on_time,
        r.fetch_id,
        r.row_number
    FROM core.inspection_records AS r
    CROSS JOIN LATERAL (
        -- A finding copies the days of its inspection: they are not an inspection of their own.
        SELECT
            coalesce(r.kind = 'inspection' AND r.planned_on BETWEEN a AND b, false) AS is_planned,
            coalesce(r.kind = 'inspection' AND r.inspected_on BETWEEN a AND b, false) AS is_inspected_in_period,
            coalesce(r.kind = 'finding' AND r.mend_due_on BETWEEN a AND b, false) AS is_mend_due
    ) AS x
    WHERE r.commune_code = commune AND (x.is_planned OR x.is_inspected_in_period OR x.is_mend_due)
$$;

COMMENT ON FUNCTION marts.inspections_in_period(text, date, date) IS
'Các cuộc kiểm tra dự kiến hoặc đã làm trong kỳ [a, b], và các tồn tại đến hạn khắc phục trong kỳ.
entry_code: Mã dòng của sổ kiểm tra.
unit_code: Đơn vị được kiểm tra.
kind: Loại dòng: inspection (cuộc kiểm tra), finding (tồn tại).
is_planned: Cuộc kiểm tra có ngày dự kiến trong kỳ.
is_inspected: Đã kiểm tra đến ngày cuối kỳ.
is_inspected_in_period: Cuộc kiểm tra được làm trong kỳ, có trong kế hoạch hay đột xuất.
has_discipline_content: Cuộc kiểm tra có nội dung kỷ luật, kỷ cương hành chính.
is_mend_due: Tồn tại có hạn khắc phục trong kỳ.
is_mended_on_time: Đã khắc phục không sau hạn.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
