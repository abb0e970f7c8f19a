"""Which releases the warehouse has been brought to, in their order: whoever meets another one's shapes knows who is older."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ops.upgrades (
    upgrade_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    release text NOT NULL,
    migration text NOT NULL,
    made text[] NOT NULL,
    seconds numeric NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.upgrades IS 'Mỗi lần kho được nâng cấp xong, theo thứ tự; lần bỏ dở không để lại gì.';
COMMENT ON COLUMN ops.upgrades.upgrade_id IS 'Số của lần nâng cấp.';
COMMENT ON COLUMN ops.upgrades.release IS 'Dấu vân tay của bản phần mềm: hình dạng mọi bảng của nó và bước di trú mới nhất.';
COMMENT ON COLUMN ops.upgrades.migration IS 'Bước di trú của bản ấy.';
COMMENT ON COLUMN ops.upgrades.made IS 'Các bảng, khung nhìn, hàm đã dựng lại.';
COMMENT ON COLUMN ops.upgrades.seconds IS 'Mất bao nhiêu giây.';
COMMENT ON COLUMN ops.upgrades.finished_at IS 'Lúc xong.';
"""


def upgrade() -> None:
    """Make the table."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """Drop the table: what it knows is only who is older."""
    op.execute("DROP TABLE ops.upgrades")
