-- Grain: one row per line of the register of reviews that was due, proposed or answered in the period [a, b].
-- Answers: which procedures of the plan were reviewed, what was proposed, what came of it, what it saves.
-- The plan counts procedures, the register lines: of the lines of one procedure one answers for it, a reviewed one first.

CREATE FUNCTION marts.reviews_in_period(commune text, a date, b date) RETURNS TABLE (
    review_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    official_code text,
    is_due boolean,
    is_reviewed boolean,
    is_proposed boolean,
    is_answered boolean,
    is_accepted boolean,
    is_rejected boolean,
    cost_cut_vnd bigint,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        r.review_code,
        r.unit_code,
        r.procedure_code,
        coalesce(p.field_code, 'khac') AS field_code,
        r.official_code,
        x.is_due_line AND row_number() OVER lines = 1 AS is_due,
        coalesce(r.reviewed_on <= b, false) AS is_reviewed,
        x.is_proposed,
        x.is_answered,
        coalesce(r.answer IN ('accepted', 'partly_accepted') AND r.answered_on <= b, false) AS is_accepted,
        coalesce(r.answer = 'rejected' AND r.answered_on <= b, false) AS is_rejected,
        r.cost_cut_vnd,
        r.fetch_id,
        r.row_number
    FROM core.reviews AS r
    LEFT JOIN marts.procedures AS p ON p.commune_code = r.commune_code AND p.procedure_code = r.procedure_code
    CROSS JOIN LATERAL (
        SELECT
            coalesce(r.is_planned AND r.due_on BETWEEN a AND b, false) AS is_due_line,
            coalesce(r.proposed_on BETWEEN a AND b AND r.proposal_kind <> 'none', false) AS is_proposed,
            coalesce(r.answered_on BETWEEN a AND b, false) AS is_answered
    ) AS x
    WHERE r.commune_code = commune AND (x.is_due_line OR x.is_proposed OR x.is_answered)
    WINDOW lines AS (PARTITION BY r.procedure_code, x.is_due_line ORDER BY r.reviewed_on, r.review_code)
$$;

COMMENT ON FUNCTION marts.reviews_in_period(text, date, date) IS
'Các dòng của sổ rà soát thủ tục có hạn, có đề xuất hoặc có trả lời trong kỳ [a, b].
review_code: Mã rà soát.
unit_code: Đơn vị rà soát.
procedure_code: Mã thủ tục dạng d.dddddd.
field_code: Lĩnh vực theo danh mục; khac khi thủ tục không có trong danh mục.
official_code: Công chức đề xuất, theo sổ cán bộ.
is_due: Thủ tục trong kế hoạch có hạn rà soát trong kỳ; một thủ tục nhiều dòng thì một dòng đứng thay, dòng đã rà soát trước.
is_reviewed: Đã rà soát xong đến ngày cuối kỳ.
is_proposed: Đề xuất được gửi trong kỳ.
is_answered: Đề xuất được trả lời trong kỳ.
is_accepted: Đến ngày cuối kỳ đã được tiếp thu, toàn bộ hoặc một phần.
is_rejected: Đến ngày cuối kỳ đã bị trả lời là không tiếp thu.
cost_cut_vnd: Chi phí tuân thủ dự kiến cắt giảm mỗi năm, đồng; trống khi chưa tính.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
