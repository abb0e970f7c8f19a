"""Which login sees which communes is said by the owner in a table, and asked of the database by every policy."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ops.commune_readers (
    login text NOT NULL CHECK (btrim(login) <> ''),
    commune_code text NOT NULL CHECK (commune_code = '*' OR commune_code ~ '^[0-9A-Za-z]+$'),
    given_by text NOT NULL CHECK (btrim(given_by) <> ''),
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    given_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (login, commune_code)
);
COMMENT ON TABLE ops.commune_readers IS
'Tài khoản đăng nhập Postgres nào thấy số liệu của xã nào. Chỉ chủ kho ghi; mỗi lần đổi để lại một dòng ở ops.access_log.';
COMMENT ON COLUMN ops.commune_readers.login IS 'Tên tài khoản đăng nhập (session_user), không phải nhóm.';
COMMENT ON COLUMN ops.commune_readers.commune_code IS 'Mã đơn vị hành chính của xã; * là mọi xã của thành phố.';
COMMENT ON COLUMN ops.commune_readers.given_by IS 'Ai cho.';
COMMENT ON COLUMN ops.commune_readers.reason IS 'Vì sao, theo văn bản nào.';
COMMENT ON COLUMN ops.commune_readers.given_at IS 'Lúc cho.';
"""

# They name tables that are made after the migrations, so their bodies are looked up when they run.
# Whoever logged in is asked about (session_user), whatever role, view or function stands in between.
FUNCTIONS = """
CREATE FUNCTION ops.is_loader() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT bool_or(pg_has_role(session_user, r.oid, 'MEMBER'))
    FROM pg_roles AS r
    WHERE
        r.rolname = 'tthc_loader'
        OR r.oid = (SELECT c.relowner FROM pg_class AS c WHERE c.oid = 'ops.commune_readers'::regclass)
$$;
COMMENT ON FUNCTION ops.is_loader() IS 'Người đang đăng nhập là chủ kho hoặc máy nạp: thấy mọi xã.';

CREATE FUNCTION ops.known_communes() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- From one commune to the next by the index: nothing is counted.
    RETURN (
        WITH RECURSIVE fetched AS (
            SELECT min(f.commune_code) AS commune_code FROM ops.fetches AS f
            UNION ALL
            SELECT (SELECT min(f.commune_code) FROM ops.fetches AS f WHERE f.commune_code > n.commune_code)
            FROM fetched AS n WHERE n.commune_code IS NOT NULL
        ),
        computed AS (
            SELECT min(b.commune_code) AS commune_code FROM indicators.builds AS b
            UNION ALL
            SELECT (SELECT min(b.commune_code) FROM indicators.builds AS b WHERE b.commune_code > n.commune_code)
            FROM computed AS n WHERE n.commune_code IS NOT NULL
        )
        SELECT coalesce(array_agg(k.commune_code ORDER BY k.commune_code), '{}')
        FROM (
            SELECT c.commune_code FROM core.communes AS c
            UNION SELECT f.commune_code FROM fetched AS f WHERE f.commune_code IS NOT NULL
            UNION SELECT b.commune_code FROM computed AS b WHERE b.commune_code IS NOT NULL
        ) AS k
    );
END
$$;
COMMENT ON FUNCTION ops.known_communes() IS
'Mọi xã mà kho giữ số liệu: đã khai, đã đọc, hoặc đã tính.';

CREATE FUNCTION ops.communes_in_sight() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told text[] := (SELECT array_agg(r.commune_code) FROM ops.commune_readers AS r WHERE r.login = session_user);
    known text[];
BEGIN
    IF NOT '*' = ANY (told) THEN
        RETURN told;
    END IF;
    known := ops.known_communes();
    -- Nobody has to be told of a warehouse that holds one commune; of one that holds several, silence is nothing.
    IF told IS NOT NULL OR cardinality(known) = 1 OR ops.is_loader() THEN
        RETURN known;
    END IF;
    RETURN '{}';
END
$$;
COMMENT ON FUNCTION ops.communes_in_sight() IS
'Mã các xã mà người đang đăng nhập được xem, theo ops.commune_readers; kho chỉ có một xã thì không cần khai, có nhiều xã mà không được khai thì không xã nào.';

CREATE FUNCTION ops.sight() RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(c.commune_code, true), '{}') FROM unnest(ops.communes_in_sight()) AS c (commune_code)
$$;
COMMENT ON FUNCTION ops.sight() IS
'Như ops.communes_in_sight(), dạng đối tượng JSON: chính sách hỏi nó trước mọi điều kiện của người đọc.';

CREATE FUNCTION ops.sees_city() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ops.is_loader() OR ops.known_communes() <@ ops.communes_in_sight()
$$;
COMMENT ON FUNCTION ops.sees_city() IS 'Người đang đăng nhập được xem mọi xã mà kho giữ.';

CREATE FUNCTION ops.note_commune_readers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed ops.commune_readers := CASE WHEN tg_op = 'DELETE' THEN old ELSE new END;
BEGIN
    INSERT INTO ops.access_log (accessed_by, action, subject, reason)
    VALUES (
        concat_ws(' · ', coalesce(nullif(current_setting('tthc.changed_by', true), ''), changed.given_by), session_user),
        'rights.communes', concat_ws(' · ', lower(tg_op), changed.login, changed.commune_code),
        coalesce(nullif(current_setting('tthc.changed_because', true), ''), changed.reason)
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ops.note_commune_readers() IS 'Ghi lại mỗi lần cho, đổi hay thôi quyền xem số liệu của một xã.';
CREATE TRIGGER readers_are_noted AFTER INSERT OR UPDATE OR DELETE ON ops.commune_readers
FOR EACH ROW EXECUTE FUNCTION ops.note_commune_readers();
ALTER TABLE ops.commune_readers ENABLE ALWAYS TRIGGER readers_are_noted;

REVOKE ALL ON FUNCTION ops.is_loader() FROM PUBLIC;
REVOKE ALL ON FUNCTION ops.known_communes() FROM PUBLIC;
REVOKE ALL ON FUNCTION ops.communes_in_sight() FROM PUBLIC;
REVOKE ALL ON FUNCTION ops.sight() FROM PUBLIC;
REVOKE ALL ON FUNCTION ops.sees_city() FROM PUBLIC;
"""

# The two functions that show sheets as the owner ask for the commune too.
SHEETS = """
CREATE OR REPLACE FUNCTION restricted.sees_sheet(of_run bigint, of_kind text, of_code text, of_home_unit text)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    of_commune text;
BEGIN
    -- Whoever logged in, whatever role, view or function stands in between.
    IF ops.is_loader() THEN
        RETURN true;
    END IF;
    SELECT n.commune_code INTO of_commune FROM restricted.score_runs AS n WHERE n.score_run_id = of_run;
    IF of_commune = ANY (ops.communes_in_sight()) AND (
        of_kind = 'unit' OR EXISTS (
            SELECT FROM pg_roles AS r WHERE r.rolname = 'tthc_hr' AND pg_has_role(session_user, r.oid, 'MEMBER')
        )
    ) THEN
        RETURN true;
    END IF;
    -- The owner said who they are in that commune: sheets of units are shown to whoever may see any.
    RETURN EXISTS (
        SELECT FROM restricted.readers AS r
        WHERE r.login = session_user AND r.commune_code = of_commune AND (
            of_kind = 'unit'
            OR r.capacity = 'office'
            OR r.official_code = of_code
            OR r.capacity = 'head' AND EXISTS (
                SELECT FROM restricted.staff AS s
                WHERE
                    s.commune_code = r.commune_code AND s.official_code = r.official_code AND s.kind = 'posting'
                    AND s.is_head AND s.home_unit_code = of_home_unit
                    AND (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
                    BETWEEN s.starts_on AND coalesce(s.ends_on, 'infinity')
            )
        )
    );
END
$$;
COMMENT ON FUNCTION restricted.sees_sheet(bigint, text, text, text) IS
'Người đang đăng nhập có được xem một phiếu không: phiếu đơn vị thì người được xem xã ấy; phiếu của người thì theo restricted.readers, nhóm tthc_hr của xã ấy, và máy nạp.';

CREATE OR REPLACE FUNCTION restricted.sheet_hashes(of_run bigint) RETURNS TABLE (
    subject_kind text, subject_code text, sheet_sha256 text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.subject_kind, s.subject_code, s.sheet_sha256 FROM restricted.score_sheets AS s
    INNER JOIN restricted.score_runs AS n ON n.score_run_id = s.score_run_id
    WHERE s.score_run_id = of_run AND (ops.is_loader() OR n.commune_code = ANY (ops.communes_in_sight()))
    ORDER BY s.subject_kind, s.subject_code
$$;
"""


def upgrade() -> None:
    """Make who sees which commune, and the functions that policies and views ask."""
    connection = op.get_bind().connection.driver_connection
    for statements in (TABLES, FUNCTIONS, SHEETS):
        connection.execute(statements)


def downgrade() -> None:
    """There is no way back: who was let in has to be kept."""
    raise NotImplementedError("Sổ ai xem xã nào phải được giữ; khôi phục từ bản sao lưu nếu cần.")
