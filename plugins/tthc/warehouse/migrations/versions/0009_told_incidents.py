"""Of each incident it is remembered when people were told, and when they were told that it is over."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE ops.incidents ADD COLUMN told_at timestamptz, ADD COLUMN recovery_told_at timestamptz;
COMMENT ON COLUMN ops.incidents.told_at IS 'Lúc đã báo cho người trực; trống khi chưa báo.';
COMMENT ON COLUMN ops.incidents.recovery_told_at IS 'Lúc đã báo là xong; trống khi chưa, hoặc chưa từng báo hỏng.';
"""


def upgrade() -> None:
    """Add the two moments."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: nobody would know what was told."""
    raise NotImplementedError("Cột này giữ việc đã báo hay chưa; khôi phục từ bản sao lưu nếu cần.")
