"""The Slack reader: places, authors, credentials, and archives built to do harm."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_world import message, slack, zipped

from extract.errors import ArchiveError, SourceError
from extract.records import FLAG_BOT, FLAG_EXTERNAL, FLAG_SYSTEM, Record
from extract.sources import ReadResult, archive, open_source, read_all
from extract.sources.scrub import scrub_bytes, scrub_text
from extract.sources.slack import SlackSource

MAREN, TOMAS = "slack:U0MAREN01", "slack:U0TOMAS01"
TOKEN = "xoxe-" + "1234567890-" * 3 + "abcdef0123456789"


def read(path: Path) -> ReadResult:
    return read_all([open_source("chat", path)])


def only(tmp_path: Path, value: dict[str, Any]) -> Record:
    (record,) = read(slack(tmp_path / "export", ledger=[value])).records
    return record


def test_a_message_fills_every_field(tmp_path: Path) -> None:
    record = only(tmp_path, message("Load it once."))
    assert (record.author_key, record.author_raw, record.author_basis) == (MAREN, "Maren Holt", "slack.user")
    assert record.sent_at == datetime(2026, 3, 2, 9, 15, 0, 100, tzinfo=UTC)
    assert (record.tz_offset_min, record.tz_basis) == (60, "profile")
    assert (record.container, record.container_kind) == ("ledger", "public")
    assert record.recipients == (TOMAS,)
    assert record.labels == ("about ledger",)
    assert record.own_text() == "Load it once."
    assert record.locator == "ledger/2026-03-02.json#1"
    assert {"Maren Holt", "maren", "maren@works.example"} <= set(record.names_seen)


def test_the_zone_of_the_profile_follows_daylight_saving_time(tmp_path: Path) -> None:
    summer = datetime(2026, 7, 1, 9, 0, tzinfo=UTC).timestamp()
    assert only(tmp_path, message("x", ts=f"{summer:.6f}")).tz_offset_min == 120


def test_private_and_direct_places_follow_their_lists(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("a")])
    lists: dict[str, list[dict[str, Any]]] = {
        "groups.json": [{"id": "G1", "name": "closed", "members": []}],
        "dms.json": [{"id": "D1", "members": ["U0MAREN01", "U0TOMAS01"]}],
        "mpims.json": [{"id": "G2", "name": "mpdm-a--b-1", "members": ["U0MAREN01"]}],
    }
    for name, value in lists.items():
        (export / name).write_text(json.dumps(value))
    for folder in ("closed", "D1", "mpdm-a--b-1", "unlisted"):
        (export / folder).mkdir()
        (export / folder / "2026-03-02.json").write_text(json.dumps([message(f"in {folder}")]))
    result = read(export)
    assert {r.container: r.container_kind for r in result.records} == {
        "D1": "dm", "closed": "private", "ledger": "public", "mpdm-a--b-1": "group_dm", "unlisted": "unknown"
    }  # fmt: skip
    assert result.sources[0].completeness == "slack.channels+groups+mpims+dms"


def test_without_a_list_of_direct_messages_the_export_says_so(tmp_path: Path) -> None:
    assert read(slack(tmp_path / "e", ledger=[message("a")])).sources[0].completeness == "slack.channels"


def test_a_place_listed_twice_or_flagged_private_is_the_stricter_kind(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("a")], flagged=[message("b")])
    channels = json.loads((export / "channels.json").read_text())
    channels[1] |= {"is_private": True, "is_ext_shared": True}
    (export / "channels.json").write_text(json.dumps(channels))
    (export / "groups.json").write_text(json.dumps([{"id": "G1", "name": "ledger"}]))
    records = read(export).records
    assert {r.container_kind for r in records} == {"private"}
    assert [FLAG_EXTERNAL in r.labels for r in records] == [True, False]


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (message("done", bot_id="B1", subtype="bot_message", user=""), FLAG_BOT),
        (message("posted for me", bot_id="B1"), FLAG_BOT),
        (message("deployed", user="U0BOT0001"), FLAG_BOT),
        (message("reminder", user="USLACKBOT"), FLAG_BOT),
        (message("<@U0MAREN01> has joined", subtype="channel_join"), FLAG_SYSTEM),
        (message("This message was deleted.", subtype="tombstone", user="USLACKBOT"), FLAG_SYSTEM),
        (message("set the topic", subtype="channel_topic"), FLAG_SYSTEM),
    ],
)
def test_words_of_programs_are_flagged_and_not_own(tmp_path: Path, value: dict[str, Any], flag: str) -> None:
    record = only(tmp_path, value)
    assert flag in record.labels
    assert record.own_text() == ""


@pytest.mark.parametrize("subtype", ["thread_broadcast", "me_message", "file_share"])
def test_what_a_person_typed_is_own_whatever_its_subtype(tmp_path: Path, subtype: str) -> None:
    assert only(tmp_path, message("Load it.", subtype=subtype)).own_text() == "Load it."


def test_an_edit_by_somebody_else_makes_the_words_unknown(tmp_path: Path) -> None:
    edited = only(tmp_path, message("Load it.", edited={"user": "U0TOMAS01", "ts": "1772442901.000000"}))
    assert [s.kind for s in edited.spans] == ["unknown"]
    assert edited.parse_defects == ("message.edited_by_other",)


def test_ones_own_edit_stays_own(tmp_path: Path) -> None:
    assert only(tmp_path, message("Load it.", edited={"user": "U0MAREN01"})).own_text() == "Load it."


def test_quotations_are_typed_with_escapes(tmp_path: Path) -> None:
    record = only(tmp_path, message("&gt; why twice?\nOnce &amp; only once: a &lt; b"))
    assert record.own_text() == "Once & only once: a < b"


def test_shared_messages_and_unfurled_links_are_not_the_authors_words(tmp_path: Path) -> None:
    shared = message("See this.", attachments=[{"text": "words of Tomas", "is_share": True}], files=[{"id": "F1"}])
    record = only(tmp_path, shared)
    assert record.text == "See this."
    assert record.attachments == 2


def test_an_empty_text_is_taken_from_the_blocks(tmp_path: Path) -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "why?"}]},
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Ask "},
                        {"type": "user", "user_id": "U0TOMAS01"},
                        {"type": "link", "url": "https://w.example", "text": "here"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
                },
            ],
        }
    ]
    record = only(tmp_path, message("", blocks=blocks))
    assert record.own_text() == "Ask <@U0TOMAS01><https://w.example|here>\n- one"


def test_a_user_missing_from_the_list_keeps_the_id_and_has_no_zone(tmp_path: Path) -> None:
    record = only(tmp_path, message("hello", user="U0GONE001"))
    assert record.author_key == "slack:U0GONE001"
    assert (record.tz_offset_min, record.tz_basis) == (None, "unknown")


def test_replies_join_the_thread_of_their_parent(tmp_path: Path) -> None:
    parent = message("Question?", thread_ts="1772442900.000100")
    reply = message("Answer.", ts="1772443000.000100", user="U0TOMAS01", thread_ts="1772442900.000100")
    other = message("Unrelated.", ts="1772443100.000100")
    records = read(slack(tmp_path / "e", ledger=[parent, reply, other])).records
    assert records[0].thread_id == records[1].thread_id != records[2].thread_id
    assert records[1].parent_id == records[0].message_id


@pytest.mark.parametrize("ts", ["", "yesterday", "1772442900", "-1.5", "99999999999.000000", None, 5])
def test_a_timestamp_in_doubt_is_none(tmp_path: Path, ts: Any) -> None:
    record = only(tmp_path, message("x", ts=ts))
    assert record.sent_at is None
    assert record.parse_defects[0].startswith("date.")


@given(
    st.dictionaries(
        st.sampled_from(["user", "text", "ts", "subtype", "bot_id", "edited", "blocks", "files", "user_profile",
                         "thread_ts", "comment", "hidden", "attachments"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=10),
            lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(["type", "elements", "text"]), v),
            max_leaves=6,
        ),
    )
)  # fmt: skip
def test_any_object_makes_a_record(value: dict[str, Any]) -> None:
    from extract.sources.slackabout import Place

    source = SlackSource.__new__(SlackSource)
    source._users, source._places = {}, {"ledger": Place("ledger", "C1", "public", (), ())}
    from extract.sources.api import Unit
    from extract.sources.slack import _Payload

    record = source.read(Unit("x", "0" * 64, _Payload(value, "ledger", "", unreadable=False)))
    assert isinstance(record, Record)
    assert "".join(record.text[s.start : s.end] for s in record.spans) == record.text


# --- credentials --------------------------------------------------------------------------------------------------


def test_tokens_are_gone_before_anything_is_hashed(tmp_path: Path) -> None:
    value = message(f"<https://files.slack.com/x?t={TOKEN}>", files=[{"url_private": f"https://f.example/a?t={TOKEN}"}])
    record = only(tmp_path, value)
    assert "xoxe" not in record.text
    clean = json.loads(scrub_text(json.dumps(value)))
    raw = json.dumps(clean, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    assert record.raw_digest == hashlib.sha256(raw).hexdigest()


def test_a_token_behind_json_escapes_is_found(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("a")])
    escaped = json.dumps([message(f"see {TOKEN} now")]).replace("xoxe-", "x\\u006fxe\\u002d")
    (export / "ledger" / "2026-03-02.json").write_text(escaped)
    (record,) = read(export).records
    assert record.text == "see [SECRET] now"


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN, "xoxb-123456789012-abcdefGHIJKL", "xoxp-1-2-3-abcdef012345", "xapp-1-A012345-678-abcdef",
        "xoxe.xoxp-1-Mi0yLTEyMzQ1Njc4",
    ],
)  # fmt: skip
def test_every_form_of_token_is_scrubbed(secret: str) -> None:
    assert scrub_text(f"a {secret} b") == "a [SECRET] b"
    assert scrub_bytes(f'"{secret}"'.encode()) == b'"[SECRET]"'


def test_webhook_addresses_are_scrubbed_in_json_too() -> None:
    url = "https://hooks.slack.com/services/" + "T00000000/B00000000/" + "abcdefghijklmnop"
    assert scrub_text(url).endswith("/services/[SECRET]")
    escaped = json.dumps(f'{url}" and\nmore').replace("/", "\\/").encode()
    assert json.loads(scrub_bytes(escaped)) == 'https://hooks.slack.com/services/[SECRET]" and\nmore'


def test_ordinary_addresses_are_left_alone() -> None:
    text = "https://works.example/?t=12&page=3 and xoxo-hugs"
    assert scrub_text(text) == text


# --- broken exports -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[{", "file.not_json"),
        ("", "file.not_json"),
        ("[" * 100_000, "file.not_json"),
        ('{"a": 1}', "file.not_a_list"),
        ('"text"', "file.not_a_list"),
    ],
)
def test_a_broken_file_is_one_defect_and_the_rest_goes_on(tmp_path: Path, content: str, code: str) -> None:
    result = read(slack(tmp_path / "e", broken=content, ledger=[message("Load it.")]))
    assert [r.container for r in result.records] == ["ledger"]
    assert result.defects == {code: 1}
    assert [u.code for u in result.unreadable] == [code]
    assert result.sources[0].units == 2


def test_an_item_that_is_no_message_is_one_defect(tmp_path: Path) -> None:
    result = read(slack(tmp_path / "e", ledger=[message("a"), "text", None, 5]))
    assert len(result.records) == 1
    assert result.defects == {"message.not_an_object": 3}


def test_a_broken_list_of_users_is_a_defect_and_not_silence(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("a")])
    (export / "users.json").write_text("{")
    result = read(export)
    assert result.defects == {"file.not_json": 1}
    assert result.records[0].author_key == MAREN


def test_a_zip_a_repacked_zip_and_a_folder_give_the_same_records(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("a"), message("b", ts="1772442901.000100")], ops=[message("c")])
    folder = read(export)
    plain = read(zipped(export, tmp_path / "plain.zip"))
    nested = read(zipped(export, tmp_path / "nested.zip", "export-2026/"))
    assert folder.records == plain.records == nested.records
    assert folder.sources[0].sha256 == plain.sources[0].sha256


def test_profiles_assert_links(tmp_path: Path) -> None:
    links = read(slack(tmp_path / "e", ledger=[message("a")])).links
    assert (MAREN, "mailto:maren@works.example", "slack.profile") in {tuple(link) for link in links}


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(SourceError, match="no export of slack") as caught:
        open_source("chat", tmp_path)
    assert caught.value.exit_code == 6


# --- archives built to do harm ------------------------------------------------------------------------------------


def harmful(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("channels.json", "[]")
        for entry, data in entries:
            target.writestr(entry, data)
    return path


@pytest.mark.parametrize("name", ["../users.json", "/etc/passwd", "a/../../b.json", "C:/x.json", "a\\..\\b.json"])
def test_an_entry_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    with pytest.raises(ArchiveError, match="leads out"):
        open_source("chat", harmful(tmp_path / "a.zip", (info, b"[]")))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("users.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(ArchiveError, match="link"):
        open_source("chat", harmful(tmp_path / "a.zip", (info, b"/etc/passwd")))


def test_an_entry_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = harmful(tmp_path / "a.zip", ("channels.json", b"[]"))
    with pytest.raises(ArchiveError, match="twice"):
        open_source("chat", path)


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = harmful(tmp_path / "a.zip", ("c/2026-03-02.json", b" " * (8 * 1024**2)))
    with pytest.raises(ArchiveError, match="times its size"):
        open_source("chat", path)


def test_a_bomb_is_refused_by_its_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 1000)
    path = harmful(tmp_path / "a.zip", ("c/1.json", os.urandom(600)), ("c/2.json", os.urandom(600)))
    with pytest.raises(ArchiveError, match="more than an export"):
        open_source("chat", path)


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    with pytest.raises(ArchiveError, match="entries"):
        open_source("chat", harmful(tmp_path / "a.zip", ("a", b""), ("b", b"")))


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = harmful(tmp_path / "a.zip", ("c/1.json", os.urandom(3000)), ("c/2.json", b"[]"))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as source:
        big = source.getinfo("c/1.json")
    second = data.rfind(b"PK\x01\x02")
    struct.pack_into("<III", data, second + 16, big.CRC, big.compress_size, big.file_size)
    struct.pack_into("<I", data, second + 42, big.header_offset)
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="overlap"):
        open_source("chat", path)


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = harmful(tmp_path / "a.zip", ("c/1.json", b"[]"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.rfind(b"PK\x01\x02") + 8, 1)
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="encrypted"):
        open_source("chat", path)


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_truncated_zip_is_refused(tmp_path: Path, keep: int) -> None:
    path = zipped(slack(tmp_path / "e", ledger=[message("a")]), tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:keep] if keep else b"")
    with pytest.raises(ArchiveError, match=r"cut off|empty") as caught:
        open_source("chat", path)
    assert caught.value.hint


def test_a_damaged_entry_is_a_defect_and_the_rest_goes_on(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("Load it once." * 20)], ops=[message("fine")])
    path = zipped(export, tmp_path / "a.zip")
    with zipfile.ZipFile(path) as source:
        info = source.getinfo("ledger/2026-03-02.json")
    data = bytearray(path.read_bytes())
    at = info.header_offset + 30 + len(info.filename) + 8
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    result = read(path)
    assert [r.container for r in result.records] == ["ops"]
    assert result.defects == {"file.damaged": 1}


def test_nothing_is_written_when_a_zip_is_read(tmp_path: Path) -> None:
    path = zipped(slack(tmp_path / "e", ledger=[message("a")]), tmp_path / "a.zip")
    before = sorted(p.as_posix() for p in tmp_path.rglob("*"))
    read(path)
    assert sorted(p.as_posix() for p in tmp_path.rglob("*")) == before


def test_a_real_export_is_all_accounted_for(shared: Path, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(shared / "data" / "chat" / "slack_export_viewer.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    result = read(next(tmp_path.rglob("*.zip")))
    assert result.sources[0].units == len(result.records) == 158
    assert not result.defects


# --- what exports leave out ---------------------------------------------------------------------------------------


def test_a_message_without_a_profile_is_named_by_the_list_and_one_outside_the_list_by_its_profile(
    tmp_path: Path,
) -> None:
    bare = {k: v for k, v in message("x").items() if k != "user_profile"}
    assert only(tmp_path / "one", bare).author_raw == "Maren Holt"
    guest = message("x", user="W0GUEST", user_profile={"real_name": "Ines Ruiz"})
    record = only(tmp_path / "two", guest)
    assert (record.author_key, record.author_raw) == ("slack:W0GUEST", "Ines Ruiz")


def test_a_file_without_a_word_has_no_text_and_counts_as_attached(tmp_path: Path) -> None:
    record = only(tmp_path, message("", files=[{"id": "F1", "name": "ledger.ods"}], subtype="file_share"))
    assert (record.text, record.own_text(), record.attachments) == ("", "", 1)


def test_direct_messages_whose_list_is_missing_are_of_an_unknown_kind_and_not_lost(tmp_path: Path) -> None:
    export = slack(tmp_path / "e", ledger=[message("a")])
    (export / "D024BE7LH").mkdir()
    (export / "D024BE7LH" / "2026-03-02.json").write_text(json.dumps([message("between us")]))
    result = read(export)
    assert {r.container: r.container_kind for r in result.records} == {"D024BE7LH": "unknown", "ledger": "public"}
    assert "dms" not in result.sources[0].completeness


def test_a_thread_broadcast_is_the_authors_and_in_its_thread(tmp_path: Path) -> None:
    first = message("Who checks it?")
    reply = message("I do.", subtype="thread_broadcast", ts="1772442999.000100", thread_ts=first["ts"])
    one, two = read(slack(tmp_path / "export", ledger=[first, reply])).records
    assert two.own_text() == "I do."
    assert two.thread_id == one.thread_id


@pytest.mark.parametrize("subtype", ["tombstone", "message_deleted"])
def test_of_a_deleted_message_nothing_is_anybodys_own(tmp_path: Path, subtype: str) -> None:
    record = only(tmp_path, message("This message was deleted.", subtype=subtype))
    assert FLAG_SYSTEM in record.labels
    assert record.own_text() == ""
