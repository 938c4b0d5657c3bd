"""The Mattermost reader: places, replies, programs, deletions, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import json_damage
import pytest
from hypothesis import HealthCheck, given, settings

from extract.records import FLAG_BOT, FLAG_SYSTEM, Record
from extract.sources import ReadResult, open_source, read_all
from extract.sources.mattermost import MattermostSource

AT = 1772442900123
HEAD: list[Any] = [
    {"type": "version", "version": 1},
    {"type": "team", "team": {"name": "works", "type": "O"}},
    {"type": "team", "team": {"name": "board", "type": "I"}},
    {"type": "channel", "channel": {"team": "works", "name": "ledger", "type": "O", "purpose": "numbers"}},
    {"type": "channel", "channel": {"team": "works", "name": "audit", "type": "P"}},
    {"type": "channel", "channel": {"team": "board", "name": "seats", "type": "O"}},
    {"type": "user", "user": {"username": "maren", "email": "maren@works.example", "password": "hunter2hunter2"}},
    {"type": "bot", "bot": {"username": "clerk", "owner": "maren"}},
]


def post(text: str = "Check it.", **more: Any) -> dict[str, Any]:
    about = {"team": "works", "channel": "ledger", "user": "maren", "message": text, "create_at": AT}
    return {"type": "post", "post": {**about, **more}}


def read(tmp_path: Path, *rows: Any) -> ReadResult:
    path = tmp_path / "export.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in [*HEAD, *rows]))
    return read_all([open_source("chat", path)])


def only(tmp_path: Path, row: Any) -> Record:
    (record,) = read(tmp_path, row).records
    return record


def test_times_are_milliseconds_and_places_proven(tmp_path: Path) -> None:
    record = only(tmp_path, post())
    assert record.sent_at is not None
    assert record.sent_at.isoformat() == "2026-03-02T09:15:00.123000+00:00"
    assert (record.container_kind, record.labels, record.author_key) == ("public", ("numbers",), "mattermost:maren")
    assert only(tmp_path, post(channel="audit")).container_kind == "private"
    assert only(tmp_path, post(channel="seats", team="board")).container_kind == "private"
    assert only(tmp_path, post(channel="gone")).container_kind == "unknown"


def test_direct_posts_follow_their_members(tmp_path: Path) -> None:
    kinds = []
    for members in (["maren", "tomas"], ["maren", "tomas", "ines"], []):
        about = {"channel_members": members, "user": "maren", "message": "x", "create_at": AT}
        kinds.append(only(tmp_path, {"type": "direct_post", "direct_post": about}).container_kind)
    assert kinds == ["dm", "group_dm", "unknown"]


def test_nested_replies_refer_to_their_post(tmp_path: Path) -> None:
    reply = {"user": "tomas", "message": "Why?", "create_at": AT + 1, "reactions": [{"user": "maren"}]}
    first, second = read(tmp_path, post(replies=[reply])).records
    assert second.references == (first.message_id,)
    assert second.thread_id == first.thread_id


def test_programs_and_the_server_own_no_words(tmp_path: Path) -> None:
    for row, flag in (
        (post(type="system_header_change"), FLAG_SYSTEM),
        (post("maren joined the channel."), FLAG_SYSTEM),
        (post(user="clerk"), FLAG_BOT),
        (post(props={"from_webhook": "true"}), FLAG_BOT),
    ):
        record = only(tmp_path, row)
        assert flag in record.labels
        assert record.own_text() == ""


def test_a_deleted_post_keeps_its_place_without_words(tmp_path: Path) -> None:
    record = only(tmp_path, post("secret words", delete_at=AT + 5))
    assert (record.text, FLAG_SYSTEM in record.labels) == ("", True)


def test_nul_characters_are_taken_out(tmp_path: Path) -> None:
    record = only(tmp_path, post("\0Check it.\0"))
    assert (record.text, record.parse_defects) == ("Check it.", ("message.nul",))


def test_damaged_lines_and_values_of_other_types_end_nothing(tmp_path: Path) -> None:
    result = read(tmp_path, "{damaged", "[]", post(create_at="x", user=None, replies=[7]), post())
    assert dict(result.defects) == {"line.not_json": 1, "line.not_an_object": 1}
    assert [r.parse_defects for r in result.records] == [("date.unreadable",), ("message.not_an_object",), ()]


def test_two_exports_that_differ_in_a_token_only_are_the_same(tmp_path: Path) -> None:
    digests = [only(tmp_path, post(f"https://x.example/f?X-Amz-Signature={c * 64}&a=1")).raw_digest for c in ("a", "b")]
    assert digests[0] == digests[1]


def test_a_profile_asserts_its_address(tmp_path: Path) -> None:
    (link,) = read(tmp_path, post()).links
    assert link == ("mattermost:maren", "mailto:maren@works.example", "mattermost.profile")


def test_an_edited_post_is_nobodys_since_administrators_edit_too(tmp_path: Path) -> None:
    record = only(tmp_path, post("Load it twice.", edit_at=AT + 1))
    assert record.own_text() == ""
    assert {s.kind for s in record.spans} == {"unknown"}
    assert "message.edited_by_somebody" in record.parse_defects
    assert only(tmp_path, post("Load it once.", edit_at=0)).own_text() == "Load it once."


def test_no_line_is_lost(tmp_path: Path) -> None:
    result = read(tmp_path, post(), {"type": "poll", "poll": {}}, {"type": "post", "post": [1]}, {"type": "emoji"})
    assert [r.parse_defects for r in result.records] == [(), ("message.not_an_object",)]
    assert result.defects == {"line.unknown_type": 1}
    assert [u.code for u in result.unreadable] == ["line.unknown_type"]


REPLY = {"user": "tomas", "message": "Why?", "create_at": AT + 1, "props": {}, "attachments": [{"path": "a.png"}]}
WHOLE: list[Any] = [
    *HEAD,
    {"type": "direct_channel", "direct_channel": {"members": ["maren", "tomas"]}},
    post(type="", edit_at=0, delete_at=0, props={"from_bot": "false", "attachments": []}, replies=[REPLY]),
    {"type": "direct_post", "direct_post": {"channel_members": ["maren", "tomas"], "user": "maren", "message": "x"}},
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=json_damage.damaged(WHOLE))
def test_any_value_in_any_field_ends_nothing(tmp_path: Path, rows: list[Any]) -> None:
    json_damage.check_all_units(MattermostSource(json_damage.write(tmp_path / "export.jsonl", rows)))


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_and_a_zip_hold_the_same_posts(tmp_path: Path, packed: bool) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    json_damage.write(folder / "import.jsonl", WHOLE)
    (folder / "a.png").write_bytes(b"\x89PNG")
    path = folder
    if packed:
        path = tmp_path / "export.zip"
        with ZipFile(path, "w") as file:
            for inner in sorted(folder.iterdir()):
                file.write(inner, inner.name)
    result = read_all([open_source("chat", path)])
    assert [r.own_text() for r in result.records] == ["Check it.", "Why?", "x"]
    assert dict(result.defects) == {"file.not_messages": 1}
    assert result.unreadable == []
    assert [r.attachments for r in result.records] == [0, 1, 0]


def test_an_export_has_no_time_zones(tmp_path: Path) -> None:
    record = only(tmp_path, post())
    assert (record.tz_offset_min, record.tz_basis) == (None, "unknown")


def test_reactions_change_nothing(tmp_path: Path) -> None:
    one, two = (only(tmp_path, post(reactions=r)) for r in ([], [{"user": "tomas", "emoji_name": "+1"}]))
    assert one == two
