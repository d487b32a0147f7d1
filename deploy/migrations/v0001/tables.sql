-- Both tables where they do not exist. Existing ones are left to adoption.py.

CREATE TABLE IF NOT EXISTS users (
  id uuid PRIMARY KEY,
  email varchar(255) NOT NULL UNIQUE,
  hashed_password varchar(255) NOT NULL,
  full_name varchar(100),
  bio text,
  is_active boolean DEFAULT true,
  is_superuser boolean DEFAULT false,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);

CREATE TABLE IF NOT EXISTS agent_jobs (
  id uuid PRIMARY KEY,
  user_id uuid,
  workflow_id varchar(100) NOT NULL,
  status varchar(50) DEFAULT 'pending',
  result_payload jsonb,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);
