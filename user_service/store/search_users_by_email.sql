-- Users whose email lies from $7 to $8, in lower case, when there are fewer than $5: for searches that find few of many rows.
-- The other parameters are those of list_users_newest, and each flag filters where it is given; $13 says that the oldest come first.
-- The last column is how many were found before the other filters, $5 at most; then nobody is returned. That number also comes
-- in a row without an id where nobody is left.
WITH found AS MATERIALIZED (
  SELECT id, created_at, is_active, is_superuser, full_name FROM users
  WHERE lower(email COLLATE "C") BETWEEN $7::text AND $8::text
  ORDER BY lower(email COLLATE "C") LIMIT $5::bigint
), number AS (
  SELECT count(*) AS number FROM found
), page AS (
  SELECT found.id FROM found, number
  WHERE number < $5
    AND (created_at, id) > ($1::timestamptz, $2::uuid) AND (created_at, id) < ($3::timestamptz, $4::uuid)
    AND ($9::text IS NULL OR lower(full_name COLLATE "C") BETWEEN $9 AND $10::text)
    AND ($11::boolean IS NULL OR coalesce(is_active, true) = $11)
    AND ($12::boolean IS NULL OR coalesce(is_superuser, false) = $12)
  ORDER BY CASE WHEN $13::boolean THEN created_at END, CASE WHEN $13 THEN id END, created_at DESC, id DESC
  LIMIT $6::bigint
)
SELECT u.id, u.email, u.hashed_password, u.full_name, u.bio, coalesce(u.is_active, true), coalesce(u.is_superuser, false),
  (extract(epoch FROM u.created_at) * 1000000)::bigint, (extract(epoch FROM u.updated_at) * 1000000)::bigint, number
FROM number LEFT JOIN (page JOIN users AS u USING (id)) ON true
ORDER BY CASE WHEN $13 THEN u.created_at END, CASE WHEN $13 THEN u.id END, u.created_at DESC, u.id DESC
