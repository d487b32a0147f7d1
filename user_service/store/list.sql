-- Statements that list users. They share these parameters:
-- - ($1, $2) and ($3, $4): the users lie between these positions in the order of (created_at, id); both ends are exclusive
-- - $5: the maximum number of rows to read
-- - $6: the maximum number of users to return
-- - $7 and $8: the lowest and the highest email in lower case; $9 and $10: the same for the full name; NULL for no bounds
-- - $11 and $12: the flags that the comment of the statement names

-- macro: within(column; least; greatest)
-- Whether the column, in lower case, lies in this range. True for every value if the bounds are NULL.
({{least}}::text IS NULL OR lower({{column}} COLLATE "C") BETWEEN {{least}} AND {{greatest}}::text)

-- macro: list_users(key; low; high; order; outer_order)
-- A page of users whose `key` lies between `low` and `high`, in the order `order`. `outer_order` is the same order, with the
-- aliases `active` and `superuser` for the flags.
--
-- The statement reads at most $5 rows, however many the table has. It returns those that lie in the ranges $7 to $10, and also
-- the row $5, so that the next page can continue after it. The last two columns say whether the row lies in the ranges, and
-- whether it is the row $5.
--
-- A flag is compared by two bounds instead of `=`, and ORDER BY begins with it. Only the index that begins with the flag has this
-- order, so the planner must use that index.
SELECT {{user_columns(looked_at.)}}, matches, place = $5
FROM (
  SELECT *, coalesce(is_active, true) AS active, coalesce(is_superuser, false) AS superuser,
    ({{within(email; $7; $8)}} AND {{within(full_name; $9; $10)}}) IS TRUE AS matches,
    row_number() OVER (ORDER BY {{order}}) AS place
  FROM users
  WHERE ({{key}}) > ({{low}}) AND ({{key}}) < ({{high}})
  ORDER BY {{order}} LIMIT $5::bigint
) AS looked_at
WHERE matches OR place = $5
ORDER BY {{outer_order}} LIMIT $6::bigint

-- name: ListUsersNewest, ListUsersOldest
-- All users.
{{list_users(
  created_at, id;
  $1::timestamptz, $2::uuid;
  $3::timestamptz, $4::uuid;
  created_at {{DESC|}}, id {{DESC|}};
  created_at {{DESC|}}, id {{DESC|}})}}

-- name: ListUsersByActiveNewest, ListUsersByActiveOldest
-- Users whose is_active is $11.
{{list_users(
  coalesce(is_active, true), created_at, id;
  $11::boolean, $1::timestamptz, $2::uuid;
  $11::boolean, $3::timestamptz, $4::uuid;
  coalesce(is_active, true) {{DESC|}}, created_at {{DESC|}}, id {{DESC|}};
  active {{DESC|}}, created_at {{DESC|}}, id {{DESC|}})}}

-- name: ListUsersBySuperuserNewest, ListUsersBySuperuserOldest
-- Users whose is_superuser is $11.
{{list_users(
  coalesce(is_superuser, false), created_at, id;
  $11::boolean, $1::timestamptz, $2::uuid;
  $11::boolean, $3::timestamptz, $4::uuid;
  coalesce(is_superuser, false) {{DESC|}}, created_at {{DESC|}}, id {{DESC|}};
  superuser {{DESC|}}, created_at {{DESC|}}, id {{DESC|}})}}

-- name: ListUsersByFlagsNewest, ListUsersByFlagsOldest
-- Users whose is_active is $11 and whose is_superuser is $12.
{{list_users(
  coalesce(is_active, true), coalesce(is_superuser, false), created_at, id;
  $11::boolean, $12::boolean, $1::timestamptz, $2::uuid;
  $11::boolean, $12::boolean, $3::timestamptz, $4::uuid;
  coalesce(is_active, true) {{DESC|}}, coalesce(is_superuser, false) {{DESC|}}, created_at {{DESC|}}, id {{DESC|}};
  active {{DESC|}}, superuser {{DESC|}}, created_at {{DESC|}}, id {{DESC|}})}}

-- macro: search_users(column; least; greatest; other; other_least; other_greatest)
-- Users whose `column` lies in a range, if fewer than $5 users do: for searches that find a few of many rows. The column `other`
-- may have a range, too. $11 filters by is_active and $12 by is_superuser, unless they are NULL. $13 says whether the oldest
-- users come first.
--
-- The last column is the number of users in the range of `column`, counted up to $5. If it is $5, the statement returns no users.
-- A result without users is one row with this number and a NULL id.
WITH found AS MATERIALIZED (
  SELECT id, created_at, is_active, is_superuser, {{other}} FROM users
  WHERE lower({{column}} COLLATE "C") BETWEEN {{least}}::text AND {{greatest}}::text
  ORDER BY lower({{column}} COLLATE "C") LIMIT $5::bigint
), number AS (
  SELECT count(*) AS number FROM found
), page AS (
  SELECT found.id FROM found, number
  WHERE number < $5
    AND (created_at, id) > ($1::timestamptz, $2::uuid) AND (created_at, id) < ($3::timestamptz, $4::uuid)
    AND {{within({{other}}; {{other_least}}; {{other_greatest}})}}
    AND ($11::boolean IS NULL OR coalesce(is_active, true) = $11)
    AND ($12::boolean IS NULL OR coalesce(is_superuser, false) = $12)
  ORDER BY CASE WHEN $13::boolean THEN created_at END, CASE WHEN $13 THEN id END, created_at DESC, id DESC
  LIMIT $6::bigint
)
SELECT {{user_columns(u.)}}, number
FROM number LEFT JOIN (page JOIN users AS u USING (id)) ON true
ORDER BY CASE WHEN $13 THEN u.created_at END, CASE WHEN $13 THEN u.id END, u.created_at DESC, u.id DESC

-- name: SearchUsersByEmail
-- Users whose email lies from $7 to $8.
{{search_users(email; $7; $8; full_name; $9; $10)}}

-- name: SearchUsersByFullName
-- Users whose full name lies from $9 to $10.
{{search_users(full_name; $9; $10; email; $7; $8)}}
