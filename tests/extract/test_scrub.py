"""Credentials of chat services are gone from text, bytes and values, and nothing else is."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.records import Record
from extract.sources.api import Source
from extract.sources.mattermost import MattermostSource
from extract.sources.scrub import MARK, scrub_bytes, scrub_text, scrub_value
from extract.sources.teams import TeamsSource

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
    f"authorization: basic {WORD}",
    f"https://hooks.slack.com/services/T00000000/B00000000/{WORD}",
    f"https://hooks.slack.com/triggers/T00000000/1/{WORD}",
    f"https://links.example/?url=https%3A%2F%2Fhooks.slack.com%2Fservices%2FT00000000%2FB00000000%2F{WORD}&data=1",
    f"https://links.example/?url=https%3A%2F%2Fblob.example%2Fa%3Fsv%3D1%26sig%3D{WORD}&data=1",
    f"https://blob.example/a?sv=1&amp;Sig={WORD}",
    f"https://cdn.example/a.png?hm={WORD[-6:] * 6}&ex={WORD[-6:]}ab&is={WORD[-6:]}cd",
    f"https://works.example/back#access_token={WORD}",
    f"https://works.example/back?refresh_token={WORD}&client_secret={WORD}",
    f"https://clerk:{WORD}@git.works.example/a.git",
    f"123456789:AAH{WORD}abcdef",
    f"sk-{WORD}",
    f"sk-proj-{WORD}",
    f"AIzaSyA{WORD}a",
    f"ghp_{WORD}",
    f"github_pat_{WORD}",
    f"glpat-{WORD}",
    f"sk_live_{WORD}",
    f"SG.{WORD}.{WORD}",
    f"npm_{WORD}abcdef",
    f"-----BEGIN PRIVATE KEY-----\n{WORD}\n{WORD}\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("number", range(len(FORMS)))
def test_no_form_survives(number: int) -> None:
    text = f"see {FORMS[number]} now"
    for out in (
        scrub_text(text),
        scrub_bytes(json.dumps(text).encode()).decode(),
        scrub_bytes(json.dumps(text).replace("/", "\\/").encode()).decode(),
        scrub_bytes(json.dumps(text).replace("&", "\\u0026").encode()).decode(),
        json.dumps(scrub_value({"a": [text]})),
    ):
        assert MARK in out
        assert WORD not in out
        assert WORD[-6:] * 4 not in out
        assert "now" in out


@pytest.mark.parametrize(
    "key",
    ["password", "api_key", "token", "auth_data", "Authorization", "accessToken", "clientSecret", "bot_access_token",
     "signing_secret", "x-api-key", "webhookUrl", "secretAccessKey"],
)  # fmt: skip
def test_fields_are_scrubbed_by_their_name(key: str) -> None:
    assert scrub_value({"a": {key: "x1"}}) == {"a": {key: MARK}}
    assert json.loads(scrub_bytes(json.dumps({key: 'x"1', "b": 1}).encode())) == {key: MARK, "b": 1}


def test_ordinary_words_stay() -> None:
    for text in (
        "the token=ring network",
        "a password is needed",
        "https://a.example/hooks/list?page=2&t=5",
        "https://a.example:8080/@maren",
        "the task-force-of-the-secretary-general risk-averse-and-proud-of-it",
        "authorization: required by law, basic understanding of webhooks",
        "https://shop.example/?is=12345678&ex=12345678",
    ):
        assert scrub_text(text) == text
        assert scrub_bytes(text.encode()).decode() == text
    assert scrub_value({"tokens": "five", "secretary": "Ines", "key": "C minor", "has_password": True}) == {
        "tokens": "five", "secretary": "Ines", "key": "C minor", "has_password": True,
    }  # fmt: skip


def test_lines_keep_their_numbers() -> None:
    text = f"first\n{FORMS[-1]}\nlast"
    out = scrub_text(text)
    assert WORD not in out
    assert out.split("\n")[-1] == "last"
    assert out.count("\n") == text.count("\n")


@given(st.text(max_size=30), st.sampled_from(FORMS), st.text(max_size=30))
def test_what_is_scrubbed_stays_so(before: str, form: str, after: str) -> None:
    once = scrub_text(f"{before} {form} {after}")
    assert scrub_text(once) == once
    assert scrub_bytes(once.encode("utf-8", "surrogatepass")) == once.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "piece", ["eyJa-", "xoxb", "/hooks/", "&sig=", '"token":"', "\\", "://a:", "MMMM", "-----BEGIN PRIVATE KEY-----"]
)
def test_the_time_grows_with_the_text_only(piece: str) -> None:
    text = (piece * (200_000 // len(piece) + 1))[:200_000]
    before = time.process_time()
    scrub_text(text)
    scrub_bytes(text.encode())
    assert time.process_time() - before < 5


def _records(source: Source) -> list[tuple[str, str]]:
    """Return what each record or defect tells, and the digest of its raw unit."""
    units = list(source.units())
    seen = [source.read(u) for u in units]
    told = [
        json.dumps([str(getattr(r, name)) for name in Record.__slots__]) if isinstance(r, Record) else str(r)
        for r in seen
    ]
    return [(t, u.raw_digest) for t, u in zip(told, units, strict=True)]


def _exports(form: str) -> tuple[list[Any], list[Any]]:
    """Return an export of Mattermost and answers of Graph with a credential in every place where words stand."""
    mattermost = [
        {"type": "version", "version": 1},
        {"type": "channel", "channel": {"team": "works", "name": "ledger", "type": "O", "header": form}},
        {"type": "user", "user": {"username": "maren", "nickname": form, "password": form, "auth_data": form}},
        {"type": "poll", "poll": {"question": form}},
        {
            "type": "post",
            "post": {
                "team": "works", "channel": "ledger", "user": "maren", "create_at": 1772442900123,
                "message": f"see {form} now",
                "props": {"attachments": [{"text": form}], "webhook_url": form},
                "replies": [{"user": "maren", "message": form, "create_at": 1772442900124}],
            },
        },
    ]  # fmt: skip
    message = {
        "id": "1", "messageType": "message", "createdDateTime": "2026-03-02T09:15:00Z", "chatId": "c1", "subject": form,
        "from": {"user": {"id": "m1", "displayName": form}}, "mentions": [{"mentionText": form}],
        "body": {"contentType": "html", "content": f"<p>see {form} now</p>"},
        "attachments": [{"id": "a", "contentType": "reference", "contentUrl": form, "accessToken": form}],
    }  # fmt: skip
    reply = {**message, "id": "2", "body": {"contentType": "text", "content": form}}
    chat = {"id": "c1", "chatType": "group", "topic": form}
    return mattermost, [{"value": [{**message, "replies": [reply]}]}, chat]


@pytest.mark.parametrize("number", range(len(FORMS)))
def test_no_record_and_no_digest_knows_a_credential(tmp_path: Path, number: int) -> None:
    other = WORD.translate(str.maketrans("abcdef0123456789", "bcdefa1234567890"))
    form = FORMS[number]
    changed = form.replace(WORD, other).replace(WORD[-6:] * 6, other[-6:] * 6)
    for reader, first, second in zip((MattermostSource, TeamsSource), _exports(form), _exports(changed), strict=True):
        results = []
        for rows in (first, second):
            path = tmp_path / "export.jsonl"
            path.write_text("".join(json.dumps(row).replace("&", "\\u0026") + "\n" for row in rows))
            results.append(_records(reader(path)))
        assert results[0] == results[1]
        for told, _ in results[0]:
            assert WORD not in told
            assert WORD[-6:] * 4 not in told


def test_nothing_hides_a_credential_from_the_text_of_a_record(tmp_path: Path) -> None:
    token = f"xoxb-{WORD}"
    hidden = _exports("x")[0]
    hidden[-1]["post"]["message"] = f"{token[:3]}\0{token[3:]}"
    answers = _exports("x")[1]
    answers[0]["value"][0]["body"]["content"] = f"<p><b>{token[:3]}</b>{token[3:]}</p><blockquote>old</blockquote>"
    for reader, rows in ((MattermostSource, hidden), (TeamsSource, answers)):
        path = tmp_path / "export.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        told = "".join(t for t, _ in _records(reader(path)))
        assert MARK in told
        assert WORD not in told
