-- Grain: one row per index whose result of the period's year has been published; the period is a year.
-- Answers: what the city or a ministry published about that year, whenever it did.

CREATE FUNCTION marts.official_results_in_period(commune text, a date, b date) RETURNS TABLE (
    index_code text,
    value numeric,
    average_value numeric,
    rank integer,
    ranked_count integer,
    class_name text,
    source_document text,
    published_on date,
    fetch_id bigint,
    row_number integer
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        r.index_code,
        r.value,
        r.average_value,
        r.rank,
        r.ranked_count,
        r.class_name,
        r.source_document,
        r.published_on,
        r.fetch_id,
        r.row_number
    FROM core.official_results AS r
    -- Both calendars end a year inside it.
    WHERE r.commune_code = commune AND r.result_year = extract(YEAR FROM b)
$$;

COMMENT ON FUNCTION marts.official_results_in_period(text, date, date) IS
'Kết quả chính thức của năm mà kỳ [a, b] là năm ấy, không kể công bố lúc nào.
index_code: Chỉ số: par_index, sipas, head_class, index_766, ddci, papi.
value: Điểm hoặc tỷ lệ như đã công bố; trống khi chỉ có xếp loại.
average_value: Trung bình của nhóm như đã công bố.
rank: Thứ hạng trong nhóm.
ranked_count: Số đơn vị trong nhóm.
class_name: Xếp loại, đúng chữ của văn bản.
source_document: Văn bản công bố.
published_on: Ngày của văn bản ấy.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Số thứ tự dòng trong lần đọc ấy.';
