-- $1 an email. Adopted rows may differ in case only: the one as typed is preferred, then the one in lower case, then the oldest.
SELECT id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
FROM users
WHERE lower(email COLLATE "C") = lower($1::text COLLATE "C")
ORDER BY email = $1 DESC, email = lower($1::text COLLATE "C") DESC, created_at, id
LIMIT 1
