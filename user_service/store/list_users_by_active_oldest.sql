-- Users with is_active $11, oldest first, as list_users_newest says.
-- (Bounds in place of `=`, and the flag in ORDER BY: only the index that begins with it has that order.)
SELECT id, email, hashed_password, full_name, bio, is_active, is_superuser,
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint,
  matches, place = $5
FROM (
  SELECT id, email, hashed_password, full_name, bio, coalesce(is_active, true) AS is_active,
    coalesce(is_superuser, false) AS is_superuser, created_at, updated_at,
    (($7::text IS NULL OR lower(email COLLATE "C") BETWEEN $7 AND $8::text)
      AND ($9::text IS NULL OR lower(full_name COLLATE "C") BETWEEN $9 AND $10::text)) IS TRUE AS matches,
    row_number() OVER (ORDER BY coalesce(is_active, true), created_at, id) AS place
  FROM users
  WHERE (coalesce(is_active, true), created_at, id) > ($11::boolean, $1::timestamptz, $2::uuid)
    AND (coalesce(is_active, true), created_at, id) < ($11::boolean, $3::timestamptz, $4::uuid)
  ORDER BY coalesce(is_active, true), created_at, id LIMIT $5::bigint
) AS looked_at
WHERE matches OR place = $5
ORDER BY is_active, created_at, id LIMIT $6::bigint
