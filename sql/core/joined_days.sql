-- Answers: the stretches that days make when gaps of up to ten days between them mean nothing: no export has rows of
-- a weekend, and the longest holiday with its weekends takes nine days.

CREATE FUNCTION core.joined_days(days datemultirange) RETURNS datemultirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(range_agg(daterange(lower(wide), upper(wide) - 10)), '{}')
    FROM unnest((
        SELECT range_agg(daterange(lower(stretch), upper(stretch) + 10))
        FROM unnest(days) AS stretch
    )) AS wide
);

COMMENT ON FUNCTION core.joined_days(datemultirange) IS
'Các khoảng ngày sau khi nối những chỗ hở không quá mười ngày: ngày nghỉ không có hồ sơ nào.';
