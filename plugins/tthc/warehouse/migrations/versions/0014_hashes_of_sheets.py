"""Whoever compiles can show that a sheet is one of those that were sealed, without reading the others."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FUNCTION = """
CREATE FUNCTION restricted.sheet_hashes(of_run bigint) RETURNS TABLE (
    subject_kind text, subject_code text, sheet_sha256 text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.subject_kind, s.subject_code, s.sheet_sha256 FROM restricted.score_sheets AS s
    WHERE s.score_run_id = of_run ORDER BY s.subject_kind, s.subject_code
$$;
COMMENT ON FUNCTION restricted.sheet_hashes(bigint) IS
'Dấu vân tay của mọi phiếu trong một lần lập, không có nội dung phiếu nào.
subject_kind: unit: phiếu của đơn vị; official: phiếu của một người.
subject_code: Mã đơn vị hoặc mã công chức.
sheet_sha256: Dấu vân tay của phiếu.';
REVOKE ALL ON FUNCTION restricted.sheet_hashes(bigint) FROM PUBLIC;
"""


def upgrade() -> None:
    """Make the function; who may call it is said with all other rights."""
    op.get_bind().connection.driver_connection.execute(FUNCTION)


def downgrade() -> None:
    """Drop the function."""
    op.execute("DROP FUNCTION restricted.sheet_hashes(bigint)")
