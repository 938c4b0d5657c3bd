"""Credentials of chat services are gone from text, bytes and values, and nothing else is."""

from __future__ import annotations

import json

import pytest

from extract.sources.scrub import MARK, scrub_bytes, scrub_text, scrub_value

WORD = "abcdefghij0123456789abcdef"
FORMS = [
    f"https://files.example/a?t=xoxe-{WORD}",
    f"https://chat.works.example/hooks/{WORD}",
    f"https://works.webhook.office.com/webhookb2/{WORD}@{WORD}/IncomingWebhook/{WORD}",
    f"https://discord.com/api/webhooks/123456789/{WORD}",
    f"https://cdn.example/a.png?ex={WORD[-6:]}ab&is={WORD[-6:]}cd&hm={WORD[-6:] * 6}",
    f"https://blob.example/a?sv=1&sig={WORD}%3D",
    f"https://s3.example/a?X-Amz-Signature={WORD}",
    f"https://s3.example/a?x=1&X-Amz-Security-Token={WORD}",
    f"https://storage.example/a?X-Goog-Signature={WORD}",
    f"https://zulip.works.example/api?api_key={WORD}",
    "MTAxMDEwMTAxMDEwMTAxMDEw.GabcdE." + WORD + "xyz",
    f"eyJhbGciOiJIUzI1NiJ9.{WORD}.{WORD}",
    f"Authorization: Bearer {WORD}",
]


@pytest.mark.parametrize("number", range(len(FORMS)))
def test_no_form_survives(number: int) -> None:
    text = f"see {FORMS[number]} now"
    for out in (
        scrub_text(text),
        scrub_bytes(json.dumps(text).encode()).decode(),
        scrub_bytes(json.dumps(text).replace("/", "\\/").encode()).decode(),
        json.dumps(scrub_value({"a": [text]})),
    ):
        assert MARK in out
        assert WORD not in out
        assert WORD[-6:] * 4 not in out
        assert "now" in out


@pytest.mark.parametrize("key", ["password", "api_key", "token", "auth_data", "Authorization"])
def test_fields_are_scrubbed_by_their_name(key: str) -> None:
    assert scrub_value({"a": {key: "x1"}}) == {"a": {key: MARK}}
    assert json.loads(scrub_bytes(json.dumps({key: 'x"1', "b": 1}).encode())) == {key: MARK, "b": 1}


def test_ordinary_words_stay() -> None:
    for text in ("the token=ring network", "a password is needed", "https://a.example/hooks/list?page=2&t=5"):
        assert scrub_text(text) == text
