"""Every revision names what it was computed from, keeps its facts, and is a link of a chain."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHAIN = """
ALTER TABLE indicators.revisions
    ADD COLUMN chain_number bigint,
    ADD COLUMN previous_hash text,
    ADD COLUMN chain_hash text,
    ADD COLUMN facts_hash text,
    ADD COLUMN inputs jsonb;
COMMENT ON COLUMN indicators.revisions.chain_number IS 'Mắt xích thứ mấy trong chuỗi các lần công bố của xã, từ 1.';
COMMENT ON COLUMN indicators.revisions.previous_hash IS 'Dấu vân tay của mắt xích trước; trống ở mắt xích đầu.';
COMMENT ON COLUMN indicators.revisions.chain_hash IS 'Dấu vân tay của dòng này, kể cả dấu vân tay của mắt xích trước.';
COMMENT ON COLUMN indicators.revisions.facts_hash IS 'Dấu vân tay của các dữ kiện đã đếm; trống ở lần công bố cũ hơn việc giữ dữ kiện.';
COMMENT ON COLUMN indicators.revisions.inputs IS 'Được tính từ gì: định nghĩa, lịch, danh mục, đơn vị, các lần đọc, mỗi thứ một dấu vân tay.';

CREATE TABLE indicators.revision_facts (
    revision_id bigint NOT NULL REFERENCES indicators.revisions (revision_id),
    item text NOT NULL,
    part_number integer NOT NULL,
    row_count integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (revision_id, item, part_number)
);
ALTER TABLE indicators.revision_facts ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE indicators.revision_facts IS 'Các dòng đã đếm của mỗi lần công bố, nén lại, để về sau nói được vì sao số đổi.';
COMMENT ON COLUMN indicators.revision_facts.revision_id IS 'Lần công bố.';
COMMENT ON COLUMN indicators.revision_facts.item IS 'Bảng mà chỉ tiêu đếm.';
COMMENT ON COLUMN indicators.revision_facts.part_number IS 'Phần thứ mấy, từ 1.';
COMMENT ON COLUMN indicators.revision_facts.row_count IS 'Số dòng trong phần này.';
COMMENT ON COLUMN indicators.revision_facts.body IS 'Các dòng dạng COPY của Postgres, nén zstd; tên và kiểu cột ở indicators.revisions.inputs.';

CREATE TABLE indicators.revision_seals (
    revision_id bigint PRIMARY KEY REFERENCES indicators.revisions (revision_id),
    key_id text NOT NULL,
    seal text NOT NULL
);
COMMENT ON TABLE indicators.revision_seals IS 'Dấu niêm của mỗi mắt xích, làm bằng khóa nằm ngoài cơ sở dữ liệu.';
COMMENT ON COLUMN indicators.revision_seals.revision_id IS 'Lần công bố.';
COMMENT ON COLUMN indicators.revision_seals.key_id IS 'Mã của khóa đã dùng (không phải khóa).';
COMMENT ON COLUMN indicators.revision_seals.seal IS 'HMAC-SHA256 của chain_hash.';

CREATE TABLE indicators.chain_heads (
    commune_code text PRIMARY KEY,
    chain_number bigint NOT NULL,
    chain_hash text NOT NULL
);
COMMENT ON TABLE indicators.chain_heads IS 'Mắt xích cuối của chuỗi công bố: mất lần công bố mới nhất thì thấy ngay.';
COMMENT ON COLUMN indicators.chain_heads.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.chain_heads.chain_number IS 'Số mắt xích.';
COMMENT ON COLUMN indicators.chain_heads.chain_hash IS 'Dấu vân tay của mắt xích cuối.';

CREATE FUNCTION indicators.revision_digest(link indicators.revisions) RETURNS text
LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
    SELECT encode(sha256(convert_to(jsonb_strip_nulls(to_jsonb(link) - 'chain_hash')::text, 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION indicators.revision_digest(indicators.revisions) IS
'Dấu vân tay của một mắt xích: mọi cột của dòng, trừ chính dấu ấy.';

CREATE FUNCTION indicators.link_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last indicators.chain_heads;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('chain' || new.commune_code));
    SELECT * INTO last FROM indicators.chain_heads AS h WHERE h.commune_code = new.commune_code FOR UPDATE;
    new.chain_number := coalesce(last.chain_number, 0) + 1;
    new.previous_hash := last.chain_hash;
    new.chain_hash := indicators.revision_digest(new);
    INSERT INTO indicators.chain_heads AS h (commune_code, chain_number, chain_hash)
    VALUES (new.commune_code, new.chain_number, new.chain_hash)
    ON CONFLICT (commune_code) DO UPDATE
    SET chain_number = excluded.chain_number, chain_hash = excluded.chain_hash;
    RETURN new;
END $$;
CREATE FUNCTION indicators.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The link of a new revision moves the head from inside its own trigger.
    IF tg_op = 'UPDATE' AND tg_table_name = 'chain_heads' THEN
        IF pg_trigger_depth() > 1 AND new.chain_number = old.chain_number + 1 THEN
            RETURN new;
        END IF;
    END IF;
    RAISE EXCEPTION 'Số liệu đã công bố không sửa, không xóa được (%.%).', tg_table_schema, tg_table_name
        USING HINT = 'Công bố một bản mới: tthc publish KỲ --by AI --reason LÝ_DO.';
END $$;
COMMENT ON FUNCTION indicators.link_revision() IS 'Nối lần công bố mới vào chuỗi.';
COMMENT ON FUNCTION indicators.refuse_rewriting() IS 'Bẫy giữ chuỗi công bố, dữ kiện và dấu niêm: không sửa, không xóa.';
"""

#: The revisions that are there already become the first links, in the order in which they were published.
OLD_ONES = """
ALTER TABLE indicators.revisions DISABLE TRIGGER published_stays;
DO $$
DECLARE
    link indicators.revisions;
    last indicators.chain_heads;
BEGIN
    FOR link IN SELECT * FROM indicators.revisions ORDER BY revision_id LOOP
        SELECT * INTO last FROM indicators.chain_heads AS h WHERE h.commune_code = link.commune_code;
        link.chain_number := coalesce(last.chain_number, 0) + 1;
        link.previous_hash := last.chain_hash;
        link.chain_hash := indicators.revision_digest(link);
        UPDATE indicators.revisions AS r
        SET chain_number = link.chain_number, previous_hash = link.previous_hash, chain_hash = link.chain_hash
        WHERE r.revision_id = link.revision_id;
        INSERT INTO indicators.chain_heads AS h (commune_code, chain_number, chain_hash)
        VALUES (link.commune_code, link.chain_number, link.chain_hash)
        ON CONFLICT (commune_code) DO UPDATE
        SET chain_number = excluded.chain_number, chain_hash = excluded.chain_hash;
    END LOOP;
END $$;
ALTER TABLE indicators.revisions ENABLE TRIGGER published_stays;
"""
FIRM = """
ALTER TABLE indicators.revisions
    ALTER COLUMN chain_number SET NOT NULL,
    ALTER COLUMN chain_hash SET NOT NULL,
    ADD CONSTRAINT revisions_chain_number UNIQUE (commune_code, chain_number);
"""

TRIGGERS = """
CREATE TRIGGER published_is_linked BEFORE INSERT ON indicators.revisions
FOR EACH ROW EXECUTE FUNCTION indicators.link_revision();
"""
KEPT = ("revision_facts", "revision_seals", "chain_heads")
GUARDED = {
    "builds": ("published_stays", "published_is_not_emptied"),
    "values": ("published_stays", "published_is_full", "published_is_not_emptied"),
    "revisions": ("published_stays", "published_is_not_emptied", "published_is_linked"),
    **dict.fromkeys(KEPT, ("published_stays", "published_is_not_emptied")),
}


def upgrade() -> None:
    """Add the chain, the facts and the seals; their triggers fire whatever a session says it is."""
    connection = op.get_bind().connection.driver_connection
    for statements in (CHAIN, OLD_ONES, FIRM, TRIGGERS):
        connection.execute(statements)
    for table in KEPT:
        connection.execute(
            f"CREATE TRIGGER published_stays BEFORE UPDATE OR DELETE ON indicators.{table}"
            f" FOR EACH ROW EXECUTE FUNCTION indicators.refuse_rewriting();"
            f" CREATE TRIGGER published_is_not_emptied BEFORE TRUNCATE ON indicators.{table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_rewriting();"
        )
    for table, triggers in GUARDED.items():
        for trigger in triggers:
            connection.execute(f"ALTER TABLE indicators.{table} ENABLE ALWAYS TRIGGER {trigger}")


def downgrade() -> None:
    """There is no way back: what these tables hold exists nowhere else."""
    raise NotImplementedError("Chuỗi các lần công bố không được gỡ bỏ; khôi phục từ bản sao lưu nếu cần.")
