-- Functions of the triggers, and the version that the services check before they serve.
-- None depends on the caller's search_path: names are qualified, or the function has its own path.

-- BEFORE UPDATE, every row and writer: updated_at is the lease token, so it increases even if the clock does not.
CREATE OR REPLACE FUNCTION vibestack_move_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := greatest(pg_catalog.clock_timestamp(),
    OLD.updated_at OPERATOR(pg_catalog.+) INTERVAL '1 microsecond');
  RETURN NEW;
END $$;

-- BEFORE INSERT OR UPDATE where a timestamp is NULL: keyset pages and leases need both.
CREATE OR REPLACE FUNCTION vibestack_fill_timestamps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.created_at := coalesce(NEW.created_at, OLD.created_at, pg_catalog.now());
  NEW.updated_at := coalesce(NEW.updated_at, pg_catalog.now());
  RETURN NEW;
END $$;

-- Sends the change events of one statement. A payload stays under PostgreSQL's 8,000 bytes: 150 ids are at most 5,850 bytes, and the
-- workflows of one message begin within 1,200 bytes, the last of them being at most 603 long (100 characters, each \uXXXX).
CREATE OR REPLACE FUNCTION vibestack_send_jobs(changed uuid[], pending text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  message text;
BEGIN
  IF cardinality(changed) > 3000 THEN
    PERFORM pg_notify('vibestack_agent_jobs', '{"resync":true}');
    RETURN;
  END IF;
  FOR message IN
    WITH id_parts AS (
      SELECT (n - 1) / 150 AS part, array_to_json(array_agg(id ORDER BY n))::text AS list
      FROM unnest(changed) WITH ORDINALITY AS c (id, n) GROUP BY 1
    ), measured AS (
      SELECT workflow, (sum(octet_length(to_json(workflow)::text) + 1) OVER (ORDER BY n)
        - octet_length(to_json(workflow)::text) - 1) / 1200 AS start
      FROM unnest(pending) WITH ORDINALITY AS p (workflow, n)
    ), pending_parts AS (
      SELECT start::bigint AS part, array_to_json(array_agg(workflow))::text AS list
      FROM (SELECT workflow, floor(start) AS start FROM measured) AS m GROUP BY 1
    )
    SELECT '{"ids":' || coalesce(i.list, '[]') || ',"pending":' || coalesce(p.list, '[]') || '}'
    FROM id_parts AS i FULL JOIN pending_parts AS p USING (part)
  LOOP
    PERFORM pg_notify('vibestack_agent_jobs', message);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION vibestack_jobs_inserted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('SELECT %I.vibestack_send_jobs($1, $2)', TG_TABLE_SCHEMA) USING
    (SELECT array_agg(id) FROM new_rows),
    (SELECT array_agg(DISTINCT workflow_id::text) FROM new_rows WHERE coalesce(status, 'pending') = 'pending');
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION vibestack_jobs_updated() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('SELECT %I.vibestack_send_jobs($1, $2)', TG_TABLE_SCHEMA) USING
    (SELECT array_agg(id) FROM (SELECT id FROM new_rows UNION SELECT id FROM old_rows) AS c),
    (SELECT array_agg(DISTINCT workflow_id::text) FROM new_rows WHERE coalesce(status, 'pending') = 'pending');
  RETURN NULL;
END $$;

-- A deleted job cannot be read, so its change event names its user (empty for none). 90 jobs are at most 7,000 bytes.
CREATE OR REPLACE FUNCTION vibestack_jobs_deleted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT count(*) FROM old_rows) > 3000 THEN
    PERFORM pg_notify('vibestack_agent_jobs', '{"resync":true}');
    RETURN NULL;
  END IF;
  PERFORM pg_notify('vibestack_agent_jobs', '{"deleted":{' || string_agg(list, ',' ORDER BY list) || '}}')
  FROM (
    SELECT part, to_json(owner)::text || ':' || array_to_json(array_agg(id ORDER BY id))::text AS list
    FROM (
      SELECT id, coalesce(user_id::text, '') AS owner, (row_number() OVER (ORDER BY user_id, id) - 1) / 90 AS part
      FROM old_rows
    ) AS numbered GROUP BY part, owner
  ) AS lists GROUP BY part;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION vibestack_send_users(changed uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(changed) > 3000 THEN
    PERFORM pg_notify('vibestack_users', '{"resync":true}');
    RETURN;
  END IF;
  PERFORM pg_notify('vibestack_users', '{"ids":' || array_to_json(array_agg(id ORDER BY n))::text || '}')
  FROM unnest(changed) WITH ORDINALITY AS c (id, n) GROUP BY (n - 1) / 150;
END $$;

CREATE OR REPLACE FUNCTION vibestack_users_inserted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('SELECT %I.vibestack_send_users($1)', TG_TABLE_SCHEMA) USING (SELECT array_agg(id) FROM new_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION vibestack_users_updated() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('SELECT %I.vibestack_send_users($1)', TG_TABLE_SCHEMA) USING
    (SELECT array_agg(id) FROM (SELECT id FROM new_rows UNION SELECT id FROM old_rows) AS c);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION vibestack_users_deleted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('SELECT %I.vibestack_send_users($1)', TG_TABLE_SCHEMA) USING (SELECT array_agg(id) FROM old_rows);
  RETURN NULL;
END $$;

-- AFTER TRUNCATE of either table; the argument is the channel.
CREATE OR REPLACE FUNCTION vibestack_truncated() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify(TG_ARGV[0], '{"resync":true}');
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION vibestack_schema_version() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 1';
