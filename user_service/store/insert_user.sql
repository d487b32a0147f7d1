-- Makes a row unless its id or email is taken. The unique constraint decides between two of our own inserts of one email
-- (the second waits for the first and then does nothing), since we store lower case only; the NOT EXISTS finds an adopted row
-- with the same email in another case.
INSERT INTO users (id, email, hashed_password, full_name, bio, is_active, is_superuser)
SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::boolean, $7::boolean
WHERE NOT EXISTS (SELECT FROM users WHERE lower(email COLLATE "C") = $2::text)
ON CONFLICT DO NOTHING
RETURNING id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
