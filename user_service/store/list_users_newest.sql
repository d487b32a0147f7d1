-- Users, newest first, between the positions ($1, $2) and ($3, $4), both exclusive: $6 at most of those whose email lies from
-- $7 to $8 and whose full name from $9 to $10, in lower case, where these are given.
-- No more than $5 rows are looked at, whatever the table holds. The last of so many comes in any case, so that the next page
-- can go on after it: the last two columns say whether a row is one of those asked for, and whether it is that last one.
SELECT id, email, hashed_password, full_name, bio, is_active, is_superuser,
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint,
  matches, place = $5
FROM (
  SELECT id, email, hashed_password, full_name, bio, coalesce(is_active, true) AS is_active,
    coalesce(is_superuser, false) AS is_superuser, created_at, updated_at,
    (($7::text IS NULL OR lower(email COLLATE "C") BETWEEN $7 AND $8::text)
      AND ($9::text IS NULL OR lower(full_name COLLATE "C") BETWEEN $9 AND $10::text)) IS TRUE AS matches,
    row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
  FROM users
  WHERE (created_at, id) > ($1::timestamptz, $2::uuid)
    AND (created_at, id) < ($3::timestamptz, $4::uuid)
  ORDER BY created_at DESC, id DESC LIMIT $5::bigint
) AS looked_at
WHERE matches OR place = $5
ORDER BY created_at DESC, id DESC LIMIT $6::bigint
