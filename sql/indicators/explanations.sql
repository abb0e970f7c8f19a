-- Grain: one row per published value of the revision in force: commune, calendar, period, level, code, indicator.
-- Answers: what the number means, by which clause, whether it is whole, whether it meets its target, who answers for it.

CREATE VIEW indicators.explanations AS
WITH known AS (
    SELECT DISTINCT definitions_hash FROM indicators.definition_versions
),

-- A build from before definitions were kept is explained by those of now.
revisions AS (
    SELECT
        r.commune_code,
        r.calendar,
        r.period,
        r.revision_number,
        r.build_id,
        r.content_hash,
        r.chain_hash,
        r.approved_by,
        r.reason,
        k.definitions_hash IS NOT NULL AS is_as_counted,
        coalesce(k.definitions_hash, (SELECT min(d.definitions_hash) FROM indicators.definitions AS d))
            AS definitions_hash
    FROM indicators.revisions AS r
    INNER JOIN indicators.builds AS b ON b.build_id = r.build_id
    LEFT JOIN known AS k ON k.definitions_hash = b.definitions_hash
),

lacking AS (
    SELECT
        build_id,
        indicator,
        jsonb_object_agg(stream, lacks_from) AS lacks_from
    FROM indicators.gaps
    GROUP BY build_id, indicator
)

SELECT
    p.commune_code,
    p.calendar,
    p.period,
    p.period_start,
    p.period_end,
    p.level,
    p.code,
    p.indicator,
    d.name,
    d.kind,
    d.direction,
    d.form,
    d.clause,
    d.clause_text,
    d.responsible,
    d.legal,
    d.words,
    d.item,
    d.numerator_sql,
    d.denominator_sql,
    d.value_sql,
    r.is_as_counted,
    p.numerator,
    p.denominator,
    p.value,
    p.status,
    l.lacks_from,
    t.target,
    t.target_source,
    CASE d.direction
        WHEN 'up' THEN p.value >= t.target
        WHEN 'down' THEN p.value <= t.target
        WHEN 'near' THEN abs(p.value) <= t.target
    END AS meets_target,
    p.revision_number,
    p.published_at,
    r.approved_by,
    r.reason,
    r.content_hash,
    r.chain_hash
FROM indicators.published AS p
INNER JOIN revisions AS r
    ON
        r.commune_code = p.commune_code
        AND r.calendar = p.calendar
        AND r.period = p.period
        AND r.revision_number = p.revision_number
LEFT JOIN indicators.definition_versions AS d
    ON d.definitions_hash = r.definitions_hash AND d.indicator = p.indicator
LEFT JOIN lacking AS l ON l.build_id = r.build_id AND l.indicator = p.indicator
LEFT JOIN LATERAL (
    SELECT
        (e.target ->> 'value')::numeric AS target,
        e.target ->> 'source' AS target_source
    FROM jsonb_array_elements(d.targets) AS e (target)
    WHERE (e.target ->> 'from')::date <= p.period_end
    ORDER BY (e.target ->> 'from')::date DESC
    LIMIT 1
) AS t ON true;

COMMENT ON VIEW indicators.explanations IS 'Mỗi số đã công bố tự giải thích: định nghĩa, căn cứ, thiếu nguồn nào, mục tiêu, ai chịu trách nhiệm, thuộc lần công bố nào.';
COMMENT ON COLUMN indicators.explanations.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.explanations.calendar IS 'month hoặc report.';
COMMENT ON COLUMN indicators.explanations.period IS 'Kỳ.';
COMMENT ON COLUMN indicators.explanations.period_start IS 'Ngày đầu kỳ.';
COMMENT ON COLUMN indicators.explanations.period_end IS 'Ngày cuối kỳ.';
COMMENT ON COLUMN indicators.explanations.level IS 'Cấp: commune, unit, procedure, field, official.';
COMMENT ON COLUMN indicators.explanations.code IS 'Mã ở cấp đó; tên ở marts.level_names.';
COMMENT ON COLUMN indicators.explanations.indicator IS 'Mã chỉ tiêu hoặc ô biểu.';
COMMENT ON COLUMN indicators.explanations.name IS 'Tên chỉ tiêu.';
COMMENT ON COLUMN indicators.explanations.kind IS 'Kiểu: rate, count, sum, ratio, median, published, change, difference, weighted, scored, clauses, mapped, no_source';
COMMENT ON COLUMN indicators.explanations.direction IS 'up: càng cao càng tốt; down: càng thấp càng tốt; near: càng gần 0 càng tốt; none: không chấm tốt xấu.';
COMMENT ON COLUMN indicators.explanations.form IS 'Biểu mà ô này thuộc về; trống với chỉ tiêu.';
COMMENT ON COLUMN indicators.explanations.clause IS 'Mục của văn bản chỉ đạo.';
COMMENT ON COLUMN indicators.explanations.clause_text IS 'Lời của mục ấy.';
COMMENT ON COLUMN indicators.explanations.responsible IS 'Trách nhiệm.';
COMMENT ON COLUMN indicators.explanations.legal IS 'Căn cứ.';
COMMENT ON COLUMN indicators.explanations.words IS 'Định nghĩa bằng lời, dịch từ chính các điều kiện đếm.';
COMMENT ON COLUMN indicators.explanations.item IS 'Hàm cho các dòng được đếm.';
COMMENT ON COLUMN indicators.explanations.numerator_sql IS 'Tử số bằng SQL.';
COMMENT ON COLUMN indicators.explanations.denominator_sql IS 'Mẫu số bằng SQL.';
COMMENT ON COLUMN indicators.explanations.value_sql IS 'Giá trị bằng SQL, khi không phải phép chia.';
COMMENT ON COLUMN indicators.explanations.is_as_counted IS 'Định nghĩa ở dòng này là định nghĩa lúc tính; sai khi số được tính trước khi kho giữ định nghĩa, và dòng này dùng định nghĩa hiện nay.';
COMMENT ON COLUMN indicators.explanations.numerator IS 'Tử số.';
COMMENT ON COLUMN indicators.explanations.denominator IS 'Mẫu số.';
COMMENT ON COLUMN indicators.explanations.value IS 'Giá trị.';
COMMENT ON COLUMN indicators.explanations.status IS 'ok, small_n, incomplete, no_data hoặc no_source.';
COMMENT ON COLUMN indicators.explanations.lacks_from IS 'Nguồn còn thiếu của kỳ và ngày đầu tiên thiếu, dạng {"luồng": "ngày"}; trống khi đủ.';
COMMENT ON COLUMN indicators.explanations.target IS 'Mục tiêu có hiệu lực vào ngày cuối kỳ.';
COMMENT ON COLUMN indicators.explanations.target_source IS 'Mục tiêu từ đâu.';
COMMENT ON COLUMN indicators.explanations.meets_target IS 'Đạt mục tiêu; trống khi không có mục tiêu, không có giá trị hoặc chỉ tiêu không chấm tốt xấu.';
COMMENT ON COLUMN indicators.explanations.revision_number IS 'Lần công bố.';
COMMENT ON COLUMN indicators.explanations.published_at IS 'Lúc công bố.';
COMMENT ON COLUMN indicators.explanations.approved_by IS 'Người duyệt.';
COMMENT ON COLUMN indicators.explanations.reason IS 'Lý do công bố.';
COMMENT ON COLUMN indicators.explanations.content_hash IS 'Dấu vân tay của mọi số trong lần công bố.';
COMMENT ON COLUMN indicators.explanations.chain_hash IS 'Mắt xích của lần công bố trong chuỗi.';
