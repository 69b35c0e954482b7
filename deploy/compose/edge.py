"""Writes nginx's share of the path table: `python -m deploy.compose.edge > deploy/compose/routes.conf`.

The table itself is `deploy/local/routes.py`; a test fails when the written file differs from it.
"""

from __future__ import annotations

import re
import sys

from deploy.local.routes import REDIRECTS, ROUTES

_PORTS = {"connector": 8701, "syncer": 8702, "detector": 8703, "notifier": 8704}


def routes_conf() -> str:
    """Return the upstreams and the maps from path to upstream and to redirect, longest prefix first."""
    lines = [
        "# Made by `python -m deploy.compose.edge` from deploy/local/routes.py. Change it there.",
        *(f"upstream {name} {{ server 127.0.0.1:{port}; keepalive 16; }}" for name, port in _PORTS.items()),
        "",
        "map $uri $answered_by {",
        '    default "";',
        '    "/" detector;',
    ]
    # nginx takes the first expression that fits, so longer prefixes stand first; whole segments only.
    longest_first = sorted(ROUTES, key=lambda path: (-len(path), path))
    lines += [f'    "~^{re.escape(prefix)}(/|$)" {ROUTES[prefix]};' for prefix in longest_first]
    lines += ["}", "", "map $uri $sent_to {", '    default "";']
    lines += [f'    "~^{re.escape(path)}/*$" {target};' for path, target in REDIRECTS.items()]
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    sys.stdout.write(routes_conf())
