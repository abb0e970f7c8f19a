-- Answers: the class of a status in which two systems are compared.
-- Source: docs/counting.md, section 4, the two systems.

CREATE FUNCTION core.status_class(status integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN status = 1 THEN 'waiting'
    WHEN status IN (2, 4, 5, 6) THEN 'open'
    WHEN status IN (7, 8, 9, 10) THEN 'ended'
    WHEN status = 3 THEN 'refused'
END;

COMMENT ON FUNCTION core.status_class(integer) IS
'Lớp trạng thái khi so hai hệ thống: waiting chờ tiếp nhận, open đang giải quyết, ended đã kết thúc, refused không tiếp nhận.';
