"""The ledger of what was received and decided, and the published numbers: what cannot be rebuilt from anything else."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = """
CREATE SCHEMA IF NOT EXISTS ops;
COMMENT ON SCHEMA ops IS 'Sổ cái: đã nhận gì, từ đâu, xử lý ra sao, ai quyết định.';
CREATE SCHEMA IF NOT EXISTS staging;
COMMENT ON SCHEMA staging IS 'Các dòng vừa nhận, mỗi dòng có địa chỉ trong kho lưu; chỉ giữ ngắn ngày.';
CREATE SCHEMA IF NOT EXISTS core;
COMMENT ON SCHEMA core IS 'Mỗi sự vật một dòng, mỗi cột một nghĩa; có đủ các phiên bản.';
CREATE SCHEMA IF NOT EXISTS marts;
COMMENT ON SCHEMA marts IS 'Bảng rộng cho người tra cứu.';
CREATE SCHEMA IF NOT EXISTS indicators;
COMMENT ON SCHEMA indicators IS 'Chỉ tiêu theo kỳ: bản tính, bản công bố, bằng chứng.';
CREATE SCHEMA IF NOT EXISTS reports;
COMMENT ON SCHEMA reports IS 'Biểu mẫu báo cáo, đọc từ bản đã công bố.';
"""

FETCHES = """
CREATE TABLE ops.fetches (
    fetch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    stream text NOT NULL,
    source text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('window', 'year', 'codes', 'file')),
    window_from date,
    window_to date,
    state text NOT NULL DEFAULT 'fetching'
        CHECK (state IN ('fetching', 'fetched', 'merged', 'stopped', 'undone')),
    started_at timestamptz NOT NULL DEFAULT now(),
    fetched_at timestamptz,
    is_complete boolean,
    announced_count integer,
    read_count integer,
    byte_count bigint,
    body_hash text,
    merged_count integer,
    unchanged_count integer,
    quarantined_count integer,
    superseded_count integer,
    merged_at timestamptz,
    touched_months text[],
    stopped_because text,
    CHECK (
        state <> 'merged'
        OR read_count = merged_count + unchanged_count + quarantined_count + superseded_count
    )
);
CREATE INDEX fetches_stream_moment ON ops.fetches (commune_code, stream, fetched_at, fetch_id);
COMMENT ON TABLE ops.fetches IS 'Mỗi lần đọc một luồng: một lượt gọi hệ thống thành phố, hoặc một tệp.';
COMMENT ON COLUMN ops.fetches.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN ops.fetches.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN ops.fetches.stream IS 'Tên luồng, như tệp trong sources/.';
COMMENT ON COLUMN ops.fetches.source IS 'Nơi đọc: địa chỉ hệ thống và giọng nói, hoặc mã băm có khóa của tên tệp.';
COMMENT ON COLUMN ops.fetches.kind IS 'window: theo cửa sổ ngày; year: đọc lại cả năm; codes: theo mã hồ sơ; file: tệp.';
COMMENT ON COLUMN ops.fetches.window_from IS 'Ngày đầu của cửa sổ được hỏi.';
COMMENT ON COLUMN ops.fetches.window_to IS 'Ngày cuối của cửa sổ được hỏi.';
COMMENT ON COLUMN ops.fetches.state IS 'fetching: đang đọc; fetched: đã lưu kho; merged: đã nhập; stopped: bị dừng; undone: đã rút lại.';
COMMENT ON COLUMN ops.fetches.started_at IS 'Lúc bắt đầu đọc, theo đồng hồ máy này.';
COMMENT ON COLUMN ops.fetches.fetched_at IS 'Thời điểm của lần đọc, theo bên trả lời: định thứ tự các phiên bản.';
COMMENT ON COLUMN ops.fetches.is_complete IS 'Mọi cửa sổ con đều đã đọc đủ.';
COMMENT ON COLUMN ops.fetches.announced_count IS 'Số bản ghi nguồn báo có, cộng các cửa sổ con còn hiệu lực.';
COMMENT ON COLUMN ops.fetches.read_count IS 'Số bản ghi đã đọc, kể cả đọc lặp.';
COMMENT ON COLUMN ops.fetches.byte_count IS 'Số byte nhận được.';
COMMENT ON COLUMN ops.fetches.body_hash IS 'SHA-256 của dãy mã băm các trang, theo thứ tự.';
COMMENT ON COLUMN ops.fetches.merged_count IS 'Số dòng làm thay đổi kho.';
COMMENT ON COLUMN ops.fetches.unchanged_count IS 'Số dòng giống hệt bản đang có.';
COMMENT ON COLUMN ops.fetches.quarantined_count IS 'Số dòng bị cách ly.';
COMMENT ON COLUMN ops.fetches.superseded_count IS 'Số dòng bị chính lần đọc này thay bằng dòng sau cùng khóa.';
COMMENT ON COLUMN ops.fetches.merged_at IS 'Lúc nhập xong.';
COMMENT ON COLUMN ops.fetches.touched_months IS 'Các tháng mà lần nhập này có thể làm đổi số.';
COMMENT ON COLUMN ops.fetches.stopped_because IS 'Lý do bị dừng.';

CREATE TABLE ops.fetch_windows (
    fetch_id bigint NOT NULL REFERENCES ops.fetches (fetch_id),
    window_number integer NOT NULL,
    window_from date,
    window_to date,
    dossier_codes text[],
    pass_number integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'reading' CHECK (state IN ('reading', 'complete', 'split', 'short')),
    announced_count integer NOT NULL DEFAULT 0,
    distinct_count integer NOT NULL DEFAULT 0,
    PRIMARY KEY (fetch_id, window_number)
);
COMMENT ON TABLE ops.fetch_windows IS 'Các cửa sổ con của một lần đọc: tháng, nửa tháng… đến từng ngày, hoặc một nhóm mã.';
COMMENT ON COLUMN ops.fetch_windows.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN ops.fetch_windows.window_number IS 'Số thứ tự cửa sổ con trong lần đọc.';
COMMENT ON COLUMN ops.fetch_windows.window_from IS 'Ngày đầu.';
COMMENT ON COLUMN ops.fetch_windows.window_to IS 'Ngày cuối.';
COMMENT ON COLUMN ops.fetch_windows.dossier_codes IS 'Các mã hồ sơ được hỏi, khi hỏi theo mã.';
COMMENT ON COLUMN ops.fetch_windows.pass_number IS 'Lượt đọc thứ mấy của cùng cửa sổ.';
COMMENT ON COLUMN ops.fetch_windows.state IS 'reading: đang đọc; complete: đủ; split: đã chia đôi; short: vẫn thiếu sau ba lượt.';
COMMENT ON COLUMN ops.fetch_windows.announced_count IS 'Số bản ghi lớn nhất nguồn báo trong lượt đọc.';
COMMENT ON COLUMN ops.fetch_windows.distinct_count IS 'Số khóa khác nhau thật sự nhận được.';

CREATE TABLE ops.archive_objects (
    sha256 text PRIMARY KEY,
    byte_count bigint NOT NULL,
    stored_byte_count bigint NOT NULL,
    codec text NOT NULL,
    key_id text NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.archive_objects IS 'Mục lục kho lưu: mỗi thân trả lời hoặc tệp đúng một lần, nén và mã hóa.';
COMMENT ON COLUMN ops.archive_objects.sha256 IS 'SHA-256 của nội dung như đã nhận.';
COMMENT ON COLUMN ops.archive_objects.byte_count IS 'Số byte như đã nhận.';
COMMENT ON COLUMN ops.archive_objects.stored_byte_count IS 'Số byte trong kho.';
COMMENT ON COLUMN ops.archive_objects.codec IS 'Cách nén và mã hóa.';
COMMENT ON COLUMN ops.archive_objects.key_id IS 'Mã của khóa đã dùng (không phải khóa).';
COMMENT ON COLUMN ops.archive_objects.stored_at IS 'Lúc lưu.';

CREATE TABLE ops.fetch_pages (
    fetch_id bigint NOT NULL,
    page_number integer NOT NULL,
    window_number integer NOT NULL,
    source_page integer NOT NULL,
    sha256 text NOT NULL REFERENCES ops.archive_objects (sha256),
    first_row integer NOT NULL,
    record_count integer NOT NULL,
    byte_count bigint NOT NULL,
    announced_count integer,
    has_next boolean NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (fetch_id, page_number),
    FOREIGN KEY (fetch_id, window_number) REFERENCES ops.fetch_windows (fetch_id, window_number)
);
COMMENT ON TABLE ops.fetch_pages IS 'Từng trang của một lần đọc, theo thứ tự nhận; địa chỉ của mọi dòng bắt đầu từ đây.';
COMMENT ON COLUMN ops.fetch_pages.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN ops.fetch_pages.page_number IS 'Thứ tự nhận trong lần đọc, từ 1.';
COMMENT ON COLUMN ops.fetch_pages.window_number IS 'Cửa sổ con mà trang thuộc về.';
COMMENT ON COLUMN ops.fetch_pages.source_page IS 'Số trang do nguồn đánh.';
COMMENT ON COLUMN ops.fetch_pages.sha256 IS 'Địa chỉ của thân trả lời trong kho lưu.';
COMMENT ON COLUMN ops.fetch_pages.first_row IS 'row_number của bản ghi đầu trang.';
COMMENT ON COLUMN ops.fetch_pages.record_count IS 'Số bản ghi trong trang.';
COMMENT ON COLUMN ops.fetch_pages.byte_count IS 'Số byte của thân trả lời.';
COMMENT ON COLUMN ops.fetch_pages.announced_count IS 'Tổng số bản ghi mà trang này báo.';
COMMENT ON COLUMN ops.fetch_pages.has_next IS 'Nguồn báo còn trang sau.';
COMMENT ON COLUMN ops.fetch_pages.answered_at IS 'Thời điểm trả lời, theo nguồn.';
"""

JUDGEMENT = """
CREATE TABLE ops.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    stream text NOT NULL,
    fetch_id bigint NOT NULL REFERENCES ops.fetches (fetch_id),
    row_number integer NOT NULL,
    row_key text,
    row_hash uuid NOT NULL,
    rules text[] NOT NULL,
    reason text NOT NULL,
    address text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'released', 'rejected')),
    opened_at timestamptz NOT NULL DEFAULT now(),
    last_fetch_id bigint NOT NULL,
    seen_count integer NOT NULL DEFAULT 1,
    decided_at timestamptz,
    decided_by text,
    decision_reason text,
    UNIQUE (fetch_id, row_number)
);
CREATE INDEX quarantine_open ON ops.quarantine (commune_code, stream, row_key) WHERE state = 'open';
COMMENT ON TABLE ops.quarantine IS 'Các dòng bị cách ly: luật nào, ở đâu, vì sao; không chép nội dung dòng.';
COMMENT ON COLUMN ops.quarantine.quarantine_id IS 'Số của dòng cách ly.';
COMMENT ON COLUMN ops.quarantine.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN ops.quarantine.stream IS 'Luồng.';
COMMENT ON COLUMN ops.quarantine.fetch_id IS 'Lần đọc đầu tiên gặp dòng này.';
COMMENT ON COLUMN ops.quarantine.row_number IS 'Số thứ tự dòng trong lần đọc.';
COMMENT ON COLUMN ops.quarantine.row_key IS 'Khóa của dòng (mã hồ sơ…), trống khi dòng không có khóa.';
COMMENT ON COLUMN ops.quarantine.row_hash IS 'Dấu vân tay nội dung, để không mở lại cùng một lỗi.';
COMMENT ON COLUMN ops.quarantine.rules IS 'Các luật không đạt, như tên trong expectations/.';
COMMENT ON COLUMN ops.quarantine.reason IS 'Lý do bằng tiếng Việt và việc cần làm.';
COMMENT ON COLUMN ops.quarantine.address IS 'Địa chỉ trong kho lưu: mã băm của trang hoặc tệp, và bản ghi.';
COMMENT ON COLUMN ops.quarantine.state IS 'open: đang cách ly; resolved: bản sau đã tốt hoặc đã xét lại; released: được người có quyền cho qua; rejected: bị loại.';
COMMENT ON COLUMN ops.quarantine.opened_at IS 'Lúc cách ly.';
COMMENT ON COLUMN ops.quarantine.last_fetch_id IS 'Lần đọc gần nhất còn gặp đúng dòng này.';
COMMENT ON COLUMN ops.quarantine.seen_count IS 'Số lần đọc đã gặp.';
COMMENT ON COLUMN ops.quarantine.decided_at IS 'Lúc quyết định.';
COMMENT ON COLUMN ops.quarantine.decided_by IS 'Người quyết định.';
COMMENT ON COLUMN ops.quarantine.decision_reason IS 'Lý do quyết định.';

CREATE TABLE ops.validations (
    fetch_id bigint NOT NULL REFERENCES ops.fetches (fetch_id),
    rule text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
    scope text NOT NULL CHECK (scope IN ('row', 'batch')),
    is_met boolean NOT NULL,
    checked_count integer NOT NULL,
    failed_count integer NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fetch_id, rule)
);
COMMENT ON TABLE ops.validations IS 'Kết quả chấm từng luật của từng lần đọc, do Great Expectations chấm; chỉ có số đếm.';
COMMENT ON COLUMN ops.validations.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN ops.validations.rule IS 'Tên luật.';
COMMENT ON COLUMN ops.validations.severity IS 'critical: không đạt thì bị từ chối; warning: ghi nhận; info: theo dõi.';
COMMENT ON COLUMN ops.validations.scope IS 'row: luật của dòng; batch: luật của cả lần đọc.';
COMMENT ON COLUMN ops.validations.is_met IS 'Đạt hay không.';
COMMENT ON COLUMN ops.validations.checked_count IS 'Số dòng đã chấm.';
COMMENT ON COLUMN ops.validations.failed_count IS 'Số dòng không đạt.';
COMMENT ON COLUMN ops.validations.judged_at IS 'Lúc chấm.';

CREATE TABLE ops.incidents (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    message text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    seen_count integer NOT NULL DEFAULT 1,
    closed_at timestamptz,
    closed_because text
);
CREATE UNIQUE INDEX incidents_one_open ON ops.incidents (commune_code, kind, subject) WHERE closed_at IS NULL;
COMMENT ON TABLE ops.incidents IS 'Sự cố: mỗi hỏng hóc đúng một dòng còn mở.';
COMMENT ON COLUMN ops.incidents.incident_id IS 'Số sự cố.';
COMMENT ON COLUMN ops.incidents.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN ops.incidents.kind IS 'Loại sự cố.';
COMMENT ON COLUMN ops.incidents.subject IS 'Sự cố của cái gì: luồng, ngày, năm…';
COMMENT ON COLUMN ops.incidents.message IS 'Sai gì, ở đâu, làm gì tiếp.';
COMMENT ON COLUMN ops.incidents.opened_at IS 'Lúc mở.';
COMMENT ON COLUMN ops.incidents.last_seen_at IS 'Lần gần nhất còn gặp.';
COMMENT ON COLUMN ops.incidents.seen_count IS 'Số lần gặp.';
COMMENT ON COLUMN ops.incidents.closed_at IS 'Lúc đóng.';
COMMENT ON COLUMN ops.incidents.closed_because IS 'Vì sao đóng.';

CREATE TABLE ops.access_log (
    access_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accessed_at timestamptz NOT NULL DEFAULT now(),
    accessed_by text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    reason text
);
COMMENT ON TABLE ops.access_log IS 'Nhật ký các lần người có quyền mở nội dung trong kho lưu.';
COMMENT ON COLUMN ops.access_log.access_id IS 'Số dòng nhật ký.';
COMMENT ON COLUMN ops.access_log.accessed_at IS 'Lúc mở.';
COMMENT ON COLUMN ops.access_log.accessed_by IS 'Ai mở.';
COMMENT ON COLUMN ops.access_log.action IS 'Làm gì.';
COMMENT ON COLUMN ops.access_log.subject IS 'Với cái gì (địa chỉ, không phải nội dung).';
COMMENT ON COLUMN ops.access_log.reason IS 'Lý do.';

COMMENT ON TABLE ops.migrations IS 'Bước di trú mà kho dữ liệu đang ở (do Alembic ghi).';
COMMENT ON COLUMN ops.migrations.version_num IS 'Số của bước di trú.';

CREATE TABLE ops.table_shapes (
    table_name text PRIMARY KEY,
    sql_hash text NOT NULL,
    shaped_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.table_shapes IS 'Mỗi bảng của sql/ đang mang hình dạng nào: đổi tệp thì bảng được dựng lại.';
COMMENT ON COLUMN ops.table_shapes.table_name IS 'Tên bảng hoặc khung nhìn.';
COMMENT ON COLUMN ops.table_shapes.sql_hash IS 'SHA-256 của phần định hình trong tệp SQL.';
COMMENT ON COLUMN ops.table_shapes.shaped_at IS 'Lúc dựng.';
"""

REVISIONS = """
CREATE TABLE indicators.builds (
    build_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    calendar text NOT NULL CHECK (calendar IN ('month', 'report')),
    period text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    built_at timestamptz NOT NULL DEFAULT now(),
    definitions_hash text NOT NULL,
    content_hash text NOT NULL,
    known_at timestamptz
);
CREATE INDEX builds_newest ON indicators.builds (commune_code, calendar, period, build_id DESC);
COMMENT ON TABLE indicators.builds IS 'Mỗi lần tính các chỉ tiêu của một kỳ ra kết quả khác trước.';
COMMENT ON COLUMN indicators.builds.build_id IS 'Số bản tính.';
COMMENT ON COLUMN indicators.builds.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.builds.calendar IS 'month: tháng dương lịch; report: kỳ báo cáo từ ngày 15 đến ngày 14.';
COMMENT ON COLUMN indicators.builds.period IS 'Kỳ: 2025-07, 2025-Q3, 2025-H2, 2025.';
COMMENT ON COLUMN indicators.builds.period_start IS 'Ngày đầu kỳ.';
COMMENT ON COLUMN indicators.builds.period_end IS 'Ngày cuối kỳ.';
COMMENT ON COLUMN indicators.builds.built_at IS 'Lúc tính.';
COMMENT ON COLUMN indicators.builds.definitions_hash IS 'Dấu vân tay của các định nghĩa đã dùng.';
COMMENT ON COLUMN indicators.builds.content_hash IS 'Dấu vân tay của mọi giá trị trong bản tính.';
COMMENT ON COLUMN indicators.builds.known_at IS 'Lần đọc mới nhất đã nhập khi tính.';

CREATE TABLE indicators.values (
    build_id bigint NOT NULL REFERENCES indicators.builds (build_id) ON DELETE CASCADE,
    level text NOT NULL CHECK (level IN ('commune', 'unit', 'procedure', 'field')),
    code text NOT NULL,
    indicator text NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint,
    value numeric,
    status text NOT NULL CHECK (status IN ('ok', 'small_n', 'no_data')),
    PRIMARY KEY (build_id, level, code, indicator),
    CHECK ((status = 'no_data') = (value IS NULL))
);
COMMENT ON TABLE indicators.values IS 'Giá trị của từng chỉ tiêu trong từng bản tính, luôn kèm tử số và mẫu số.';
COMMENT ON COLUMN indicators.values.build_id IS 'Số bản tính.';
COMMENT ON COLUMN indicators.values.level IS 'Cấp: commune (xã), unit (đơn vị), procedure (thủ tục), field (lĩnh vực).';
COMMENT ON COLUMN indicators.values.code IS 'Mã ở cấp đó.';
COMMENT ON COLUMN indicators.values.indicator IS 'Mã chỉ tiêu.';
COMMENT ON COLUMN indicators.values.numerator IS 'Tử số; với chỉ tiêu đếm thì là số đếm.';
COMMENT ON COLUMN indicators.values.denominator IS 'Mẫu số; trống với chỉ tiêu đếm.';
COMMENT ON COLUMN indicators.values.value IS 'Giá trị, hai chữ số thập phân, làm tròn nửa lên; trống khi không có dữ liệu.';
COMMENT ON COLUMN indicators.values.status IS 'ok; small_n: mẫu số dưới 5; no_data: mẫu số bằng 0.';

CREATE TABLE indicators.revisions (
    revision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commune_code text NOT NULL,
    calendar text NOT NULL,
    period text NOT NULL,
    revision_number integer NOT NULL,
    build_id bigint NOT NULL UNIQUE REFERENCES indicators.builds (build_id),
    content_hash text NOT NULL,
    approved_by text NOT NULL,
    reason text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (commune_code, calendar, period, revision_number)
);
COMMENT ON TABLE indicators.revisions IS 'Các lần công bố; lần mới nhất của mỗi kỳ là số liệu đang có hiệu lực.';
COMMENT ON COLUMN indicators.revisions.revision_id IS 'Số lần công bố.';
COMMENT ON COLUMN indicators.revisions.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN indicators.revisions.calendar IS 'month hoặc report.';
COMMENT ON COLUMN indicators.revisions.period IS 'Kỳ.';
COMMENT ON COLUMN indicators.revisions.revision_number IS 'Lần công bố thứ mấy của kỳ, từ 1.';
COMMENT ON COLUMN indicators.revisions.build_id IS 'Bản tính được công bố.';
COMMENT ON COLUMN indicators.revisions.content_hash IS 'Dấu vân tay của bản tính lúc công bố.';
COMMENT ON COLUMN indicators.revisions.approved_by IS 'Người duyệt.';
COMMENT ON COLUMN indicators.revisions.reason IS 'Lý do công bố.';
COMMENT ON COLUMN indicators.revisions.published_at IS 'Lúc công bố.';

CREATE FUNCTION indicators.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op = 'TRUNCATE' OR tg_table_name = 'revisions' THEN
        RAISE EXCEPTION 'Số liệu đã công bố không sửa, không xóa được (%.%).', tg_table_schema, tg_table_name
            USING HINT = 'Công bố một bản mới: tthc publish KỲ --by AI --reason LÝ_DO.';
    END IF;
    IF EXISTS (SELECT FROM indicators.revisions AS r WHERE r.build_id = old.build_id) THEN
        RAISE EXCEPTION 'Bản tính % đã công bố, không sửa, không xóa được.', old.build_id
            USING HINT = 'Công bố một bản mới: tthc publish KỲ --by AI --reason LÝ_DO.';
    END IF;
    RETURN CASE tg_op WHEN 'DELETE' THEN old ELSE new END;
END $$;
CREATE FUNCTION indicators.refuse_addition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added AS a INNER JOIN indicators.revisions AS r ON r.build_id = a.build_id
    ) THEN
        RAISE EXCEPTION 'Bản tính đã công bố không thêm giá trị được.';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION indicators.refuse_change() IS 'Bẫy giữ số đã công bố: không sửa, không xóa, không làm rỗng.';
COMMENT ON FUNCTION indicators.refuse_addition() IS 'Bẫy giữ số đã công bố: không thêm giá trị vào bản tính đã công bố.';
CREATE TRIGGER published_stays BEFORE UPDATE OR DELETE ON indicators.builds
FOR EACH ROW EXECUTE FUNCTION indicators.refuse_change();
CREATE TRIGGER published_stays BEFORE UPDATE OR DELETE ON indicators.values
FOR EACH ROW EXECUTE FUNCTION indicators.refuse_change();
CREATE TRIGGER published_is_full AFTER INSERT ON indicators.values
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_addition();
CREATE TRIGGER published_stays BEFORE UPDATE OR DELETE ON indicators.revisions
FOR EACH ROW EXECUTE FUNCTION indicators.refuse_change();
CREATE TRIGGER published_is_not_emptied BEFORE TRUNCATE ON indicators.builds
FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_change();
CREATE TRIGGER published_is_not_emptied BEFORE TRUNCATE ON indicators.values
FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_change();
CREATE TRIGGER published_is_not_emptied BEFORE TRUNCATE ON indicators.revisions
FOR EACH STATEMENT EXECUTE FUNCTION indicators.refuse_change();
"""


def upgrade() -> None:
    """Make the schemas, the ledger, and the tables of published numbers with the triggers that keep them."""
    connection = op.get_bind().connection.driver_connection
    for statements in (SCHEMAS, FETCHES, JUDGEMENT, REVISIONS):
        connection.execute(statements)


def downgrade() -> None:
    """There is no way back: what these tables hold exists nowhere else."""
    raise NotImplementedError("Sổ cái và số đã công bố không được gỡ bỏ; khôi phục từ bản sao lưu nếu cần.")
