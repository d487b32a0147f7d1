-- Why leases are not held; $1 distinct ids. The jobs that exist, and whether each was cancelled.
SELECT j.id, j.status = 'failed' AND coalesce(j.result_payload #>> '{error,code}', '') = 'CANCELLED'
FROM unnest($1::uuid[]) AS i (id)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
