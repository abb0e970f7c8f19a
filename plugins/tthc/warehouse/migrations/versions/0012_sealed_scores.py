"""Sheets of an evaluation as they were shown to people and as they were sealed: links of a chain, never changed."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE restricted.score_runs (
    score_run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    calendar text NOT NULL CHECK (calendar IN ('month', 'report')),
    period text NOT NULL,
    state text NOT NULL CHECK (state IN ('opened', 'sealed')),
    version integer NOT NULL CHECK (version > 0),
    opened_run_id bigint REFERENCES restricted.score_runs (score_run_id),
    opened_on date NOT NULL,
    closes_on date NOT NULL,
    revision_number integer NOT NULL,
    revision_hash text NOT NULL,
    rulesets jsonb NOT NULL,
    sheet_count integer NOT NULL CHECK (sheet_count > 0),
    content_hash text NOT NULL,
    missing jsonb NOT NULL DEFAULT '[]',
    missing_reason text,
    objection_count integer NOT NULL DEFAULT 0 CHECK (objection_count >= 0),
    made_by text NOT NULL,
    first_by text,
    first_reason text,
    second_by text,
    second_reason text,
    made_at timestamptz NOT NULL DEFAULT now(),
    chain_number bigint NOT NULL,
    previous_hash text,
    chain_hash text NOT NULL,
    UNIQUE (commune_code, chain_number),
    CHECK (closes_on > opened_on),
    CHECK (missing = '[]' OR missing_reason IS NOT NULL),
    CHECK (
        CASE state
            WHEN 'sealed' THEN num_nulls(opened_run_id, first_by, first_reason, second_by, second_reason) = 0
            ELSE num_nonnulls(opened_run_id, first_by, first_reason, second_by, second_reason) = 0
        END
    ),
    CONSTRAINT approved_by_two CHECK (lower(btrim(first_by)) <> lower(btrim(second_by)))
);
CREATE UNIQUE INDEX score_runs_one_seal ON restricted.score_runs (commune_code, calendar, period, version)
WHERE state = 'sealed';
COMMENT ON TABLE restricted.score_runs IS
'Các lần lập phiếu đánh giá của một kỳ: lần mở cho người được xem và khiếu nại, lần niêm sau khi hai người duyệt. Không sửa, không xóa được; niêm lại thì thành phiên bản mới. Hạn chế.';
COMMENT ON COLUMN restricted.score_runs.score_run_id IS 'Số của lần lập.';
COMMENT ON COLUMN restricted.score_runs.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.score_runs.calendar IS 'month: tháng dương lịch; report: kỳ báo cáo từ ngày 15 đến ngày 14.';
COMMENT ON COLUMN restricted.score_runs.period IS 'Kỳ đánh giá: 2025-Q3, 2025.';
COMMENT ON COLUMN restricted.score_runs.state IS 'opened: đã mở cho xem và khiếu nại; sealed: đã duyệt và niêm.';
COMMENT ON COLUMN restricted.score_runs.version IS 'Phiên bản thứ mấy của kỳ, từ 1; ở lần mở là phiên bản sẽ niêm.';
COMMENT ON COLUMN restricted.score_runs.opened_run_id IS 'Lần mở đứng trước lần niêm này.';
COMMENT ON COLUMN restricted.score_runs.opened_on IS 'Ngày mở khiếu nại.';
COMMENT ON COLUMN restricted.score_runs.closes_on IS 'Ngày làm việc thứ năm sau ngày mở: ngày cuối còn nhận khiếu nại.';
COMMENT ON COLUMN restricted.score_runs.revision_number IS 'Lần công bố của kỳ mà các phiếu đọc.';
COMMENT ON COLUMN restricted.score_runs.revision_hash IS 'chain_hash của lần công bố ấy.';
COMMENT ON COLUMN restricted.score_runs.rulesets IS 'Các bộ quy tắc đã dùng: mã bộ và dấu vân tay.';
COMMENT ON COLUMN restricted.score_runs.sheet_count IS 'Số phiếu, của đơn vị và của người.';
COMMENT ON COLUMN restricted.score_runs.content_hash IS 'Dấu vân tay của mọi phiếu: SHA-256 của các dòng “loại mã dấu”, theo thứ tự.';
COMMENT ON COLUMN restricted.score_runs.missing IS 'Ai còn thiếu tự chấm hoặc điểm của người đứng đầu mà vẫn tiếp tục.';
COMMENT ON COLUMN restricted.score_runs.missing_reason IS 'Vì sao tiếp tục khi còn thiếu.';
COMMENT ON COLUMN restricted.score_runs.objection_count IS 'Số khiếu nại của kỳ trong sổ, lúc lập.';
COMMENT ON COLUMN restricted.score_runs.made_by IS 'Ai lập.';
COMMENT ON COLUMN restricted.score_runs.first_by IS 'Người duyệt thứ nhất: bên tổng hợp.';
COMMENT ON COLUMN restricted.score_runs.first_reason IS 'Lời của người duyệt thứ nhất.';
COMMENT ON COLUMN restricted.score_runs.second_by IS 'Người duyệt thứ hai: bên quyết định, luôn là người khác.';
COMMENT ON COLUMN restricted.score_runs.second_reason IS 'Lời của người duyệt thứ hai.';
COMMENT ON COLUMN restricted.score_runs.made_at IS 'Lúc lập.';
COMMENT ON COLUMN restricted.score_runs.chain_number IS 'Mắt xích thứ mấy trong chuỗi các lần lập của xã, từ 1.';
COMMENT ON COLUMN restricted.score_runs.previous_hash IS 'Dấu vân tay của mắt xích trước; trống ở mắt xích đầu.';
COMMENT ON COLUMN restricted.score_runs.chain_hash IS 'Dấu vân tay của dòng này, kể cả dấu vân tay của mắt xích trước.';

CREATE TABLE restricted.score_sheets (
    score_run_id bigint NOT NULL REFERENCES restricted.score_runs (score_run_id),
    subject_kind text NOT NULL CHECK (subject_kind IN ('unit', 'official')),
    subject_code text NOT NULL,
    home_unit text NOT NULL,
    working_unit text NOT NULL,
    sheet jsonb NOT NULL,
    sheet_sha256 text NOT NULL,
    PRIMARY KEY (score_run_id, subject_kind, subject_code)
);
COMMENT ON TABLE restricted.score_sheets IS 'Từng phiếu của một lần lập, đúng như đã cho xem hoặc đã niêm. Hạn chế.';
COMMENT ON COLUMN restricted.score_sheets.score_run_id IS 'Lần lập.';
COMMENT ON COLUMN restricted.score_sheets.subject_kind IS 'unit: phiếu của đơn vị; official: phiếu của một người.';
COMMENT ON COLUMN restricted.score_sheets.subject_code IS 'Mã đơn vị, hoặc mã công chức; không có tên.';
COMMENT ON COLUMN restricted.score_sheets.home_unit IS 'Đơn vị chủ quản, nơi đánh giá người ấy; với đơn vị là chính nó.';
COMMENT ON COLUMN restricted.score_sheets.working_unit IS 'Đơn vị làm việc; với đơn vị là chính nó.';
COMMENT ON COLUMN restricted.score_sheets.sheet IS 'Cả phiếu; số thập phân viết thành chữ để không mất chữ số nào.';
COMMENT ON COLUMN restricted.score_sheets.sheet_sha256 IS 'SHA-256 của phiếu viết thành JSON: khóa theo thứ tự, không dấu cách, UTF-8.';

CREATE TABLE restricted.score_seals (
    score_run_id bigint PRIMARY KEY REFERENCES restricted.score_runs (score_run_id),
    key_id text NOT NULL,
    seal text NOT NULL
);
COMMENT ON TABLE restricted.score_seals IS 'Dấu niêm của mỗi lần lập phiếu, làm bằng khóa nằm ngoài cơ sở dữ liệu; có dấu rồi thì không thêm phiếu được nữa.';
COMMENT ON COLUMN restricted.score_seals.score_run_id IS 'Lần lập.';
COMMENT ON COLUMN restricted.score_seals.key_id IS 'Mã của khóa đã dùng (không phải khóa).';
COMMENT ON COLUMN restricted.score_seals.seal IS 'HMAC-SHA256 của chain_hash.';

CREATE TABLE restricted.score_chain_heads (
    commune_code text PRIMARY KEY,
    chain_number bigint NOT NULL,
    chain_hash text NOT NULL
);
COMMENT ON TABLE restricted.score_chain_heads IS 'Mắt xích cuối của chuỗi các lần lập phiếu: mất lần mới nhất thì thấy ngay.';
COMMENT ON COLUMN restricted.score_chain_heads.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.score_chain_heads.chain_number IS 'Số mắt xích.';
COMMENT ON COLUMN restricted.score_chain_heads.chain_hash IS 'Dấu vân tay của mắt xích cuối.';
"""

FUNCTIONS = """
CREATE FUNCTION restricted.score_run_digest(link restricted.score_runs) RETURNS text
LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
    SELECT encode(sha256(convert_to(jsonb_strip_nulls(to_jsonb(link) - 'chain_hash')::text, 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION restricted.score_run_digest(restricted.score_runs) IS
'Dấu vân tay của một lần lập phiếu: mọi cột của dòng, trừ chính dấu ấy.';

CREATE FUNCTION restricted.link_score_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last restricted.score_chain_heads;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('score_chain' || new.commune_code));
    SELECT * INTO last FROM restricted.score_chain_heads AS h WHERE h.commune_code = new.commune_code FOR UPDATE;
    new.chain_number := coalesce(last.chain_number, 0) + 1;
    new.previous_hash := last.chain_hash;
    new.chain_hash := restricted.score_run_digest(new);
    INSERT INTO restricted.score_chain_heads AS h (commune_code, chain_number, chain_hash)
    VALUES (new.commune_code, new.chain_number, new.chain_hash)
    ON CONFLICT (commune_code) DO UPDATE
    SET chain_number = excluded.chain_number, chain_hash = excluded.chain_hash;
    RETURN new;
END $$;
CREATE FUNCTION restricted.refuse_rescoring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The link of a new run moves the head from inside its own trigger.
    IF tg_op = 'UPDATE' AND tg_table_name = 'score_chain_heads' THEN
        IF pg_trigger_depth() > 1 AND new.chain_number = old.chain_number + 1 THEN
            RETURN new;
        END IF;
    END IF;
    RAISE EXCEPTION 'Phiếu đánh giá đã mở hoặc đã niêm không sửa, không xóa được (%.%).', tg_table_schema, tg_table_name
        USING HINT = 'Lập lại thì thành phiên bản mới bên cạnh: tthc score seal KỲ.';
END $$;
CREATE FUNCTION restricted.refuse_more_sheets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added AS a INNER JOIN restricted.score_seals AS s ON s.score_run_id = a.score_run_id
    ) THEN
        RAISE EXCEPTION 'Lần lập phiếu đã có dấu niêm, không thêm phiếu được.';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION restricted.link_score_run() IS 'Nối lần lập phiếu mới vào chuỗi.';
COMMENT ON FUNCTION restricted.refuse_rescoring() IS 'Bẫy giữ phiếu đánh giá: không sửa, không xóa, không làm rỗng.';
COMMENT ON FUNCTION restricted.refuse_more_sheets() IS 'Bẫy giữ phiếu đánh giá: không thêm phiếu vào lần lập đã có dấu.';
CREATE TRIGGER sealed_is_linked BEFORE INSERT ON restricted.score_runs
FOR EACH ROW EXECUTE FUNCTION restricted.link_score_run();
CREATE TRIGGER sealed_is_full AFTER INSERT ON restricted.score_sheets
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION restricted.refuse_more_sheets();
ALTER TABLE restricted.score_runs ENABLE ALWAYS TRIGGER sealed_is_linked;
ALTER TABLE restricted.score_sheets ENABLE ALWAYS TRIGGER sealed_is_full;
"""
KEPT = ("score_runs", "score_sheets", "score_seals", "score_chain_heads")


def upgrade() -> None:
    """Make the tables and what keeps them; the triggers fire whatever a session says it is."""
    connection = op.get_bind().connection.driver_connection
    for statements in (TABLES, FUNCTIONS):
        connection.execute(statements)
    for table in KEPT:
        connection.execute(
            f"CREATE TRIGGER sealed_stays BEFORE UPDATE OR DELETE ON restricted.{table}"
            f" FOR EACH ROW EXECUTE FUNCTION restricted.refuse_rescoring();"
            f" CREATE TRIGGER sealed_is_not_emptied BEFORE TRUNCATE ON restricted.{table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION restricted.refuse_rescoring();"
            f" ALTER TABLE restricted.{table} ENABLE ALWAYS TRIGGER sealed_stays;"
            f" ALTER TABLE restricted.{table} ENABLE ALWAYS TRIGGER sealed_is_not_emptied"
        )


def downgrade() -> None:
    """There is no way back: what these tables hold exists nowhere else."""
    raise NotImplementedError("Phiếu đánh giá đã niêm không được gỡ bỏ; khôi phục từ bản sao lưu nếu cần.")
