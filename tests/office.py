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

    def officer(self, holder: str) -> Path:
        """The key file of an officer: `dpo-1`, `council-1`, `hr-1`."""
        return self.root / f"{holder}.key"

    def init(self, *more: object) -> Result:
        """Make the workspace."""
        return self.run("init", "--domain", "harbour.example", "--people", self.place.people, "--now", "2026-02-01")

    def papers(self) -> None:
        """Enrol the officers, and have them sign what `worker_protection` asks for before anything may run."""
        document = self.root / "document.txt"
        document.write_text("An assessment, an agreement: the log holds its digest only.\n", "utf-8")
        witness: list[object] = []
        for holder, role in (("dpo-1", "dpo"), ("council-1", "works_council"), ("hr-1", "hr")):
            enrolled = self.run(
                *("role", "enroll", "--holder", holder, "--role", role, "--out", self.officer(holder), *witness),
                *("--now", "2026-02-01T08:00:00Z"),
            )
            assert enrolled.code == 0, enrolled.err
            witness = witness or ["--witness", holder, "--witness-key", self.officer(holder)]
        self.approve("impact_assessment", "dpo-1", "--document", document, "--dated", "2026-01-15")
        self.approve("collective_agreement", "council-1", "--document", document)
        self.approve("undertaking", "hr-1")
        self.approve("benefit", "hr-1", "--subject", SUBJECT, "--ref", "none")
        for holder in ("dpo-1", "council-1"):
            self.approve("run", holder, "--subject", SUBJECT, "--policy", "worker_protection")

    def approve(self, kind: str, holder: str, *more: object, now: str = "2026-02-02T08:00:00Z") -> Result:
        """Have an officer sign an approval."""
        key = self.officer(holder)
        result = self.run("approve", kind, "--as", holder, "--key", key, "--now", now, *more)
        assert result.code == 0, result.err
        return result

    def enroll(self, *more: object) -> Result:
        """Make the subject's key, with the works council as witness; officers and their papers come first."""
        if not self.officer("hr-1").exists():
            self.papers()
        return self.run(
            *("keys", "enroll", "--subject", SUBJECT, "--out", self.key, "--now", "2026-02-02T09:00:00Z"),
            *("--witness", "council-1", "--witness-key", self.officer("council-1")),
            *more,
        )

    def request(self) -> Result:
        """Ask the subject: show the notice."""
        return self.run(
            *("consent", "request", "--subject", SUBJECT, "--policy", "worker_protection"),
            *("--now", "2026-02-03T09:00:00Z"),
        )

    def sign(
        self, *more: object, sources: tuple[str, ...] = ("mail.work", "vcs.commit", "chat.public_channel")
    ) -> Result:
        """Agree to knowledge transfer, ten days after being asked."""
        asked = self.request()
        assert asked.code == 0, asked.err
        options: list[object] = []
        for source in sources:
            options += ["--source", source]
        for category in ("procedures", "decision_rules", "checklists", "code_style", "references"):
            options += ["--category", category]
        return self.run(
            *("consent", "sign", "--subject", SUBJECT, "--key", self.key, "--policy", "worker_protection"),
            *("--purpose", "knowledge_transfer", *options, "--compensation", "none"),
            *("--until", "2026-03-01", "--now", "2026-02-13T09:00:00Z", *more),
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
