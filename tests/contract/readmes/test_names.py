"""Commands, targets, modules, files and links that a paper names are there."""

from __future__ import annotations

import importlib.util
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import typer

from deploy.cli.app import create_app
from tests.contract.readmes.papers import ROOT, readmes, section, text_of

if TYPE_CHECKING:
    from pathlib import Path

_MAKEFILE = text_of("Makefile")
TARGETS = set(re.findall(r"^([a-z-]+):", _MAKEFILE, re.MULTILINE))
EARSHOT: Any = typer.main.get_command(create_app())
PAPERS = [path.relative_to(ROOT) for path in readmes()]


def commands_of(command: Any) -> dict[str, Any]:
    """Return what a group offers; nothing for a single command."""
    return dict(getattr(command, "commands", {}))


def lines_of(path: Path) -> list[str]:
    """Return what stands in code type, and the lines of examples, without their comments."""
    text = text_of(path)
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)
    found = [*re.findall(r"`([^`\n]+)`", text), *indented, *"".join(blocks).splitlines()]
    return [re.split(r"\s+#|\s{2,}", line.strip())[0] for line in found]


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_each_earshot_command_and_flag_exists(paper: Path) -> None:
    """`earshot …`, with the options that are shown, is taken by the command line."""
    for line in lines_of(paper):
        found = re.match(r"(?:EARSHOT_\w+=\S+ )*(?:(?:python )?-m deploy\.cli|earshot) (.+)", line)
        if found is not None:
            _hold(found[1])


def _hold(line: str) -> None:
    command = EARSHOT
    for word in shlex.split(line.replace(" | ", "|")):
        if offered := commands_of(command):
            names = word.split("|")
            assert set(names) <= set(offered), line
            command = offered[names[0]]
        elif word.startswith("--"):
            options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
            assert word in options, line


def test_the_first_readme_lists_every_command() -> None:
    """The line under Commands is the whole list."""
    said = re.search(r"`earshot ([a-z| ]+)`", section("README.md", "Commands"))
    assert said is not None
    assert set(said[1].split(" | ")) == set(commands_of(EARSHOT))


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_each_target_and_module_exists(paper: Path) -> None:
    """`make …` and `python -m …` name what is there."""
    for line in lines_of(paper):
        if found := re.match(r"make ([a-z-]+)", line):
            assert found[1] in TARGETS, line
        if (
            found := re.search(r"(?:^| )-m ((?:services|shared|deploy|tests)[a-z0-9_.]*[a-z])", line)
        ) is not None:
            assert importlib.util.find_spec(found[1]) is not None, line


def test_every_target_says_what_it_does_and_is_no_file() -> None:
    """`make help` lists every target, and none is taken for a file of its name."""
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", _MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].replace("\\", " ").split()) == TARGETS
    assert set(re.findall(r"^([a-z-]+):.*## .", _MAKEFILE, re.MULTILINE)) == TARGETS


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of a paper's headings."""
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_each_link_leads_somewhere(paper: Path) -> None:
    """A link within the repository names a file that is there, and a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(paper)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / paper).parent / name if name else ROOT / paper
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


FILES = {
    str(path.relative_to(ROOT))
    for folder in ("services", "shared", "deploy", "tests", "requirements")
    for path in (ROOT / folder).rglob("*.*")
}
FILE_NAME = re.compile(r"[\w./-]*\w\.(?:py|md|csv|jsonl|json|toml|yaml|txt|conf|html|onnx|css|js)")
MADE_BY_WHO_READS = {"demo.jsonl"}


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_each_file_that_is_named_exists(paper: Path) -> None:
    """A file in code type is in the repository, by its whole path or by the end of it."""
    for line in lines_of(paper):
        name = re.sub(r"^(?:\.\./)+", "", line)
        if FILE_NAME.fullmatch(name) and not name.startswith("/") and name not in MADE_BY_WHO_READS:
            assert any(path == name or path.endswith(f"/{name}") for path in FILES), name


def test_every_command_argument_and_option_has_help() -> None:
    """`--help` explains whatever it lists."""
    waiting = [EARSHOT]
    silent = []
    while waiting:
        command = waiting.pop()
        offered = commands_of(command)
        waiting += offered.values()
        silent += [command.name] * (not command.help)
        silent += [
            f"{command.name} {each.name}" for each in command.params if not getattr(each, "help", None)
        ]
    assert silent == []
