"""The notice: what a worker is told before deciding. Its digest goes into the record that is signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
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
    name = f"notice.{lang}.md"
    folder = resources.files("policies")
    if name not in {file.name for file in folder.iterdir()}:
        raise RecordError("there is no notice in that language", "the shipped notice is in English: en")
    data = folder.joinpath(name).read_bytes()
    text = data.decode()
    version = text.partition("\n")[0].removeprefix("Version:").strip()
    return Notice(lang, version, text, hashlib.sha256(data).hexdigest())
