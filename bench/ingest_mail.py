"""Mail through parse and spans, beside the standard library without spans; and the memory that a large mailbox takes.

Run as a program, it reads one mailbox and prints the peak memory of its process.
"""

from __future__ import annotations

import email
import email.policy
import mailbox
import random
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP, compat32
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Row, best

if TYPE_CHECKING:
    from extract.sources.api import Unit
    from extract.sources.mail import MailSource

_MAILS, _SMALL, _LARGE = 2000, 10_000, 100_000
_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "mail"
#: Mails that people and their programs wrote, not made to break parsers.
_CORPORA = ("bigbang_mbox", "ponymail_mbox", "rspamd_messages")
_PEOPLE = ("Maren Holt", "Tomas Lind", "Ines Sørby", "Jörg Abel", "Priya Nand", "Ola Berg")
_SENTENCES = (
    "The settlement file arrived twice, so I loaded the second copy only.",
    "Please check the checksum before you start the import on the new host.",
    "We agreed to move the mirror on Thursday; the old one stays for a week.",
    "Größe und Datum stimmen, nur der Kopf der Datei fehlt.",
    "I would rather keep the limit where it is until the audit is done.",
    "Can you ask the depot whether the pallets were counted?",
)


def generated(count: int) -> Iterator[bytes]:
    """Yield mails shaped like those of a company: replies with quotations, signatures, HTML beside plain text."""
    chance = random.Random(7)
    start = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    for number in range(count):
        author, other = chance.sample(_PEOPLE, 2)
        said = " ".join(chance.choices(_SENTENCES, k=chance.randint(2, 6)))
        asked = "\n".join(f"> {line}" for line in chance.choices(_SENTENCES, k=chance.randint(2, 8)))
        body = f"Hi {other.split()[0]},\n\n{said}\n\nBest,\n{author.split()[0]}\n"
        quoted = f"\nOn Mon, 5 Jan 2026 at 09:12, {other} wrote:\n{asked}\n" if number % 3 else ""
        message = EmailMessage(policy=SMTP.clone(linesep="\n"))
        message["From"], message["To"] = _address(author), _address(other)
        message["Cc"] = tuple(_address(name) for name in chance.sample(_PEOPLE, number % 3))
        message["Subject"] = f"Re: Settlement file {number % 400}"
        message["Date"] = format_datetime(start + timedelta(minutes=7 * number))
        message["Message-ID"] = f"<{number}@works.example>"
        message["References"] = f"<{max(0, number - 1)}@works.example> <{max(0, number - 2)}@works.example>"
        for hop in range(3):
            message["Received"] = f"from mx{hop}.works.example by mail.works.example with ESMTPS id {number:x}{hop}"
        message.set_content(f"{body}{quoted}\n-- \n{author}\nSettlement, Works Ltd.\n")
        if number % 3 == 0:
            message.add_alternative(
                f"<div>{body}</div><div class=gmail_quote><blockquote>{asked}</blockquote></div>", "html"
            )
        yield message.as_bytes()


def _address(name: str) -> Address:
    local = name.split()[0].lower().replace("ö", "oe")
    return Address(name, local, "works.example")


def _write(path: Path, count: int) -> None:
    """Write a mailbox; beyond some thousands, the same mails come again under other ids."""
    mails = list(generated(min(count, _MAILS)))
    with path.open("wb") as file:
        for number in range(count):
            mail = mails[number % len(mails)].replace(b"\nFrom ", b"\n>From ")
            head = b"From maren@works.example Mon Jan  5 08:00:00 2026\nX-Number: %d\n" % number
            file.write(head + mail.rstrip(b"\n") + b"\n\n")


def _text(message: Message) -> None:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            part.get_payload(decode=True)
    [message[name] for name in ("From", "To", "Date", "Subject")]


def _standard(path: Path) -> None:
    box = mailbox.mbox(path, factory=None)
    for message in box:
        _text(message)
    box.close()


def _modern(raws: list[bytes]) -> None:
    for raw in raws:
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        try:
            body = parsed.get_body(("plain", "html"))
            if body is not None:
                body.get_content()
            [str(parsed[name]) for name in ("From", "To", "Date", "Subject")]
        except (LookupError, ValueError, AttributeError, TypeError, IndexError):
            # What real mails raise in it.
            continue


def _compat(raws: list[bytes]) -> None:
    for raw in raws:
        _text(email.message_from_bytes(raw, policy=compat32))


def _govern(path: Path) -> None:
    from extract.sources.mail import MailSource

    source = MailSource(path)
    for unit in source.units():
        source.read(unit)


def _memory(path: Path) -> float:
    """Return the peak memory of a process that reads the mailbox, in MB."""
    command = [sys.executable, "-m", "bench.ingest_mail", str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _read_and_relate(path: Path) -> None:
    """Read a mailbox as an extraction does, up to its records, and print the peak memory in MB."""
    from extract.execution.parts import SealedParts
    from extract.sources import open_source, read_all

    with tempfile.TemporaryDirectory() as folder:
        read_all([open_source("mail", path)], parts=SealedParts(Path(folder), bytes(32)))
    # Not ru_maxrss: a child inherits that of the process which started it.
    status = Path("/proc/self/status").read_text("ascii")
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def _corpora(folder: Path) -> list[Row]:
    from extract.sources.mail import MailSource

    raws: list[bytes] = []
    work: list[tuple[MailSource, Unit]] = []
    for name in _CORPORA:
        with tarfile.open(_SHARED / f"{name}.tar.xz") as archive:
            archive.extractall(folder / name, filter="data")
        source = MailSource(folder / name)
        work += [(source, unit) for unit in source.units() if not unit.payload.defect]
    raws = [unit.payload.raw for _, unit in work]
    peer = "compat32 on real mails, no spans"
    return [
        Row("mail", peer, len(raws), "mails", best(lambda: _compat(raws))),
        Row("mail", "policy.default on real mails, no spans", len(raws), "mails", best(lambda: _modern(raws)), peer),
        Row(
            "mail",
            "govern on real mails, with spans",
            len(raws),
            "mails",
            best(lambda: [source.read(unit) for source, unit in work]),
            peer,
        ),
    ]


def run() -> list[Row]:
    """Read one generated mailbox three ways, the corpora if they are there, and mailboxes of two sizes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "inbox.mbox"
        _write(path, _MAILS)
        raws = list(generated(_MAILS))
        peer = "mailbox and compat32, no spans"
        rows = [
            Row("mail", peer, _MAILS, "mails", best(lambda: _standard(path))),
            Row("mail", "policy.default, no spans", _MAILS, "mails", best(lambda: _modern(raws), 1), peer),
            Row("mail", "govern, with spans", _MAILS, "mails", best(lambda: _govern(path)), peer),
        ]
        if _SHARED.is_dir():
            rows += _corpora(folder)
        for count in (_SMALL, _LARGE):
            _write(folder / "large.mbox", count)
            what, smaller = f"peak memory, {count:,} mails", f"peak memory, {_SMALL:,} mails"
            memory = _memory(folder / "large.mbox")
            # Not a rate: one second makes it stand as it is.
            rows.append(Row("mail", what, memory, "MB, at once", 1.0, smaller if count != _SMALL else ""))
    return rows


if __name__ == "__main__":
    _read_and_relate(Path(sys.argv[1]))
