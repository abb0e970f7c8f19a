"""Checks of the numbers: the identities of counting, whole and unchanged revisions, builds that repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from tthc.warehouse.doctor import Check

#: What keeps published numbers and sealed sheets as they are: (table, trigger).
GUARDS = (
    ("indicators.builds", "published_stays"),
    ("indicators.builds", "published_is_not_emptied"),
    ("indicators.values", "published_stays"),
    ("indicators.values", "published_is_full"),
    ("indicators.values", "published_is_not_emptied"),
    ("indicators.gaps", "published_stays"),
    ("indicators.gaps", "published_is_full"),
    ("indicators.gaps", "published_is_not_emptied"),
    ("indicators.revisions", "published_stays"),
    ("indicators.revisions", "published_is_not_emptied"),
    ("indicators.revisions", "published_is_linked"),
    *(
        (f"indicators.{table}", trigger)
        for table in ("revision_facts", "revision_seals", "chain_heads")
        for trigger in ("published_stays", "published_is_not_emptied")
    ),
    ("restricted.score_runs", "sealed_is_linked"),
    ("restricted.score_sheets", "sealed_is_full"),
    *(
        (f"restricted.{table}", trigger)
        for table in ("score_runs", "score_sheets", "score_seals", "score_chain_heads")
        for trigger in ("sealed_stays", "sealed_is_not_emptied")
    ),
)
#: (name, what it says, SQL over the rows of one month and one unit).
IDENTITIES = (
    (
        "received_and_carried",
        "tiếp nhận + chuyển sang = đã xong + rút + dừng + từ chối + còn mở",
        "count(*) FILTER (WHERE is_received) + count(*) FILTER (WHERE is_carried_over)"
        " = count(*) FILTER (WHERE is_resolved) + count(*) FILTER (WHERE is_withdrawn)"
        " + count(*) FILTER (WHERE is_stopped) + count(*) FILTER (WHERE is_refused) + count(*) FILTER (WHERE is_open)",
    ),
    (
        "resolved",
        "đã xong = trước hạn + đúng hạn + quá hạn + không quy định + không rõ hạn",
        "count(*) FILTER (WHERE is_resolved) = count(*) FILTER (WHERE is_early) + count(*) FILTER (WHERE is_on_time)"
        " + count(*) FILTER (WHERE is_late) + count(*) FILTER (WHERE is_no_deadline)"
        " + count(*) FILTER (WHERE is_resolved AND is_undetermined)",
    ),
    (
        "open",
        "còn mở = trong hạn + quá hạn + không rõ hạn",
        "count(*) FILTER (WHERE is_open) = count(*) FILTER (WHERE is_within_term)"
        " + count(*) FILTER (WHERE is_overdue) + count(*) FILTER (WHERE is_open AND is_undetermined)",
    ),
)


class Declared(Protocol):
    """What these checks ask of an indicator: where and when it is computed."""

    id: str
    at: Sequence[str]
    periods: Sequence[str]
    valid_from: date | None
    valid_to: date | None


def checks(declared: Iterable[Declared], definitions_hash: str, *, full: bool = False) -> list[Check]:
    """Return the checks of marts, builds and revisions.

    ``declared`` are the indicators of today; ``full`` counts every month again from the dossiers.
    """
    found = [*_IDENTITIES, *_REVISIONS, _is_complete(declared), _is_of_today(definitions_hash)]
    return [*found, *_MONTHS] if full else found


_IDENTITIES = tuple(
    Check(
        "ĐẾM",
        f"identity.{name}",
        f"mỗi tháng, mỗi đơn vị và toàn xã: {title}",
        f"SELECT concat_ws(' ', calendar, period, unit_code) AS subject, {equation} AS is_right"
        f" FROM marts.dossier_periods WHERE commune_code = %(commune)s"
        f" GROUP BY GROUPING SETS ((calendar, period), (calendar, period, unit_code))",
        "Tính lại tháng ấy: tthc refresh THÁNG. Nếu vẫn sai thì xem sql/marts/dossiers_in_period.sql.",
    )
    for name, title, equation in IDENTITIES
)

_CONTENT = """encode(sha256(convert_to(string_agg(concat_ws('|', v.level, v.code, v.indicator,
 coalesce(v.numerator::text, '-'), coalesce(v.denominator::text, '-'), coalesce(v.value::text, '-'), v.status),
 E'\\n' ORDER BY v.level COLLATE "C", v.code COLLATE "C", v.indicator COLLATE "C"), 'UTF8')), 'hex')"""

_REVISIONS = (
    Check(
        "P3",
        "revisions_are_whole",
        "mỗi bản công bố còn đủ giá trị, dấu vân tay tính lại vẫn như lúc công bố",
        f"SELECT concat_ws(' ', r.calendar, r.period, 'lần', r.revision_number) AS subject,"
        f" (r.commune_code, r.calendar, r.period) = (b.commune_code, b.calendar, b.period)"
        f" AND r.content_hash = b.content_hash AND r.content_hash = v.content_hash AS is_right"
        f" FROM indicators.revisions AS r INNER JOIN indicators.builds AS b USING (build_id)"
        f" LEFT JOIN LATERAL (SELECT {_CONTENT} AS content_hash FROM indicators.values AS v"
        f"  WHERE v.build_id = r.build_id) AS v ON true WHERE r.commune_code = %(commune)s",
        "Số đã công bố bị sửa ngoài phần mềm: khôi phục lược đồ indicators từ bản sao lưu và báo người duyệt.",
    ),
    Check(
        "P3",
        "revisions_are_numbered",
        "các lần công bố của một kỳ được đánh số 1, 2, 3… không hở",
        "SELECT concat_ws(' ', calendar, period) AS subject, min(revision_number) = 1"
        " AND max(revision_number) = count(*) AS is_right FROM indicators.revisions"
        " WHERE commune_code = %(commune)s GROUP BY calendar, period",
        "Một lần công bố đã mất: khôi phục indicators.revisions từ bản sao lưu.",
    ),
    Check(
        "P4",
        "same_is_not_published_twice",
        "hai lần công bố liền nhau của một kỳ luôn khác nhau",
        "SELECT concat_ws(' ', calendar, period, 'lần', revision_number) AS subject, content_hash IS DISTINCT FROM"
        " lag(content_hash) OVER (PARTITION BY calendar, period ORDER BY revision_number) AS is_right"
        " FROM indicators.revisions WHERE commune_code = %(commune)s",
        "Không hại số liệu; báo người phát triển: lệnh publish đã công bố lại điều không đổi.",
    ),
    Check(
        "P10",
        "one_draft_is_kept",
        "mỗi kỳ có nhiều nhất một bản tính chưa công bố, và đó là bản mới nhất",
        "SELECT concat_ws(' ', b.calendar, b.period) AS subject, count(*) FILTER (WHERE r.build_id IS NULL) <= 1"
        " AND coalesce(max(b.build_id) FILTER (WHERE r.build_id IS NULL) = max(b.build_id), true) AS is_right"
        " FROM indicators.builds AS b LEFT JOIN indicators.revisions AS r USING (build_id)"
        " WHERE b.commune_code = %(commune)s GROUP BY b.calendar, b.period",
        "Tính lại kỳ ấy: tthc refresh THÁNG.",
    ),
    Check(
        "P7",
        "published_is_guarded",
        "các cò giữ số đã công bố và phiếu đã niêm đều có và đang bật",
        "SELECT g.table_name || '.' || g.trigger_name AS subject, EXISTS (SELECT FROM pg_trigger AS t"
        " WHERE t.tgrelid = to_regclass(g.table_name) AND t.tgname = g.trigger_name AND t.tgenabled = 'A')"
        " AS is_right FROM unnest(%(tables)s::text[], %(triggers)s::text[]) AS g (table_name, trigger_name)",
        "Bật lại: ALTER TABLE BẢNG ENABLE ALWAYS TRIGGER TÊN; nếu đã mất thì khôi phục lược đồ ấy từ bản sao"
        " lưu.",
        {"tables": [table for table, _ in GUARDS], "triggers": [trigger for _, trigger in GUARDS]},
    ),
    Check(
        "P4",
        "values_follow_from_their_parts",
        "mỗi giá trị đúng bằng tử số trên mẫu số, trạng thái đúng theo mẫu số",
        "SELECT concat_ws(' ', b.calendar, b.period, v.level, v.code, v.indicator) AS subject,"
        " CASE WHEN v.denominator = 0 THEN v.status = 'no_data'"
        "  WHEN v.value IS NULL THEN v.status IN ('no_data', 'no_source')"
        "  ELSE v.status IN ('incomplete', 'small_n') OR coalesce(v.denominator, 5) >= 5 AND v.status = 'ok' END"
        " AND coalesce(v.denominator >= 5 OR v.status <> 'ok', true)"
        " AND CASE WHEN v.numerator IS NULL THEN true WHEN v.value IS NULL THEN coalesce(v.denominator, 0) = 0"
        "  WHEN v.denominator IS NULL THEN v.value = v.numerator"
        "  ELSE v.value IN (round(100 * v.numerator::numeric / v.denominator, 2),"
        "  round(v.numerator::numeric / v.denominator, 2)) END AS is_right"
        " FROM indicators.builds AS b INNER JOIN indicators.values AS v USING (build_id)"
        " WHERE b.commune_code = %(commune)s",
        "Tính lại kỳ ấy: tthc refresh THÁNG; nếu đã công bố thì công bố bản mới.",
    ),
)

_MONTHS = (
    Check(
        "P4",
        "months_say_the_same_again",
        "mỗi tháng đã tính nói đúng điều mà các hồ sơ nói hôm nay",
        "SELECT concat_ws(' ', m.calendar, m.period) AS subject, m.dossiers = n.dossiers AS is_right"
        " FROM (SELECT calendar, period, period_start, period_end, array_agg((dossier_code, unit_code, is_received,"
        "  is_resolved, is_open, is_early, is_on_time, is_late, is_overdue, is_undetermined, channel)::text"
        '  ORDER BY dossier_code COLLATE "C") AS dossiers FROM marts.dossier_periods'
        "  WHERE commune_code = %(commune)s GROUP BY 1, 2, 3, 4) AS m"
        " CROSS JOIN LATERAL (SELECT array_agg((dossier_code, unit_code, is_received, is_resolved, is_open, is_early,"
        '  is_on_time, is_late, is_overdue, is_undetermined, channel)::text ORDER BY dossier_code COLLATE "C")'
        "  AS dossiers FROM marts.dossiers_in_period(%(commune)s, m.period_start, m.period_end)) AS n",
        "Tính lại các tháng ấy: tthc refresh THÁNG [THÁNG].",
    ),
)


def _is_complete(declared: Iterable[Declared]) -> Check:
    places = [
        (one.id, level, kind, one.valid_from, one.valid_to)
        for one in declared
        for level in one.at
        for kind in one.periods
        if level in ("commune", "unit")
    ]
    ids, levels, kinds, firsts, lasts = ([place[column] for place in places] for column in range(5))
    return Check(
        "P3",
        "newest_build_has_every_indicator",
        "bản tính mới nhất của mỗi kỳ có mọi chỉ tiêu đã khai, của xã và của từng đơn vị đang hoạt động",
        "SELECT concat_ws(' ', b.calendar, b.period, i.id, w.code) AS subject,"
        " EXISTS (SELECT FROM indicators.values AS v"
        " WHERE v.build_id = b.build_id AND v.level = i.level AND v.code = w.code AND v.indicator = i.id) AS is_right"
        " FROM (SELECT DISTINCT ON (calendar, period) *, CASE WHEN period LIKE '%%Q%%' THEN 'quarter'"
        "   WHEN period LIKE '%%H%%' THEN 'half' WHEN period LIKE '%%9M' THEN 'nine_months'"
        "   WHEN period LIKE '%%-%%' THEN 'month' ELSE 'year' END AS kind"
        "  FROM indicators.builds WHERE commune_code = %(commune)s ORDER BY calendar, period, build_id DESC) AS b"
        " INNER JOIN unnest(%(ids)s::text[], %(levels)s::text[], %(kinds)s::text[], %(firsts)s::date[],"
        "  %(lasts)s::date[]) AS i (id, level, kind, valid_from, valid_to) ON i.kind = b.kind"
        "  AND b.period_end BETWEEN coalesce(i.valid_from, '-infinity') AND coalesce(i.valid_to, 'infinity')"
        " INNER JOIN (SELECT 'commune' AS level, %(commune)s AS code UNION ALL"
        "  SELECT 'unit', unit_code FROM marts.units WHERE commune_code = %(commune)s AND is_active) AS w"
        " USING (level)",
        "Tính lại kỳ ấy: tthc refresh THÁNG.",
        {"ids": ids, "levels": levels, "kinds": kinds, "firsts": firsts, "lasts": lasts},
    )


def _is_of_today(definitions_hash: str) -> Check:
    return Check(
        "P4",
        "drafts_follow_the_definitions",
        "bản tính chưa công bố theo đúng định nghĩa chỉ tiêu hôm nay",
        "SELECT concat_ws(' ', b.calendar, b.period) AS subject, b.definitions_hash = %(definitions)s AS is_right"
        " FROM indicators.builds AS b WHERE b.commune_code = %(commune)s"
        " AND NOT EXISTS (SELECT FROM indicators.revisions AS r WHERE r.build_id = b.build_id)",
        "Định nghĩa đã đổi: tính lại các tháng ấy bằng tthc refresh.",
        {"definitions": definitions_hash},
    )
