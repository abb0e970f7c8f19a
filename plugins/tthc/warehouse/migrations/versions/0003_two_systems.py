"""What an export covers and what it says of itself, and numbers of which a part could not be asked about."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE ops.fetches ADD COLUMN covers datemultirange;
COMMENT ON COLUMN ops.fetches.covers IS 'Những ngày tiếp nhận mà tệp xuất bao trùm: cửa sổ in trên tệp (window_from, window_to), không in thì suy từ các dòng.';

CREATE TABLE ops.control_totals (
    fetch_id bigint NOT NULL REFERENCES ops.fetches (fetch_id),
    measure text NOT NULL,
    said numeric NOT NULL,
    counted numeric,
    place text NOT NULL,
    PRIMARY KEY (fetch_id, measure)
);
COMMENT ON TABLE ops.control_totals IS 'Số tổng mà chính tệp xuất ghi, và số ta đếm được từ các dòng đã đọc.';
COMMENT ON COLUMN ops.control_totals.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN ops.control_totals.measure IS 'rows: số dòng; còn lại là tên cột được cộng.';
COMMENT ON COLUMN ops.control_totals.said IS 'Số tổng tệp ghi.';
COMMENT ON COLUMN ops.control_totals.counted IS 'Số ta đếm hoặc cộng được; trống khi tệp chưa đưa vào vùng chờ.';
COMMENT ON COLUMN ops.control_totals.place IS 'Tệp ghi số tổng ở đâu: trang tính và dòng.';

ALTER TABLE indicators.values DROP CONSTRAINT values_status_check;
ALTER TABLE indicators.values ADD CONSTRAINT values_status_check
CHECK (status IN ('ok', 'small_n', 'incomplete', 'no_data'));
COMMENT ON COLUMN indicators.values.status IS 'ok; small_n: mẫu số dưới 5; incomplete: một phần của kỳ chưa có dữ liệu để hỏi, giá trị chỉ nói phần có; no_data: mẫu số bằng 0.';
"""


def upgrade() -> None:
    """Add what an export covers and its own totals, and the status of a number that is not whole."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: published numbers may carry the new status."""
    raise NotImplementedError("Số đã công bố có thể mang trạng thái mới; khôi phục từ bản sao lưu nếu cần.")
