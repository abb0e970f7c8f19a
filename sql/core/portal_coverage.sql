-- Grain: one row per commune that has an export of the portal.
-- Answers: of which days of reception the portal has been asked, so that what is not there is really missing.
-- Refill: replaces the commune's row, so running it twice changes nothing. `including` is a reading being merged.
-- Rules: docs/decisions/0015-what-an-export-covers.md.

CREATE TABLE core.portal_coverage (
    commune_code text PRIMARY KEY,
    covered datemultirange NOT NULL
);

COMMENT ON TABLE core.portal_coverage IS 'Những ngày tiếp nhận mà các tệp xuất của cổng bao trùm.';
COMMENT ON COLUMN core.portal_coverage.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.portal_coverage.covered IS 'Các ngày; hồ sơ tiếp nhận ngày khác thì chưa đối soát được.';

-- Refill
DELETE FROM core.portal_coverage
WHERE commune_code = %(commune_code)s;

INSERT INTO core.portal_coverage (commune_code, covered)
WITH exports AS (
    SELECT covers, window_from IS NOT NULL AS is_printed
    FROM ops.fetches
    WHERE
        commune_code = %(commune_code)s
        AND stream = 'portal__dossiers'
        AND (state = 'merged' OR fetch_id = %(including)s)
        AND covers IS NOT NULL
),

stretches AS (
    SELECT unnest(covers) AS stretch
    FROM exports
    WHERE is_printed
    UNION ALL
    -- Exports of neighbouring weeks leave a gap that belongs to neither; a printed window means what it says.
    SELECT unnest(core.joined_days((
        SELECT range_agg(stretch) FROM exports AS e CROSS JOIN unnest(e.covers) AS stretch WHERE NOT e.is_printed
    )))
)

SELECT
    %(commune_code)s AS commune_code,
    range_agg(stretch) AS covered
FROM stretches
HAVING count(*) > 0;
