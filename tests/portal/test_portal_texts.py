"""The texts as data: every language says everything, with the same values, and nothing that no page uses."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import govern.portal
from attest import events
from govern.portal import texts

HERE = Path(govern.portal.__file__).parent
SOURCES = "\n".join(
    file.read_text("utf-8") for kind in ("*.py", "templates/*.html", "pages/*.py") for file in HERE.glob(kind)
)


def values(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_language_says_everything(lang: str) -> None:
    english, spoken = texts.load("en"), texts.load(lang)
    assert english.keys() - spoken.keys() == set(), "not said yet"
    assert spoken.keys() - english.keys() == set(), "said in no other language"
    for key, sentence in spoken.items():
        assert values(sentence) == values(english[key]), key
        assert sentence.strip(), key
        assert "<" not in sentence, key


def test_every_text_is_used() -> None:
    # A key whose end is worked out ("me.state_" ~ ...) is used where its beginning stands.
    beginnings = set(re.findall(r"[\"']([a-z]+\.[a-z_]*_)[\"']", SOURCES))
    unused = [
        key
        for key in texts.load("en")
        if not key.startswith("names.")
        and not re.search(rf"[\"']{re.escape(key)}[\"']", SOURCES)
        and not any(key.startswith(begin) for begin in beginnings)
    ]
    assert unused == []


#: Entries that name no person.
OF_NOBODY = {"log.genesis", "policy.adopted", "notice.published", "witness.changed", "incident.recovered"}


def test_every_entry_that_can_name_a_person_is_told_in_words() -> None:
    about = {kind for kind in events.EVENT_TYPES - OF_NOBODY if not kind.startswith("role.")}
    assert {kind for kind in about if f"own.event_{kind.replace('.', '_')}" not in texts.load("en")} == set()


@pytest.mark.parametrize(
    ("wanted", "lang"),
    [
        (("de-AT",), "de"),
        (("fr;q=1, zh-Hans;q=0.9, en",), "zh"),
        ((None, "", "xx"), "en"),
        ((None, "de", "zh"), "de"),
        (("../../etc/passwd",), "en"),
    ],
)
def test_the_first_language_that_there_is_is_taken(wanted: tuple[str | None, ...], lang: str) -> None:
    assert texts.choose(*wanted) == lang


def test_chinese_and_german_are_not_english() -> None:
    english = texts.load("en")
    for lang in ("de", "zh"):
        same = [key for key, said in texts.load(lang).items() if said == english[key] and len(said) > 12]
        assert same == []
