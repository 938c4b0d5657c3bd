"""Every command has help and a place in the documentation; the options of the contract exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from govern.cli.app import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
DOCS = "\n".join(p.read_text("utf-8") for p in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        if (default := getattr(command, "default", None)) is not None:
            yield " ".join(path), default
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _walk(child, (*path, name))
    else:
        yield " ".join(path), command


ALL = dict(_walk(cli, ("govern",)))


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_help_for_itself_and_for_each_option(name: str) -> None:
    command = ALL[name]
    assert command.help
    assert len(command.help) > 20
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, f"{name} {param.name}"


@pytest.mark.parametrize("name", ALL)
def test_a_command_is_documented(name: str) -> None:
    assert name in DOCS


@pytest.mark.parametrize("name", ALL)
def test_global_options_stand_behind_a_command_too(name: str) -> None:
    names = {option for param in ALL[name].params for option in param.opts}
    assert {"--json", "--workspace", "--quiet", "--no-input", "--debug"} <= names


def test_the_help_lines_of_the_root_are_those_of_the_groups() -> None:
    context = click.Context(cli)
    for name, (_, line) in COMMANDS.items():
        command = cli.get_command(context, name)  # type: ignore[attr-defined]
        assert command is not None
        assert line.endswith(".")


def test_the_options_of_the_contract_exist() -> None:
    options = {o for p in ALL["govern extract"].params for o in p.opts}
    assert {
        *("--policy", "--subject", "--purpose", "--mail", "--repo", "--chat", "--docs"),
        *("--model", "--endpoint", "--now", "--dry-run", "-o"),
    } <= options
    options = {o for p in ALL["govern consent sign"].params for o in p.opts}
    assert {
        *("--subject", "--key", "--policy", "--purpose", "--source", "--category", "--until", "--withhold"),
    } <= options
