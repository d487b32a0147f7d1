"""Builds the database of a foreign program: its own SQLAlchemy models, its own Alembic, rows of all ages.

The adoption tests use it, and end-to-end tests that log in as these people:

    database = foreign_database.create(server_url)   # CREATE DATABASE, tables, rows
    foreign_database.PEOPLE[0].password
    foreign_database.drop(server_url, database.name)
"""

import dataclasses
import datetime
import uuid

import bcrypt
import psycopg
import sqlalchemy as sa
from passlib.hash import bcrypt as passlib_bcrypt
from psycopg import conninfo
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql

FOREIGN_REVISION = "abc123def456"
CHEAP = 4  # bcrypt cost of test rows


class Base(orm.DeclarativeBase):
    """The foreign program's models. Their defaults are in Python, so the columns have no defaults."""


class User(Base):
    __tablename__ = "users"

    id = sa.Column(postgresql.UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    email = sa.Column(sa.String(255), unique=True, index=True, nullable=False)
    hashed_password = sa.Column(sa.String(255), nullable=False)
    full_name = sa.Column(sa.String(100))
    bio = sa.Column(sa.Text)
    is_active = sa.Column(sa.Boolean, default=True)
    is_superuser = sa.Column(sa.Boolean, default=False)
    created_at = sa.Column(sa.DateTime(timezone=True))
    updated_at = sa.Column(sa.DateTime(timezone=True))


class AgentJob(Base):
    """The jobs, without the foreign key and the CHECK that the migration adds."""

    __tablename__ = "agent_jobs"

    id = sa.Column(postgresql.UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    user_id = sa.Column(postgresql.UUID(as_uuid=True))
    workflow_id = sa.Column(sa.String(100), nullable=False)
    status = sa.Column(sa.String(50), default="pending")
    result_payload = sa.Column(postgresql.JSONB)
    created_at = sa.Column(sa.DateTime(timezone=True))
    updated_at = sa.Column(sa.DateTime(timezone=True))


@dataclasses.dataclass(frozen=True)
class Person:
    """A row of users, with its password in plaintext."""

    id: uuid.UUID
    email: str
    password: str
    hashed_password: str
    is_active: bool | None
    is_superuser: bool | None
    created_at: datetime.datetime | None


def _bcrypt(password: str, prefix: bytes) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(CHEAP, prefix=prefix)).decode()


def _passlib(password: str, ident: str) -> str:
    return passlib_bcrypt.using(rounds=CHEAP, ident=ident).hash(password)


def _person(number: int, email: str, hashed: tuple[str, str], active: bool | None, superuser: bool | None) -> Person:
    created = None if number == 3 else datetime.datetime(2023, 1, number, 12, tzinfo=datetime.timezone.utc)
    key = uuid.UUID(f"00000000-0000-4000-8000-{number:012d}")
    return Person(key, email, *hashed, active, superuser, created)


def _hashed(password: str, maker, kind) -> tuple[str, str]:
    return password, maker(password, kind)


PEOPLE = (
    _person(1, "Ada.Lovelace@Example.ORG", _hashed("analytical engine", _bcrypt, b"2a"), None, None),
    _person(2, "grace@example.org", _hashed("nanoseconds", _bcrypt, b"2b"), True, True),
    _person(3, "ALAN@EXAMPLE.ORG", _hashed("enigma äöü 1912", _passlib, "2y"), None, False),
    _person(4, "banned@example.org", _hashed("let me back in", _passlib, "2b"), False, None),
    _person(5, "linus@example.org", _hashed("x" * 72, _passlib, "2a"), True, None),
)


@dataclasses.dataclass(frozen=True)
class Database:
    name: str
    url: str


def url_of(server_url: str, name: str) -> str:
    """Returns the URL of another database on the same server."""
    parts = conninfo.conninfo_to_dict(server_url)
    return f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{name}"


def create_empty(server_url: str, prefix: str = "scratch") -> Database:
    """Creates an empty database."""
    name = f"{prefix}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return Database(name, url_of(server_url, name))


def create(server_url: str, with_alembic: bool = True) -> Database:
    """Creates a database with the foreign tables, their rows and, if wanted, the foreign alembic_version."""
    database = create_empty(server_url, "foreign")
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database.url))
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        fill(session)
        if with_alembic:
            session.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
            session.execute(sa.text("INSERT INTO alembic_version VALUES (:r)"), {"r": FOREIGN_REVISION})
        session.commit()
    engine.dispose()
    return database


def fill(session: orm.Session) -> None:
    """Adds PEOPLE and a few jobs: one with a NULL status, one with NULL times, one without a user."""
    for person in PEOPLE:
        row = dataclasses.asdict(person)
        del row["password"]
        session.execute(sa.insert(User).values(**row, updated_at=person.created_at))
    long_ago = datetime.datetime(2023, 6, 1, tzinfo=datetime.timezone.utc)
    jobs = (
        {"user_id": PEOPLE[0].id, "status": None, "created_at": long_ago, "updated_at": long_ago},
        {"user_id": PEOPLE[0].id, "status": "completed", "result_payload": {"answer": [1, None, "ö"]}},
        {"user_id": None, "status": "failed", "created_at": long_ago},
    )
    for number, job in enumerate(jobs, 1):
        key = uuid.UUID(f"00000000-0000-4000-9000-{number:012d}")
        session.execute(sa.insert(AgentJob).values(id=key, workflow_id="summarise", **job))


def drop(server_url: str, name: str) -> None:
    """Removes a database and disconnects its clients."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
