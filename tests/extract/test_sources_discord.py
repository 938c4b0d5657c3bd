"""The Discord reader: no channel of a guild is public, programs own no words, replies refer to their message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.records import FLAG_BOT, FLAG_SYSTEM
from extract.sources import ReadResult, open_source, read_all


def message(**more: Any) -> dict[str, Any]:
    about = {"id": "1", "type": "Default", "timestamp": "2026-03-02T10:15:00+01:00", "content": "Check it."}
    return {**about, "author": {"id": "7", "name": "maren", "nickname": "Maren", "isBot": False}, **more}


def read(tmp_path: Path, *messages: Any, kind: str = "DirectTextChat") -> ReadResult:
    path = tmp_path / "channel.json"
    head = {"guild": {"id": "0", "name": "g"}, "channel": {"id": "5", "type": kind, "name": "ledger"}}
    path.write_text(json.dumps({**head, "messages": list(messages)}))
    return read_all([open_source("chat", path)])


@pytest.mark.parametrize(
    ("kind", "is_"),
    [
        ("DirectTextChat", "dm"),
        ("DirectGroupTextChat", "group_dm"),
        ("GuildPrivateThread", "private"),
        ("GuildTextChat", "unknown"),
        ("GuildPublicThread", "unknown"),
    ],
)
def test_only_what_is_proven_has_a_kind(tmp_path: Path, kind: str, is_: str) -> None:
    (record,) = read(tmp_path, message(), kind=kind).records
    assert (record.container_kind, record.author_key, record.own_text()) == (is_, "discord:7", "Check it.")
    assert record.sent_at is not None
    assert record.sent_at.isoformat() == "2026-03-02T09:15:00+00:00"


def test_programs_and_notices_own_no_words(tmp_path: Path) -> None:
    bot = message(author={"id": "9", "name": "clerk", "isBot": True})
    first, second = read(tmp_path, bot, message(id="2", type="ChannelPinnedMessage")).records
    assert (FLAG_BOT in first.labels, FLAG_SYSTEM in second.labels) == (True, True)
    assert first.own_text() == second.own_text() == ""


def test_a_reply_refers_and_damage_ends_nothing(tmp_path: Path) -> None:
    reply = message(id="2", type="Reply", reference={"messageId": "1", "channelId": "5"})
    first, second, third = read(tmp_path, message(), reply, 7).records
    assert second.references == (first.message_id,)
    assert third.parse_defects == ("message.not_an_object",)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("attachments", "author", "content", "embeds", "forwardedMessage", "id", "mentions", "reference", "timestamp")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from((*FIELDS, "type")), ANY)
def test_no_value_raises(tmp_path: Path, field: str, value: Any) -> None:
    (record,) = read(tmp_path, message(**{field: value})).records
    assert "".join(record.text[s.start : s.end] for s in record.spans) == record.text
