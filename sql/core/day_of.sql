-- Answers: the day of an instant in Viet Nam. Every comparison is between days.

CREATE FUNCTION core.day_of(moment timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (moment AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;

COMMENT ON FUNCTION core.day_of(timestamptz) IS 'Ngày theo giờ Việt Nam của một thời điểm.';
