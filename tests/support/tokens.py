"""Unusual tokens, signed with the keys of a running service."""

import base64
import json
import subprocess


def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unpart(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def raw_signature(der):
    """The 64 bytes of ES256 from DER: two integers, each padded or cut to 32 bytes (RFC 7518, 3.4)."""
    first = 4 + der[3]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (der[4:first], der[first + 2:first + 2 + der[first + 1]]))


def signed_anew(token, keys_dir, **claims):
    """Returns the token with other claims and a valid signature. Claims that are None are removed."""
    head, body, _ = token.split(".")
    payload = json.loads(unpart(body)) | claims
    body = json.dumps({name: value for name, value in payload.items() if value is not None}, separators=(",", ":"), sort_keys=True)
    unsigned = f"{head}.{part(body.encode())}"
    key = keys_dir / f"{json.loads(unpart(head))['kid']}.pem"
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=unsigned.encode(), capture_output=True, check=True).stdout
    return f"{unsigned}.{part(raw_signature(der))}"
