"""One small sample of every format, of our own making: two authors, a thread, a system message, a damage, a DM."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import conformance_chats as chats
from conformance_chats import CREDENTIAL, LEAK
from source_world import git, mail, mbox, message, repository, slack

__all__ = ["CREDENTIAL", "SAMPLES", "WITHOUT", "Sample"]


class Sample(NamedTuple):
    """A sample.

    Attributes:
        build: Writes it into a folder and returns the path to open.
        container_kinds: Kinds of places that its records must have.
        text: Whether its files are text, so that it can be cut and flipped at any byte.
        system: Whether it holds a message that nobody typed.
        damaged: Whether it holds a unit that is damaged.
        thread: Whether a record refers to another.
    """

    build: Callable[[Path], Path]
    container_kinds: tuple[str, ...]
    text: bool = True
    system: bool = True
    damaged: bool = True
    thread: bool = True


def _mail(folder: Path) -> Path:
    answer = mail(
        "Done, it holds.\n\nOn Mon, 2 Mar 2026 at 10:15, Maren Holt wrote:\n> Check the checksum first.\n",
        From="Tomas Lind <tomas@works.example>",
        To="Maren Holt <maren@works.example>",
        Subject="Re: Settlement file",
        Message_ID="<two@works.example>",
        In_Reply_To="<one@works.example>",
    )
    damaged = mail(
        "Mit Gru\xdf\n", Date="never", Message_ID="<three@works.example>", Content_Type="text/plain; charset=x"
    )
    path = folder / "inbox.mbox"
    path.write_bytes(mbox(mail(), answer, damaged))
    return path


def _git(folder: Path) -> Path:
    path = repository(folder / "tools", "Check the checksum first\n\nIt was wrong twice.\n")
    first = git(path, "rev-parse", "HEAD")
    other = {"GIT_AUTHOR_NAME": "Tomas Lind", "GIT_AUTHOR_EMAIL": "tomas@works.example"}
    message = f'Revert "Check the checksum first"\n\nThis reverts commit {first}.\n\nToo slow on old disks.\n'
    git(path, "commit", "-q", "--allow-empty", "-m", message, **other)
    bot = {"GIT_AUTHOR_NAME": "deploy[bot]", "GIT_AUTHOR_EMAIL": "7+deploy[bot]@users.noreply.host.example"}
    git(path, "commit", "-q", "--allow-empty", "-m", "Bump version", **bot)
    # As git-appraise keeps reviews: one JSON object a line; the last is damaged.
    remark = {"timestamp": "1772443000", "author": "tomas@works.example", "description": "Why twice?", "v": 0}
    note = json.dumps(remark) + "\n{damaged"
    git(path, "notes", "--ref", "refs/notes/devtools/discuss", "add", "-m", note, first)
    return path


def _slack(folder: Path) -> Path:
    path = slack(
        folder / "export",
        general=[
            message("Check the checksum first."),
            message(LEAK, "1772443000.000100", "U0TOMAS01", thread_ts="1772442900.000100"),
            message("maren has joined", "1772443100.000100", subtype="channel_join"),
            "no message",
        ],
        ops="[{",
    )
    (path / "dms.json").write_text(json.dumps([{"id": "D0001", "members": ["U0MAREN01", "U0TOMAS01"]}]))
    (path / "D0001").mkdir()
    (path / "D0001/2026-03-02.json").write_text(json.dumps([message("Lunch?", "1772443200.000100")]))
    return path


def _documents(folder: Path) -> Path:
    import docx

    path = folder / "handbook"
    path.mkdir()
    for name, author in (
        ("checks.md", "Maren Holt <maren@works.example>"),
        ("disks.md", "Tomas Lind <t@works.example>"),
    ):
        head = f"---\nauthor: {author}\ndate: 2026-03-02T10:15:00+01:00\n---\n"
        (path / name).write_text(f"{head}# Checks\n\nCheck the checksum first, then load the file.\n")
    letter = docx.Document()
    letter.core_properties.author = letter.core_properties.last_modified_by = "Maren Holt"
    letter.add_paragraph("The old disks go on Friday, the new ones come on Monday.")
    letter.save(str(path / "letter.docx"))
    (path / "broken.pdf").write_bytes(b"%PDF-1.4\n1 0 obj<<")
    (path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return path


SAMPLES: dict[str, Sample] = {
    "mail": Sample(_mail, ("mailbox",), system=False),
    "git": Sample(_git, ("repo",), text=False),
    "slack": Sample(_slack, ("public", "dm")),
    "mattermost": Sample(chats.mattermost, ("public", "private", "dm")),
    "teams": Sample(chats.teams, ("dm",)),
    "discord": Sample(chats.discord, ("dm",)),
    "zulip": Sample(chats.zulip, ("public", "private", "dm"), thread=False),
    "telegram": Sample(chats.telegram, ("private", "dm")),
    "whatsapp": Sample(chats.whatsapp, ("group_dm",), thread=False),
    "irc": Sample(chats.irc, (), thread=False),
    "documents": Sample(_documents, ("document",), system=False, thread=False),
}

#: Formats without a sample, and why there is none; their readers' own tests stand in.
WITHOUT: dict[str, str] = {
    "pst": "nothing at hand writes the data files of Outlook",
}
