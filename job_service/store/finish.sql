-- Statements that end jobs for their workers.

-- name: FinishJobs
-- Ends jobs, or stores their progress. $1 are distinct ids, $2 their lease tokens, $3 the new statuses, $4 the results. Returns
-- the jobs that it wrote.
--
-- Fence: the statement writes a row only while the job is processing and its `updated_at` is the token. Locks: the statement
-- first locks the rows in the order of their ids, so that two statements never deadlock. A lock sees the newest version of its
-- row, so the fence holds against every concurrent writer.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[]) AS i (id, token, status, result)
  ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND a.status = 'processing' AND {{micros(a.updated_at)}} = i.token
    LIMIT 1 FOR UPDATE
  ) AS locked
)
UPDATE agent_jobs AS j SET status = h.status, result_payload = h.result
FROM held AS h
WHERE j.id = h.id AND j.status = 'processing' AND {{micros(j.updated_at)}} = h.token
RETURNING {{job_columns(j.)}}, NULL

-- name: CompareResults
-- Tells why FinishJobs did not write jobs. $1 are distinct ids, $2 the results. Returns the jobs that exist. The column of the
-- result is 'same' if the job already has this result, else NULL.
SELECT {{job_columns(j.)}}, CASE WHEN j.result_payload = i.result THEN 'same' END
FROM unnest($1::uuid[], $2::jsonb[]) AS i (id, result)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
