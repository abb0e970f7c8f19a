"""Who sees which personal sheet is said by the database, row by row, and every reading is asked for in writing first."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE restricted.readers (
    login text NOT NULL CHECK (btrim(login) <> ''),
    commune_code text NOT NULL,
    capacity text NOT NULL CHECK (capacity IN ('self', 'head', 'office')),
    official_code text,
    given_by text NOT NULL CHECK (btrim(given_by) <> ''),
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    given_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (login, commune_code, capacity),
    CHECK ((capacity = 'office') = (official_code IS NULL))
);
COMMENT ON TABLE restricted.readers IS
'Tài khoản đăng nhập Postgres nào là ai khi xem phiếu đánh giá: chính người ấy, người đứng đầu đơn vị, hay bên tổng hợp. Mỗi lần đổi để lại một dòng ở ops.access_log. Hạn chế.';
COMMENT ON COLUMN restricted.readers.login IS 'Tên tài khoản đăng nhập (session_user), không phải nhóm.';
COMMENT ON COLUMN restricted.readers.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.readers.capacity IS
'self: phiếu của chính mình; head: thêm phiếu của người thuộc đơn vị mà hôm nay mình đứng đầu theo sổ cán bộ; office: mọi phiếu của xã.';
COMMENT ON COLUMN restricted.readers.official_code IS 'Mã công chức của người đăng nhập; trống với bên tổng hợp.';
COMMENT ON COLUMN restricted.readers.given_by IS 'Ai cho.';
COMMENT ON COLUMN restricted.readers.reason IS 'Vì sao, theo văn bản nào.';
COMMENT ON COLUMN restricted.readers.given_at IS 'Lúc cho.';

CREATE TABLE restricted.sheet_requests (
    access_id bigint PRIMARY KEY,
    login text NOT NULL,
    commune_code text NOT NULL,
    calendar text NOT NULL,
    period text NOT NULL,
    state text NOT NULL CHECK (state IN ('opened', 'sealed')),
    version integer,
    subject_code text,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_in xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE restricted.sheet_requests IS
'Mỗi lần xin xem phiếu đánh giá; phải ghi xong (COMMIT) rồi mới đọc được, nên không ai đọc rồi xóa dấu vết bằng ROLLBACK. Hạn chế.';
COMMENT ON COLUMN restricted.sheet_requests.access_id IS 'Số dòng ở ops.access_log của lần xin này.';
COMMENT ON COLUMN restricted.sheet_requests.login IS 'Tài khoản đã xin; chỉ tài khoản ấy đọc được bằng số này.';
COMMENT ON COLUMN restricted.sheet_requests.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.sheet_requests.calendar IS 'Lịch của kỳ.';
COMMENT ON COLUMN restricted.sheet_requests.period IS 'Kỳ đánh giá.';
COMMENT ON COLUMN restricted.sheet_requests.state IS 'opened: phiếu đang mở cho khiếu nại; sealed: phiếu đã niêm.';
COMMENT ON COLUMN restricted.sheet_requests.version IS 'Phiên bản; trống là bản mới nhất.';
COMMENT ON COLUMN restricted.sheet_requests.subject_code IS 'Mã người hoặc đơn vị; trống là mọi phiếu được phép.';
COMMENT ON COLUMN restricted.sheet_requests.asked_at IS 'Lúc xin; sau mười phút phải xin lại.';
COMMENT ON COLUMN restricted.sheet_requests.asked_in IS 'Giao dịch đã xin; chính giao dịch ấy không đọc được.';
"""

# They name tables that are made after the migrations, so their bodies are looked up when they run.
FUNCTIONS = """
CREATE FUNCTION restricted.sees_sheet(of_run bigint, of_kind text, of_code text, of_home_unit text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Whoever logged in, whatever role, view or function stands in between.
    IF of_kind = 'unit' THEN
        RETURN true;
    END IF;
    IF EXISTS (
        SELECT FROM pg_roles AS r
        WHERE pg_has_role(session_user, r.oid, 'MEMBER') AND (
            r.rolname IN ('tthc_loader', 'tthc_hr')
            OR r.oid = (SELECT c.relowner FROM pg_class AS c WHERE c.oid = 'restricted.score_sheets'::regclass)
        )
    ) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (
        SELECT FROM restricted.readers AS r
        INNER JOIN restricted.score_runs AS n ON n.commune_code = r.commune_code
        WHERE r.login = session_user AND n.score_run_id = of_run AND (
            r.capacity = 'office'
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
'Người đang đăng nhập có được xem một phiếu không: phiếu đơn vị thì ai cũng được; phiếu của người thì theo restricted.readers, nhóm tthc_hr, và máy nạp.';

CREATE FUNCTION restricted.ask_for_sheets(
    in_commune text, in_calendar text, in_period text, in_state text, in_version integer, of_code text, who text, why text
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    INSERT INTO ops.access_log (accessed_by, action, subject, reason)
    VALUES (
        concat_ws(' · ', nullif(btrim(who), ''), session_user), 'score.read',
        concat_ws(' · ', 'phiếu cá nhân', coalesce(of_code, 'mọi phiếu được phép'),
            format('kỳ %s (%s)', in_period, in_calendar), in_state, 'phiên bản ' || in_version),
        nullif(btrim(why), '')
    )
    RETURNING access_id INTO number;
    INSERT INTO restricted.sheet_requests (
        access_id, login, commune_code, calendar, period, state, version, subject_code
    )
    VALUES (number, session_user, in_commune, in_calendar, in_period, in_state, in_version, of_code);
    RETURN number;
END
$$;
COMMENT ON FUNCTION restricted.ask_for_sheets(text, text, text, text, integer, text, text, text) IS
'Xin xem phiếu đánh giá: ghi một dòng ở ops.access_log và cho số của nó; COMMIT rồi đọc bằng restricted.read_sheets(số) trong mười phút.';

CREATE FUNCTION restricted.read_sheets(number bigint) RETURNS TABLE (
    score_run_id bigint,
    state text,
    version integer,
    made_at timestamptz,
    chain_hash text,
    subject_kind text,
    subject_code text,
    home_unit text,
    working_unit text,
    sheet jsonb,
    sheet_sha256 text
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    asked restricted.sheet_requests;
BEGIN
    SELECT * INTO asked FROM restricted.sheet_requests AS q WHERE q.access_id = number AND q.login = session_user;
    IF NOT FOUND THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'Không có lần xin xem nào của tài khoản này mang số ấy.',
            HINT = 'Xin trước: SELECT restricted.ask_for_sheets(xã, lịch, kỳ, ''sealed'', NULL, mã, tên, lý do); rồi COMMIT.';
    END IF;
    IF asked.asked_in = pg_current_xact_id() THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'Lần xin xem chưa được ghi xong nên chưa đọc được.',
            HINT = 'COMMIT sau khi xin, rồi đọc trong một giao dịch khác.';
    END IF;
    IF asked.asked_at < clock_timestamp() - interval '10 minutes' THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'Lần xin xem đã quá mười phút.', HINT = 'Xin lại: mỗi lần đọc là một dòng trong sổ.';
    END IF;
    RETURN QUERY
    SELECT
        n.score_run_id, n.state, n.version, n.made_at, n.chain_hash, s.subject_kind, s.subject_code, s.home_unit,
        s.working_unit, s.sheet, s.sheet_sha256
    FROM (
        SELECT * FROM restricted.score_runs AS r
        WHERE
            r.commune_code = asked.commune_code AND r.calendar = asked.calendar AND r.period = asked.period
            AND r.state = asked.state AND (asked.version IS NULL OR r.version = asked.version)
        ORDER BY r.chain_number DESC LIMIT 1
    ) AS n
    INNER JOIN restricted.score_sheets AS s ON s.score_run_id = n.score_run_id
    WHERE
        (asked.subject_code IS NULL OR s.subject_code = asked.subject_code)
        AND restricted.sees_sheet(s.score_run_id, s.subject_kind, s.subject_code, s.home_unit)
    ORDER BY s.subject_kind, s.subject_code;
END
$$;
COMMENT ON FUNCTION restricted.read_sheets(bigint) IS
'Các phiếu mà lần xin mang số này được phép xem; chỉ tài khoản đã xin, sau khi lần xin đã ghi xong, trong mười phút.
score_run_id: Lần lập.
state: opened: đang mở cho khiếu nại; sealed: đã niêm.
version: Phiên bản của kỳ.
made_at: Lúc lập.
chain_hash: Dấu vân tay của lần lập trong chuỗi.
subject_kind: unit: phiếu của đơn vị; official: phiếu của một người.
subject_code: Mã đơn vị hoặc mã công chức.
home_unit: Đơn vị chủ quản.
working_unit: Đơn vị làm việc.
sheet: Cả phiếu.
sheet_sha256: Dấu vân tay của phiếu.';

CREATE FUNCTION restricted.note_readers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed restricted.readers := CASE WHEN tg_op = 'DELETE' THEN old ELSE new END;
BEGIN
    INSERT INTO ops.access_log (accessed_by, action, subject, reason)
    VALUES (
        concat_ws(' · ', changed.given_by, session_user), 'score.readers',
        concat_ws(' · ', lower(tg_op), changed.login, changed.capacity, changed.official_code), changed.reason
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION restricted.note_readers() IS 'Ghi lại mỗi lần cho, đổi hay thôi quyền xem phiếu.';
CREATE TRIGGER readers_are_noted AFTER INSERT OR UPDATE OR DELETE ON restricted.readers
FOR EACH ROW EXECUTE FUNCTION restricted.note_readers();
ALTER TABLE restricted.readers ENABLE ALWAYS TRIGGER readers_are_noted;

REVOKE ALL ON FUNCTION restricted.sees_sheet(bigint, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION restricted.ask_for_sheets(text, text, text, text, integer, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION restricted.read_sheets(bigint) FROM PUBLIC;
"""

# Changing what is kept is refused by triggers, which say so; a policy would only find nothing to change.
POLICIES = """
ALTER TABLE restricted.score_sheets ENABLE ROW LEVEL SECURITY;
ALTER TABLE restricted.score_sheets FORCE ROW LEVEL SECURITY;
CREATE POLICY sheets_are_seen_by_whom_they_concern ON restricted.score_sheets FOR SELECT
USING (restricted.sees_sheet(score_run_id, subject_kind, subject_code, home_unit));
CREATE POLICY sheets_are_added ON restricted.score_sheets FOR INSERT WITH CHECK (true);
CREATE POLICY changes_meet_their_triggers ON restricted.score_sheets FOR UPDATE USING (true);
CREATE POLICY removals_meet_their_triggers ON restricted.score_sheets FOR DELETE USING (true);
"""


def upgrade() -> None:
    """Make who reads, what is asked, the only door, and the policy behind it."""
    connection = op.get_bind().connection.driver_connection
    for statements in (TABLES, FUNCTIONS, POLICIES):
        connection.execute(statements)


def downgrade() -> None:
    """There is no way back: who was let in, and who asked for what, has to be kept."""
    raise NotImplementedError(
        "Sổ người xem phiếu và các lần xin xem phải được giữ; khôi phục từ bản sao lưu nếu cần."
    )
