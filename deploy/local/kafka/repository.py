"""Where jars come from: the repositories that jgo and Maven are configured with on this machine.

No address is written here. jgo knows Maven's default repository; a company's mirror, named in jgo's
configuration file or in Maven's `settings.xml`, takes its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from deploy.local.errors import LocalModeError

if TYPE_CHECKING:
    from jgo.maven import Resolver

_REQUEST_TIMEOUT_SECONDS = 60
"""A slow proxy that fetches a file for the first time can take most of a minute to begin."""

_MIRRORS_CENTRAL = {"central", "*", "external:*"}
"""Values of `mirrorOf` that stand for Maven's default repository."""

MAVEN_SETTINGS = Path.home() / ".m2" / "settings.xml"


def maven_context(
    repo_cache: Path, resolver: Resolver | None = None, maven_settings: Path = MAVEN_SETTINGS
) -> MavenContext:
    """Return a jgo context that stores files under `repo_cache` and asks this machine's repositories."""
    return MavenContext(
        resolver=resolver,
        repo_cache=repo_cache,
        remote_repos=_repositories(maven_settings),
        timeout=_REQUEST_TIMEOUT_SECONDS,
    )


def _repositories(maven_settings: Path) -> dict[str, str] | None:
    """Return name to address, or None to leave it to jgo's own default."""
    named = dict(GlobalSettings.load().repositories)
    if (mirror := central_mirror(maven_settings)) is not None:
        named.setdefault("central", mirror)
    return named or None


def central_mirror(maven_settings: Path) -> str | None:
    """Return the address that Maven's `settings.xml` puts in place of its default repository, if any.

    Raises `LocalModeError` when the file exists and is not XML.
    """
    if not maven_settings.exists():
        return None
    try:
        root = ET.parse(maven_settings).getroot()  # noqa: S314 - the user's own configuration file
    except ET.ParseError as error:
        raise LocalModeError(
            f"{maven_settings} is not readable as XML ({error}). Mend or move it."
        ) from error
    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        names = (mirror.findtext("{*}mirrorOf") or "").split(",")
        address = (mirror.findtext("{*}url") or "").strip()
        if address and _MIRRORS_CENTRAL.intersection(name.strip() for name in names):
            return address.rstrip("/")
    return None
