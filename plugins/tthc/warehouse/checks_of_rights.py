"""The check that everyone's rights in the warehouse are as ``tthc.warehouse.roles`` declares them."""

from __future__ import annotations

import time

import psycopg

from tthc.warehouse import roles, row_rights
from tthc.warehouse.doctor import EXAMPLES, Check, Finding, finding, judge

_RIGHTS = Check(
    "P8",
    "rights_are_as_declared",
    "mỗi nhóm quyền có đúng những quyền đã khai, không thiếu, không thừa",
    "",
    "Chạy tthc init bằng tài khoản của kho; thiếu nhóm thì nhờ người quản trị Postgres, xem docs/roles.md.",
)


#: Views over personal sheets that act as the owner: those that show nothing of any person.
_SHOWN_AS_OWNER = ("reports.unit_scores",)
_GUARDED = Check(
    "P8",
    "personal_sheets_are_guarded",
    "phiếu đánh giá có chính sách từng dòng đang bật cho cả chủ bảng, và không khung nhìn nào đi vòng qua nó",
    "SELECT 'restricted.score_sheets' AS subject, c.relrowsecurity AND c.relforcerowsecurity AND ("
    " SELECT count(*) FILTER (WHERE p.polcmd = 'r' AND p.polqual IS NOT NULL"
    "   AND pg_get_expr(p.polqual, p.polrelid)"
    "    = 'restricted.sees_sheet(score_run_id, subject_kind, subject_code, home_unit)') = 1"
    "  AND count(*) FILTER (WHERE p.polcmd IN ('r', '*')) = 1 FROM pg_policy AS p WHERE p.polrelid = c.oid) AS is_right"
    " FROM pg_class AS c WHERE c.oid = 'restricted.score_sheets'::regclass"
    " UNION ALL SELECT p.oid::regprocedure::text, p.prosecdef"
    "  AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']"
    "  AND p.proowner = (SELECT relowner FROM pg_class WHERE oid = 'restricted.score_sheets'::regclass)"
    " FROM pg_proc AS p WHERE p.pronamespace = 'restricted'::regnamespace"
    "  AND p.proname IN ('sees_sheet', 'ask_for_sheets', 'read_sheets', 'sheet_hashes')"
    " UNION ALL SELECT v.oid::regclass::text, coalesce(v.reloptions @> ARRAY['security_invoker=true'], false)"
    f"  OR v.oid::regclass::text = ANY (ARRAY[{', '.join(map(repr, _SHOWN_AS_OWNER))}])"
    "  AND coalesce(v.reloptions @> ARRAY['security_barrier=true'], false)"
    " FROM pg_class AS v WHERE v.relkind IN ('v', 'm') AND EXISTS (SELECT FROM pg_rewrite AS w"
    "  INNER JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid"
    "  WHERE w.ev_class = v.oid AND d.refobjid = 'restricted.score_sheets'::regclass)",
    "Chạy lại migration 0013 trên bản sao lưu, hoặc: ALTER TABLE restricted.score_sheets ENABLE ROW LEVEL SECURITY,"
    " FORCE ROW LEVEL SECURITY; khung nhìn lạ thì bỏ, hoặc đặt security_invoker = true.",
)

_APART = Check(
    "P8",
    "communes_are_kept_apart",
    "mọi bảng có dữ liệu của xã có chính sách từng dòng đúng như đã khai, mọi khung nhìn hỏi bằng quyền người đọc",
    "",
    "Chạy tthc init bằng tài khoản của kho; hàm lạ chạy bằng quyền chủ thì bỏ, hoặc xét rồi khai ở row_rights.py.",
)


def findings(connection: psycopg.Connection) -> list[Finding]:
    """Compare the rights of the groups, and of everyone, with the declared ones."""
    began = time.monotonic()
    absent, wrong = roles.missing(connection), roles.differences(connection)
    examples = [f"chưa có nhóm {name}" for name in absent] + wrong
    return [finding(_RIGHTS, len(roles.declared(connection)), len(examples), examples[:EXAMPLES], began)]


def guards(connection: psycopg.Connection) -> list[Finding]:
    """Check that personal sheets, and communes, are guarded row by row, and that nothing goes around it."""
    began = time.monotonic()
    wrong, guarded = row_rights.differences(connection), len(row_rights.wanted(connection))
    apart = finding(_APART, guarded, len(wrong), wrong[:EXAMPLES], began)
    return [judge(connection, _GUARDED), apart]
