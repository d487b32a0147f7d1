-- Erases the row. Refused by the foreign key while jobs refer to it.
DELETE FROM users WHERE id = $1::uuid RETURNING id
