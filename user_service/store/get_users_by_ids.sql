-- $1 ids, each once. GetUser, BatchGetUsers and the look-ups of authentication, many calls in one statement.
SELECT id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
FROM users
WHERE id = ANY ($1::uuid[])
