"""Makes a foreign database on the server of DATABASE_URL and prints it for tests that are not Python's.

The first line is the database's URL; then comes a line for each person: email, password, `active` or `banned`,
separated by tabs.
"""

import os

from tests.support import foreign_database

if __name__ == "__main__":
    database = foreign_database.create(os.environ["DATABASE_URL"])
    print(database.url)
    for person in foreign_database.PEOPLE:
        state = "banned" if person.is_active is False else "active"
        print(person.email, person.password, state, sep="\t")
