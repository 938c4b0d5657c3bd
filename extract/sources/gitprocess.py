"""Runs git so that it reads a repository and executes nothing that the repository or the machine configures."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from extract.errors import RepositoryError

# Local configuration can name programs. Nothing below runs one, whatever a repository's config says: no pager, no
# hooks, no monitor, no signature program, no external diff, no remote helper.
_OVERRIDES = (
    "core.bare=true", "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "core.sshCommand=false",
    "core.askPass=", "core.alternateRefsCommand=", "core.attributesFile=/dev/null", "credential.helper=",
    "gpg.program=false", "gpg.ssh.program=false", "gpg.x509.program=false", "log.showSignature=false",
    "log.mailmap=true", "log.decorate=false", "log.follow=false", "mailmap.file=/dev/null",
    "mailmap.blob=HEAD:.mailmap", "diff.external=", "i18n.logOutputEncoding=UTF-8", "protocol.allow=never",
    "color.ui=false", "init.templateDir=", "gc.auto=0", "maintenance.auto=false", "safe.directory=*",
)  # fmt: skip


def environment(home: Path, protocols: str) -> dict[str, str]:
    """Return an environment with nothing of the user's git in it.

    Args:
        home: An empty folder.
        protocols: What git may fetch by: "file" to clone a bundle, "none" otherwise, so that a partial clone cannot
            call its remote for missing objects.
    """
    config = home / "config"
    if not config.exists():
        # A repository mounted from elsewhere belongs to another user; git reads this setting from here only.
        config.write_text("[safe]\n\tdirectory = *\n", encoding="ascii")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_PAGER": "cat",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": protocols,
    }


def command(*arguments: str) -> list[str]:
    """Return the command line of one git command, every setting that could name a program overridden."""
    settings = [part for setting in _OVERRIDES for part in ("-c", setting)]
    return ["git", "--no-pager", *settings, *arguments]


def run(arguments: Sequence[str], env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a git command to its end.

    Raises:
        RepositoryError: git is not installed.
    """
    try:
        return subprocess.run(
            command(*arguments),
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise RepositoryError(
            "git is not installed", "install git 2.39 or later; repositories are read with it"
        ) from None
