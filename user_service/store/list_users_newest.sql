-- One page, newest first. $1 and $2 are LIKE patterns; a NULL filter filters nothing. Run after force_custom_plan.
SELECT id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
FROM users
WHERE ($1::text IS NULL OR lower(email COLLATE "C") LIKE $1)
  AND ($2::text IS NULL OR lower(full_name COLLATE "C") LIKE $2)
  AND ($3::boolean IS NULL OR coalesce(is_active, true) = $3)
  AND ($4::boolean IS NULL OR coalesce(is_superuser, false) = $4)
  AND ($5::timestamptz IS NULL OR created_at >= $5)
  AND ($6::timestamptz IS NULL OR created_at < $6)
  AND ($7::timestamptz IS NULL OR (created_at, id) < ($7, $8::uuid))
ORDER BY created_at DESC, id DESC
LIMIT $9::bigint
