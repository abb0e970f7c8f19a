-- Grain: one row per petition, as the petition system last showed it.
-- Answers: which petitions came, about what, when they were answered and published, and whether the sender was satisfied.
-- Filled by: the merge of petitions__cases.

CREATE TABLE core.petitions (
    commune_code text NOT NULL,
    petition_code text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('behaviour', 'regulation')),
    topic text,
    field text,
    field_key text,
    dossier_code text,
    unit_name text,
    unit_key text,
    sent_at timestamptz NOT NULL,
    transferred_at timestamptz,
    received_at timestamptz,
    due_at timestamptz,
    supplement_requested_at timestamptz,
    refused_at timestamptz,
    replied_at timestamptz,
    published_at timestamptz,
    status text NOT NULL,
    is_satisfied boolean,
    like_count integer,
    dislike_count integer,
    is_repeated boolean,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, petition_code)
);
CREATE INDEX petitions_of_dossier ON core.petitions (commune_code, dossier_code);

COMMENT ON TABLE core.petitions IS 'Phản ánh, kiến nghị về quy định hành chính và hành vi hành chính.';
COMMENT ON COLUMN core.petitions.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.petitions.petition_code IS 'Mã phản ánh, kiến nghị.';
COMMENT ON COLUMN core.petitions.kind IS 'Loại: behaviour hành vi hành chính, regulation quy định hành chính.';
COMMENT ON COLUMN core.petitions.topic IS 'Nhóm nội dung: delay chậm giải quyết, attitude thái độ, nhũng nhiễu, extra_papers yêu cầu thêm giấy tờ, wrong_procedure sai thẩm quyền, quy trình, regulation nội dung quy định, other khác; trống khi không ghi.';
COMMENT ON COLUMN core.petitions.field IS 'Lĩnh vực như đã nhận.';
COMMENT ON COLUMN core.petitions.field_key IS 'Khóa so tên của lĩnh vực.';
COMMENT ON COLUMN core.petitions.dossier_code IS 'Mã hồ sơ mà phản ánh nói tới, khi có.';
COMMENT ON COLUMN core.petitions.unit_name IS 'Đơn vị xử lý như đã nhận.';
COMMENT ON COLUMN core.petitions.unit_key IS 'Khóa so tên của đơn vị xử lý.';
COMMENT ON COLUMN core.petitions.sent_at IS 'Lúc người gửi gửi.';
COMMENT ON COLUMN core.petitions.transferred_at IS 'Lúc chuyển tới xã gần nhất; hạn tính từ đây khi có.';
COMMENT ON COLUMN core.petitions.received_at IS 'Lúc tiếp nhận.';
COMMENT ON COLUMN core.petitions.due_at IS 'Hạn xử lý do hệ thống ghi; hạn theo ngày làm việc tính riêng.';
COMMENT ON COLUMN core.petitions.supplement_requested_at IS 'Lúc yêu cầu người gửi bổ sung.';
COMMENT ON COLUMN core.petitions.refused_at IS 'Lúc từ chối.';
COMMENT ON COLUMN core.petitions.replied_at IS 'Lúc trả lời.';
COMMENT ON COLUMN core.petitions.published_at IS 'Lúc công khai câu trả lời.';
COMMENT ON COLUMN core.petitions.status IS 'Trạng thái xử lý: new Mới tiếp nhận VPCP, received_locally Tiếp nhận ở địa phương, supplemented Đã bổ sung, handled_directly Xử lý trực tiếp, handled_locally Xử lý ở địa phương, emailed Đã gửi email, returned_inside Trả lại nội bộ, returned_to_others Trả BNĐP khác, returned_to_government_office Trả VPCP, awaiting_publication Chờ công khai, published Đã công khai, refused Từ chối, passed_on Chuyển bằng phần mềm riêng, awaiting_supplement Chờ bổ sung.';
COMMENT ON COLUMN core.petitions.is_satisfied IS 'Người gửi hài lòng với cách xử lý; trống khi chưa đánh giá.';
COMMENT ON COLUMN core.petitions.like_count IS 'Lượt thích câu trả lời đã công khai.';
COMMENT ON COLUMN core.petitions.dislike_count IS 'Lượt không thích câu trả lời đã công khai.';
COMMENT ON COLUMN core.petitions.is_repeated IS 'Là phản ánh lặp lại; trống khi hệ thống không ghi.';
COMMENT ON COLUMN core.petitions.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.petitions.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.petitions.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.petitions.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.petitions.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.petitions.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
