"""Changes of the keys are remembered; a revision, and a run of an evaluation, may be sealed again with a newer key."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE ops.key_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('found', 'routine', 'leaked', 'retired')),
    generation integer NOT NULL CHECK (generation > 0),
    identity_key_id text NOT NULL,
    archive_key_id text NOT NULL,
    seal_key_id text NOT NULL,
    changed_by text NOT NULL,
    reason text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    key_file text,
    hash_count bigint,
    row_count bigint
);
COMMENT ON TABLE ops.key_changes IS 'Mỗi lần đổi khóa của nơi cài đặt; dòng cuối nói mọi mã băm trong kho đang thuộc khóa nào.';
COMMENT ON COLUMN ops.key_changes.change_id IS 'Số của lần đổi.';
COMMENT ON COLUMN ops.key_changes.kind IS 'found: ghi nhận lần đầu; routine: đổi định kỳ; leaked: đổi vì nghi lộ; retired: bỏ khóa cũ khỏi tệp khóa.';
COMMENT ON COLUMN ops.key_changes.generation IS 'Thế hệ khóa của mọi mã băm trong kho, từ 1; tăng khi đổi vì nghi lộ.';
COMMENT ON COLUMN ops.key_changes.identity_key_id IS 'Mã của khóa băm định danh (không phải khóa).';
COMMENT ON COLUMN ops.key_changes.archive_key_id IS 'Mã của khóa mã hóa kho lưu (không phải khóa).';
COMMENT ON COLUMN ops.key_changes.seal_key_id IS 'Mã của khóa làm dấu niêm (không phải khóa).';
COMMENT ON COLUMN ops.key_changes.changed_by IS 'Ai đổi.';
COMMENT ON COLUMN ops.key_changes.reason IS 'Vì sao.';
COMMENT ON COLUMN ops.key_changes.changed_at IS 'Lúc đổi.';
COMMENT ON COLUMN ops.key_changes.key_file IS 'Tệp khóa của kho lưu như lúc ấy: các khóa đã gói bằng TTHC_SECRET_KEY; chỉ giữ ở dòng cuối.';
COMMENT ON COLUMN ops.key_changes.hash_count IS 'Số mã băm định danh khác nhau đã chuyển sang khóa mới; trống khi không phải chuyển.';
COMMENT ON COLUMN ops.key_changes.row_count IS 'Số dòng đã mang mã băm hoặc dấu vân tay mới; trống khi không phải chuyển.';

CREATE TABLE ops.digest_changes (
    commune_code text NOT NULL,
    old_digest uuid NOT NULL,
    new_digest uuid NOT NULL,
    change_id bigint NOT NULL REFERENCES ops.key_changes (change_id),
    PRIMARY KEY (commune_code, old_digest)
);
CREATE INDEX digest_changes_new ON ops.digest_changes (commune_code, new_digest);
COMMENT ON TABLE ops.digest_changes IS 'Dấu vân tay nguồn của một hồ sơ trước khi đổi khóa thành dấu nào: dữ kiện đã công bố giữ dấu cũ.';
COMMENT ON COLUMN ops.digest_changes.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN ops.digest_changes.old_digest IS 'Dấu vân tay mọi phiên bản và sự kiện của hồ sơ, lúc còn khóa cũ.';
COMMENT ON COLUMN ops.digest_changes.new_digest IS 'Dấu vân tay của cũng những điều ấy dưới khóa đang dùng.';
COMMENT ON COLUMN ops.digest_changes.change_id IS 'Lần đổi khóa gần nhất đã chạm dòng này.';

ALTER TABLE indicators.revision_seals DROP CONSTRAINT revision_seals_pkey, ADD PRIMARY KEY (revision_id, key_id);
COMMENT ON TABLE indicators.revision_seals IS
'Dấu niêm của mỗi mắt xích, làm bằng khóa nằm ngoài cơ sở dữ liệu; đổi khóa vì nghi lộ thì thêm một dấu bên cạnh dấu cũ.';
ALTER TABLE restricted.score_seals DROP CONSTRAINT score_seals_pkey, ADD PRIMARY KEY (score_run_id, key_id);
COMMENT ON TABLE restricted.score_seals IS
'Dấu niêm của mỗi lần lập phiếu, làm bằng khóa nằm ngoài cơ sở dữ liệu; có dấu rồi thì không thêm phiếu được nữa. Đổi khóa vì nghi lộ thì thêm một dấu bên cạnh dấu cũ.';
"""


def upgrade() -> None:
    """Make the tables; the seals that are there stay what they are."""
    op.get_bind().connection.driver_connection.execute(STATEMENTS)


def downgrade() -> None:
    """There is no way back: which key made what is kept nowhere else."""
    raise NotImplementedError("Sổ đổi khóa phải được giữ; khôi phục từ bản sao lưu nếu cần.")
