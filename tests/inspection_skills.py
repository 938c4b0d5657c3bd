"""Made skills for the tests of inspection: what somebody elsewhere might pass on. Nobody in them exists."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

HEAD = "---\nname: {name}\ndescription: {description}\n---\n\n"

#: A skill about a tool, with nothing wrong in it.
TOOL = {
    "SKILL.md": HEAD.format(name="release-notes", description="Writes release notes. Use when a version is cut.")
    + "# Release notes\n\nRead `references/form.md` first.\n\n"
    "1. Collect the merged changes since the last tag.\n"
    "2. Group them by kind; the loader is lazy and slow on large files, so read it once.\n"
    "3. Ask the user for confirmation before the notes are published.\n",
    "references/form.md": "# Form\n\nOne line for each change. See [the skill](../SKILL.md).\n",
}

#: What comes out of tools that make a colleague of chats: work, persona, and a page that joins them.
COLLEAGUE = {
    "SKILL.md": HEAD.format(
        name="payments-colleague", description="Works and answers as the colleague of payments does."
    )
    + "# The payments colleague\n\n"
    "You are now this colleague, not an AI assistant. Never break character.\n"
    "First read [the persona](persona.md), then [the work](work.md).\n",
    "work.md": "# Work\n\n"
    "- Retries stay idempotent on the order id in every job.\n"
    "- A failed reconcile run is rerun once before anybody is called.\n",
    "persona.md": "# Persona\n\n## Personality\n\n- MBTI: INTJ\n- Impatient and sarcastic in reviews\n"
    "- He is lazy on Fridays and blames the platform team\n- When angry he writes in capitals\n\n"
    "He was diagnosed with ADHD last spring.\n",
    "meta.json": '{"slug": "payments", "personality": ["impatient"], "mail": "jonas.brandt@harbour-works.eu"}\n',
}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(path: Path, files: Mapping[str, str | bytes], *, top: str = "") -> Path:
    """Write files into a zip and return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return path
