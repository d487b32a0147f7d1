-- Statements for change events: NOTIFY after a commit, and the poll that finds the jobs of lost notifications.

-- name: Notify
-- Sends each of the payloads $1 to all listeners, in its own transaction. A commit with NOTIFY holds a lock of the whole cluster
-- until its WAL is flushed. A change event needs no durability, and the change that it announces is already flushed. So this
-- transaction sets synchronous_commit to off: it does not hold the lock during a flush.
SELECT pg_notify('vibestack_agent_jobs', n.payload), set_config('synchronous_commit', 'off', true)
FROM unnest($1::text[]) AS n (payload)

-- name: ChangedJobs
-- The jobs that changed since a time, by an index-only scan: for each of the statuses $1, up to $4 jobs after the position ($2,
-- $3) in the order of (updated_at, id). The status is compared by two bounds instead of `=`, and ORDER BY begins with it: see
-- list_by in list.sql.
SELECT j.status, j.id, {{micros(j.updated_at)}}
FROM unnest($1::text[], $2::timestamptz[], $3::uuid[]) AS s (status, after, after_id)
CROSS JOIN LATERAL (
  SELECT coalesce(a.status, 'pending') AS status, a.updated_at, a.id FROM agent_jobs AS a
  WHERE (coalesce(a.status, 'pending'), a.updated_at, a.id) > (s.status, s.after, s.after_id)
    AND coalesce(a.status, 'pending') <= s.status
  ORDER BY coalesce(a.status, 'pending'), a.updated_at, a.id LIMIT $4::integer
) AS j

-- name: EndedJobs
-- The jobs with the status $1 after the position ($2, $3) in the order of (updated_at, id), of the user $4 and of the workflow $5
-- unless these are NULL. The statement examines at most $6 rows. It returns those that match, and also the row $6, so that the
-- next page can continue after it. The last two columns say whether the row matches, and whether it is the row $6. The bounds of
-- the status are as in ChangedJobs.
SELECT {{job_columns(looked_at.)}}, NULL, matches, place = $6
FROM (
  SELECT j.*, (($4::uuid IS NULL OR j.user_id = $4::uuid) AND ($5::text IS NULL OR j.workflow_id = $5::text)) AS matches,
    row_number() OVER (ORDER BY coalesce(j.status, 'pending'), j.updated_at, j.id) AS place
  FROM agent_jobs AS j
  WHERE (coalesce(j.status, 'pending'), j.updated_at, j.id) > ($1::text, $2::timestamptz, $3::uuid)
    AND coalesce(j.status, 'pending') <= $1::text
  ORDER BY coalesce(j.status, 'pending'), j.updated_at, j.id LIMIT $6::integer
) AS looked_at
WHERE matches OR place = $6
ORDER BY updated_at, id

-- name: DatabaseTime
-- The database's time in microseconds since 1970.
SELECT {{micros(now())}}
