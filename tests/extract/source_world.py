"""Small sources of our own making, for the reader tests to break in one line."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

MAIL = """From: Maren Holt <maren@works.example>
To: Tomas Lind <tomas@works.example>
Subject: Settlement file
Date: Mon, 2 Mar 2026 10:15:00 +0100
Message-ID: <one@works.example>

Check the checksum first.
Then load the file.
"""


def mail(body: str = "Check the checksum first.\n", **fields: str) -> bytes:
    """Return a mail; a field given as "" is left out."""
    head = {
        "From": "Maren Holt <maren@works.example>",
        "To": "Tomas Lind <tomas@works.example>",
        "Subject": "Settlement file",
        "Date": "Mon, 2 Mar 2026 10:15:00 +0100",
        "Message-ID": "<one@works.example>",
    }
    head.update({name.replace("_", "-"): value for name, value in fields.items()})
    return ("".join(f"{k}: {v}\n" for k, v in head.items() if v) + "\n" + body).encode()


def mbox(*mails: bytes) -> bytes:
    """Return an mbox."""
    return b"".join(b"From maren@works.example Mon Mar  2 10:15:00 2026\n" + m + b"\n" for m in mails)


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Run git with two fixed people and no configuration of the machine."""
    fixed = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Maren Holt",
        "GIT_AUTHOR_EMAIL": "maren@works.example",
        "GIT_AUTHOR_DATE": "1772442900 +0100",
        "GIT_COMMITTER_NAME": "Maren Holt",
        "GIT_COMMITTER_EMAIL": "maren@works.example",
        "GIT_COMMITTER_DATE": "1772442900 +0100",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=fixed | environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def repository(folder: Path, *messages: str) -> Path:
    """Make a repository with one empty commit per message."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    for message in messages:
        git(folder, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
    return folder


USERS = [
    {
        "id": "U0MAREN01",
        "name": "maren",
        "real_name": "Maren Holt",
        "tz": "Europe/Berlin",
        "tz_offset": 3600,
        "profile": {"email": "maren@works.example", "display_name": "maren"},
    },
    {"id": "U0TOMAS01", "name": "tomas", "real_name": "Tomas Lind", "profile": {"email": "tomas@works.example"}},
    {"id": "U0BOT0001", "name": "deploy", "is_bot": True, "profile": {}},
]


def message(text: str, ts: str = "1772442900.000100", user: str = "U0MAREN01", **more: Any) -> dict[str, Any]:
    """Return a Slack message."""
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


def slack(folder: Path, **channels: Any) -> Path:
    """Write a Slack export as a folder: one public channel per name, its value being the day file's content."""
    folder.mkdir(parents=True, exist_ok=True)
    members = ["U0MAREN01", "U0TOMAS01"]
    lists = {
        "users.json": USERS,
        "channels.json": [
            {"id": f"C{i:08}", "name": name, "members": members, "topic": {"value": f"about {name}"}}
            for i, name in enumerate(channels, 1)
        ],
    }
    for name, value in lists.items():
        (folder / name).write_text(json.dumps(value))
    for name, value in channels.items():
        (folder / name).mkdir()
        content = value if isinstance(value, str) else json.dumps(value)
        (folder / name / "2026-03-02.json").write_text(content)
    return folder


def zipped(folder: Path, target: Path, prefix: str = "") -> Path:
    """Pack a folder."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, prefix + path.relative_to(folder).as_posix())
    return target
