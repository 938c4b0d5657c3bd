"""The notice: the same in every language, complete, and chosen by the language of the person."""

from __future__ import annotations

import hashlib
import re

import pytest

from consent import notice
from consent.errors import RecordError
from govern.errors import VerificationError
from policies.sentences import LANGUAGES


def test_there_is_a_notice_in_every_language_that_gates_are_explained_in() -> None:
    assert set(notice.languages()) == set(LANGUAGES)


@pytest.mark.parametrize("lang", notice.languages())
def test_a_notice_begins_with_its_version_and_has_the_parts_of_the_english_one(lang: str) -> None:
    shown, english = notice.load(lang), notice.load("en")
    assert shown.text.startswith(f"Version: {shown.version}\n")
    assert shown.version == english.version
    assert shown.sha256 == hashlib.sha256(shown.text.encode()).hexdigest()

    def parts(text: str) -> list[tuple[int, int]]:
        """Return for each part the rank of its heading and its number of points."""
        return [
            (len(part) - len(part.lstrip("#")), len(re.findall(r"^- ", part, re.MULTILINE)))
            for part in re.split(r"\n(?=#)", text)
        ]

    assert parts(shown.text) == parts(english.text)
    assert "govern consent withdraw" in shown.text


@pytest.mark.parametrize(
    ("lang", "chosen"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("zh-CN", "zh"),
        ("en", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        ("DE", "de"),
    ],
)
def test_the_notice_is_in_the_persons_language_or_in_english(lang: str | None, chosen: str) -> None:
    assert notice.choose(lang).lang == chosen


def test_a_published_notice_is_read_back_and_a_changed_one_is_not() -> None:
    shown = notice.load("zh")
    assert notice.parse(shown.body()) == shown
    with pytest.raises(VerificationError):
        notice.parse({**shown.body(), "text": shown.text + " "})
    for body in ({}, {**shown.body(), "more": 1}, {**shown.body(), "text": 7}):
        with pytest.raises(RecordError):
            notice.parse(body)


def test_a_notice_fits_into_an_entry_of_the_log() -> None:
    for shown in notice.shipped():
        assert len(str(shown.body()).encode()) < 60_000
