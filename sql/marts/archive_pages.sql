-- Grain: one row per page of a reading that holds records.
-- Answers: under which hash the archive keeps the record that a row of ours came from; never what it says.
-- Runs as the owner, over tables that its readers may not read: so it asks itself which communes they may see.

CREATE VIEW marts.archive_pages WITH (security_barrier = true) AS
SELECT
    f.commune_code,
    f.stream,
    g.fetch_id,
    g.page_number,
    g.first_row,
    g.record_count,
    g.sha256
FROM ops.fetch_pages AS g
INNER JOIN ops.fetches AS f ON f.fetch_id = g.fetch_id
WHERE
    g.record_count > 0
    AND ((SELECT ops.sight()))[f.commune_code] IS NOT NULL
    AND f.commune_code = ANY ((SELECT ops.communes_in_sight())::text[]);

COMMENT ON VIEW marts.archive_pages IS 'Trang nào của kho lưu giữ những dòng nào của một lần đọc: địa chỉ, không có nội dung.';
COMMENT ON COLUMN marts.archive_pages.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.archive_pages.stream IS 'Luồng, như tệp trong sources/.';
COMMENT ON COLUMN marts.archive_pages.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN marts.archive_pages.page_number IS 'Thứ tự trang trong lần đọc, từ 1.';
COMMENT ON COLUMN marts.archive_pages.first_row IS 'Số thứ tự dòng (row_number) của bản ghi đầu trang.';
COMMENT ON COLUMN marts.archive_pages.record_count IS 'Số bản ghi trong trang.';
COMMENT ON COLUMN marts.archive_pages.sha256 IS 'Mã băm của trang, cũng là địa chỉ của nó trong kho lưu.';
