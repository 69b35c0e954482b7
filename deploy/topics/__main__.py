"""`python -m deploy.topics`: creates the topics that the contracts name, and sets what they say of them.

Runs to its end once for each release, before the services. Running it again changes nothing, and what
operators set on a topic beside that stays.
"""

from __future__ import annotations

import asyncio
import sys

from deploy.local.errors import LocalModeError
from deploy.topics.creation import BrokersAway, create_topics
from deploy.topics.settings import TopicsSettings
from shared.config import read_settings
from shared.errors import ConfigurationError


def main() -> int:
    """Return 0 when all topics are there, 1 when Kafka did not do it, 2 when settings are wrong."""
    try:
        settings = read_settings(TopicsSettings)
    except ConfigurationError as error:
        sys.stderr.write(f"The topics cannot be created. {error}\n")
        return 2
    try:
        count = asyncio.run(create_topics(settings))
    except (LocalModeError, BrokersAway) as error:
        sys.stderr.write(f"The topics are not all there: {error}\n")
        return 1
    sys.stdout.write(f"{count} topics are as the contracts say.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
