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

-- name: DatabaseTime
-- The database's time in microseconds since 1970.
SELECT {{micros(now())}}
