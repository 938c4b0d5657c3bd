"""The Teams reader: places that are proven, programs, deletions, quotations, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import json_damage
import pytest
from hypothesis import HealthCheck, given, settings

from extract.records import FLAG_BOT, FLAG_SYSTEM, Record
from extract.sources import ReadResult, open_source, read_all
from extract.sources.teams import TeamsSource

MAREN = {"application": None, "user": {"id": "m1", "displayName": "Maren Holt"}}


def message(text: str = "Check it.", **more: Any) -> dict[str, Any]:
    about = {"id": "1", "messageType": "message", "createdDateTime": "2026-03-02T09:15:00Z", "chatId": "c1"}
    return {**about, "from": MAREN, "body": {"contentType": "text", "content": text}, "attachments": [], **more}


def read(tmp_path: Path, *answers: Any) -> ReadResult:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join((a if isinstance(a, str) else json.dumps(a)) + "\n" for a in answers))
    return read_all([open_source("chat", path)])


def first(tmp_path: Path, *answers: Any) -> Record:
    return read(tmp_path, *answers).records[0]


def test_a_chat_is_what_a_saved_answer_about_it_says(tmp_path: Path) -> None:
    assert first(tmp_path, {"value": [message()]}).container_kind == "unknown"
    chat = {"id": "c1", "chatType": "oneOnOne", "members": [{"userId": "m1"}, {"userId": "t1"}]}
    record = first(tmp_path, {"value": [message()]}, chat)
    assert (record.container_kind, record.recipients) == ("dm", ("teams:t1",))
    assert (record.author_key, record.own_text()) == ("teams:m1", "Check it.")


def test_a_standard_channel_is_public_only_if_its_team_is(tmp_path: Path) -> None:
    posted = {"value": [message(chatId=None, channelIdentity={"teamId": "t", "channelId": "ch"})]}
    channel = {"id": "ch", "membershipType": "standard"}
    assert first(tmp_path, posted, channel).container_kind == "private"
    assert first(tmp_path, posted, channel, {"id": "t", "visibility": "public"}).container_kind == "public"
    shared = {"id": "ch", "membershipType": "shared"}
    assert first(tmp_path, posted, shared, {"id": "t", "visibility": "public"}).container_kind == "private"


def test_programs_events_and_deletions_own_no_words(tmp_path: Path) -> None:
    program = {"from": {"user": None, "application": {"id": "a1", "displayName": "Clerk"}}}
    for more, flag in (
        (program, FLAG_BOT),
        ({"messageType": "systemEventMessage", "from": None}, FLAG_SYSTEM),
        ({"messageType": "unknownFutureValue"}, FLAG_SYSTEM),
        ({"deletedDateTime": "2026-03-02T10:00:00Z"}, FLAG_SYSTEM),
    ):
        record = first(tmp_path, {"value": [message(**more)]})
        assert flag in record.labels
        assert record.own_text() == ""


def test_the_words_of_a_quoted_message_are_not_the_authors(tmp_path: Path) -> None:
    quoted = {"id": "0", "contentType": "messageReference", "content": '{"messagePreview": "their words"}'}
    body = {
        "contentType": "html",
        "content": "<attachment id='0'></attachment><p>Agreed.</p><blockquote>old</blockquote>",
    }
    record = first(tmp_path, {"value": [message(body=body, attachments=[quoted])]})
    assert record.own_text() == "Agreed."
    assert record.references == ("teams:c1/0",)


def test_nested_replies_refer_to_their_message(tmp_path: Path) -> None:
    root, reply = read(tmp_path, {"value": [message(replies=[message("Why?", id="2")])]}).records
    assert reply.references == (root.message_id,)


def test_damage_ends_nothing(tmp_path: Path) -> None:
    result = read(tmp_path, {"value": [message(), message(id="2", body=7, createdDateTime="never")]}, "{damaged")
    assert dict(result.defects) == {"line.not_json": 1}
    assert [r.parse_defects for r in result.records] == [(), ("date.unreadable",)]


def test_what_is_no_message_beside_messages_is_counted(tmp_path: Path) -> None:
    reply = message("And then?", id="2")
    result = read(tmp_path, {"value": [message(replies=[reply, 7]), "x", {"id": "t", "visibility": "public"}]})
    assert [r.parse_defects for r in result.records] == [
        (),
        (),
        ("message.not_an_object",),
        ("message.not_an_object",),
    ]
    assert result.defects == {"file.not_messages": 1}
    assert result.unreadable == []


def test_an_edit_is_the_authors(tmp_path: Path) -> None:
    edited = message("Load it once.", lastEditedDateTime="2026-03-02T09:20:00Z")
    assert first(tmp_path, {"value": [edited]}).own_text() == "Load it once."


@pytest.mark.parametrize(
    ("chat_type", "kind"),
    [("oneOnOne", "dm"), ("group", "group_dm"), ("meeting", "group_dm"), ("unknownFutureValue", "unknown")],
)
def test_kinds_of_chats(tmp_path: Path, chat_type: str, kind: str) -> None:
    assert first(tmp_path, {"value": [message()]}, {"id": "c1", "chatType": chat_type}).container_kind == kind


def test_a_mention_is_a_name_seen_and_stays_in_the_text(tmp_path: Path) -> None:
    body = {"contentType": "html", "content": '<p><at id="0">Tomas Reyl</at> has the ledger.</p>'}
    mentions = [{"id": 0, "mentionText": "Tomas Reyl", "mentioned": {"user": {"id": "t1"}}}]
    record = first(tmp_path, {"value": [message(body=body, mentions=mentions)]})
    assert record.own_text() == "Tomas Reyl has the ledger."
    assert record.names_seen == ("Maren Holt", "Tomas Reyl")


def test_a_saved_answer_of_many_lines_is_one_value(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    chat = {"id": "c1", "chatType": "oneOnOne"}
    (folder / "messages.json").write_text(json.dumps({"value": [message(), message("And then?", id="2")]}, indent=2))
    (folder / "zz_chat.json").write_text(json.dumps(chat, indent=2))
    result = read_all([open_source("chat", folder)])
    assert [(r.own_text(), r.container_kind) for r in result.records] == [("Check it.", "dm"), ("And then?", "dm")]


def test_a_reply_that_stands_by_itself_refers_to_its_root(tmp_path: Path) -> None:
    root, reply = read(tmp_path, message(), message("Why?", id="2", replyToId="1")).records
    assert (reply.references, reply.thread_id) == ((root.message_id,), root.thread_id)


WHOLE: list[Any] = [
    {
        "value": [
            message(
                body={"contentType": "html", "content": "<p>Agreed.</p>"},
                channelIdentity={"teamId": "t", "channelId": "ch"},
                attachments=[{"id": "0", "contentType": "messageReference", "content": "{}"}],
                mentions=[{"mentionText": "Tomas", "mentioned": {"user": {"id": "t1"}}}],
                deletedDateTime=None,
                replyToId=None,
                subject="Ledger",
                replies=[message("Why?", id="2")],
            )
        ]
    },
    {"id": "c1", "chatType": "group", "topic": "ledger", "members": [{"userId": "m1"}]},
    {"id": "ch", "membershipType": "standard", "displayName": "ledger"},
    {"id": "t", "visibility": "public"},
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=json_damage.damaged(WHOLE))
def test_any_value_in_any_field_ends_nothing(tmp_path: Path, rows: list[Any]) -> None:
    json_damage.check_all_units(TeamsSource(json_damage.write(tmp_path / "answers.jsonl", rows)))
