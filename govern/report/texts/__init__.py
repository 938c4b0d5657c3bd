"""The report's texts as data: one file of `key: sentence` for each language."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from policies import plain_yaml
from policies.sentences import LANGUAGES

__all__ = ["LANGUAGES", "Said", "load", "marked", "script"]


class Said:
    """The texts in one language, called like a function: `said("title", about=...)`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._found = load(lang)

    def __call__(self, key: str, **values: object) -> str:
        """Return a text.

        Raises:
            KeyError: There is no such text.
        """
        return str(self._found[key]).format(**values)

    def html(self, key: str, **markup: str) -> str:
        """Return a text as HTML: itself escaped, its backticks as code, its values as they are."""
        return marked(str(self._found[key])).format(**markup)

    @property
    def unchecked(self) -> str:
        """What stands where the script has not said anything yet; it says the same where it cannot tell."""
        return str(self._found["script"]["unchecked"])

    def number(self, number: int) -> str:
        """Return a whole number with its digits in groups of three."""
        return f"{number:,}".replace(",", self._found["script"]["group"])

    def decimal(self, number: float, form: str) -> str:
        """Return a number in the form of `format`, with the mark that this language has before its decimals."""
        return f"{number:{form}}".replace(".", self._found["decimal"])


def marked(sentence: str) -> str:
    """Return a sentence as HTML, in which backticks mark what is typed."""
    parts = html.escape(sentence).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


@cache
def load(lang: str) -> Mapping[str, Any]:
    """Return every text in a language, by its key; below `script` those that the page's own script says."""
    return plain_yaml.read((resources.files(__name__) / f"{lang}.yaml").read_bytes())


def script() -> dict[str, Any]:
    """Return what the script says, by language: all of them, so that every page has the same script."""
    return {lang: load(lang)["script"] for lang in LANGUAGES}
