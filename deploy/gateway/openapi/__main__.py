"""Writes the API's OpenAPI 3.1 document to FILE.

  python deploy/gateway/openapi DESCRIPTORS VERSION FILE

DESCRIPTORS is the set that protoc writes with --include_imports and --include_source_info (the build's proto/vibestack.pb).
It describes what the gateway's transcoder makes of the protos (deploy/gateway/envoy.yaml), and stops at anything in them that
it does not know, instead of leaving it out.
"""

import json
import pathlib
import sys

import errors
from api import Api
from examples import Examples
from operations import Operations
from schemas import Schemas

ABOUT = pathlib.Path(__file__).with_name("about.md")
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
               "description": "The `access_token` of Login, a service token or, where a method says so, a callback token."},
    "access_token": {"type": "apiKey", "in": "query", "name": "access_token",
                     "description": "For browsers' `EventSource`, which sends no headers. It is kept out of every log."},
}
REQUEST_ID = {"description": "The call's id in all logs: the one that was sent in this header, or a new one.",
              "schema": {"type": "string"}, "example": "dc35c327-55c7-4dd7-8605-65dd1f24fe24"}


def document(api, version):
    schemas = Schemas(api)
    paths = Operations(api, schemas, Examples(api)).paths()
    responses = errors.components(schemas.of_error())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vibe-Stack services", "version": version, "description": ABOUT.read_text(encoding="utf-8")},
        "servers": [{"url": "/"}],
        "tags": [{"name": service.name, "description": api.comment(service)} for service in api.services],
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.components.items())), "responses": responses,
                       "headers": {"x-request-id": REQUEST_ID}, "securitySchemes": SECURITY_SCHEMES},
    }


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    descriptors, version, file = sys.argv[1:]
    made = document(Api(pathlib.Path(descriptors).read_bytes()), version)
    pathlib.Path(file).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
