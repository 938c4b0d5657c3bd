"""A user at the command line, in this process: exit code, standard output and standard error of each command."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from workplace import SUBJECT, Workplace

PASSPHRASE = "correct horse"


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def govern(*args: object, workspace: Path | None = None) -> Result:
    """Run `govern ARGS` through the same entry point as the script, and return how it ended."""
    from govern.cli.app import main
    from govern.cli.output import Output

    Output.written = False  # one document for each process, and each call stands for one
    words = ["govern", *(["--workspace", str(workspace)] if workspace else []), "--no-input", *map(str, args)]
    out, err = io.StringIO(), io.StringIO()
    code: Any = None
    with (
        mock.patch.object(sys, "argv", words),
        mock.patch.dict("os.environ", {"GOVERN_PASSPHRASE": PASSPHRASE}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        # click finds its arguments in sys.argv, as in a real process.
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code
    return Result(int(code or 0), out.getvalue(), err.getvalue())


def readable(text: str) -> str:
    """Return a text with its base64 opened where words are inside, and without digests, signatures and keys.

    A five-digit number stands in one of ten sets of random digests by chance.
    """
    payloads = re.findall(r'"payload": ?"([A-Za-z0-9+/=]+)"', text)
    opened = "\n".join(base64.b64decode(p).decode("utf-8") for p in payloads)
    return re.sub(r"[0-9a-f]{32,}|[A-Za-z0-9+/=]{40,}", " ", f"{text}\n{opened}")


@dataclass(slots=True)
class Office:
    """A workspace over a small workplace, with the commands of the story as methods."""

    place: Workplace
    root: Path

    @property
    def workspace(self) -> Path:
        """The workspace's folder."""
        return self.root / ".govern"

    @property
    def key(self) -> Path:
        """The subject's key file."""
        return self.root / "tove.key"

    @property
    def skill(self) -> Path:
        """The skill file."""
        return self.root / "releases.skill"

    @property
    def log_key(self) -> Path:
        """The log's public key."""
        return self.workspace / "log.vkey"

    def run(self, *args: object) -> Result:
        """Run a command in this workspace."""
        return govern(*args, workspace=self.workspace)

    def init(self) -> Result:
        """Make the workspace."""
        return self.run("init", "--domain", "harbour.example", "--people", self.place.people, "--now", "2026-03-01")

    def enroll(self) -> Result:
        """Make the subject's key."""
        return self.run("keys", "enroll", "--subject", SUBJECT, "--out", self.key, "--now", "2026-03-01T08:00:00Z")

    def sign(
        self, *more: object, sources: tuple[str, ...] = ("mail.work", "vcs.commit", "chat.public_channel")
    ) -> Result:
        """Agree to knowledge transfer."""
        options: list[object] = []
        for source in sources:
            options += ["--source", source]
        for category in ("procedures", "decision_rules", "checklists", "code_style", "references"):
            options += ["--category", category]
        return self.run(
            *("consent", "sign", "--subject", SUBJECT, "--key", self.key, "--policy", "worker_protection"),
            *("--purpose", "knowledge_transfer", *options, "--now", "2026-03-01T09:00:00Z", *more),
        )

    def extract(self, *more: object, now: str = "2026-03-02T09:00:00Z") -> Result:
        """Extract from all three sources."""
        return self.run(
            *("extract", "--policy", "worker_protection", "--subject", SUBJECT, "--mail", self.place.mbox),
            *("--repo", self.place.repo, "--chat", self.place.chat, "-o", self.skill, "--now", now, *more),
        )

    def review(self, *args: object) -> Result:
        """Review the draft."""
        return self.run("skill", "review", self.skill, *(args or ("--accept-rest",)), "--now", "2026-03-03T09:00:00Z")

    def release(self, *more: object, now: str = "2026-03-03T10:00:00Z") -> Result:
        """Release the draft."""
        return self.run("skill", "release", self.skill, "--key", self.key, "--now", now, *more)

    def audit(self, *more: object, skill: Path | None = None, now: str = "2026-03-04") -> Result:
        """Verify the skill offline."""
        return govern("audit", "verify", skill or self.skill, "--log-key", self.log_key, "--now", now, *more)
