-- Statements about change events: NOTIFY after a commit, and the poll that finds what lost notifications would have said.

-- name: Notify
-- Notifies all listeners with each of the payloads $1, in a transaction of its own.
-- NOTIFY holds a lock of the whole cluster from the commit until the flush. A change event needs no durability, and what it
-- announces is flushed already. So this commit does not wait for a flush: it neither holds the lock during one nor delays the
-- commits of jobs.
SELECT pg_notify('vibestack_agent_jobs', n.payload), set_config('synchronous_commit', 'off', true)
FROM unnest($1::text[]) AS n (payload)

-- name: ChangedJobs
-- Which jobs changed since a time, from the index alone: for each of the statuses $1, up to $4 jobs after the position ($2, $3)
-- in the order of (updated_at, id).
-- The status is compared by bounds in place of `=`, and ORDER BY begins with it: see list_by in list.sql.
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
