"""The portal's texts as data: one file of `key: sentence` for each language and part of the portal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from consent import notice, receipt_words
from policies import plain_yaml

LANGUAGES = ("en", "de", "zh")
#: Each in its own words, for the choice of a language.
NAMES = {"en": "English", "de": "Deutsch", "zh": "中文"}


class Texts:
    """The texts in one language, called like a function: `t("home.title", name=...)`.

    A name in braces stands for a value. Texts hold no markup; the templates escape them with their values.
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._found = load(lang)

    def __call__(self, key: str, **values: Any) -> str:
        """Return a text.

        Raises:
            KeyError: There is no such text: a slip in a template, which every test of its page finds.
        """
        return self._found[key].format(**values)

    def name(self, code: str) -> str:
        """Return the name of a purpose, source, category ... in everyday words; the code where there is none."""
        found = self._found.get(f"names.{code}")
        return found if found is not None else receipt_words.words(self.lang).get(code, code)

    def has(self, key: str) -> bool:
        """Say whether there is such a text."""
        return key in self._found


@cache
def load(lang: str) -> Mapping[str, str]:
    """Return every text in a language, by `part.key`."""
    found: dict[str, str] = {}
    folder = resources.files(__name__) / lang
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        part = file.name.removesuffix(".yaml")
        found |= {f"{part}.{key}": str(value) for key, value in plain_yaml.read(file.read_bytes()).items()}
    return found


def choose(*wanted: str | None) -> str:
    """Return the first wanted language that there are texts in; English where there is none.

    Args:
        wanted: Language tags, `de-AT`, or the value of `Accept-Language`.
    """
    for each in wanted:
        for tag in (each or "").split(","):
            short = tag.partition(";")[0].strip().partition("-")[0].lower()
            if short in LANGUAGES:
                return short
    return notice.FALLBACK
