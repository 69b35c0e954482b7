"""Starts tap-intercom with another address than Intercom's, which it has no option for.

Runs in the tap's own environment, so it imports nothing of Earshot: `launcher.py BASE_URL TAP_ARGUMENT…`.
"""

from __future__ import annotations

import importlib
import sys


def main(base_url: str, arguments: list[str]) -> None:
    client = importlib.import_module("tap_intercom.client")
    begun = client.IntercomClient.__init__

    def begin(self: object, *values: object, **named: object) -> None:
        begun(self, *values, **named)
        vars(self)["base_url"] = base_url

    client.IntercomClient.__init__ = begin
    sys.argv = ["tap-intercom", *arguments]
    importlib.import_module("tap_intercom").main()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
