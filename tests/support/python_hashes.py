"""bcrypt as Python programs use it, for tests: by the packages `bcrypt` and `passlib`.

  python_hashes.py hash LIBRARY PREFIX PASSWORD    prints a hash ($2a$, $2b$ or $2y$) at cost 4
  python_hashes.py verify HASH PASSWORD            exits with 0 if both libraries say that the password has that hash

PASSWORD is in hexadecimal.
"""

import sys

import bcrypt
from passlib.hash import bcrypt as passlib_bcrypt


def make(library, prefix, password):
    ident = prefix.strip("$")
    if library == "passlib":
        return passlib_bcrypt.using(rounds=4, ident=ident).hash(password)
    if ident == "2y":  # which `bcrypt` verifies but does not make; the algorithm is the same
        return bcrypt.hashpw(password, bcrypt.gensalt(4, b"2b")).decode().replace("$2b$", "$2y$")
    return bcrypt.hashpw(password, bcrypt.gensalt(4, ident.encode())).decode()


def main():
    password = bytes.fromhex(sys.argv[-1])
    if sys.argv[1] == "hash":
        print(make(sys.argv[2], sys.argv[3], password))
        return 0
    known = sys.argv[2]
    return 0 if bcrypt.checkpw(password, known.encode()) and passlib_bcrypt.verify(password, known) else 1


sys.exit(main())
