"""`python -m deploy.topics`: creates the topics that the contracts name, and sets what they say of them.

Runs to its end once for each release, before the services. Running it again changes nothing, and what
operators set on a topic beside that stays. With `--check` it only says what is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from deploy.local.errors import LocalModeError
from deploy.topics.creation import check_topics, create_topics
from deploy.topics.settings import TopicsSettings
from shared.config import read_settings
from shared.errors import ConfigurationError

_DIFFERS = 3
"""Exit code, as `earshot status` has it: the question was answered, and the answer is no."""


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when all topics are as they should be, 1 where Kafka refused, 2 for wrong settings.

    With `--check` also 3, when one differs; each difference is a line.
    """
    parser = argparse.ArgumentParser(prog="python -m deploy.topics", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 3 where one differs")
    check: bool = parser.parse_args(arguments).check
    try:
        settings = read_settings(TopicsSettings)
    except ConfigurationError as error:
        sys.stderr.write(f"The topics cannot be {'checked' if check else 'created'}. {error}\n")
        return 2
    try:
        return _checked(settings) if check else _created(settings)
    except LocalModeError as error:
        said = "The topics cannot be checked" if check else "The topics are not all there"
        sys.stderr.write(f"{said}: {error}\n")
        return 1


def _created(settings: TopicsSettings) -> int:
    count = asyncio.run(create_topics(settings))
    sys.stdout.write(f"{count} topics are as the contracts say.\n")
    return 0


def _checked(settings: TopicsSettings) -> int:
    found = asyncio.run(check_topics(settings))
    sys.stdout.writelines(f"{line}\n" for line in found or ["All topics are as the contracts say."])
    return _DIFFERS if found else 0


if __name__ == "__main__":
    sys.exit(main())
