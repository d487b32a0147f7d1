"""Random inputs of jobs, and digests that say whether two JSON texts are the same value."""

import base64
import decimal
import hashlib
import json
import math

LARGEST = 1 << 20  # --max_input
_NUMBER = "\0"  # No string of a job contains NUL, so this marks a number.

EDGES = (
    "null", "{}", "[]", '""', "0", "-0.0", "false", "1e100", "1e400", "-1.50", "123456789012345678901234567890.10",
    '"\\u0001\\u001f\\u007f"', '"\\ud83e\\udd89 ö"', '{"a": 1, "a": 2}', '{"": {"": []}}', " [1,\t2 ,\r\n3] ", "[9007199254740993, 1e-30]",
    "[" * 200 + "]" * 200, '{"vibestack_job": 1}', '{"awaiting": "input"}',
    '{"vibestack_job": 1, "input": 2, "attempts": 9, "max_attempts": 1, "schedule": "waiting", "error": {"code": "CANCELLED"}}',
    '"' + "x" * (LARGEST - 2) + '"', '["' + "é" * (LARGEST // 2 - 2) + '"]')


def make(rng):
    """Returns the JSON text of an input, or None for no input. The sizes are log-uniform up to the largest."""
    chance = rng.random()
    if chance < 0.08:
        return None
    if chance < 0.18:
        return rng.choice(EDGES)
    size = int(math.exp(rng.uniform(0, math.log(LARGEST))))
    return rng.choice((_letters, _words, _numbers, _object, _tree))(rng, size)


def _letters(rng, size):
    """A text that does not compress."""
    return json.dumps(base64.b64encode(rng.randbytes(max(size - 2, 1))).decode()[:max(size - 2, 0)])


def _words(rng, size):
    """A text that compresses well, with characters of one to four bytes."""
    words = rng.choice(("lorem ipsum ", "größer ", "🦉 \\ \" ", "\t\n"))
    text = json.dumps(words, ensure_ascii=rng.random() < 0.5)[1:-1]
    return '"' + text * (max(size - 2, 0) // len(text.encode())) + '"'


def _numbers(rng, size):
    numbers = [rng.choice((f"{rng.randrange(10 ** 12)}", f"-{rng.random()}", f"{rng.randrange(1000)}.{rng.randrange(100):02}0"))
               for _ in range(min(max(size // 20, 1), 200))]
    text = ",".join(numbers)
    return "[" + ",".join([text] * max(size // (len(text) + 1), 1)) + "]"


def _object(rng, size):
    value = rng.choice(("1", "null", '"some text"', "[true,false]", '{"a":{"b":[1.0]}}'))
    members = [f'"k{rng.randrange(10 ** 9)}":{value}' for _ in range(max(size // (len(value) + 14), 1))]
    return "{" + ",".join(members) + "}"


def _tree(rng, size):
    depth = rng.randrange(1, 90)
    return '{"a":[' * depth + _letters(rng, max(size - 9 * depth, 2)) + "]}" * depth


def _exact(text):
    """A number of JSON text, marked: the same for 1.0, 1.00 and 1e0."""
    sign, digits, exponent = decimal.Decimal(text).as_tuple()
    kept = "".join(map(str, digits)).lstrip("0")
    short = kept.rstrip("0")
    if not short:
        return _NUMBER + "0"
    return f"{_NUMBER}{'-' if sign else ''}{short}e{exponent + len(kept) - len(short)}"


def _double(number):
    return f"{_NUMBER}{float(number) + 0.0!r}"


def parsed(text):
    """Parses JSON text with its numbers marked and exact; see `digest_of`."""
    return json.loads(text, parse_int=_exact, parse_float=_exact)


def number_of(marked):
    return int(decimal.Decimal(marked[len(_NUMBER):]))


def digest_of(marked):
    return hashlib.sha256(json.dumps(marked, sort_keys=True).encode()).hexdigest()[:16]


def exact_digest(text):
    """The digest of a JSON text with all digits of its numbers. None has one, too."""
    return "none" if text is None else digest_of(parsed(text))


def double_digest(text):
    """The digest of a JSON text whose numbers are doubles, as in google.protobuf.Value."""
    return "none" if text is None else digest_of(json.loads(text, parse_int=_double, parse_float=_double))


def double_digest_of(value):
    """The digest of a value that json_format made of a google.protobuf.Value."""
    return digest_of(_with_doubles(value))


def _with_doubles(value):
    if isinstance(value, dict):
        return {key: _with_doubles(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_doubles(one) for one in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _double(value)
    return value
