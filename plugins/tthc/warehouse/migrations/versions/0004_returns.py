"""Quarantine as a desk: whose row it is, which case it belongs to, what ended it, and what came back mended."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE ops.quarantine
    ADD COLUMN unit_code text,
    ADD COLUMN case_id bigint REFERENCES ops.quarantine (quarantine_id),
    ADD COLUMN closed_fetch_id bigint REFERENCES ops.fetches (fetch_id),
    ADD COLUMN closed_row_number integer;
CREATE INDEX quarantine_closed_by ON ops.quarantine (closed_fetch_id) WHERE closed_fetch_id IS NOT NULL;
COMMENT ON COLUMN ops.quarantine.unit_code IS
'Đơn vị của dòng theo tên ghi trong dòng; trống khi luồng không ghi đơn vị, tên lạ, hoặc luồng hạn chế.';
COMMENT ON COLUMN ops.quarantine.case_id IS
'Số của dòng đầu tiên trong vụ việc, khi dòng này là bản sửa vẫn chưa đạt của nó; trống với dòng đầu tiên.';
COMMENT ON COLUMN ops.quarantine.closed_fetch_id IS 'Lần đọc đã khép dòng này: mang bản tốt, hoặc bản thay thế.';
COMMENT ON COLUMN ops.quarantine.closed_row_number IS
'Dòng của lần đọc ấy mang bản đã sửa, khi sửa bằng phiếu trả lại.';

CREATE TABLE ops.returned_rows (
    fetch_id bigint NOT NULL REFERENCES ops.fetches (fetch_id),
    address text NOT NULL,
    quarantine_id bigint NOT NULL REFERENCES ops.quarantine (quarantine_id),
    mended_by text,
    PRIMARY KEY (fetch_id, address)
);
COMMENT ON TABLE ops.returned_rows IS
'Dòng nào của một tệp gửi lại là bản sửa của dòng cách ly nào, theo cột Số cách ly.';
COMMENT ON COLUMN ops.returned_rows.fetch_id IS 'Lần đọc tệp gửi lại.';
COMMENT ON COLUMN ops.returned_rows.address IS 'Trang tính và dòng trong tệp gửi lại.';
COMMENT ON COLUMN ops.returned_rows.quarantine_id IS 'Số của dòng cách ly được sửa.';
COMMENT ON COLUMN ops.returned_rows.mended_by IS 'Người sửa, theo ô trong tệp hoặc theo người nạp; trống khi không ghi.';
"""


def upgrade() -> None:
    """Add what a returned and mended row needs; lines that are there already have no unit."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: who mended what is written nowhere else."""
    raise NotImplementedError("Sổ cái không được gỡ bỏ; khôi phục từ bản sao lưu nếu cần.")
