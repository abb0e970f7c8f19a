"""Values that are no quotients, officials, and which source a number lacks since when."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE indicators.values
    ALTER COLUMN numerator DROP NOT NULL,
    DROP CONSTRAINT values_level_check,
    ADD CONSTRAINT values_level_check CHECK (level IN ('commune', 'unit', 'procedure', 'field', 'official')),
    DROP CONSTRAINT values_status_check,
    ADD CONSTRAINT values_status_check CHECK (status IN ('ok', 'small_n', 'incomplete', 'no_data', 'no_source')),
    DROP CONSTRAINT values_check,
    ADD CONSTRAINT values_check CHECK ((status IN ('no_data', 'no_source')) = (value IS NULL));
COMMENT ON COLUMN indicators.values.level IS 'Cấp: commune (xã), unit (đơn vị), procedure (thủ tục), field (lĩnh vực), official (công chức).';
COMMENT ON COLUMN indicators.values.numerator IS 'Tử số; với chỉ tiêu đếm, cộng thì là số đếm, tổng; trống với giá trị không phải phép chia.';
COMMENT ON COLUMN indicators.values.denominator IS 'Mẫu số; trống với chỉ tiêu đếm, cộng và giá trị không phải phép chia.';
COMMENT ON COLUMN indicators.values.value IS 'Giá trị, hai chữ số thập phân, làm tròn nửa lên; trống khi không có dữ liệu hoặc chưa có nguồn.';
COMMENT ON COLUMN indicators.values.status IS 'ok; small_n: mẫu số dưới 5; incomplete: một nguồn của kỳ còn thiếu hoặc chậm (indicators.gaps nói nguồn nào, từ ngày nào), hoặc một phần của kỳ chưa có dữ liệu để hỏi; no_data: mẫu số bằng 0 hoặc chưa biết gì; no_source: chưa nguồn nào nói được.';

CREATE TABLE indicators.gaps (
    build_id bigint NOT NULL REFERENCES indicators.builds (build_id) ON DELETE CASCADE,
    indicator text NOT NULL,
    stream text NOT NULL,
    lacks_from date NOT NULL,
    PRIMARY KEY (build_id, indicator, stream)
);
COMMENT ON TABLE indicators.gaps IS 'Trong mỗi bản tính, chỉ tiêu nào thiếu nguồn nào của kỳ, và từ ngày nào.';
COMMENT ON COLUMN indicators.gaps.build_id IS 'Số bản tính.';
COMMENT ON COLUMN indicators.gaps.indicator IS 'Mã chỉ tiêu.';
COMMENT ON COLUMN indicators.gaps.stream IS 'Luồng còn thiếu.';
COMMENT ON COLUMN indicators.gaps.lacks_from IS 'Ngày đầu tiên của kỳ mà luồng ấy chưa biết.';

CREATE TRIGGER published_stays BEFORE UPDATE OR DELETE ON indicators.gaps
FOR EACH ROW EXECUTE FUNCTION indicators.refuse_change();
CREATE TRIGGER published_is_full AFTER INSERT ON indicators.gaps
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_addition();
CREATE TRIGGER published_is_not_emptied BEFORE TRUNCATE ON indicators.gaps
FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_change();
ALTER TABLE indicators.gaps ENABLE ALWAYS TRIGGER published_stays;
ALTER TABLE indicators.gaps ENABLE ALWAYS TRIGGER published_is_full;
ALTER TABLE indicators.gaps ENABLE ALWAYS TRIGGER published_is_not_emptied;
"""


def upgrade() -> None:
    """Let values be what they are, and keep the gaps of each build as firmly as its values."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: published numbers may be of the new kinds."""
    raise NotImplementedError("Số đã công bố có thể thuộc kiểu mới; khôi phục từ bản sao lưu nếu cần.")
