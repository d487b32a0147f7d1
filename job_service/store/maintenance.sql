-- Statements that run from time to time on every replica: sweeps, retention, counts.
--
-- Only the database's clock counts. Several replicas may run one of these at the same time: SKIP LOCKED passes over rows that
-- another one holds, and the write checks its conditions again on the newest version of the locked row.

-- name: SweepJobs
-- Makes up to $2 processing jobs pending whose lease ran out. A lease of the workflows $3 is $4 microseconds long; below
-- zero it never runs out. The lease of all other workflows is $1 microseconds long.
--
-- The statement finds the workflows with an index skip scan: it hops from one to the next in the index (workflow_id, updated_at).
-- So it does not read jobs whose lease is valid. A job that somebody is writing to at this moment is alive: SKIP LOCKED passes
-- over it.
WITH RECURSIVE running AS (
  (SELECT j.workflow_id FROM agent_jobs AS j WHERE coalesce(j.status, 'pending') = 'processing'
   ORDER BY j.workflow_id, j.updated_at LIMIT 1)
  UNION ALL
  SELECT f.workflow_id FROM running AS r CROSS JOIN LATERAL (
    SELECT j.workflow_id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'processing' AND j.workflow_id > r.workflow_id
    ORDER BY j.workflow_id, j.updated_at LIMIT 1
  ) AS f
), leases AS (
  SELECT r.workflow_id, coalesce((
    SELECT l.micros FROM unnest($3::text[], $4::bigint[]) AS l (workflow_id, micros)
    WHERE l.workflow_id = r.workflow_id LIMIT 1
  ), $1::bigint) AS micros
  FROM running AS r
), expired AS (
  SELECT e.id, e.updated_before FROM leases AS l CROSS JOIN LATERAL (
    SELECT j.id, now() - l.micros * interval '1 microsecond' AS updated_before FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'processing'
      AND j.workflow_id >= l.workflow_id AND j.workflow_id <= l.workflow_id
      AND j.updated_at < now() - l.micros * interval '1 microsecond'
    ORDER BY j.workflow_id, j.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS e
  WHERE l.micros >= 0 LIMIT $2::integer
)
UPDATE agent_jobs AS j SET status = 'pending'
FROM expired
WHERE j.id = expired.id AND j.status = 'processing' AND j.updated_at < expired.updated_before
RETURNING j.id, j.workflow_id

-- name: ExpireJobs
-- Deletes up to $2 terminal jobs that ended more than $1 microseconds ago.
-- The status is compared by `=`, so that the scan ends at the age. A comparison of rows would read all jobs of the status.
WITH old AS (
  SELECT j.id FROM unnest(ARRAY['completed', 'failed']) AS s (status) CROSS JOIN LATERAL (
    SELECT a.id FROM agent_jobs AS a
    WHERE coalesce(a.status, 'pending') = s.status
      AND a.updated_at < now() - $1::bigint * interval '1 microsecond'
    ORDER BY a.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
)
DELETE FROM agent_jobs AS j USING old
WHERE j.id = old.id AND j.status IN ('completed', 'failed')
  AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
RETURNING j.id, j.user_id

-- macro: pending_for(time)
-- For how many microseconds a job that was created at this time has been pending.
{{micros(greatest(now() - {{time}}, interval '0'))}}

-- name: CountJobs
-- For each of the workflows $1: how many jobs have each status, and for how many microseconds the oldest pending job has been
-- pending (NULL without one). Counts come from the index alone and stop at $2, so that a million finished jobs cost as much as $2
-- do. The keys are compared by bounds in place of `=`, and ORDER BY holds all columns: see list_by in list.sql.
SELECT w.workflow_id, s.status, (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS a
      WHERE (a.workflow_id, coalesce(a.status, 'pending')) >= (w.workflow_id, s.status)
        AND (a.workflow_id, coalesce(a.status, 'pending')) <= (w.workflow_id, s.status)
      ORDER BY a.workflow_id, coalesce(a.status, 'pending') LIMIT $2::integer
    ) AS c
  ), (
    SELECT {{pending_for(p.created_at)}}
    FROM agent_jobs AS p
    WHERE s.status = 'pending' AND p.workflow_id >= w.workflow_id AND p.workflow_id <= w.workflow_id
      AND coalesce(p.status, 'pending') = 'pending'
    ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1
  )
FROM unnest($1::text[]) AS w (workflow_id)
CROSS JOIN unnest(ARRAY['pending', 'processing', 'completed', 'failed']) AS s (status)

-- name: CountAllJobs
-- How many jobs have each status, and for how many microseconds the oldest pending job has been pending (NULL without one).
-- Counts come from the index and stop at $1, so that a million finished jobs cost as much as $1 do.
SELECT s.status, (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS a
      WHERE coalesce(a.status, 'pending') = s.status
      ORDER BY coalesce(a.status, 'pending'), a.created_at LIMIT $1::integer
    ) AS c
  ), (
    SELECT {{pending_for(p.created_at)}}
    FROM agent_jobs AS p
    WHERE s.status = 'pending' AND coalesce(p.status, 'pending') = s.status
    ORDER BY coalesce(p.status, 'pending'), p.created_at, p.id LIMIT 1
  )
FROM unnest(ARRAY['pending', 'processing', 'completed', 'failed']) AS s (status)

-- name: FindWorkflows
-- The first $1 workflows that have jobs, by name. An index skip scan hops from one to the next, so that the work depends on the
-- number of workflows, not on the number of their jobs.
WITH RECURSIVE names AS (
  (SELECT j.workflow_id, 1 AS n FROM agent_jobs AS j ORDER BY j.workflow_id LIMIT 1)
  UNION ALL
  SELECT f.workflow_id, o.n + 1 FROM names AS o CROSS JOIN LATERAL (
    SELECT j.workflow_id FROM agent_jobs AS j
    WHERE j.workflow_id > o.workflow_id ORDER BY j.workflow_id LIMIT 1
  ) AS f
  WHERE o.n < $1::integer
)
SELECT workflow_id FROM names
