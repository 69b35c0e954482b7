"""Asks one address and exits 0 when it answers 200: `python healthcheck.py http://127.0.0.1:8701/health/live`.

The image has neither curl nor wget, so Python asks. Standard library only, since it runs every few seconds.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 3.0
"""Shorter than the five seconds that compose gives the check, so that the reason is still printed."""

_OK = 200


def main(arguments: list[str]) -> int:
    """Return 0 when the address answers 200, 1 when it does not, 2 when it cannot be asked for."""
    if len(arguments) != 1:
        sys.stderr.write("Give one address: healthcheck.py http://127.0.0.1:8701/health/live\n")
        return 2
    parts = urlsplit(arguments[0])
    if parts.scheme != "http" or not parts.hostname:
        sys.stderr.write(f"Not an http address: {arguments[0]}\n")
        return 2
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"{arguments[0]} does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    if status != _OK:
        sys.stderr.write(f"{arguments[0]} answers {status}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
