-- Grain: one row per indicator or cell of a form, as defined now.
-- Answers: what an indicator is called, means and aims at.

CREATE VIEW indicators.definitions AS
WITH newest AS (
    SELECT definitions_hash
    FROM indicators.definition_versions
    ORDER BY noted_at DESC, definitions_hash
    LIMIT 1
)

SELECT
    v.definitions_hash,
    v.indicator,
    v.name,
    v.kind,
    v.direction,
    v.clause,
    v.clause_text,
    v.responsible,
    v.legal,
    v.words,
    v.item,
    v.numerator_sql,
    v.denominator_sql,
    v.value_sql,
    v.evidence_sql,
    v.form,
    v.form_column,
    v.levels,
    v.period_kinds,
    v.sources,
    v.feeds,
    v.targets,
    v.noted_at
FROM indicators.definition_versions AS v
INNER JOIN newest AS n ON n.definitions_hash = v.definitions_hash;

COMMENT ON VIEW indicators.definitions IS 'Định nghĩa đang dùng của mọi chỉ tiêu và ô biểu.';
COMMENT ON COLUMN indicators.definitions.definitions_hash IS 'Dấu vân tay của bộ định nghĩa, như ở indicators.builds.';
COMMENT ON COLUMN indicators.definitions.indicator IS 'Mã chỉ tiêu hoặc ô biểu.';
COMMENT ON COLUMN indicators.definitions.name IS 'Tên.';
COMMENT ON COLUMN indicators.definitions.kind IS 'Kiểu: rate, count, sum, ratio, median, published, change, difference, weighted, scored, clauses, mapped, no_source';
COMMENT ON COLUMN indicators.definitions.direction IS 'up: càng cao càng tốt; down: càng thấp càng tốt; near: càng gần 0 càng tốt; none: không chấm tốt xấu.';
COMMENT ON COLUMN indicators.definitions.clause IS 'Mục của văn bản chỉ đạo.';
COMMENT ON COLUMN indicators.definitions.clause_text IS 'Lời của mục ấy.';
COMMENT ON COLUMN indicators.definitions.responsible IS 'Trách nhiệm.';
COMMENT ON COLUMN indicators.definitions.legal IS 'Căn cứ.';
COMMENT ON COLUMN indicators.definitions.words IS 'Định nghĩa bằng lời, dịch từ chính các điều kiện đếm.';
COMMENT ON COLUMN indicators.definitions.item IS 'Hàm cho các dòng của kỳ; trống khi chỉ tiêu làm từ chỉ tiêu khác hoặc chưa có nguồn.';
COMMENT ON COLUMN indicators.definitions.numerator_sql IS 'Tử số, biểu thức gộp trên các dòng ấy; trống khi không phải phép chia.';
COMMENT ON COLUMN indicators.definitions.denominator_sql IS 'Mẫu số, biểu thức gộp; trống khi không có mẫu.';
COMMENT ON COLUMN indicators.definitions.value_sql IS 'Giá trị, biểu thức gộp, khi không phải phép chia.';
COMMENT ON COLUMN indicators.definitions.evidence_sql IS 'Truy vấn cho các dòng đứng sau con số, cùng điều kiện với phép đếm; indicators.evidence chạy nó.';
COMMENT ON COLUMN indicators.definitions.form IS 'Biểu mà ô này thuộc về; trống với chỉ tiêu.';
COMMENT ON COLUMN indicators.definitions.form_column IS 'Số cột của ô trong biểu.';
COMMENT ON COLUMN indicators.definitions.levels IS 'Các cấp được tính.';
COMMENT ON COLUMN indicators.definitions.period_kinds IS 'Các loại kỳ được tính.';
COMMENT ON COLUMN indicators.definitions.sources IS 'Các luồng mà thiếu thì con số không đủ.';
COMMENT ON COLUMN indicators.definitions.feeds IS 'Dùng cho: nhóm của QĐ 766, trường PAR, SIPAS, PAPI, đánh giá, thi đua.';
COMMENT ON COLUMN indicators.definitions.targets IS 'Mục tiêu theo ngày: from, value, source.';
COMMENT ON COLUMN indicators.definitions.noted_at IS 'Lần gần nhất bộ định nghĩa này bắt đầu được dùng.';
