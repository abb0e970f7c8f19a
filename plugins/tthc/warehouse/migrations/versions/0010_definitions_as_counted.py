"""The definitions that numbers were counted by, kept beside the numbers for those who read them in SQL."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE indicators.definition_versions (
    definitions_hash text NOT NULL,
    indicator text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('up', 'down', 'near', 'none')),
    clause text NOT NULL,
    clause_text text NOT NULL,
    responsible text NOT NULL,
    legal text NOT NULL,
    words text NOT NULL,
    item text,
    numerator_sql text,
    denominator_sql text,
    value_sql text,
    evidence_sql text,
    form text,
    form_column integer,
    levels text[] NOT NULL,
    period_kinds text[] NOT NULL,
    sources text[] NOT NULL,
    feeds text[] NOT NULL,
    targets jsonb NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (definitions_hash, indicator)
);
COMMENT ON TABLE indicators.definition_versions IS 'Định nghĩa của từng chỉ tiêu và ô biểu, theo từng bộ định nghĩa đã dùng để tính; chép từ indicators/*.yaml mỗi khi bộ ấy đổi.';
COMMENT ON COLUMN indicators.definition_versions.definitions_hash IS 'Dấu vân tay của bộ định nghĩa, như ở indicators.builds.';
COMMENT ON COLUMN indicators.definition_versions.indicator IS 'Mã chỉ tiêu hoặc ô biểu.';
COMMENT ON COLUMN indicators.definition_versions.name IS 'Tên.';
COMMENT ON COLUMN indicators.definition_versions.kind IS 'Kiểu: rate, count, sum, ratio, median, published, change, difference, weighted, scored, clauses, mapped, no_source';
COMMENT ON COLUMN indicators.definition_versions.direction IS 'up: càng cao càng tốt; down: càng thấp càng tốt; near: càng gần 0 càng tốt; none: không chấm tốt xấu.';
COMMENT ON COLUMN indicators.definition_versions.clause IS 'Mục của văn bản chỉ đạo.';
COMMENT ON COLUMN indicators.definition_versions.clause_text IS 'Lời của mục ấy.';
COMMENT ON COLUMN indicators.definition_versions.responsible IS 'Trách nhiệm.';
COMMENT ON COLUMN indicators.definition_versions.legal IS 'Căn cứ.';
COMMENT ON COLUMN indicators.definition_versions.words IS 'Định nghĩa bằng lời, dịch từ chính các điều kiện đếm.';
COMMENT ON COLUMN indicators.definition_versions.item IS 'Hàm cho các dòng của kỳ; trống khi chỉ tiêu làm từ chỉ tiêu khác hoặc chưa có nguồn.';
COMMENT ON COLUMN indicators.definition_versions.numerator_sql IS 'Tử số, biểu thức gộp trên các dòng ấy; trống khi không phải phép chia.';
COMMENT ON COLUMN indicators.definition_versions.denominator_sql IS 'Mẫu số, biểu thức gộp; trống khi không có mẫu.';
COMMENT ON COLUMN indicators.definition_versions.value_sql IS 'Giá trị, biểu thức gộp, khi không phải phép chia.';
COMMENT ON COLUMN indicators.definition_versions.evidence_sql IS 'Truy vấn cho các dòng đứng sau con số, cùng điều kiện với phép đếm; indicators.evidence chạy nó.';
COMMENT ON COLUMN indicators.definition_versions.form IS 'Biểu mà ô này thuộc về; trống với chỉ tiêu.';
COMMENT ON COLUMN indicators.definition_versions.form_column IS 'Số cột của ô trong biểu.';
COMMENT ON COLUMN indicators.definition_versions.levels IS 'Các cấp được tính.';
COMMENT ON COLUMN indicators.definition_versions.period_kinds IS 'Các loại kỳ được tính.';
COMMENT ON COLUMN indicators.definition_versions.sources IS 'Các luồng mà thiếu thì con số không đủ.';
COMMENT ON COLUMN indicators.definition_versions.feeds IS 'Dùng cho: nhóm của QĐ 766, trường PAR, SIPAS, PAPI, đánh giá, thi đua.';
COMMENT ON COLUMN indicators.definition_versions.targets IS 'Mục tiêu theo ngày: from, value, source.';
COMMENT ON COLUMN indicators.definition_versions.noted_at IS 'Lần gần nhất bộ định nghĩa này bắt đầu được dùng.';
"""


def upgrade() -> None:
    """Make the table; the next computation fills it."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: old definitions are kept nowhere else."""
    raise NotImplementedError("Định nghĩa cũ chỉ có ở bảng này; khôi phục từ bản sao lưu nếu cần.")
