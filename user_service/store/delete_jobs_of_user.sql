-- Deletes up to $4 jobs of the user $1 after the position ($2, $3), oldest first, and answers the last one's position and how
-- many they were; nothing when there were none. Jobs that somebody else holds are passed over: those are waited for elsewhere.
WITH batch AS (
  SELECT id, created_at FROM agent_jobs
  WHERE (user_id, created_at, id) > ($1::uuid, $2::timestamptz, $3::uuid) AND user_id <= $1::uuid
  ORDER BY user_id, created_at, id LIMIT $4::bigint FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM agent_jobs AS j USING batch WHERE j.id = batch.id RETURNING j.id
)
SELECT (extract(epoch FROM created_at) * 1000000)::bigint, id, (SELECT count(*) FROM deleted)
FROM batch ORDER BY created_at DESC, id DESC LIMIT 1
