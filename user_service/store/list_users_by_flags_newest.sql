-- Users with is_active $11 and is_superuser $12, newest first, as list_users_newest says.
-- (Bounds in place of `=`, and the flag in ORDER BY: only the index that begins with it has that order.)
SELECT id, email, hashed_password, full_name, bio, is_active, is_superuser,
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint,
  matches, place = $5
FROM (
  SELECT id, email, hashed_password, full_name, bio, coalesce(is_active, true) AS is_active,
    coalesce(is_superuser, false) AS is_superuser, created_at, updated_at,
    (($7::text IS NULL OR lower(email COLLATE "C") BETWEEN $7 AND $8::text)
      AND ($9::text IS NULL OR lower(full_name COLLATE "C") BETWEEN $9 AND $10::text)) IS TRUE AS matches,
    row_number() OVER (
      ORDER BY coalesce(is_active, true) DESC, coalesce(is_superuser, false) DESC, created_at DESC, id DESC) AS place
  FROM users
  WHERE (coalesce(is_active, true), coalesce(is_superuser, false), created_at, id)
      > ($11::boolean, $12::boolean, $1::timestamptz, $2::uuid)
    AND (coalesce(is_active, true), coalesce(is_superuser, false), created_at, id)
      < ($11::boolean, $12::boolean, $3::timestamptz, $4::uuid)
  ORDER BY coalesce(is_active, true) DESC, coalesce(is_superuser, false) DESC, created_at DESC, id DESC LIMIT $5::bigint
) AS looked_at
WHERE matches OR place = $5
ORDER BY is_active DESC, is_superuser DESC, created_at DESC, id DESC LIMIT $6::bigint
