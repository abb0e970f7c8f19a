-- Answers: how processing ended, by the status of a dossier and whether it had been accepted.
-- Source: the table of outcomes in docs/counting.md, section 1.

CREATE FUNCTION core.dossier_outcome(status integer, received_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN status IN (9, 10) THEN 'resolved'
    WHEN status = 7 THEN 'withdrawn'
    WHEN status = 8 THEN 'stopped'
    WHEN status = 3 AND received_at IS NOT NULL THEN 'refused'
END;

COMMENT ON FUNCTION core.dossier_outcome(integer, timestamptz) IS
'Kết cục của hồ sơ theo trạng thái: resolved, withdrawn, stopped, refused; trống khi chưa kết thúc.';
