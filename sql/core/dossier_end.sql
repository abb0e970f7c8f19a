-- Answers: the instant at which processing ended, or null when it has not, or no usable instant is known.
-- Source: the table of outcomes in docs/counting.md, section 1. The event is the last one with the dossier's own status.

CREATE FUNCTION core.dossier_end(
    status integer,
    received_at timestamptz,
    finished_at timestamptz,
    handed_over_at timestamptz,
    refused_at timestamptz,
    event_at timestamptz
) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN status IN (9, 10) THEN coalesce(finished_at, handed_over_at)
    WHEN status = 7 THEN coalesce(finished_at, handed_over_at, event_at)
    WHEN status = 8 THEN coalesce(finished_at, event_at)
    WHEN status = 3 AND received_at IS NOT NULL THEN coalesce(refused_at, finished_at, event_at)
END;

COMMENT ON FUNCTION core.dossier_end(
    integer, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz
) IS 'Thời điểm kết thúc xử lý theo trạng thái; trống khi chưa kết thúc hoặc không có thời điểm nào dùng được.';
