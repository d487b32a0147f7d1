-- Makes jobs; $1 ids, $2 owners (NULL for none), $3 workflows, in the order of the ids.
-- Answers the ids that were new, and the time of all of them. An id that exists, even if another
-- transaction is just committing it, is left alone and not answered: its row is read afterwards.
-- Rows go in by the order of their ids, so that two statements never wait for each other.
INSERT INTO agent_jobs (id, user_id, workflow_id, status, created_at, updated_at)
SELECT i.id, i.user_id, i.workflow_id, 'pending', now(), now()
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS i (id, user_id, workflow_id)
ORDER BY i.id
ON CONFLICT (id) DO NOTHING
RETURNING id, (SELECT (extract(epoch FROM now()) * 1000000)::bigint)
