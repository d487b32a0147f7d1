-- Locks all jobs of the user $1 in the order of their ids, as job_service's statements lock theirs, so that neither waits for the
-- other in a circle. Whoever writes one of them meanwhile is waited for.
SELECT count(*) FROM (SELECT FROM agent_jobs WHERE user_id = $1::uuid ORDER BY id FOR UPDATE) AS locked
