-- Statements about the leases of processing jobs. The lease token is `updated_at` in microseconds: every write moves it, so an
-- old token no longer matches.

-- name: HoldJobs
-- Extends leases ($3 is 'processing') or releases them ($3 is 'pending'). $1 are distinct ids, $2 their lease tokens. Returns the
-- jobs whose token was the current one, with the new token. Fence and locks: as in FinishJobs.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token) ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND a.status = 'processing' AND {{micros(a.updated_at)}} = i.token
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
  ) AS locked
)
UPDATE agent_jobs AS j SET status = $3::text
FROM held AS h
WHERE j.id = h.id AND j.status = 'processing' AND {{micros(j.updated_at)}} = h.token
RETURNING j.id, j.workflow_id, {{micros(j.updated_at)}}

-- name: ExplainLeases
-- Tells why HoldJobs did not write jobs. $1 are distinct ids, $2 their lease tokens. Returns the jobs that exist, whether each
-- was cancelled, and whether its token is still the current one: then another transaction has locked the row.
SELECT j.id, j.status = 'failed' AND coalesce(j.result_payload #>> '{error,code}', '') = 'CANCELLED',
  j.status = 'processing' AND {{micros(j.updated_at)}} = i.token
FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
