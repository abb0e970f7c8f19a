"""A person's request to be erased leaves a line, and each archived body that it changed its old and new hash."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ops.erasures (
    erasure_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    subject_key text NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    erased_by text NOT NULL,
    reason text NOT NULL,
    dossier_count integer NOT NULL,
    object_count integer NOT NULL
);
COMMENT ON TABLE ops.erasures IS 'Mỗi lần xóa dữ liệu cá nhân theo yêu cầu của chủ thể.';
COMMENT ON COLUMN ops.erasures.erasure_id IS 'Số của lần xóa.';
COMMENT ON COLUMN ops.erasures.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN ops.erasures.subject_key IS 'Mã băm có khóa của số giấy tờ người yêu cầu; không phải số giấy tờ.';
COMMENT ON COLUMN ops.erasures.erased_at IS 'Lúc xóa.';
COMMENT ON COLUMN ops.erasures.erased_by IS 'Người xóa.';
COMMENT ON COLUMN ops.erasures.reason IS 'Vì sao, theo văn bản nào.';
COMMENT ON COLUMN ops.erasures.dossier_count IS 'Số hồ sơ của người ấy; hồ sơ vẫn được đếm, chỉ không còn biết của ai.';
COMMENT ON COLUMN ops.erasures.object_count IS 'Số đối tượng của kho lưu đã được viết lại.';

CREATE TABLE ops.redactions (
    old_sha256 text PRIMARY KEY,
    new_sha256 text NOT NULL REFERENCES ops.archive_objects (sha256),
    erasure_id bigint NOT NULL REFERENCES ops.erasures (erasure_id),
    redacted_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz
);
COMMENT ON TABLE ops.redactions IS 'Đối tượng nào của kho lưu đã được viết lại thành đối tượng nào khi xóa dữ liệu cá nhân.';
COMMENT ON COLUMN ops.redactions.old_sha256 IS 'Mã băm của bản như đã nhận, nay không còn.';
COMMENT ON COLUMN ops.redactions.new_sha256 IS 'Mã băm của bản đã xóa dữ liệu của một người.';
COMMENT ON COLUMN ops.redactions.erasure_id IS 'Lần xóa.';
COMMENT ON COLUMN ops.redactions.redacted_at IS 'Lúc viết lại.';
COMMENT ON COLUMN ops.redactions.removed_at IS 'Lúc bản cũ rời kho lưu; trống khi còn phải gỡ.';
"""


def upgrade() -> None:
    """Make the two tables."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: a record of what was erased is kept."""
    raise NotImplementedError("Sổ xóa dữ liệu cá nhân phải được giữ; khôi phục từ bản sao lưu nếu cần.")
