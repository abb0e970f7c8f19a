"""Who asked that quarantined rows be judged again: decided by a steward, done by whoever may load."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ops.release_requests (
    request_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quarantine_id bigint NOT NULL REFERENCES ops.quarantine (quarantine_id),
    asked_at timestamptz NOT NULL DEFAULT now(),
    asked_by text NOT NULL CHECK (asked_by <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    answered_at timestamptz,
    is_released boolean,
    CHECK ((answered_at IS NULL) = (is_released IS NULL))
);
CREATE INDEX release_requests_of_row ON ops.release_requests (quarantine_id);
CREATE INDEX release_requests_waiting ON ops.release_requests (asked_at) WHERE answered_at IS NULL;
COMMENT ON TABLE ops.release_requests IS 'Đề nghị xét lại dòng cách ly: ai, vì sao, và dòng ấy đã đạt hay chưa.';
COMMENT ON COLUMN ops.release_requests.request_id IS 'Số của đề nghị.';
COMMENT ON COLUMN ops.release_requests.quarantine_id IS 'Dòng cách ly được đề nghị xét lại.';
COMMENT ON COLUMN ops.release_requests.asked_at IS 'Lúc đề nghị.';
COMMENT ON COLUMN ops.release_requests.asked_by IS 'Người đề nghị.';
COMMENT ON COLUMN ops.release_requests.reason IS 'Lý do.';
COMMENT ON COLUMN ops.release_requests.answered_at IS 'Lúc dòng được xét lại; trống khi chưa.';
COMMENT ON COLUMN ops.release_requests.is_released IS 'Dòng đã đạt và được nhập; trống khi chưa xét lại.';
"""


def upgrade() -> None:
    """Add the requests."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: who decided what is written nowhere else."""
    raise NotImplementedError("Sổ cái không được gỡ bỏ; khôi phục từ bản sao lưu nếu cần.")
