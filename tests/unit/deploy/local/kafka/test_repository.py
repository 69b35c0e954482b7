"""A company's mirror, named where Maven is told of it, takes the place of the default repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local.errors import LocalModeError
from deploy.local.kafka.repository import central_mirror

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE = 'xmlns="http://maven.apache.org/SETTINGS/1.2.0"'


def settings(tmp_path: Path, mirror_of: str, namespace: str = NAMESPACE) -> Path:
    path = tmp_path / "settings.xml"
    path.write_text(
        f"<settings {namespace}><mirrors><mirror><id>m</id><mirrorOf>{mirror_of}</mirrorOf>"
        "<url>https://mirror.example/maven/</url></mirror></mirrors></settings>"
    )
    return path


@pytest.mark.parametrize("mirror_of", ["central", "*", "external:*", "internal, central"])
@pytest.mark.parametrize("namespace", [NAMESPACE, ""])
def test_a_mirror_of_the_default_repository_is_used(tmp_path: Path, mirror_of: str, namespace: str) -> None:
    """Each way of naming it counts, with and without the schema's namespace."""
    assert central_mirror(settings(tmp_path, mirror_of, namespace)) == "https://mirror.example/maven"


def test_a_mirror_of_something_else_is_not(tmp_path: Path) -> None:
    """Another repository's mirror holds other files."""
    assert central_mirror(settings(tmp_path, "company-releases")) is None


def test_without_settings_there_is_no_mirror(tmp_path: Path) -> None:
    """Most people have no such file."""
    assert central_mirror(tmp_path / "settings.xml") is None


def test_broken_settings_are_named(tmp_path: Path) -> None:
    """A person learns which file to mend."""
    path = tmp_path / "settings.xml"
    path.write_text("<settings>")
    with pytest.raises(LocalModeError, match=r"settings\.xml is not readable"):
        central_mirror(path)
