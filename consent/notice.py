"""The notice: what a worker is told before deciding. Its digest goes into the record that is signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from consent.errors import RecordError
from govern.errors import VerificationError

FALLBACK = "en"
"""The language of those whose own is unknown, or has no notice."""


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

    def body(self) -> dict[str, Any]:
        """Return the body of the `notice.published` event: the whole text, so that the log tells what was said."""
        return {"lang": self.lang, "version": self.version, "sha256": self.sha256, "text": self.text}


def load(lang: str = FALLBACK) -> Notice:
    """Return the shipped notice in a language.

    Raises:
        RecordError: There is no notice in that language.
    """
    for notice in shipped():
        if notice.lang == lang:
            return notice
    raise RecordError("there is no notice in that language", f"there is one in: {', '.join(languages())}")


def choose(lang: str | None) -> Notice:
    """Return the notice for a person's language, `de` or `de-AT`; English where there is none in it."""
    short = (lang or FALLBACK).partition("-")[0].lower()
    return load(short if short in languages() else FALLBACK)


def languages() -> tuple[str, ...]:
    """Return the languages that there is a notice in, sorted."""
    return tuple(sorted(notice.lang for notice in shipped()))


def find(sha256: str) -> Notice | None:
    """Return the shipped notice with a digest; None where another text was shown."""
    return next((notice for notice in shipped() if notice.sha256 == sha256), None)


def parse(body: Mapping[str, Any]) -> Notice:
    """Return the notice of a `notice.published` event.

    Raises:
        RecordError: The body is no notice.
        VerificationError: Its digest is not that of its text.
    """
    words = [body.get(name) for name in ("lang", "version", "text", "sha256")]
    if set(body) != {"lang", "version", "text", "sha256"} or not all(isinstance(word, str) for word in words):
        raise RecordError("a published notice is malformed")
    made = Notice(*map(str, words))
    if hashlib.sha256(made.text.encode()).hexdigest() != made.sha256:
        raise VerificationError(
            "a notice has another digest than its text", "compare it with the log: `govern log show`"
        )
    return made


@cache
def shipped() -> tuple[Notice, ...]:
    """Return every notice that comes with the package."""
    files = (file for file in resources.files("policies").iterdir() if file.name.startswith("notice."))
    return tuple(_notice(file.name.split(".")[1], file.read_bytes()) for file in sorted(files, key=lambda f: f.name))


def _notice(lang: str, data: bytes) -> Notice:
    text = data.decode()
    version = text.partition("\n")[0].removeprefix("Version:").strip()
    return Notice(lang, version, text, hashlib.sha256(data).hexdigest())
