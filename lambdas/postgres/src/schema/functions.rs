//! The functions of the schema.
//!
//! No text here has a colon but in casts: the Data API takes one before a letter for a
//! [parameter](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.calling.html).

use super::{MEASURE_NAME, NANOSECOND, SCHEMA, Schema, TIME, VERSION, identifier, literal};
use crate::limits::DAYS_AHEAD;

/// Characters of a reason. A row of an answer of the Data API has at most
/// [64 KB](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html), and the reasons for
/// every row of a request are one.
const REASON_CHARACTERS: usize = 80;

/// Every function, each after those that it calls. `columns` are the names of all columns, `place` of
/// those that tell rows apart.
pub(super) fn all(schema: &Schema, columns: &[String], place: &[String]) -> [String; 5] {
    [nanoseconds(), open_day(schema), put(schema, columns, place), write(schema), maintain(schema)]
}

fn function(signature: &str, result: &str, as_owner: bool, body: &str) -> String {
    let security = if as_owner { "SECURITY DEFINER " } else { "" };
    format!(
        "CREATE OR REPLACE FUNCTION {SCHEMA}.{signature} RETURNS {result} LANGUAGE plpgsql {security}SET search_path = \
         {SCHEMA}, pg_temp AS $body$\n{body}\n$body$"
    )
}

/// An instant in nanoseconds since 1970.
fn nanoseconds() -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {SCHEMA}.nanoseconds(instant timestamptz, below smallint) RETURNS bigint \
         LANGUAGE sql STABLE PARALLEL SAFE RETURN (extract(epoch FROM instant) * 1000000)::bigint * 1000 + below"
    )
}

/// Makes the partition of a day, where there is none. It is attached, which lets others write meanwhile. What another
/// one made while this one waited, a query sees, and a lookup by name does not yet.
fn open_day(schema: &Schema) -> String {
    let table = schema.qualified();
    let prefix = literal(&format!("{}_", schema.table));
    let body = format!(
        r"DECLARE
  partition text = {prefix} || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass(format('{SCHEMA}.%I', partition)) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext({name}));
  IF EXISTS (SELECT FROM pg_class WHERE relname = partition AND relnamespace = '{SCHEMA}'::regnamespace) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE {SCHEMA}.%I (LIKE {table} INCLUDING ALL)', partition);
  EXECUTE format('ALTER TABLE {table} ATTACH PARTITION {SCHEMA}.%I FOR VALUES FROM (%L) TO (%L)',
    partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
  RETURN true;
END",
        name = literal(&table),
    );
    function("open_day(day date)", "boolean", false, &body)
}

/// Puts rows into the table, all or none. In the order of their places, so that two writers of the same places wait
/// for each other and do not stand in each other's way.
///
/// A row is of the table's own type, so that the columns of a large model stand here once: a statement of the Data API
/// has at most 65,536 characters.
fn put(schema: &Schema, columns: &[String], place: &[String]) -> String {
    let table = schema.qualified();
    let days = schema.retention_days;
    let body = format!(
        r"DECLARE
  oldest timestamptz = date_trunc('day', now(), 'UTC') - interval '{days} days';
  newest timestamptz = date_trunc('day', now(), 'UTC') + interval '{DAYS_AHEAD} days' + interval '1 day';
  written bigint;
BEGIN
  INSERT INTO {table} AS stored
  SELECT * FROM json_populate_recordset(NULL::{table}, rows)
  WHERE ({TIME} >= oldest AND {TIME} < newest) IS NOT FALSE
  ORDER BY {ordered}
  ON CONFLICT ON CONSTRAINT {constraint} DO UPDATE SET ({names}) = ROW(excluded.*)
  WHERE stored.{VERSION} < excluded.{VERSION};
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written = json_array_length(rows) THEN
    RETURN json_build_object('superseded', json_build_array(), 'refused', json_build_array());
  END IF;
  RETURN (
    SELECT json_build_object(
      'superseded', coalesce(json_agg(found.ordinal - 1) FILTER (WHERE found.why IS NULL), '[]'),
      'refused', coalesce(json_agg(json_build_object('index', found.ordinal - 1, 'reason', found.why))
        FILTER (WHERE found.why IS NOT NULL), '[]'))
    FROM (
      SELECT element.ordinal,
        CASE
          WHEN sent.{TIME} < oldest OR sent.{TIME} >= newest
            THEN 'the table keeps rows of the last {days} days, and none of ' || date(sent.{TIME} AT TIME ZONE 'UTC')
          WHEN stored.{VERSION} = sent.{VERSION} THEN 'the table has another row of the same version'
        END AS why
      FROM json_array_elements(rows) WITH ORDINALITY AS element (row, ordinal)
      CROSS JOIN LATERAL json_populate_record(NULL::{table}, element.row) AS sent
      LEFT JOIN {table} AS stored ON {same}
      WHERE sent.{TIME} < oldest OR sent.{TIME} >= newest OR stored.{VERSION} > sent.{VERSION}
        OR stored.{VERSION} = sent.{VERSION} AND stored IS DISTINCT FROM sent
    ) AS found);
END",
        names = super::list(columns),
        ordered = super::list(place),
        constraint = identifier(&schema.place()),
        same = same_place(&schema.devices, place),
    );
    function("put(rows json)", "json", false, &body)
}

/// That `stored` and `sent` have one place. A comparison that takes null for a value uses no index, so that the
/// device, by which the index begins, is compared as what it is: the first of the dimensions that name devices and that
/// the row has.
fn same_place(devices: &[String], place: &[String]) -> String {
    let equal = |name: &str| {
        let name = identifier(name);
        format!("stored.{name} = sent.{name}")
    };
    let alike = |name: &String| {
        let name = identifier(name);
        format!("stored.{name} IS NOT DISTINCT FROM sent.{name}")
    };
    let further: Vec<String> = place
        .iter()
        .filter(|name| !devices.contains(name) && ![MEASURE_NAME, TIME, NANOSECOND].contains(&name.as_str()))
        .map(alike)
        .collect();
    let device: Vec<String> = devices
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let mut parts: Vec<String> = devices[..index]
                .iter()
                .flat_map(|earlier| {
                    let earlier = identifier(earlier);
                    [format!("stored.{earlier} IS NULL"), format!("sent.{earlier} IS NULL")]
                })
                .collect();
            parts.push(equal(name));
            parts.extend(devices[index + 1..].iter().map(alike));
            format!("({})", parts.join(" AND "))
        })
        .collect();
    let mut parts = vec![format!("({})", device.join(" OR "))];
    parts.extend([MEASURE_NAME, TIME, NANOSECOND].map(equal));
    parts.extend(further);
    parts.join(" AND ")
}

/// Writes rows, if the table has a column for each of their members: at once; after making the partitions that lack;
/// and where one spoils the others, in halves.
fn write(schema: &Schema) -> String {
    let days = schema.retention_days;
    let body = format!(
        r"DECLARE
  today date = (now() AT TIME ZONE 'UTC')::date;
  size integer;
  half integer;
  why text;
  unknown text;
BEGIN
  FOR attempt IN 1..2 LOOP
    BEGIN
      SELECT json_object_keys(sent.row) INTO unknown FROM json_array_elements(rows) AS sent (row)
      EXCEPT SELECT attname FROM pg_attribute WHERE attrelid = {table}::regclass LIMIT 1;
      IF unknown IS NOT NULL THEN
        RAISE undefined_column USING MESSAGE = 'the table has no column ' || quote_ident(unknown)
          || ', which the model has, because the stack of the store was deployed with an older one';
      END IF;
      RETURN {SCHEMA}.put(rows);
    EXCEPTION
      WHEN check_violation THEN
        why = SQLERRM;
        PERFORM {SCHEMA}.open_day(wanted.day)
        FROM (
          SELECT DISTINCT date(sent.{TIME} AT TIME ZONE 'UTC') AS day
          FROM json_to_recordset(rows) AS sent ({TIME} timestamptz)
        ) AS wanted
        WHERE wanted.day BETWEEN today - {days} AND today + {DAYS_AHEAD};
      WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded OR cardinality_violation THEN
        why = SQLERRM;
        EXIT;
    END;
  END LOOP;
  size = json_array_length(rows);
  half = size / 2;
  IF size = 1 THEN
    RETURN json_build_object('superseded', json_build_array(), 'refused', json_build_array(
      json_build_object('index', 0, 'reason', left(why, {REASON_CHARACTERS}))));
  END IF;
  RETURN (
    WITH part AS MATERIALIZED (
      SELECT min(sent.ordinal) - 1 AS before, {SCHEMA}.write(json_agg(sent.row ORDER BY sent.ordinal)) AS answer
      FROM json_array_elements(rows) WITH ORDINALITY AS sent (row, ordinal)
      GROUP BY sent.ordinal > half
    )
    SELECT json_build_object(
      'superseded', (
        SELECT coalesce(json_agg(part.before + row.value::integer), '[]')
        FROM part, json_array_elements_text(part.answer -> 'superseded') AS row (value)),
      'refused', (
        SELECT coalesce(json_agg(json_build_object('index', part.before + (row.value ->> 'index')::integer,
          'reason', row.value ->> 'reason')), '[]')
        FROM part, json_array_elements(part.answer -> 'refused') AS row (value))));
END",
        table = literal(&schema.qualified()),
    );
    function("write(rows json)", "json", true, &body)
}

/// Makes the partitions of the days to come, and drops those of which no row is kept. Whoever reads or writes may be
/// in the way of the latter: then it is left to the next time.
fn maintain(schema: &Schema) -> String {
    let days = schema.retention_days;
    let body = format!(
        r"DECLARE
  today date = (now() AT TIME ZONE 'UTC')::date;
  partition record;
  created integer;
  dropped integer = 0;
BEGIN
  SELECT count(*) INTO created
  FROM generate_series(-1, {DAYS_AHEAD}) AS ahead (days) WHERE {SCHEMA}.open_day(today + ahead.days);
  PERFORM set_config('lock_timeout', '5s', true);
  FOR partition IN
    SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = {table}::regclass AND right(relname, 8) < to_char(today - {days}, 'YYYYMMDD')
  LOOP
    BEGIN
      EXECUTE format('DROP TABLE {SCHEMA}.%I', partition.name);
      dropped = dropped + 1;
    EXCEPTION WHEN lock_not_available THEN
      RAISE WARNING '% is in use and is dropped the next time', partition.name;
    END;
  END LOOP;
  RETURN json_build_object('created', created, 'dropped', dropped);
END",
        table = literal(&schema.qualified()),
    );
    function("maintain()", "json", false, &body)
}
