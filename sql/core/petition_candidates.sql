-- Grain: one row per staged row of petitions__cases.
-- Answers: the row as core.petitions would hold it, and what its suite needs to judge it.

CREATE VIEW core.petition_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        core.day_of(coalesce(s.transferred_at, s.sent_at, f.fetched_at)) AS named_on
    FROM staging.petitions__cases AS s
    INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
)

SELECT
    s.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    s.fetched_at,
    s.unreadable,
    s.petition_code,
    s.kind,
    s.topic,
    s.field_name AS field,
    s.field_key,
    s.dossier_code,
    s.unit_name,
    s.unit_key,
    s.sent_at,
    s.transferred_at,
    s.received_at,
    s.due_at,
    s.supplement_requested_at,
    s.refused_at,
    s.replied_at,
    s.published_at,
    s.status,
    s.satisfaction = 'yes' AS is_satisfied,
    s.like_count,
    s.dislike_count,
    s.is_repeated,
    -- From here on: for the judgement only.
    greatest(s.sent_at, s.transferred_at, s.received_at, s.supplement_requested_at, s.refused_at, s.replied_at, s.published_at) AS newest_at,
    n.unit_code
FROM staged AS s
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = s.commune_code
        AND n.name_key = s.unit_key
        AND s.named_on BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.petition_candidates IS 'Các phản ánh, kiến nghị vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.petition_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.petition_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.petition_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.petition_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.petition_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.petition_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.petition_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.petition_candidates.petition_code IS 'Mã phản ánh, kiến nghị.';
COMMENT ON COLUMN core.petition_candidates.kind IS 'Loại: behaviour hành vi hành chính, regulation quy định hành chính.';
COMMENT ON COLUMN core.petition_candidates.topic IS 'Nhóm nội dung: delay chậm giải quyết, attitude thái độ, nhũng nhiễu, extra_papers yêu cầu thêm giấy tờ, wrong_procedure sai thẩm quyền, quy trình, regulation nội dung quy định, other khác; trống khi không ghi.';
COMMENT ON COLUMN core.petition_candidates.field IS 'Lĩnh vực như đã nhận.';
COMMENT ON COLUMN core.petition_candidates.field_key IS 'Khóa so tên của lĩnh vực.';
COMMENT ON COLUMN core.petition_candidates.dossier_code IS 'Mã hồ sơ mà phản ánh nói tới, khi có.';
COMMENT ON COLUMN core.petition_candidates.unit_name IS 'Đơn vị xử lý như đã nhận.';
COMMENT ON COLUMN core.petition_candidates.unit_key IS 'Khóa so tên của đơn vị xử lý.';
COMMENT ON COLUMN core.petition_candidates.sent_at IS 'Lúc người gửi gửi.';
COMMENT ON COLUMN core.petition_candidates.transferred_at IS 'Lúc chuyển tới xã gần nhất; hạn tính từ đây khi có.';
COMMENT ON COLUMN core.petition_candidates.received_at IS 'Lúc tiếp nhận.';
COMMENT ON COLUMN core.petition_candidates.due_at IS 'Hạn xử lý do hệ thống ghi; hạn theo ngày làm việc tính riêng.';
COMMENT ON COLUMN core.petition_candidates.supplement_requested_at IS 'Lúc yêu cầu người gửi bổ sung.';
COMMENT ON COLUMN core.petition_candidates.refused_at IS 'Lúc từ chối.';
COMMENT ON COLUMN core.petition_candidates.replied_at IS 'Lúc trả lời.';
COMMENT ON COLUMN core.petition_candidates.published_at IS 'Lúc công khai câu trả lời.';
COMMENT ON COLUMN core.petition_candidates.status IS 'Trạng thái xử lý: new Mới tiếp nhận VPCP, received_locally Tiếp nhận ở địa phương, supplemented Đã bổ sung, handled_directly Xử lý trực tiếp, handled_locally Xử lý ở địa phương, emailed Đã gửi email, returned_inside Trả lại nội bộ, returned_to_others Trả BNĐP khác, returned_to_government_office Trả VPCP, awaiting_publication Chờ công khai, published Đã công khai, refused Từ chối, passed_on Chuyển bằng phần mềm riêng, awaiting_supplement Chờ bổ sung.';
COMMENT ON COLUMN core.petition_candidates.is_satisfied IS 'Người gửi hài lòng với cách xử lý; trống khi chưa đánh giá.';
COMMENT ON COLUMN core.petition_candidates.like_count IS 'Lượt thích câu trả lời đã công khai.';
COMMENT ON COLUMN core.petition_candidates.dislike_count IS 'Lượt không thích câu trả lời đã công khai.';
COMMENT ON COLUMN core.petition_candidates.is_repeated IS 'Là phản ánh lặp lại; trống khi hệ thống không ghi.';
COMMENT ON COLUMN core.petition_candidates.newest_at IS 'Thời điểm muộn nhất trong dòng, không kể hạn.';
COMMENT ON COLUMN core.petition_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên, vào ngày chuyển đến hoặc ngày gửi; trống là tên lạ.';
