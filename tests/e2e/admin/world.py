"""Both services and the gateway for a browser test, on free ports and with a PostgreSQL of their own.

  python -m tests.e2e.admin.world [NAME=VALUE…]

The arguments are environment variables of `deploy/local/up`, such as VIBESTACK_ACCESS_TOKEN_TTL=5s. The first line of the output is a
JSON object with the URL of the gateway, the superuser, and the token of a worker. After that, each line of the input is a JSON object
with one command, and each gets one line of JSON as the answer:

  {"stop": "job_service"}      stops a service with SIGTERM
  {"up": {}}                   starts what is stopped, with these environment variables changed
  {"query": "SELECT …"}        runs SQL; the answer is the list of the first column

The end of the input stops everything.
"""

import json
import signal
import sys

from tests.e2e.wire.gateway.world import PASSWORD, World


def described(world):
    up = world.up
    return {"url": world.url, "password": PASSWORD, "worker": world.worker, "ports": up.ports, "place": str(up.place),
            "superuser": {"id": world.superuser.id, "email": world.superuser.email, "password": PASSWORD}}


def answer(world, command):
    """Carries out a command; returns its answer."""
    (name, value), = command.items()
    if name == "stop":
        world.up.stop_service(value)
        return True
    if name == "up":
        world.up.environment |= value
        code, said = world.up.run()
        if code != 0:
            raise RuntimeError(said)
        return True
    if name == "query":
        return world.query(value)
    raise ValueError(f"no such command: {name}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that the services end too
    world = World(**dict(argument.split("=", 1) for argument in sys.argv[1:]))
    try:
        print(json.dumps(described(world)), flush=True)
        for line in sys.stdin:
            try:
                said = {"value": answer(world, json.loads(line))}
            except Exception as error:  # pylint: disable=broad-exception-caught  the test reports it
                said = {"error": str(error)}
            print(json.dumps(said), flush=True)
    finally:
        world.close()


if __name__ == "__main__":
    main()
