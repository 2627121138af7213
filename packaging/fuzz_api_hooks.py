"""What fuzz_api.py has Schemathesis do with every request before it is sent."""

import itertools
import os

import schemathesis

COOKIE = os.environ["FUZZ_API_COOKIE"]
# Each round has places of its own, 65,536 of them.
FIRST = int(os.environ["FUZZ_API_ROUND"]) << 16

_numbers = itertools.count(FIRST)


@schemathesis.hook
def filter_case(context, case):
    """Who signs out is nobody for the rest of the run."""
    return not (isinstance(case.body, dict) and str(case.body.get("command")).lower() == "logout")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Each request comes from a place of its own, as behind a proxy: else guesses and strangers are held down, and
    nothing is tried but that."""
    number = next(_numbers)
    place = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    case.headers["X-Forwarded-For"] = place


class Browser:
    """Shows the cookie of whoever is signed in."""

    def get(self, case, context):
        return COOKIE.split("=", 1)

    def set(self, case, data, context):
        name, value = data
        case.cookies[name] = value


if COOKIE:
    schemathesis.auth()(Browser)
