"""A small workplace in a temporary folder: people, mail, commits, chat and a clock, for tests to change in one line."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

SUBJECT = "p-7d3kq2ma"
COLLEAGUE = "p-2xw8n5ht"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

PEOPLE = f"""\
version: 1
organisation:
  name: Harbour Works
  mail_domains: [harbour.example]
  jurisdictions: [DE]
  works_council: true
people:
  - pid: {SUBJECT}
    role: release engineer
    language: en
    jurisdictions: [DE]
    manager: {COLLEAGUE}
    minor: false
    employment: [{{state: active, from: 2020-01-01}}]
    timezone: Europe/Berlin
    names: [Tove Lindqvist]
    emails: [tove.lindqvist@harbour.example]
    git: ["Tove Lindqvist <tove@laptop.local>"]
    slack: [U0TOVE001]
  - pid: {COLLEAGUE}
    names: [Bashir Haddad]
    emails: [bashir.haddad@harbour.example]
    slack: [U0BASHIR1]
"""

# Four habits, each said again on other days in other words; names and a number to redact between them.
MAILS = (
    "Before you cut a release, always run the smoke tests on the staging cluster.",
    "Please always run the smoke tests on staging before you cut a release, Bashir knows where.",
    "Reminder: you should always run the smoke tests on staging before cutting the release.",
    "Never merge on a Friday afternoon unless the release manager is on call.",
    "We never merge on Friday afternoon unless the release manager is on call, call +49 30 23125 014 if unsure.",
    "As agreed, never merge on a Friday afternoon unless a release manager is on call.",
    "If the migration takes longer than ten minutes, stop it and restore the snapshot.",
    "When a migration takes longer than ten minutes we stop it and restore the snapshot.",
    "If a migration takes longer than ten minutes, stop and restore the snapshot first.",
)
CHATS = (
    "always tag the build before you upload the artifacts to the mirror",
    "you must always tag the build before uploading the artifacts to the mirror",
    "please always tag the build before you upload artifacts to the mirror",
    "thanks all, that looks good to me",
)


@dataclass(slots=True)
class Workplace:
    """Writes sources below `root`; change the fields before `write`.

    Attributes:
        root: Folder for everything.
        mails: Bodies of the subject's mails, one per working day from the start on.
        chats: Texts of the subject's messages in #releases.
        commits: Messages of the subject's commits.
    """

    root: Path
    mails: Sequence[str] = MAILS
    chats: Sequence[str] = CHATS
    commits: Sequence[str] = ("Pin the compiler, because builds must not change under us", "Fix the flaky mirror test")
    start: datetime = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    extra_mail: list[bytes] = field(default_factory=list)

    @property
    def mbox(self) -> Path:
        """The mailbox."""
        return self.root / "archive.mbox"

    @property
    def chat(self) -> Path:
        """The Slack export."""
        return self.root / "export.zip"

    @property
    def repo(self) -> Path:
        """The git repository."""
        return self.root / "repo"

    @property
    def people(self) -> Path:
        """The people file."""
        return self.root / "identities.yaml"

    def write(self) -> Workplace:
        """Write all sources and return the workplace."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.people.write_text(PEOPLE, "utf-8")
        self._write_mail()
        self._write_chat()
        self._write_repo()
        return self

    def days(self, count: int) -> list[datetime]:
        """Return so many working days at ten o'clock."""
        days, day = [], self.start
        while len(days) < count:
            if day.weekday() < 5:
                days.append(day)
            day += timedelta(days=1)
        return days

    def mail(
        self,
        body: str,
        when: datetime,
        *,
        sender: str = "Tove Lindqvist <tove.lindqvist@harbour.example>",
        to: str = "Bashir Haddad <bashir.haddad@harbour.example>",
        number: int = 0,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """Return one mail as mbox text."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, f"Releases {number}"
        message["Date"] = format_datetime(when)
        message["Message-ID"] = f"<{number}.{int(when.timestamp())}@harbour.example>"
        for name, value in (headers or {}).items():
            message[name] = value
        message.set_content(body + "\n")
        line = f"From tove@harbour.example {when:%a %b %d %H:%M:%S %Y}\n".encode()
        return line + message.as_bytes() + b"\n"

    def _write_mail(self) -> None:
        days = self.days(len(self.mails))
        parts = [self.mail(body, day, number=i) for i, (body, day) in enumerate(zip(self.mails, days, strict=True))]
        self.mbox.write_bytes(b"".join([*parts, *self.extra_mail]))

    def _write_chat(self) -> None:
        users = [
            {"id": "U0TOVE001", "name": "tove", "profile": {"real_name": "Tove Lindqvist"}, "tz": "Europe/Berlin"},
            {"id": "U0BASHIR1", "name": "bashir", "profile": {"real_name": "Bashir Haddad"}, "tz": "Europe/Berlin"},
        ]
        channels = [
            {"id": "C1", "name": "releases", "members": ["U0TOVE001", "U0BASHIR1"], "topic": {"value": ""},
             "purpose": {"value": ""}, "created": 1, "creator": "U0TOVE001"},
        ]  # fmt: skip
        with zipfile.ZipFile(self.chat, "w") as archive:
            archive.writestr("users.json", json.dumps(users))
            archive.writestr("channels.json", json.dumps(channels))
            for i, (text, day) in enumerate(zip(self.chats, self.days(len(self.chats)), strict=True)):
                message = {"type": "message", "user": "U0TOVE001", "text": text, "ts": f"{day.timestamp() + i:.6f}"}
                archive.writestr(f"releases/{day:%Y-%m-%d}.json", json.dumps([message]))

    def _write_repo(self) -> None:
        self.repo.mkdir(exist_ok=True)
        git(self.repo, "init", "-q", "-b", "main")
        for i, (message, day) in enumerate(zip(self.commits, self.days(len(self.commits)), strict=True)):
            (self.repo / "file.txt").write_text(f"{i}\n", "utf-8")
            git(self.repo, "add", "file.txt")
            git(self.repo, "commit", "-q", "-m", message, when=day)


def git(folder: Path, *args: str, when: datetime | None = None) -> None:
    """Run git with a fixed identity and no configuration but its own."""
    stamp = (when or NOW).strftime("%Y-%m-%dT%H:%M:%S+0100")
    subprocess.run(
        ["git", "-C", str(folder), *args],
        check=True,
        capture_output=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Tove Lindqvist",
            "GIT_AUTHOR_EMAIL": "tove@laptop.local",
            "GIT_COMMITTER_NAME": "Tove Lindqvist",
            "GIT_COMMITTER_EMAIL": "tove@laptop.local",
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_DATE": stamp,
        },
    )
