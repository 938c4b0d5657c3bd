"""The Zulip reader: places that are proven, quotations, edits, zones, damage."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.errors import SourceError
from extract.records import FLAG_BOT, Record
from extract.sources import ReadResult, open_source, read_all
from extract.sources.api import Link

AT = 1772442900.25
REALM: dict[str, Any] = {
    "zerver_realm": [{"id": 1, "string_id": "works"}],
    "zerver_userprofile": [
        {"id": 1, "full_name": "Maren Holt", "email": "user1@works.example", "delivery_email": "maren@works.example",
         "is_bot": False, "timezone": "Europe/Berlin"},
        {"id": 2, "full_name": "Tomas Lind", "email": "t@works.example", "delivery_email": "", "timezone": "Nowhere"},
        {"id": 3, "full_name": "Clerk", "email": "clerk-bot@works.example", "delivery_email": "clerk@works.example",
         "is_bot": True},
    ],
    "zerver_stream": [
        {"id": 11, "name": "ledger", "invite_only": False, "description": "numbers"},
        {"id": 12, "name": "audit", "invite_only": True},
        {"id": 13, "name": "old"},
    ],
    "zerver_recipient": [
        {"id": 21, "type": 2, "type_id": 11},
        {"id": 22, "type": 2, "type_id": 12},
        {"id": 23, "type": 2, "type_id": 13},
        {"id": 31, "type": 1, "type_id": 2},
        {"id": 41, "type": 3, "type_id": 7},
    ],
    "zerver_subscription": [
        {"user_profile": 1, "recipient": 21, "active": True},
        {"user_profile": 2, "recipient": 21, "active": True},
        {"user_profile": 3, "recipient": 21, "active": False},
        {"user_profile": 1, "recipient": 41},
        {"user_profile": 2, "recipient": 41},
    ],
}  # fmt: skip


def message(text: str = "Check it.", **more: Any) -> dict[str, Any]:
    about = {"id": 5, "sender": 1, "recipient": 21, "subject": "disks", "content": text, "date_sent": AT}
    return {**about, "rendered_content": "<p>x</p>", **more}


def export(folder: Path, *messages: Any, realm: Any = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "realm.json").write_text(json.dumps(REALM if realm is None else realm))
    (folder / "messages-000001.json").write_text(json.dumps({"zerver_message": list(messages)}))
    return folder


def read(tmp_path: Path, *messages: Any) -> ReadResult:
    return read_all([open_source("chat", export(tmp_path / "export", *messages))])


def only(tmp_path: Path, message: Any) -> Record:
    (record,) = read(tmp_path, message).records
    return record


def test_a_message_fills_every_field(tmp_path: Path) -> None:
    record = only(tmp_path, message())
    assert (record.author_key, record.author_raw, record.author_basis) == (
        "zulip:works/1",
        "Maren Holt",
        "zulip.sender",
    )
    assert record.sent_at is not None
    assert record.sent_at.isoformat() == "2026-03-02T09:15:00.250000+00:00"
    assert (record.tz_offset_min, record.tz_basis) == (60, "profile")
    assert (record.container, record.container_kind, record.labels) == ("ledger", "public", ("numbers", "disks"))
    assert record.recipients == ("zulip:works/2",)
    assert record.own_text() == "Check it."


@pytest.mark.parametrize(
    ("recipient", "kind"),
    [(21, "public"), (22, "private"), (23, "unknown"), (31, "dm"), (41, "group_dm"), (99, "unknown")],
)
def test_a_place_is_what_the_export_proves(tmp_path: Path, recipient: int, kind: str) -> None:
    assert only(tmp_path, message(recipient=recipient)).container_kind == kind


def test_a_direct_message_is_of_the_two_whoever_wrote(tmp_path: Path) -> None:
    realm = {**REALM, "zerver_recipient": [*REALM["zerver_recipient"], {"id": 32, "type": 1, "type_id": 1}]}
    path = export(tmp_path / "e", message(recipient=31), message(id=6, sender=2, recipient=32), realm=realm)
    there, back = read_all([open_source("chat", path)]).records
    assert there.recipients == ("zulip:works/2",)
    assert back.recipients == ("zulip:works/1",)
    assert there.message_id.rpartition("/")[0] == back.message_id.rpartition("/")[0] == "zulip:works/dm/1,2"


def test_messages_of_a_topic_are_a_thread(tmp_path: Path) -> None:
    one, two, other = read(tmp_path, message(), message(id=6, sender=2), message(id=7, subject="paint")).records
    assert one.thread_id == two.thread_id != other.thread_id


def test_quoted_words_are_somebody_elses(tmp_path: Path) -> None:
    text = "@_**Tomas Lind|2** [said](https://zulip.works.example/#narrow/1):\n```quote\nLoad it twice.\n```\nNo, once."
    record = only(tmp_path, message(text))
    assert record.own_text() == "No, once."
    assert [s.kind for s in record.spans] == ["attribution", "quoted", "own"]


def test_a_quotation_that_is_not_closed_goes_on_to_the_end(tmp_path: Path) -> None:
    assert only(tmp_path, message("Mine.\n~~~ quote\nTheirs.\n\nTheirs too.")).own_text() == "Mine."


@pytest.mark.parametrize(
    "text",
    [
        "```quote\nTheirs.\n```py\nx = 1\n```\nTheirs too.\n```",
        "```quote\nTheirs.\n````\nTheirs.\n````\nTheirs too.\n```",
        "```quoted\nTheirs.\n```",
        "```spoiler End\n```quote\nTheirs.\n```\n```",
    ],
)
def test_blocks_inside_a_quotation_do_not_end_it(tmp_path: Path, text: str) -> None:
    record = only(tmp_path, message(text))
    assert record.own_text() == ""
    assert "quoted" in [s.kind for s in record.spans]


def test_programs_that_all_organisations_share_own_no_words(tmp_path: Path) -> None:
    shared = [{"id": 50, "email": "notification-bot@zulip.example", "recipient_id": 9}]
    path = export(tmp_path / "e", message(sender=50), realm={**REALM, "zerver_userprofile_crossrealm": shared})
    (record,) = read_all([open_source("chat", path)]).records
    assert FLAG_BOT in record.labels
    assert record.own_text() == ""


def test_programs_own_no_words_and_their_address_joins_nothing(tmp_path: Path) -> None:
    source = open_source("chat", export(tmp_path / "e", message(sender=3)))
    assert source.links == {Link("zulip:works/1", "mailto:maren@works.example", "zulip.profile")}
    (record,) = read_all([source]).records
    assert FLAG_BOT in record.labels
    assert record.own_text() == ""


@pytest.mark.parametrize(
    ("history", "own"),
    [
        (None, True),
        ("[]", True),
        (json.dumps([{"user_id": 1, "prev_content": "Chek it.", "timestamp": 1}]), True),
        (json.dumps([{"user_id": 2, "prev_subject": "disk", "timestamp": 1}]), True),
        (json.dumps([{"user_id": 2, "prev_content": "Chek it.", "timestamp": 1}]), False),
        (json.dumps([{"prev_content": "Chek it.", "timestamp": 1}]), False),
        ("no json", False),
        ({"a": 1}, False),
    ],
)
def test_words_that_another_edited_are_nobodys(tmp_path: Path, history: Any, own: bool) -> None:
    record = only(tmp_path, message(edit_history=history))
    assert bool(record.own_text()) == own
    assert ("message.edited_by_other" in record.parse_defects) != own


def test_a_zone_that_is_none_and_a_time_that_is_none_are_unknown(tmp_path: Path) -> None:
    record = only(tmp_path, message(sender=2))
    assert (record.tz_offset_min, record.tz_basis) == (None, "unknown")
    record = only(tmp_path, message(date_sent="yesterday"))
    assert record.sent_at is None
    assert "date.unreadable" in record.parse_defects


def test_a_stranger_and_a_missing_sender(tmp_path: Path) -> None:
    assert only(tmp_path, message(sender=77)).author_key == "zulip:works/77"
    nobody = only(tmp_path, message(sender=None))
    assert (nobody.author_key, nobody.author_basis, nobody.own_text()) == ("", "unknown", "")


def test_a_zip_is_read_like_its_folder(tmp_path: Path) -> None:
    folder = export(tmp_path / "e", message())
    packed = tmp_path / "e.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in sorted(folder.iterdir()):
            file.write(path, f"works/{path.name}")
    (record,) = read_all([open_source("chat", packed)]).records
    assert record.own_text() == "Check it."


def test_a_packed_export_is_to_be_unpacked_first(tmp_path: Path) -> None:
    packed = tmp_path / "export.tar.gz"
    packed.write_bytes(b"\x1f\x8b\x08\0")
    with pytest.raises(SourceError, match="packed") as caught:
        open_source("chat", packed)
    assert "unpack" in (caught.value.hint or "")


def test_what_is_damaged_is_told(tmp_path: Path) -> None:
    folder = export(tmp_path / "e", message(), 7)
    (folder / "messages-000002.json").write_text("{")
    (folder / "attachment.json").write_text("{}")
    result = read_all([open_source("chat", folder)])
    assert [r.parse_defects for r in result.records] == [(), ("message.not_an_object",)]
    assert result.defects == {"file.not_json": 1, "file.not_messages": 1}
    assert [u.code for u in result.unreadable] == ["file.not_json"]
    (folder / "realm.json").write_text("[")
    with pytest.raises(SourceError, match=r"realm\.json cannot be read"):
        open_source("chat", folder)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(message())), ANY, st.sampled_from(sorted(REALM)), ANY)
def test_no_value_raises(tmp_path: Path, field: str, value: Any, name: str, about: Any) -> None:
    path = export(tmp_path / "any", message(**{field: value}), realm={**REALM, name: about})
    result = read_all([open_source("chat", path)])
    (record,) = result.records
    assert "".join(record.text[s.start : s.end] for s in record.spans) == record.text


def test_people_of_two_organisations_are_told_apart(tmp_path: Path) -> None:
    other = {**REALM, "zerver_realm": [{"id": 1, "string_id": "harbour"}]}
    paths = [export(tmp_path / "one", message()), export(tmp_path / "two", message("Paint it."), realm=other)]
    result = read_all([open_source("chat", path) for path in paths])
    one, two = result.records
    assert (one.author_key, two.author_key) == ("zulip:works/1", "zulip:harbour/1")
    assert one.message_id != two.message_id
    assert one.thread_id != two.thread_id
    assert len({link.left for link in result.links}) == 2
