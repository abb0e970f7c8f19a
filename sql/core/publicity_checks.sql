-- Grain: one row per procedure and day on which its publicity was checked.
-- Answers: whether a procedure was posted, current and complete, at the Centre and on the portal, and since when.
-- Filled by: the merge of register__publicity.

CREATE TABLE core.publicity_checks (
    commune_code text NOT NULL,
    procedure_code text NOT NULL,
    checked_on date NOT NULL,
    is_at_center boolean NOT NULL,
    is_center_current boolean,
    is_center_complete boolean,
    center_posted_on date,
    is_on_portal boolean NOT NULL,
    is_portal_current boolean,
    is_portal_complete boolean,
    portal_posted_on date,
    decision_document text,
    decided_on date,
    official_code text,
    evidence text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, procedure_code, checked_on)
);

COMMENT ON TABLE core.publicity_checks IS 'Bảng kiểm công khai thủ tục: từng thủ tục, từng ngày kiểm.';
COMMENT ON COLUMN core.publicity_checks.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.publicity_checks.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.publicity_checks.checked_on IS 'Ngày kiểm.';
COMMENT ON COLUMN core.publicity_checks.is_at_center IS 'Có niêm yết tại Trung tâm Phục vụ hành chính công.';
COMMENT ON COLUMN core.publicity_checks.is_center_current IS 'Bản niêm yết đúng quyết định công bố mới nhất; trống khi không niêm yết.';
COMMENT ON COLUMN core.publicity_checks.is_center_complete IS 'Bản niêm yết đủ các bộ phận của thủ tục; trống khi không niêm yết.';
COMMENT ON COLUMN core.publicity_checks.center_posted_on IS 'Ngày niêm yết bản đang treo.';
COMMENT ON COLUMN core.publicity_checks.is_on_portal IS 'Có trên Cổng thông tin điện tử xã.';
COMMENT ON COLUMN core.publicity_checks.is_portal_current IS 'Bản trên Cổng đúng quyết định công bố mới nhất; trống khi không đăng.';
COMMENT ON COLUMN core.publicity_checks.is_portal_complete IS 'Bản trên Cổng đủ các bộ phận của thủ tục; trống khi không đăng.';
COMMENT ON COLUMN core.publicity_checks.portal_posted_on IS 'Ngày đăng bản đang có trên Cổng.';
COMMENT ON COLUMN core.publicity_checks.decision_document IS 'Quyết định công bố mới nhất của thành phố.';
COMMENT ON COLUMN core.publicity_checks.decided_on IS 'Ngày của quyết định ấy.';
COMMENT ON COLUMN core.publicity_checks.official_code IS 'Mã công chức đi kiểm, theo sổ cán bộ.';
COMMENT ON COLUMN core.publicity_checks.evidence IS 'Minh chứng.';
COMMENT ON COLUMN core.publicity_checks.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.publicity_checks.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.publicity_checks.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.publicity_checks.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.publicity_checks.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.publicity_checks.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
