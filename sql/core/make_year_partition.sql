-- Answers: the name of the partition of a year, made when it is missing. Two writers may ask at once.
-- Only an owner may make a table; whoever loads data is none, so this runs as the owner, for nothing but this.

CREATE FUNCTION core.make_year_partition(partitioned text, year integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    parent record;
    partition_name text;
BEGIN
    SELECT n.nspname AS schema, c.relname AS name INTO parent
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    -- The other two schemas are those in which an upgrade builds tables aside.
    WHERE
        c.oid = to_regclass(partitioned) AND c.relkind = 'p'
        AND n.nspname IN ('core', 'marts', 'next_core', 'next_marts');
    IF NOT FOUND OR year NOT BETWEEN 1900 AND 2200 THEN
        RAISE EXCEPTION 'Bảng này không chia theo năm, hoặc năm nằm ngoài 1900–2200.';
    END IF;
    partition_name := format('%I.%I', parent.schema, parent.name || '_' || year);
    IF to_regclass(partition_name) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext(partition_name));
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %s PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)',
            partition_name, parent.schema, parent.name, make_date(year, 1, 1), make_date(year + 1, 1, 1)
        );
        -- Read through its parent, which has policies; directly it shows nothing.
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition_name);
    END IF;
    RETURN partition_name;
END
$body$;

REVOKE ALL ON FUNCTION core.make_year_partition(text, integer) FROM PUBLIC;

COMMENT ON FUNCTION core.make_year_partition(text, integer) IS 'Tên phần của một năm trong một bảng chia theo năm; chưa có thì dựng. Người nạp dữ liệu không phải chủ bảng nên cần hàm này.';
