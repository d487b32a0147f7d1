-- $2 email, $3 hashed_password, $8 is_active and $9 is_superuser stay where NULL; $4 and $6 say whether $5 full_name and $7 bio,
-- which may become NULL, are changed. No row where there is none of that id, the hash is not $10 (where that is given), or somebody
-- else has the email, in any case.
UPDATE users SET
  email = coalesce($2::text, email),
  hashed_password = coalesce($3::text, hashed_password),
  full_name = CASE WHEN $4::boolean THEN $5::text ELSE full_name END,
  bio = CASE WHEN $6::boolean THEN $7::text ELSE bio END,
  is_active = coalesce($8::boolean, is_active),
  is_superuser = coalesce($9::boolean, is_superuser)
WHERE id = $1::uuid AND ($10::text IS NULL OR hashed_password = $10)
  AND ($2::text IS NULL OR NOT EXISTS (
    SELECT FROM users AS other WHERE lower(other.email COLLATE "C") = $2::text AND other.id <> $1::uuid))
RETURNING id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
