-- Answers: the rows behind a number, by the predicates that counted it; they add up to it.
-- The rows are those of now: where they no longer add up to what was published, tthc changes says why.
-- Runs as whoever asks, so that who may not read restricted.* sees nothing through it.

CREATE FUNCTION indicators.evidence(
    in_commune text, in_calendar text, in_period text, at_level text, of_code text, of_indicator text
) RETURNS TABLE (
    row_key text,
    is_in_numerator boolean,
    numerator_part numeric,
    denominator_part numeric,
    details jsonb,
    stream text,
    fetch_id bigint,
    row_number integer,
    address text
)
LANGUAGE plpgsql STABLE
AS $body$
#variable_conflict use_column
DECLARE
    of_build record;
    behind text;
BEGIN
    -- What is published is explained as it was counted, a draft as it was last computed.
    SELECT b.period_start, b.period_end, b.definitions_hash INTO of_build
    FROM indicators.builds AS b
    LEFT JOIN indicators.revisions AS r ON r.build_id = b.build_id
    WHERE b.commune_code = in_commune AND b.calendar = in_calendar AND b.period = in_period
    ORDER BY r.revision_number DESC NULLS LAST, b.build_id DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Kỳ % (lịch %) chưa được tính.', in_period, in_calendar
            USING HINT = 'Các kỳ đã công bố: SELECT DISTINCT calendar, period FROM indicators.published.';
    END IF;
    SELECT d.evidence_sql INTO behind
    FROM indicators.definition_versions AS d
    WHERE d.indicator = of_indicator
    ORDER BY d.definitions_hash = of_build.definitions_hash DESC, d.noted_at DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Không có chỉ tiêu %.', of_indicator
            USING HINT = 'Các chỉ tiêu: SELECT indicator, name FROM indicators.definitions.';
    END IF;
    -- An indicator made of others has no rows of its own.
    IF behind IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        $query$
        SELECT
            e.row_key, e.is_in_numerator, e.numerator_part, e.denominator_part, e.details, g.stream, e.fetch_id,
            e.row_number, 'sha256:' || g.sha256 || ' · bản ghi ' || (e.row_number - g.first_row + 1)
        FROM (%s) AS e
        LEFT JOIN LATERAL (
            SELECT a.stream, a.sha256, a.first_row
            FROM marts.archive_pages AS a
            WHERE a.fetch_id = e.fetch_id AND a.first_row <= e.row_number
            ORDER BY a.first_row DESC
            LIMIT 1
        ) AS g ON true
        WHERE CASE $4
            WHEN 'commune' THEN true
            WHEN 'unit' THEN e.unit_code = $5
            WHEN 'procedure' THEN e.procedure_code = $5
            WHEN 'field' THEN e.field_code = $5
            WHEN 'official' THEN e.official_code = $5
        END
        ORDER BY e.is_in_numerator, e.row_key COLLATE "C"
        $query$,
        behind
    ) USING in_commune, of_build.period_start, of_build.period_end, at_level, of_code;
END
$body$;

COMMENT ON FUNCTION indicators.evidence(text, text, text, text, text, text) IS
'Các dòng đứng sau một con số, theo đúng điều kiện đã đếm nó: cộng lại thì ra con số. Sáu tham số là sáu cột đầu của indicators.published: xã, lịch, kỳ, cấp, mã, chỉ tiêu. Dòng là của hôm nay.
row_key: Khóa của dòng: mã hồ sơ, mã nhiệm vụ…
is_in_numerator: Dòng đạt, thuộc tử số.
numerator_part: Phần dòng này góp vào tử số; với trung vị và giá trị công bố là giá trị của dòng.
denominator_part: Phần dòng này góp vào mẫu số; trống khi chỉ tiêu không có mẫu.
details: Mọi câu trả lời của dòng trong kỳ.
stream: Luồng đã đưa dòng này vào.
fetch_id: Lần đọc đã đưa dòng này vào.
row_number: Thứ tự dòng trong lần đọc ấy.
address: Địa chỉ của dòng trong kho lưu.';
