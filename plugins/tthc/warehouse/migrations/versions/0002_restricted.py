"""The schema for what few may read: staff by name, and what is said of their conduct. Its tables come from sql/."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the schema, closed to all but its owner until rights are given."""
    op.execute("CREATE SCHEMA restricted")
    op.execute("REVOKE ALL ON SCHEMA restricted FROM PUBLIC")
    op.execute(
        "COMMENT ON SCHEMA restricted IS"
        " 'Dữ liệu hạn chế: tên cán bộ, công chức và các vụ việc kỷ luật, kể cả các dòng vừa nhận.'"
    )


def downgrade() -> None:
    """Drop the schema and what is in it; the archive still holds the files."""
    op.execute("DROP SCHEMA restricted CASCADE")
