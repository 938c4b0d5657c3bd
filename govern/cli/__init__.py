"""The command line: one thin module per command group, loaded only when it is called."""

from govern.cli.app import main

__all__ = ["main"]
