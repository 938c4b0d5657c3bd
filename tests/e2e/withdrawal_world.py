"""A person who distils their own work, with two colleagues and a customer in it: built with or without some of it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from office import Result, govern
from workplace import Workplace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "extract"))
from distil_fakes import FakeBackend
from distil_fakes import Reader as Reader

SUBJECT, BASHIR, INES = "p-7d3kq2ma", "p-2xw8n5ht", "p-5ines4ok"
CUSTOMER = "buyer@customer.example"
PEOPLE = f"""\
version: 1
organisation:
  name: Harbour Works
  mail_domains: [harbour.example]
  jurisdictions: [DE]
  works_council: false
people:
  - pid: {SUBJECT}
    role: release engineer
    timezone: Europe/Berlin
    language: en
    manager: none
    minor: false
    jurisdictions: [DE]
    employment: [{{state: active, from: 2020-01-01}}]
    names: [Tove Lindqvist]
    emails: [tove.lindqvist@harbour.example]
    git: ["Tove Lindqvist <tove@laptop.local>"]
    slack: [U0TOVE001]
  - pid: {BASHIR}
    names: [Bashir Haddad]
    emails: [bashir.haddad@harbour.example]
    slack: [U0BASHIR1]
  - pid: {INES}
    names: [Ines Okafor]
    emails: [ines.okafor@harbour.example]
"""
ADDRESS = {
    BASHIR: "Bashir Haddad <bashir.haddad@harbour.example>",
    INES: "Ines Okafor <ines.okafor@harbour.example>",
    CUSTOMER: f"A Buyer <{CUSTOMER}>",
}
TO = {0: BASHIR, 1: INES, 2: BASHIR, 3: CUSTOMER}

#: Five habits of four sayings each; who takes part in a conversation differs from one to the next.
HABITS = (
    (
        "Before you cut a release, always run the smoke tests on the staging cluster.",
        "Please always run the smoke tests on staging before you cut a release, Bashir knows where.",
        "Reminder: you should always run the smoke tests on staging before cutting the release.",
        "You must always run the smoke tests on the staging cluster before you cut a release, Ines.",
    ),
    (
        "Never merge on a Friday afternoon unless the release manager is on call.",
        "We never merge on Friday afternoon unless the release manager is on call, call +49 30 23125 014 if unsure.",
        "As agreed, never merge on a Friday afternoon unless a release manager is on call.",
        "Please never merge on a Friday afternoon unless the release manager is on call today.",
    ),
    (
        "If the migration takes longer than ten minutes, stop it and restore the snapshot.",
        "When a migration takes longer than ten minutes we stop it and restore the snapshot.",
        "If a migration takes longer than ten minutes, stop and restore the snapshot first.",
        "If your migration takes longer than ten minutes, always stop it and restore the snapshot.",
    ),
)
CHATS = (
    "always tag the build before you upload the artifacts to the mirror",
    "you must always tag the build before uploading the artifacts to the mirror",
    "please always tag the build before you upload artifacts to the mirror",
    "always tag a build first, then upload the artifacts to the mirror",
)
MAILS = tuple((text, TO[place]) for sayings in HABITS for place, text in enumerate(sayings))
ANSWERS = {4: "Understood, I never merge on Friday then."}
"""Mails of the subject to which the other person answered."""


@dataclass(slots=True)
class Memory:
    """A workplace that holds only some of its mails, and its chat or not.

    Attributes:
        root: Folder for everything.
        mails: Which of `MAILS` there are.
        others: Who took part in each of them besides the subject; in the order of `MAILS`.
    """

    root: Path
    mails: Collection[int] = range(len(MAILS))
    others: Sequence[str] = tuple(other for _, other in MAILS)
    place: Workplace = field(init=False)

    def __post_init__(self) -> None:
        """Write the sources."""
        self.place = Workplace(self.root / "sources", mails=(), chats=CHATS)
        self.place.write()
        self.place.people.write_text(PEOPLE, "utf-8")
        days = self.place.days(len(MAILS))
        parts = []
        for i in sorted(self.mails):
            text, other = MAILS[i][0], self.others[i]
            thread = {"Message-ID": f"<m{i}@harbour.example>"}
            parts.append(self._mail(text, days[i], i, to=ADDRESS[other], headers=thread))
            if i in ANSWERS:
                reply = {"Message-ID": f"<r{i}@harbour.example>", "In-Reply-To": f"<m{i}@harbour.example>"}
                back = {"sender": ADDRESS[other], "to": "Tove Lindqvist <tove.lindqvist@harbour.example>"}
                later = days[i] + timedelta(hours=1)
                parts.append(self._mail(ANSWERS[i], later, i, headers=reply, **back))
        self.place.mbox.write_bytes(b"".join(parts))

    def _mail(self, text: str, when: datetime, number: int, *, headers: dict[str, str], **more: str) -> bytes:
        identity = headers.pop("Message-ID")
        made = self.place.mail(text, when, number=number, headers=headers, **more)  # type: ignore[arg-type]
        old = f"<{number}.{int(when.timestamp())}@harbour.example>"
        assert made.count(old.encode()) == 1
        return made.replace(old.encode(), identity.encode())


class Fake(FakeBackend):
    """A model that is always there and always of one mind; it sorts and does not rewrite."""

    def capabilities(self) -> frozenset[str]:
        return frozenset({"options"})


@contextmanager
def fake_model(backend: Any = None) -> Iterator[Any]:
    """Put a predictable model in place of the shipped one, and train the judge of sentences once for all runs."""
    from extract.distil.classifier import Classifier
    from extract.distil.encoder import StaticEncoder

    made = backend or Fake()
    encoder = StaticEncoder()
    with (
        mock.patch("extract.distil.pipeline.StaticEncoder", return_value=encoder),
        mock.patch("extract.distil.pipeline.Classifier", return_value=Classifier(encoder)),
        mock.patch("extract.distil.backend.open_backend", return_value=made),
        mock.patch("extract.distil.backend.model_sha256", return_value="0" * 64),
        mock.patch("extract.distil.backend.default_model", return_value=Path("fake.gguf")),
    ):
        yield made


@dataclass(slots=True)
class World:
    """A workspace over a workplace, and the commands of its story."""

    memory: Memory
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
        """The draft, later the skill."""
        return self.root / "releases.skill"

    def run(self, *args: object) -> Result:
        """Run a command in this workspace."""
        return govern(*args, workspace=self.workspace)

    def done(self, *args: object) -> Result:
        """Run a command that must succeed."""
        result = self.run(*args)
        assert result.code == 0, result.err + result.out
        return result

    def begin(self, pseudonyms: Path | None = None) -> World:
        """Make the workspace, the key and the consent; with the pseudonyms of another workspace, if one is given."""
        place = self.memory.place
        self.done("init", "--domain", "harbour.example", "--people", place.people, "--now", "2026-03-01")
        if pseudonyms is not None:
            shutil.copy(pseudonyms / "keys" / "pseudonyms.key", self.workspace / "keys" / "pseudonyms.key")
        self.done("keys", "enroll", "--subject", SUBJECT, "--out", self.key, "--now", "2026-03-01T08:00:00Z")
        self.done(
            *("consent", "request", "--subject", SUBJECT, "--policy", "minimal_self", "--purpose", "self_assist"),
            *("--now", "2026-03-01T08:30:00Z"),
        )
        self.sign()
        return self

    def sign(self, now: str = "2026-03-01T09:00:00Z", sources: tuple[str, ...] = ("mail.work", "vcs.commit",
             "chat.public_channel")) -> Result:  # fmt: skip
        """Agree to one's own use."""
        options = [x for s in sources for x in ("--source", s)]
        for category in ("procedures", "decision_rules", "checklists", "code_style", "references"):
            options += ["--category", category]
        return self.done(
            *("consent", "sign", "--subject", SUBJECT, "--key", self.key, "--policy", "minimal_self"),
            *("--purpose", "self_assist", *options, "--now", now),
        )

    def extract(self, *more: object, now: str = "2026-03-02T09:00:00Z", without: Collection[str] = ()) -> Result:
        """Extract, from all kinds of source but some."""
        place = self.memory.place
        paths = {"--mail": place.mbox, "--repo": place.repo, "--chat": place.chat}
        named = [x for option, path in paths.items() if option not in without for x in (option, path)]
        return self.done(
            *("extract", "--policy", "minimal_self", "--subject", SUBJECT, "--purpose", "self_assist"),
            *("--operator", SUBJECT, *named, "-o", self.skill, "--now", now, *more),
        )

    def veto(self, who: str, now: str = "2026-03-05T09:00:00Z") -> None:
        """Log the veto of a bystander, by pseudonym or by mail address."""
        from extract.vetoes import commitment
        from govern.workspace import Workspace

        workspace = Workspace.open(self.workspace)
        said = who if who.startswith("p-") else commitment(workspace.pseudonym_secret(), f"mailto:{who}")
        with workspace.log() as log:
            workspace.append(log, "participant.vetoed", "operator", {"who": said}, moment(now))

    def files(self) -> dict[str, bytes]:
        """Return every file of the workspace but the people file, which is where names are."""
        paths = sorted(p for p in self.workspace.rglob("*") if p.is_file() and p.name != "identities.yaml")
        return {str(p.relative_to(self.workspace)): p.read_bytes() for p in paths}

    def digests(self, mails: Collection[int] = range(len(MAILS))) -> list[str]:
        """Return the digests of the raw mails of the subject, by which anyone could ask for them."""
        from extract.sources import open_source, read_all

        records = read_all([open_source("mail", self.memory.place.mbox)]).records
        wanted = {f"m{i}@harbour.example" for i in mails}
        return [r.raw_digest for r in records if r.message_id.strip("<>") in wanted]

    def release(self) -> None:
        """Accept every claim and release."""
        self.done("skill", "review", self.skill, "--accept-rest", "--now", "2026-03-03T09:00:00Z")
        self.done("skill", "release", self.skill, "--key", self.key, "--now", "2026-03-03T10:00:00Z")

    def copy(self, root: Path) -> World:
        """Return a copy that a test may change; the sources are shared."""
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.workspace, root / ".govern")
        for path in (self.key, self.skill):
            if path.exists():
                shutil.copy(path, root / path.name)
        return World(self.memory, root)

    def log(self) -> list[dict[str, Any]]:
        """Return the log's entries."""
        from govern.workspace import Workspace

        with Workspace.open(self.workspace).log() as log:
            return [json.loads(data) for _, data in log.entries()]

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the entries of some types."""
        return [e for e in self.log() if e["type"] in kinds]

    def staged(self) -> list[Path]:
        """Return the drafts that wait for review."""
        return sorted((self.workspace / "extractions").glob("[!.]*.draft.skill"))


def content(file: Path) -> dict[str, bytes]:
    """Return what a skill says, file by file, without its attestation."""
    from attest import container

    files = container.unpack(file.read_bytes()).files
    return {name: data for name, data in files.items() if not name.startswith("attestation/")}


def moment(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
