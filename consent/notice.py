"""The notice: what a worker is told before deciding. Its digest goes into the record that is signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from consent.errors import RecordError


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that was shown.

    Attributes:
        lang: Its language: `en`.
        version: Its version.
        text: The whole text, the version line included.
        sha256: SHA-256 of the text in UTF-8, hex.
    """

    lang: str
    version: str
    text: str
    sha256: str


def load(lang: str = "en") -> Notice:
    """Return the shipped notice in a language.

    Raises:
        RecordError: There is no notice in that language.
    """
    for notice in shipped():
        if notice.lang == lang:
            return notice
    raise RecordError("there is no notice in that language", "the shipped notice is in English: en")


def find(sha256: str) -> Notice | None:
    """Return the shipped notice with a digest; None where another text was shown."""
    return next((notice for notice in shipped() if notice.sha256 == sha256), None)


@cache
def shipped() -> tuple[Notice, ...]:
    """Return every notice that comes with the package."""
    files = (file for file in resources.files("policies").iterdir() if file.name.startswith("notice."))
    return tuple(_notice(file.name.split(".")[1], file.read_bytes()) for file in sorted(files, key=lambda f: f.name))


def _notice(lang: str, data: bytes) -> Notice:
    text = data.decode()
    version = text.partition("\n")[0].removeprefix("Version:").strip()
    return Notice(lang, version, text, hashlib.sha256(data).hexdigest())
