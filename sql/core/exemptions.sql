-- Grain: one row per request to exempt a late dossier, as its newest version says.
-- Answers: which late dossiers had an objective cause that two people approved.
-- Filled by: the merge of register__exemptions.

CREATE TABLE core.exemptions (
    commune_code text NOT NULL,
    exemption_code text NOT NULL,
    dossier_code text NOT NULL,
    step_official_code text,
    cause text NOT NULL,
    requested_on date NOT NULL,
    first_approver_code text,
    first_approved_on date,
    second_approver_code text,
    second_approved_on date,
    document text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, exemption_code),
    CONSTRAINT approvers_differ CHECK (lower(first_approver_code) <> lower(second_approver_code))
);

COMMENT ON TABLE core.exemptions IS 'Hồ sơ muộn vì nguyên nhân khách quan, với hai người duyệt.';
COMMENT ON COLUMN core.exemptions.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.exemptions.exemption_code IS 'Mã miễn trừ.';
COMMENT ON COLUMN core.exemptions.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN core.exemptions.step_official_code IS 'Mã công chức giữ bước được miễn; trống: cả hồ sơ.';
COMMENT ON COLUMN core.exemptions.cause IS 'Nguyên nhân khách quan: other_agency, system, force_majeure, changed_rules, other.';
COMMENT ON COLUMN core.exemptions.requested_on IS 'Ngày đề nghị.';
COMMENT ON COLUMN core.exemptions.first_approver_code IS 'Mã công chức của người duyệt thứ nhất.';
COMMENT ON COLUMN core.exemptions.first_approved_on IS 'Ngày duyệt thứ nhất.';
COMMENT ON COLUMN core.exemptions.second_approver_code IS 'Mã công chức của người duyệt thứ hai.';
COMMENT ON COLUMN core.exemptions.second_approved_on IS 'Ngày duyệt thứ hai.';
COMMENT ON COLUMN core.exemptions.document IS 'Văn bản miễn trừ.';
COMMENT ON COLUMN core.exemptions.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.exemptions.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.exemptions.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.exemptions.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.exemptions.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.exemptions.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
