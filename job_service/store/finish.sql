-- Statements that end jobs for their workers.

-- name: FinishJobs
-- Ends jobs, or stores their progress. $1 are distinct ids, $2 their lease tokens, $3 the new statuses, $4 the results: an
-- output, an error object or progress. $5 says for each failure whether it is retryable. $6 are the delays before the next
-- attempt in microseconds; NULL means the backoff. $7 to $9 are the arguments of max_attempts. Returns the jobs that it wrote.
--
-- Fence: the statement writes a row only while the job is processing and its `updated_at` is the token. Locks: the statement
-- first locks the rows in the order of their ids, so that two statements never deadlock. A lock sees the newest version of its
-- row, so the fence holds against every concurrent writer. SKIP LOCKED leaves out a row that another transaction has locked, so
-- that the other calls of the statement do not wait for it. NO KEY: a foreign key of another table that refers to the job is no
-- such lock.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[], $5::boolean[], $6::bigint[])
    AS i (id, token, status, result, is_retryable, delay)
  ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND a.status = 'processing' AND {{micros(a.updated_at)}} = i.token
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
  ) AS locked
)
UPDATE agent_jobs AS j SET
  status = {{status_after(j.; h.status; h.is_retryable; {{max_attempts(j.; $7; $8; $9)}})}},
  result_payload = {{payload_after(j.; h.status; h.result; h.is_retryable; h.delay * interval '1 microsecond';
    {{max_attempts(j.; $7; $8; $9)}})}}
FROM held AS h
WHERE j.id = h.id AND j.status = 'processing' AND {{micros(j.updated_at)}} = h.token
RETURNING {{job_columns(j.)}}, NULL

-- name: CompareOutcomes
-- Tells why FinishJobs did not write jobs. $1 are distinct ids, $2 their lease tokens, $3 the statuses, $4 the results. Returns
-- the jobs that exist. The last two columns say whether the row already has this outcome, that is the same end of the job or a
-- retryable failure with this token, and whether the token is still the current one: then another transaction has locked the row.
SELECT {{job_columns(j.)}}, NULL, CASE i.status
    WHEN 'completed' THEN j.status = 'completed' AND j.result_payload = i.result
    WHEN 'failed' THEN j.status = 'failed' AND j.result_payload -> 'error' = i.result
      OR {{is_envelope(j.)}} AND j.result_payload -> 'errors' -> -1 -> 'token' = to_jsonb(i.token)
        AND j.result_payload -> 'errors' -> -1 -> 'code' = i.result -> 'code'
    ELSE false END,
  j.status = 'processing' AND {{micros(j.updated_at)}} = i.token
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[]) AS i (id, token, status, result)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
