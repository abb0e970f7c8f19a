"""What goes because its term is over leaves the same line as what goes at a person's request, without a person."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE ops.erasures ALTER COLUMN subject_key DROP NOT NULL;
-- What was written again may be written again once more, and then is no object of the archive either.
ALTER TABLE ops.redactions DROP CONSTRAINT redactions_new_sha256_fkey;
COMMENT ON COLUMN ops.redactions.new_sha256 IS
'Mã băm của bản thay thế; bản ấy có thể lại là old_sha256 của một lần viết lại sau.';
COMMENT ON TABLE ops.erasures IS 'Mỗi lần xóa dữ liệu cá nhân: theo yêu cầu của chủ thể, hoặc vì đã hết hạn giữ.';
COMMENT ON COLUMN ops.erasures.subject_key IS
'Mã băm có khóa của số giấy tờ người yêu cầu; không phải số giấy tờ. Trống khi xóa vì đã hết hạn giữ.';
"""


def upgrade() -> None:
    """Let a line be of nobody in particular."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: such lines may be there."""
    raise NotImplementedError("Sổ xóa dữ liệu cá nhân phải được giữ; khôi phục từ bản sao lưu nếu cần.")
