-- Users whose full name lies from $9 to $10, as search_users_by_email says.
WITH found AS MATERIALIZED (
  SELECT id, created_at, is_active, is_superuser, email FROM users
  WHERE lower(full_name COLLATE "C") BETWEEN $9::text AND $10::text
  ORDER BY lower(full_name COLLATE "C") LIMIT $5::bigint
), number AS (
  SELECT count(*) AS number FROM found
), page AS (
  SELECT found.id FROM found, number
  WHERE number < $5
    AND (created_at, id) > ($1::timestamptz, $2::uuid) AND (created_at, id) < ($3::timestamptz, $4::uuid)
    AND ($7::text IS NULL OR lower(email COLLATE "C") BETWEEN $7 AND $8::text)
    AND ($11::boolean IS NULL OR coalesce(is_active, true) = $11)
    AND ($12::boolean IS NULL OR coalesce(is_superuser, false) = $12)
  ORDER BY CASE WHEN $13::boolean THEN created_at END, CASE WHEN $13 THEN id END, created_at DESC, id DESC
  LIMIT $6::bigint
)
SELECT u.id, u.email, u.hashed_password, u.full_name, u.bio, coalesce(u.is_active, true), coalesce(u.is_superuser, false),
  (extract(epoch FROM u.created_at) * 1000000)::bigint, (extract(epoch FROM u.updated_at) * 1000000)::bigint, number
FROM number LEFT JOIN (page JOIN users AS u USING (id)) ON true
ORDER BY CASE WHEN $13 THEN u.created_at END, CASE WHEN $13 THEN u.id END, u.created_at DESC, u.id DESC
