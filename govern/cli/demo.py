"""`govern demo`: the whole story on the sample workplace, by the same commands that a user types."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
from pathlib import Path
from typing import IO

import click

from govern.cli.context import GlobalOptions, governed
from govern.cli.output import print_error
from govern.errors import GovernError, UsageError

CORRECTION = (
    "Never retry a payout before you have looked up its idempotency key; if there is none, leave it alone and ask."
)
BYSTANDER = "wanda.elsner@parcelkite.example.net"
MARK = ".govern-demo"
PASSPHRASE = "only Maren knows this"  # noqa: S105 - the demo prints it


def sample_workplace() -> Path:
    """Return the folder of the sample workplace: beside the package in a checkout, inside it in a wheel.

    Raises:
        GovernError: It is in neither place.
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "sample_workplace", here.parent / "samples" / "workplace"):
        if (folder / "identities.yaml").is_file():
            return folder
    raise GovernError("the sample workplace is not installed", "run the demo from a checkout of the project")


def _fresh(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        # Only what an earlier demo made is ever removed.
        if not (folder / MARK).is_file():
            raise UsageError(f"{folder} is not empty and no demo made it", "name another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("made by `govern demo`; the next demo replaces this folder\n", "utf-8")


class Story:
    """Runs commands in this process as a user would type them, and shows them."""

    def __init__(self, folder: Path, options: GlobalOptions) -> None:
        self.folder = folder
        self.out = options.output()
        self.steps: list[dict[str, object]] = []

    def tell(self, text: str) -> None:
        """Write a line of the story."""
        self.out.say()
        self.out.heading(text)

    def run(self, *args: str | Path, expect: int = 0) -> None:
        """Run a command and hold its exit code against what the story says.

        Raises:
            GovernError: The command ended otherwise.
        """
        from govern.cli.app import cli

        words = [str(a) for a in args]
        self.out.say(f"$ govern {shlex.join(words)}")
        hidden = ["--workspace", str(self.folder / ".govern"), "--no-input"]
        quiet = ["--quiet"] if self.out.quiet or self.out.json else []
        code = 0
        # With --json the one document on standard output is the story's own.
        target: IO[str] = sys.stderr if self.out.json else sys.stdout
        try:
            with contextlib.redirect_stdout(target):
                cli.main([*hidden, *quiet, *words], standalone_mode=False)
        except GovernError as error:
            print_error(error.message, error.hint)
            code = error.exit_code
        if code:
            self.out.say(f"(exit code {code})")
        self.steps.append({"command": shlex.join(["govern", *words]), "exit_code": code})
        if code != expect:
            raise GovernError(f"the demo expected exit code {expect} and got {code}", "this is a fault of the program")


@click.command(epilog="Example:  govern demo /tmp/demo")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"))
@governed
def demo(options: GlobalOptions, directory: Path) -> None:
    """Tell the whole story on the sample workplace: consent, extraction, review, release, audit, withdrawal.

    All of it is real: the commands are those that you would type, the model runs on this machine, nothing is
    downloaded. What it makes stays in DIRECTORY.
    """
    from extract import identity

    sample = sample_workplace()
    _fresh(directory)
    people = identity.load(sample / "identities.yaml")
    subject = people.people[0].pid
    secret = directory / "passphrase.txt"
    secret.write_text(PASSPHRASE + "\n", "utf-8")
    secret.chmod(0o600)
    key, skill, log_key = directory / "maren.key", directory / "payments.skill", directory / ".govern" / "log.vkey"
    sources = (
        *("--mail", sample / "mail" / "archive.mbox"),
        *("--repo", sample / "repo.bundle"),
        *("--chat", sample / "chat" / "export.zip"),
    )
    extract = ("extract", "--policy", "worker_protection", "--subject", subject, *sources, "-o", skill)
    signed = ("--key", key, "--passphrase-file", secret)
    story = Story(directory, options)

    story.tell("HR makes a workspace. The log key goes to the auditor.")
    story.run(
        "init", "--domain", "example.com", "--people", sample / "identities.yaml", "--now", "2026-09-28T07:00:00Z"
    )

    story.tell("Data protection, works council and HR get keys, and sign what the policy asks for before any run.")
    _papers(story, subject, secret)

    story.tell("Maren makes a key that only she holds; the works council is there and signs that it is hers.")
    story.run(
        *("keys", "enroll", "--subject", subject, "--out", key, "--passphrase-file", secret),
        *("--witness", "council-1", "--witness-key", directory / "council-1.key"),
        *("--witness-passphrase-file", secret, "--now", "2026-09-28T12:00:00Z"),
    )

    story.tell("She is asked, sees what would be taken from her own mail, and has three days at least to think.")
    story.run(
        *("consent", "request", "--subject", subject, "--policy", "worker_protection"),
        *("--purpose", "knowledge_transfer", *sources, "--now", "2026-09-29T07:40:00Z"),
    )

    story.tell("She agrees to some things, not to others.")
    story.run(
        *("consent", "sign", "--subject", subject, *signed, "--policy", "worker_protection"),
        *("--purpose", "knowledge_transfer", "--source", "mail.work", "--source", "vcs.commit"),
        *("--source", "chat.public_channel", "--category", "procedures", "--category", "decision_rules"),
        *("--category", "checklists", "--category", "code_style", "--category", "references"),
        *("--until", "2026-10-19", "--compensation", "none", "--now", "2026-10-05T08:00:00Z"),
    )

    story.tell("A customer who once wrote to her asks that nothing of their threads is used.")
    story.run("subject", "veto", "--subject", BYSTANDER, "--now", "2026-10-05T09:00:00Z")

    story.tell("HR cannot extract yet: she has a week to think again.")
    story.run(*extract, "--now", "2026-10-06T09:00:00Z", expect=3)

    story.tell("HR extracts. What was taken and what was left out is decided record by record.")
    story.run(*extract, "--now", "2026-10-20T09:00:00Z")

    story.tell("Nobody can release it without her.")
    story.run("skill", "release", skill, "--now", "2026-10-20T10:00:00Z", expect=3)

    story.tell("Maren reviews: she strikes one claim, corrects one in her own words, accepts the rest, and signs.")
    struck, corrected = _choose(skill)
    story.run(
        *("skill", "review", skill, "--strike", struck, "--correct", f"{corrected}={CORRECTION}"),
        *("--accept-rest", "--now", "2026-10-20T11:00:00Z"),
    )
    story.run("skill", "release", skill, *signed, "--now", "2026-10-20T11:10:00Z")

    story.tell("An auditor checks it offline, with the log key and nothing else.")
    story.run(
        "audit", "verify", skill, "--log-key", log_key, "--policy", "worker_protection", "--now", "2026-10-21T09:00:00Z"
    )

    story.tell("One byte changed, and it fails.")
    changed = directory / "changed.skill"
    changed.write_bytes(_flip(skill.read_bytes()))
    story.run("--quiet", "audit", "verify", changed, "--log-key", log_key, "--now", "2026-10-21T09:00:00Z", expect=4)

    story.tell("Maren withdraws. No key, no reason, one step.")
    story.run("consent", "withdraw", "--subject", subject, "--now", "2026-11-02T08:00:00Z")
    story.run(*extract, "--now", "2026-11-02T09:00:00Z", expect=3)
    story.run("skill", "verify", skill, "--now", "2026-11-02T09:00:00Z", expect=3)

    story.tell("The log shows all of it, and is whole.")
    story.run("log", "show", "--last", "4")
    story.run("log", "fsck")
    story.out.say()
    story.out.say(f"The skill is in {skill}; read it with:  unzip -p {skill} '*/SKILL.md'")
    story.out.result({"directory": str(directory), "steps": story.steps})


def _papers(story: Story, subject: str, secret: Path) -> None:
    """Have the officers enrolled and the approvals signed."""
    folder = story.folder
    document = folder / "assessment-and-agreement.txt"
    document.write_text("What was assessed, and what was agreed. The log holds the digest of this file.\n", "utf-8")
    witness: tuple[str | Path, ...] = ()
    for holder, role in (("dpo-1", "dpo"), ("council-1", "works_council"), ("hr-1", "hr")):
        key = folder / f"{holder}.key"
        story.run(
            *("role", "enroll", "--holder", holder, "--role", role, "--out", key, "--passphrase-file", secret),
            *(*witness, "--now", "2026-09-28T08:00:00Z"),
        )
        if not witness:
            witness = ("--witness", holder, "--witness-key", key, "--witness-passphrase-file", secret)
    for kind, holder, *more in (
        ("impact_assessment", "dpo-1", "--document", document, "--dated", "2026-09-01"),
        ("collective_agreement", "council-1", "--document", document),
        ("undertaking", "hr-1"),
        ("benefit", "hr-1", "--subject", subject, "--ref", "none"),
        ("run", "dpo-1", "--subject", subject, "--policy", "worker_protection"),
        ("run", "council-1", "--subject", subject, "--policy", "worker_protection"),
    ):
        story.run(
            *("approve", kind, "--as", holder, "--key", folder / f"{holder}.key", "--passphrase-file", secret),
            *(*more, "--now", "2026-09-28T09:00:00Z"),
        )


def _choose(skill: Path) -> tuple[str, str]:
    """Return the ids of the claim to strike, the one least sure, and of the one to correct."""
    from attest import container
    from extract.skill import codec

    claims = codec.from_lines(container.unpack(skill.read_bytes()).files["references/claims.jsonl"])
    corrected = next((c for c in claims if "idempotency" in c.statement), claims[0])
    struck = min((c for c in claims if c is not corrected), key=lambda c: c.keep)
    return struck.id, corrected.id


def _flip(data: bytes) -> bytes:
    """Return the skill with one letter of its SKILL.md changed, packed again as if nothing had happened."""
    from attest import container

    box = container.unpack(data)
    text = bytearray(box.files["SKILL.md"])
    place = text.index(b"consented work")
    text[place] ^= 0x20
    return container.pack(box.name, {**box.files, "SKILL.md": bytes(text)})
