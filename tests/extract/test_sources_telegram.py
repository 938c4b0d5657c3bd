"""Telegram: who wrote which words, which place is public, and times that do not depend on the exporting machine."""

from __future__ import annotations

import json
import pickle
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import SourceError
from extract.records import FLAG_BOT, FLAG_SYSTEM, Record
from extract.sources import telegram
from extract.sources.api import Defect, Unit
from extract.sources.telegram import TelegramSource

STAMP = 1772442900  # 2026-03-02 09:15 UTC


def message(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "type": "message", "date": "2026-03-02T10:15:00", "date_unixtime": str(STAMP),
        "from": "Maren Holt", "from_id": "user11", "text": "We load it once.", **more,
    }  # fmt: skip


def chat(*messages: Any, kind: str = "private_supergroup", **more: Any) -> dict[str, Any]:
    return {"name": "Ledger", "type": kind, "id": 77, "messages": list(messages), **more}


def everything(tmp_path: Path, value: Any) -> list[Record | Defect]:
    path = tmp_path / "result.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    source = TelegramSource(path)
    return [source.read(unit) for unit in source.units()]


def only(tmp_path: Path, **more: Any) -> Record:
    (found,) = everything(tmp_path, chat(message(**more)))
    assert isinstance(found, Record)
    return found


def test_a_message_has_author_time_and_place(tmp_path: Path) -> None:
    found = only(tmp_path)
    assert (found.author_key, found.author_raw, found.author_basis) == ("telegram:11", "Maren Holt", "telegram.user")
    assert (found.sent_at, found.tz_basis) == (datetime(2026, 3, 2, 9, 15, tzinfo=UTC), "unknown")
    assert (found.container, found.container_kind) == ("Ledger", "private")
    assert found.own_text() == "We load it once."
    assert found.message_id == "telegram:private_supergroup/77/1"


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("personal_chat", "dm"),
        ("bot_chat", "dm"),
        ("private_group", "private"),
        ("private_supergroup", "private"),
        ("private_channel", "private"),
        ("public_supergroup", "public"),
        ("public_channel", "public"),
        ("saved_messages", "personal_folder"),
        ("replies", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_kind_of_a_chat_is_what_the_export_says(tmp_path: Path, kind: str, place: str) -> None:
    (found,) = everything(tmp_path, chat(message(), kind=kind))
    assert isinstance(found, Record)
    assert found.container_kind == place


def test_a_date_without_unix_time_is_the_clock_of_another_machine(tmp_path: Path) -> None:
    value = chat(message())
    del value["messages"][0]["date_unixtime"]
    (found,) = everything(tmp_path, value)
    assert isinstance(found, Record)
    assert (found.sent_at, found.parse_defects) == (None, ("date.no_offset",))


@pytest.mark.parametrize("stamp", ["x", "9" * 19, [], {}, "-9999999999999"])
def test_an_unreadable_time_is_none(tmp_path: Path, stamp: Any) -> None:
    found = only(tmp_path, date_unixtime=stamp)
    assert (found.sent_at, found.parse_defects) == (None, ("date.unreadable",))


def test_a_text_in_parts_is_joined_and_its_quotations_are_quoted(tmp_path: Path) -> None:
    parts = [
        {"type": "blockquote", "text": "We load it twice.\nAlways did."},
        "\nNo, ",
        {"type": "bold", "text": "once"},
        ", as ",
        {"type": "mention", "text": "@tomas"},
        " said.",
    ]
    found = only(tmp_path, text=parts)
    assert found.text == "We load it twice.\nAlways did.\nNo, once, as @tomas said."
    assert found.own_text() == "No, once, as @tomas said."
    assert [s.kind for s in found.spans] == ["quoted", "own"]


@pytest.mark.parametrize("field", ["forwarded_from", "saved_from"])
@pytest.mark.parametrize("name", ["Tomas Lind", None])
def test_forwarded_words_are_somebody_else_s_even_if_nobody_is_named(
    tmp_path: Path, field: str, name: str | None
) -> None:
    found = only(tmp_path, **{field: name})
    assert ([s.kind for s in found.spans], found.own_text()) == (["forwarded"], "")
    assert found.spans[0].owner == ""
    assert ("Tomas Lind" in found.names_seen) is (name is not None and field == "forwarded_from")


def test_words_of_a_bot_are_a_program_s(tmp_path: Path) -> None:
    found = only(tmp_path, via_bot="@gif")
    assert (found.labels, found.own_text()) == ((FLAG_BOT,), "")
    bot = message(from_id="user77")
    (found2,) = everything(tmp_path, chat(bot, kind="bot_chat"))
    assert isinstance(found2, Record)
    assert (found2.labels, found2.own_text()) == ((FLAG_BOT,), "")


@pytest.mark.parametrize("sender", ["channel77", None, "", "user", "userx", 1.5, True])
def test_a_channel_or_a_hidden_sender_is_nobody(tmp_path: Path, sender: Any) -> None:
    found = only(tmp_path, from_id=sender, author="Maren Holt")
    assert (found.author_key, found.author_basis, found.own_text()) == ("", "unknown", "")
    assert "Maren Holt" in found.names_seen


def test_older_exports_have_a_bare_number_and_deleted_accounts_no_name(tmp_path: Path) -> None:
    assert only(tmp_path, from_id=11).author_key == "telegram:11"
    found = only(tmp_path, **{"from": None})
    assert (found.author_key, found.author_raw) == ("telegram:11", "")


def test_service_messages_are_the_system_s(tmp_path: Path) -> None:
    value = {"id": 2, "type": "service", "date_unixtime": str(STAMP), "actor": "Maren Holt", "actor_id": "user11",
             "action": "invite_members", "members": ["Tomas Lind", None], "text": ""}  # fmt: skip
    (found,) = everything(tmp_path, chat(value))
    assert isinstance(found, Record)
    assert (found.labels, found.author_key, found.own_text()) == ((FLAG_SYSTEM,), "telegram:11", "")
    assert found.names_seen == ("Maren Holt", "Tomas Lind")


def test_a_reply_refers_to_its_parent_but_not_into_another_chat(tmp_path: Path) -> None:
    found = only(tmp_path, number=5, reply_to_message_id=4)
    assert found.parent_id == "telegram:private_supergroup/77/4"
    assert found.references == (found.parent_id,)
    assert only(tmp_path, reply_to_message_id=4, reply_to_peer_id="channel9").references == ()


def test_messages_that_every_account_numbers_by_itself_do_not_share_ids(tmp_path: Path) -> None:
    ids = set()
    for text in ("one", "two"):
        (found,) = everything(tmp_path, chat(message(text=text), kind="personal_chat"))
        assert isinstance(found, Record)
        ids.add(found.message_id)
    assert len(ids) == 2


def test_everybody_who_spoke_is_a_recipient(tmp_path: Path) -> None:
    value = {
        "about": "x",
        "personal_information": {"user_id": 12},
        "chats": {"list": [chat(message(), message(2, from_id="user13"))]},
        "left_chats": {"list": [chat(message(3), kind="personal_chat"), 5]},
    }
    first, second, third = everything(tmp_path, value)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert isinstance(third, Record)
    assert first.recipients == ("telegram:12", "telegram:13")
    assert second.recipients == ("telegram:11", "telegram:12")
    assert third.recipients == ("telegram:12", "telegram:77")
    assert third.container_kind == "dm"


def test_credentials_are_gone_however_they_are_written(tmp_path: Path) -> None:
    found = only(tmp_path, text="https://files.example/a?token=" + "k" * 20)
    assert found.text == "https://files.example/a?token=[SECRET]"
    escaped = json.dumps(chat(message(text="HERE"))).replace("HERE", r"?\u0074oken=" + "k" * 20)
    (other,) = everything(tmp_path, escaped)
    assert isinstance(other, Record)
    assert "kkkk" not in other.text


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", "file.not_json"), ("[]", "file.not_messages"), ("{}", "file.not_messages"), ("[" * 99999, "file.not_json")],
    ids=["cut", "list", "empty", "deep"],
)
def test_a_file_that_is_no_export_is_a_defect(tmp_path: Path, content: str, code: str) -> None:
    (found,) = everything(tmp_path, content)
    assert isinstance(found, Defect)
    assert (found.code, found.unreadable) == (code, True)


def test_a_message_that_is_no_object_keeps_its_place(tmp_path: Path) -> None:
    (found, _) = everything(tmp_path, chat("words", message()))
    assert isinstance(found, Record)
    assert (found.parse_defects, found.container_kind) == (("message.not_an_object",), "unknown")


def test_folder_and_zip_account_for_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "photos").mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(chat(message())))
    (folder / "photos" / "a.jpg").write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        packed.write(folder / "result.json", "export/result.json")
        packed.writestr("export/photos/a.jpg", b"x")
    for path in (folder, tmp_path / "export.zip"):
        assert TelegramSource.detect(path)
        source = TelegramSource(path)
        found = [source.read(unit) for unit in source.units()]
        assert [type(f) for f in found] == [Defect, Record]


def test_other_paths_are_not_detected(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"type": "message", "messages": []}')
    (tmp_path / "b.txt").write_text('{"type": "personal_chat", "messages": []}')
    for path in (tmp_path, tmp_path / "a.json", tmp_path / "b.txt", tmp_path / "none"):
        assert not TelegramSource.detect(path)
    with pytest.raises(SourceError, match=r"no result\.json"):
        TelegramSource(tmp_path)


def test_source_and_units_travel(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(chat(message(), message(2))))
    source = TelegramSource(path)
    for unit in source.units():
        assert unit.size > 50
        assert pickle.loads(pickle.dumps(source)).read(pickle.loads(pickle.dumps(unit))) == source.read(unit)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "type", "x"]), inner),
    max_leaves=5,
)
FIELDS = ["id", "type", "from", "from_id", "text", "date_unixtime", "via_bot", "members", "reply_to_message_id"]


@given(values=st.dictionaries(st.sampled_from(FIELDS), VALUES), extra=VALUES)
def test_any_message_becomes_a_record_whose_spans_cover_it(values: dict[str, Any], extra: Any) -> None:
    data = json.dumps(chat({**message(), **values}, extra)).encode()
    units = list(telegram._messages("result.json", data))
    assert len(units) == 2
    for unit in units:
        found = READER.read(unit)
        assert isinstance(found, Record)
        assert "".join(found.text[s.start : s.end] for s in found.spans) == found.text


READER = TelegramSource.__new__(TelegramSource)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_accounted_for(data: bytes) -> None:
    for lead in (b"", b'{"messages":['):
        for unit in telegram._messages("result.json", lead + data):
            assert isinstance(unit, Unit)
            assert isinstance(READER.read(unit), Record | Defect)
