-- Answers: a text of a system's export on one line: breaks, tabs and runs of spaces become one space, blank becomes null.

CREATE FUNCTION core.one_line(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- Spaces that do not break a line, of no width, and the mark of a file's beginning are not white for a regular expression.
RETURN nullif(btrim(regexp_replace(translate(value, chr(160) || chr(8203) || chr(65279), '  '), '\s+', ' ', 'g')), '');

COMMENT ON FUNCTION core.one_line(text) IS 'Gom một chuỗi về một dòng, bỏ khoảng trắng thừa; chuỗi trống thành không có.';
