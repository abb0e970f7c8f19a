-- Grain: one row per answer (a response and what it was asked) given in the period [a, b], both days inside.
-- Answers: who was satisfied, with what, of which unit and official.

CREATE FUNCTION marts.ratings_in_period(commune text, a date, b date) RETURNS TABLE (
    rating_code text,
    unit_code text,
    procedure_code text,
    field_code text,
    official_code text,
    item text,
    is_about_dossier boolean,
    is_satisfied boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH officials AS MATERIALIZED (
        SELECT o.official_code, o.official_key, o.valid_from, o.valid_to
        FROM marts.officials AS o
        WHERE o.commune_code = commune
    )

    SELECT
        r.response_code || '/' || r.item AS rating_code,
        coalesce(u.unit_code, d.unit_code, 'khac') AS unit_code,
        d.procedure_code,
        d.field_code,
        -- The person whom the answer names; it names nobody: who handled the dossier. An unknown name stays unknown.
        CASE
            WHEN num_nonnulls(r.official_code, r.official_key) = 0 THEN d.official_code
            ELSE (
                SELECT min(o.official_code)
                FROM officials AS o
                WHERE
                    core.day_of(r.rated_at) BETWEEN o.valid_from AND o.valid_to
                    AND (o.official_code = r.official_code OR r.official_code IS NULL AND o.official_key = r.official_key)
            )
        END AS official_code,
        r.item,
        r.dossier_code IS NOT NULL AS is_about_dossier,
        r.is_satisfied
    FROM core.ratings AS r
    LEFT JOIN marts.dossiers AS d ON d.commune_code = r.commune_code AND d.dossier_code = r.dossier_code
    LEFT JOIN core.unit_names AS u
        ON
            u.commune_code = r.commune_code
            AND u.name_key = r.unit_key
            AND core.day_of(r.rated_at) BETWEEN u.valid_from AND u.valid_to
    WHERE
        r.commune_code = commune
        AND r.rated_at >= a::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
        AND r.rated_at < (b + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
$$;

COMMENT ON FUNCTION marts.ratings_in_period(text, date, date) IS
'Các câu trả lời của phiếu đánh giá gửi trong kỳ [a, b].
rating_code: Mã phiếu và nội dung được hỏi.
unit_code: Mã đơn vị được đánh giá; không ghi thì là đơn vị của hồ sơ.
procedure_code: Mã thủ tục của hồ sơ được đánh giá.
field_code: Khóa so tên của lĩnh vực của hồ sơ được đánh giá.
official_code: Mã công chức được đánh giá; phiếu không nêu ai thì là người của bước xử lý cuối; trống khi không biết.
item: Nội dung được hỏi: overall mức độ hài lòng chung, attitude thái độ của công chức, và các nội dung khác.
is_about_dossier: Đánh giá một hồ sơ, không phải một lượt đến quầy.
is_satisfied: Câu trả lời là hài lòng.';
