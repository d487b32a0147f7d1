"""Upgrades the database of DATABASE_URL to a revision of the tests, with the tools of deploy/migrations.

    upgrade.py REVISION
"""

import logging
import pathlib
import sys

from alembic import command
from alembic import config

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[4]
MIGRATIONS = ROOT / "deploy" / "migrations"
# For the revisions of the tests, which follow the newest revision of deploy/migrations.
sys.path.insert(0, str(ROOT))

logging.basicConfig(level=logging.WARNING)
logging.getLogger("vibestack").setLevel(logging.INFO)
settings = config.Config(str(MIGRATIONS / "alembic.ini"))
settings.set_main_option("version_locations", f"{MIGRATIONS / 'versions'}:{HERE / 'versions'}")
command.upgrade(settings, sys.argv[1])
