"""IRC: logs of several clients, nothing taken for public or dated without proof, every line accounted for."""

from __future__ import annotations

import pickle
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.records import FLAG_BOT, FLAG_SYSTEM, Record
from extract.sources import irclines as il
from extract.sources.api import Defect
from extract.sources.irc import IrcSource


def everything(path: Path) -> list[Record | Defect]:
    source = IrcSource(path)
    return [source.read(unit) for unit in source.units()]


def records(tmp_path: Path, text: str | bytes, name: str = "#ledger.log") -> list[Record]:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = everything(path)
    assert all(isinstance(f, Record) for f in found)
    return [f for f in found if isinstance(f, Record)]


@pytest.mark.parametrize(
    ("line", "what", "nick", "text"),
    [
        ("[10:15] <maren> hello", "said", "maren", "hello"),
        ("10:15 < maren> hello", "said", "maren", "hello"),
        ("10:15 <@maren> hello", "said", "maren", "hello"),
        ("10:15 <   +maren> hello", "said", "maren", "hello"),
        ("[10:15] <maren > hello", "said", "maren", "hello"),
        ("[10:15:00] <[m]ar^en|`> hello", "said", "[m]ar^en|`", "hello"),
        ("[10:15:00] <maren>", "said", "maren", ""),
        ("Mar 02 10:15:00 <maren>\thello", "said", "maren", "hello"),
        ("2026-03-02 10:15:00\t@maren\thello", "said", "maren", "hello"),
        ("2026-03-02 10:15:00\t *\tmaren waves", "action", "maren", "waves"),
        ("2026-03-02 10:15:00\t-->\tmaren (m@h) has joined #ledger", "server", "", ""),
        ("2026-03-02 10:15:00\t--\tmaren is now known as tomas", "server", "", ""),
        ("2026-03-02T10:15:00Z <maren> hello", "said", "maren", "hello"),
        ("[10:15]  * maren waves", "action", "maren", "waves"),
        ("10:15  * maren waves", "action", "maren", "waves"),
        ("Mar 02 10:15:00 *\tmaren has joined", "server", "", ""),
        ("Mar 02 10:15:00 *\tmaren is now known as tomas", "server", "", ""),
        ("10:15 -!- maren [m@h] has joined #ledger", "server", "", ""),
        ("[10:15:00] *** Joins: maren (m@h)", "server", "", ""),
        ("=== maren left the room.", "server", "", ""),
        ("--- Log opened Mon Mar 02 10:15:00 2026", "server", "", ""),
        ("10:15 -NickServ(n@s)- You are identified", "notice", "NickServ", "You are identified"),
        ("[10:15] <maren> \x02\x0304,01hello\x0f", "said", "maren", "hello"),
    ],
)
def test_the_forms_of_the_clients(line: str, what: str, nick: str, text: str) -> None:
    found = il.parse(line)
    assert found is not None
    assert (found.what, found.nick) == (what, nick)
    assert what == "server" or found.text == text


@pytest.mark.parametrize(
    "line", ["words", "10:15 words", "[10:15] ", "2026-13-02 10:15:00\tmaren\thello", "<maren> hello"]
)
def test_other_lines_have_no_form(line: str) -> None:
    assert il.parse(line) is None


def test_a_nick_is_the_account_in_any_case(tmp_path: Path) -> None:
    first, second = records(tmp_path, "[10:15] <Maren> We load it once.\n[10:16] <maren> ok\n")
    assert (first.author_key, first.author_raw, first.author_basis) == ("irc:maren", "Maren", "irc.nick")
    assert second.author_key == first.author_key
    assert first.own_text() == "We load it once."


def test_a_time_needs_day_clock_and_offset(tmp_path: Path) -> None:
    text = (
        "[10:15] <maren> a\n--- Day changed Tue Mar 03 2026\n[00:01] <maren> b\n"
        "2026-03-02T10:15:00+01:00 <maren> c\n2026-03-02T10:15:00Z <maren> d\n2026-03-02 25:15:00Z <maren> e\n"
    )
    a, header, b, c, d, e = records(tmp_path, text)
    assert (a.sent_at, a.parse_defects) == (None, ("date.missing",))
    assert header.labels == (FLAG_SYSTEM,)
    assert (b.sent_at, b.parse_defects) == (None, ("date.no_offset",))
    assert b.thread_id == "chat:irc:#ledger:2026-03-03"
    assert (c.sent_at, c.tz_offset_min, c.tz_basis) == (datetime(2026, 3, 2, 9, 15, tzinfo=UTC), 60, "header")
    assert (d.sent_at, d.tz_offset_min, d.tz_basis) == (datetime(2026, 3, 2, 10, 15, tzinfo=UTC), None, "unknown")
    assert (e.sent_at, e.parse_defects) == (None, ("date.unreadable",))


@pytest.mark.parametrize(
    ("name", "place", "day"),
    [
        ("net/#ledger/2026-03-02.log", "#ledger", date(2026, 3, 2)),
        ("net/#ledger.2026-03-02.weechatlog", "#ledger", date(2026, 3, 2)),
        ("net/#ledger_20260302.log", "#ledger", date(2026, 3, 2)),
        ("net/ledger/2026-03-02_03.raw.txt", "ledger", date(2026, 3, 2)),
        ("net/ledger.log", "ledger", None),
        ("net/ledger.2026-99-02.log", "ledger", None),
    ],
)
def test_channel_and_day_come_from_names(tmp_path: Path, name: str, place: str, day: date | None) -> None:
    (found,) = records(tmp_path, "[10:15] <maren> hello\n", name)
    assert (found.container, found.container_kind) == (place, "unknown")
    assert il.day_of_name(name) == day
    assert found.parse_defects == (("date.no_offset",) if day else ("date.missing",))


def test_a_query_is_proven_by_its_name_and_two_voices(tmp_path: Path) -> None:
    both = "[10:15] <maren> hello\n[10:16] <Tomas> hi\n"
    first, second = records(tmp_path, both, "tomas.log")
    assert {first.container_kind, second.container_kind} == {"dm"}
    assert (first.recipients, second.recipients) == (("irc:tomas",), ("irc:maren",))
    for name, text in (
        ("#tomas.log", both),
        ("ledger.log", both),
        ("tomas.log", both + "[10:17] <ada> hi\n"),
        ("tomas.log", both + "[10:17] *** Joins: ada\n"),
    ):
        assert {r.container_kind for r in records(tmp_path, text, name)} == {"unknown"}


def test_whom_a_message_addresses_is_seen_if_they_spoke(tmp_path: Path) -> None:
    first, _, note = records(tmp_path, "[10:15] <maren> Tomas: why?\n[10:16] <tomas> so\n[10:17] <maren> note: late\n")
    assert (first.names_seen, first.recipients) == (("maren", "tomas"), ("irc:tomas",))
    assert (note.names_seen, note.recipients) == (("maren",), ())


@pytest.mark.parametrize("text", ["<tomas> it is twice", "[10:14] <@tomas> it is twice", "10:14:00 < tomas> twice"])
def test_pasted_and_relayed_lines_are_quoted(tmp_path: Path, text: str) -> None:
    (found,) = records(tmp_path, f"[10:15] <maren> {text}\n")
    assert (found.own_text(), [s.kind for s in found.spans]) == ("", ["quoted"])
    assert "tomas" in found.names_seen


@pytest.mark.parametrize("nick", ["ledgerbot", "bot-ledger", "NickServ", "meetbot_"])
def test_programs_post_logs(tmp_path: Path, nick: str) -> None:
    (found,) = records(tmp_path, f"[10:15] <{nick}> hello\n")
    assert (found.labels, found.own_text()) == ((FLAG_BOT,), "")
    (notice,) = records(tmp_path, "[10:15] -maren- hello\n")
    assert notice.labels == (FLAG_BOT,)


def test_unknown_lines_keep_their_place_and_empty_ones_are_none(tmp_path: Path) -> None:
    first, second = records(tmp_path, b"[10:15] <maren> gr\xfc\xdfe\n\nlost words\n")
    assert first.parse_defects[0] == "message.bad_charset"
    assert second.parse_defects == ("line.unreadable",)


def test_a_folder_accounts_for_every_file_and_ids_are_unique(tmp_path: Path) -> None:
    for name in ("net/#a/2026-03-02.log", "net/#a/2026-03-03.log", "net/#b/2026-03-02.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[10:15] <maren> hello\n" * 2)
    (tmp_path / "net" / "a.png").write_bytes(b"x")
    (tmp_path / "net" / "read.txt").write_text("words\n")
    assert IrcSource.detect(tmp_path)
    found = everything(tmp_path)
    ids = [r.message_id for r in found if isinstance(r, Record)]
    assert (len(ids), len(set(ids))) == (6, 6)
    assert [(d.code, d.unreadable) for d in found if isinstance(d, Defect)] == [("file.not_messages", False)] * 2
    source = IrcSource(tmp_path)
    for unit in IrcSource(tmp_path).units():
        assert pickle.loads(pickle.dumps(source)).read(pickle.loads(pickle.dumps(unit))) == source.read(unit)


def test_other_files_are_not_detected(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("[31/12/2025, 23:59:59] Maren Holt: hello\n")
    (tmp_path / "b.log").write_text("2026-03-02 10:15:00 INFO start\n")
    (tmp_path / "c.md").write_text("[10:15] <maren> hello\n")
    for path in (tmp_path, *tmp_path.iterdir(), tmp_path / "none.log"):
        assert not IrcSource.detect(path)


def test_credentials_are_scrubbed(tmp_path: Path) -> None:
    (found,) = records(tmp_path, f"[10:15] <maren> https://x.example/?token={'k' * 20}")
    assert "kkkk" not in found.text


def test_every_line_of_a_public_channel_is_accounted_for(shared: Path, tmp_path: Path) -> None:
    with tarfile.open(shared / "data" / "chat" / "irc_disentangle.tar.xz") as packed:
        names = sorted(m.name for m in packed.getmembers() if m.name.endswith(".raw.txt"))[:4]
        for number, name in enumerate(names):
            member = packed.extractfile(name)
            assert member is not None
            (tmp_path / f"{number}.txt").write_bytes(member.read())
    lines = sum(1 for p in tmp_path.iterdir() for line in p.read_bytes().split(b"\n") if line.strip())
    found = everything(tmp_path)
    assert len(found) == lines
    lost = [f for f in found if isinstance(f, Defect) or "line.unreadable" in f.parse_defects]
    assert len(lost) * 1000 < lines


PIECES = [
    "[10:15] ",
    "<maren> ",
    "* maren ",
    "2026-03-02T",
    "10:15:00Z\t",
    "-->\t",
    "\n",
    "> ",
    "--- Day changed ",
    "\x03",
]


@given(parts=st.lists(st.sampled_from(PIECES), max_size=12), data=st.binary(max_size=40))
def test_any_bytes_are_accounted_for(tmp_path_factory: pytest.TempPathFactory, parts: list[str], data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.log"
    raw = "".join(parts).encode() + data
    path.write_bytes(raw)
    found = everything(path)
    if any(isinstance(f, Record) for f in found):
        assert len(found) == sum(1 for line in raw.split(b"\n") if line.strip())
    for record in found:
        if isinstance(record, Record):
            assert "".join(record.text[s.start : s.end] for s in record.spans) == record.text
