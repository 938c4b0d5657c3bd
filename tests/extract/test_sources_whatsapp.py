"""WhatsApp: stamps of many phones, no guessed time, and no words under a name that did not send them."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import SourceError
from extract.records import FLAG_SYSTEM, Record
from extract.sources import whatsapp
from extract.sources import whatsapplines as wl
from extract.sources.api import Defect
from extract.sources.whatsapp import WhatsAppSource

MAREN, TOMAS, ADA = "Maren Holt", "Tomas Lind", "Ada Brandt"


def everything(tmp_path: Path, text: str | bytes, name: str = "Ledger.txt") -> list[Record | Defect]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = WhatsAppSource(path)
    return [source.read(unit) for unit in source.units()]


def records(tmp_path: Path, text: str | bytes, name: str = "Ledger.txt") -> list[Record]:
    found = everything(tmp_path, text, name)
    assert all(isinstance(f, Record) for f in found)
    return [f for f in found if isinstance(f, Record)]


STAMPS = [
    "31/12/2025, 23:59 - ",
    "12/31/25, 11:59 PM - ",
    "12/31/25, 11:59\u202fPM - ",
    "31.12.25, 23:59 - ",
    "31.12.2025 23:59 - ",
    "2025-12-31, 23:59 - ",
    "31/12/2025, 11:59 p. m. - ",
    "31.12.2025 kl. 23.59 - ",
    "2025/12/31 下午11:59 - ",
    "[31/12/2025, 23:59:59] ",
    "\u200e[31.12.25, 23:59:59] ",
    "[12/31/25, 11:59:59\u202fPM] ",
    "[31.12.2025 klo 23.59.59] ",
    "[2025-12-31, 11:59:59 p.m.] ",
]


@pytest.mark.parametrize("stamp", STAMPS, ids=range(len(STAMPS)))
def test_stamps_of_many_phones_start_a_message_and_none_has_a_time(tmp_path: Path, stamp: str) -> None:
    first, second = records(tmp_path, f"{stamp}{MAREN}: We load it: once.\nEvery night.\n{stamp}{TOMAS}: Why?\n")
    assert (first.author_key, first.author_raw) == (f"whatsapp:Ledger/{MAREN}", MAREN)
    assert first.own_text() == "We load it: once.\nEvery night."
    assert (first.sent_at, first.tz_basis, first.parse_defects) == (None, "unknown", ("date.no_offset",))
    assert second.recipients == (first.author_key,)
    assert WhatsAppSource.detect(tmp_path / "Ledger.txt")


def test_a_name_is_one_person_in_one_chat_only_and_a_number_everywhere(tmp_path: Path) -> None:
    text = "31/12/2025, 23:59 - {}: hello\n"
    keys = {records(tmp_path, text.format(MAREN), f"{n}.txt")[0].author_key for n in "ab"}
    assert len(keys) == 2
    numbers = ["+49 151 0000 0001", "\u202a+49 151 00000001\u202c", "+49 (151) 0000-0001"]
    found = {records(tmp_path, text.format(number), f"{i}.txt")[0].author_key for i, number in enumerate(numbers)}
    assert found == {"whatsapp:+4915100000001"}


@pytest.mark.parametrize(
    "line",
    [
        "Messages and calls are end-to-end encrypted.",
        f"{MAREN} added {TOMAS}",
        f"{MAREN} changed the subject to “Plan: next”",
        f'{MAREN} changed the subject from "A: b" to "C: d"',
    ],
)
def test_lines_of_the_program_have_no_author(tmp_path: Path, line: str) -> None:
    (found,) = records(tmp_path, f"31/12/2025, 23:59 - {line}\n")
    assert (found.author_key, found.author_basis, found.labels, found.own_text()) == ("", "unknown", (FLAG_SYSTEM,), "")


@pytest.mark.parametrize(
    ("text", "own", "attached"),
    [
        ("<Media omitted>", "", 1),
        ("<Medien ausgeschlossen>", "", 1),
        ("<Multimedia omitido>", "", 1),
        ("<Без медиафайлов>", "", 1),
        ("<省略多媒体文件>", "", 1),
        ("\u200eimage omitted", "", 1),
        ("\u200eBild weggelassen", "", 1),
        ("Look here \u200e<attached: 0001-PHOTO.jpg>", "Look here", 1),
        ("IMG-20251231-WA0001.jpg (file attached)\nLook here", "Look here", 1),
        ("\u200eIMG-20251231-WA0001.jpg (Datei angehängt)", "", 1),
        ("location: https://maps.google.com/?q=1.0,2.0", "", 1),
        ("We load it once. <This message was edited>", "We load it once.", 0),
        ("We load it once. \u200e<Diese Nachricht wurde bearbeitet.>", "We load it once.", 0),
        ("Is a < b and c > d?", "Is a < b and c > d?", 0),
    ],
)
def test_what_the_program_put_in_is_not_the_sender_s(tmp_path: Path, text: str, own: str, attached: int) -> None:
    (found,) = records(tmp_path, f"31/12/2025, 23:59 - {MAREN}: {text}\n")
    assert (found.own_text().strip(), found.attachments) == (own, attached)
    assert found.author_key


@pytest.mark.parametrize(
    "text", ["This message was deleted", "You deleted this message.", "Diese Nachricht wurde gelöscht.", "null",
             "\u200eThis message was deleted."]
)  # fmt: skip
def test_a_deleted_message_keeps_its_place_without_words(tmp_path: Path, text: str) -> None:
    (found,) = records(tmp_path, f"31/12/2025, 23:59 - {MAREN}: {text}\n")
    assert (found.labels, found.own_text()) == ((FLAG_SYSTEM,), "")


@pytest.mark.parametrize(
    "pasted",
    [
        f"[31/12, 10:00] {TOMAS}: it is twice\nyes\n",
        f"[31.12., 10:00] {TOMAS}: it is twice\n",
        f"[30/12/2025, 10:00:00] {TOMAS}: it is twice\nand more\n",
    ],
)
def test_messages_pasted_into_a_message_are_quoted_to_its_end(tmp_path: Path, pasted: str) -> None:
    (found,) = records(tmp_path, f"31/12/2025, 23:59 - {MAREN}: See:\n{pasted}")
    assert found.own_text() == "See:"
    assert [s.kind for s in found.spans] == ["own", "quoted"]


def test_a_pasted_line_of_the_same_form_steps_back_in_time_and_is_nobody_s(tmp_path: Path) -> None:
    lines = [
        f"30/12/2025, 08:00 - {MAREN}: morning",
        f"31/12/2025, 23:58 - {MAREN}: she wrote this:",
        f"01/03/2025, 10:00 - {TOMAS}: load it twice",
        f"01/03/2025, 10:01 - {ADA}: agreed",
        f"31/12/2025, 23:59 - {TOMAS}: no",
    ]
    found = records(tmp_path, "\n".join(lines))
    assert [r.author_raw for r in found] == [MAREN, MAREN, "", "", TOMAS]
    assert found[2].parse_defects == ("message.out_of_order", "date.no_offset")
    assert {s.kind for s in found[2].spans} == {"unknown"}
    assert f"whatsapp:Ledger/{ADA}" not in found[0].recipients


def test_day_and_month_are_told_apart_only_by_what_the_whole_file_proves() -> None:
    for dates, proven in (
        (["01/02/2025", "13/02/2025"], ("dmy",)),
        (["01/02/2025", "02/13/2025"], ("mdy",)),
        (["01/02/2025", "02/03/2025"], ("dmy", "mdy")),
        (["05/01/2025", "01/02/2025"], ("dmy",)),
        (["2025/01/02"], ("ymd",)),
    ):
        sequence = wl.Sequence()
        for date in dates:
            found = wl.start(f"{date}, 10:00 - {MAREN}: x")
            assert found is not None
            sequence.follows(found)
        assert sequence.best() == proven


@pytest.mark.parametrize(("senders", "kind"), [(1, "unknown"), (2, "unknown"), (3, "group_dm")])
def test_only_three_people_prove_a_group_and_nothing_proves_a_public_one(
    tmp_path: Path, senders: int, kind: str
) -> None:
    lines = [f"31/12/2025, 23:59 - {name}: hello" for name in (MAREN, TOMAS, ADA)[:senders] * 2]
    assert {r.container_kind for r in records(tmp_path, "\n".join(lines))} == {kind}


def test_ids_follow_chat_and_position(tmp_path: Path) -> None:
    text = f"31/12/2025, 23:59 - {MAREN}: a\n31/12/2025, 23:59 - {MAREN}: a\n"
    first, second = records(tmp_path, text)
    assert first.message_id.startswith("whatsapp:Ledger/")
    assert (first.message_id[-2:], second.message_id[-2:]) == ("/1", "/2")
    assert first.thread_id == second.thread_id
    assert records(tmp_path, text)[0] == first


def test_lines_before_the_first_stamp_and_bad_bytes_are_accounted_for(tmp_path: Path) -> None:
    first, second = records(tmp_path, b"lost line\n31/12/2025, 23:59 - Maren Holt: gr\xfc\xdfe\n")
    assert first.parse_defects == ("message.no_stamp",)
    assert second.parse_defects == ("message.bad_charset", "date.no_offset")


def test_a_file_without_a_stamp_is_no_chat(tmp_path: Path) -> None:
    (found,) = everything(tmp_path, "words\n" * 100)
    assert isinstance(found, Defect)
    assert found.code == "file.not_messages"
    assert not WhatsAppSource.detect(tmp_path / "Ledger.txt")


def test_a_message_beyond_the_limit_keeps_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatsapp, "_MAX_MESSAGE", 200)
    text = f"31/12/2025, 23:59 - {MAREN}: " + "x\n" * 200 + f"31/12/2025, 23:59 - {MAREN}: y\n"
    first, second = records(tmp_path, text)
    assert first.parse_defects == ("message.too_large",)
    assert second.own_text() == "y"


def test_credentials_are_scrubbed(tmp_path: Path) -> None:
    (found,) = records(tmp_path, f"31/12/2025, 23:59 - {MAREN}: https://x.example/?token={'k' * 20}")
    assert "kkkk" not in found.text


def test_a_zip_is_named_by_the_chat_and_accounts_for_every_file(tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat - Ledger.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("_chat.txt", f"[31/12/2025, 23:59:59] {MAREN}: hello\n")
        packed.writestr("0001-PHOTO.jpg", b"x")
    assert WhatsAppSource.detect(path)
    source = WhatsAppSource(path)
    picture, found = [source.read(unit) for unit in source.units()]
    assert isinstance(picture, Defect)
    assert isinstance(found, Record)
    assert (picture.code, picture.unreadable, found.container) == ("file.not_messages", False, path.stem)
    for unit in WhatsAppSource(path).units():
        assert pickle.loads(pickle.dumps(source)).read(pickle.loads(pickle.dumps(unit))) == source.read(unit)


def test_a_folder_of_chats_is_read_and_one_without_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no text file"):
        WhatsAppSource(tmp_path)
    (tmp_path / "a.txt").write_text(f"31/12/2025, 23:59 - {MAREN}: hello\n")
    assert WhatsAppSource.detect(tmp_path)
    assert [type(WhatsAppSource(tmp_path).read(u)) for u in WhatsAppSource(tmp_path).units()] == [Record]


@pytest.mark.parametrize("line", ["[2026-03-02 10:15:00] <maren> hello", "[2026-03-02 10:15:00] *** Joins: maren", "x"])
def test_logs_of_other_programs_are_not_detected(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.txt").write_text(line)
    assert not WhatsAppSource.detect(tmp_path / "a.txt")
    assert not WhatsAppSource.detect(tmp_path / "none.txt")


@given(
    parts=st.lists(
        st.sampled_from([*STAMPS, f"{MAREN}: ", "\u200e", "<x y z>", "\n", "word ", "\x85", "0/0/0, 0:00 - "])
    )
)
def test_any_mixture_is_accounted_for_and_covered_by_spans(parts: list[str]) -> None:
    check("".join(parts).encode())


@given(data=st.binary(max_size=300))
def test_any_bytes_are_accounted_for(data: bytes) -> None:
    check(data)
    check(f"31/12/2025, 23:59 - {MAREN}: ".encode() + data)


def check(data: bytes) -> None:
    import io

    reader = WhatsAppSource.__new__(WhatsAppSource)
    units = list(whatsapp._messages("a.txt", "a", lambda: io.BytesIO(data)))
    assert bool(units) == bool(data)
    for unit in units:
        found = reader.read(unit)
        if isinstance(found, Record):
            assert "".join(found.text[s.start : s.end] for s in found.spans) == found.text
