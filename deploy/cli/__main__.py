"""Entry of the command line; the only place where it reads the environment."""

from __future__ import annotations

import logging
import os
import sys

from deploy.cli.app import create_app
from deploy.cli.invocation import Invocation, report_error
from shared.errors import EarshotError


def main() -> None:
    """Run the command line. Exits with 0, with 1 after an error that is told, or with 2 for wrong usage."""
    # Libraries log what the commands below say better; a person at a terminal reads one of them.
    logging.basicConfig(handlers=[logging.NullHandler()])
    invocation = Invocation(environment=dict(os.environ))  # noqa: TID251 - handed on, and read nowhere else
    try:
        create_app()(obj=invocation)
    except EarshotError as error:
        report_error(error)
        sys.exit(1)
    except BrokenPipeError:
        # The reader, `head` for one, has seen enough. Nothing more may be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
