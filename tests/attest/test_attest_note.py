"""Signed notes and checkpoints, in the form of C2SP and no other."""

from __future__ import annotations

import base64

import pytest
from attest_world import NOW, fixed_key
from hypothesis import given
from hypothesis import strategies as st

from attest import checkpoint as checkpoints
from attest.checkpoint import Checkpoint
from attest.encoding import from_base64, from_decimal, from_time, to_base64, to_time
from attest.errors import FormatError, SignatureError
from attest.merkle import EMPTY_ROOT, leaf_hash
from attest.note import NoteSigner, Verifier, open_note, sign

ALICE = NoteSigner("example.com/alice", fixed_key("alice"))
BOB = NoteSigner("example.com/bob", fixed_key("bob"))
TEXT = "first line\n\nthird line, nach Grüßen\n"
NOTE = sign(TEXT, [ALICE])


def test_a_note_opens_with_the_key_that_signed_it():
    note = open_note(NOTE, [ALICE.verifier])
    assert note.text == TEXT
    assert note.signers == (ALICE.verifier,)
    assert note.unknown == 0


def test_a_note_looks_as_the_specification_says():
    text, line = NOTE.decode().rsplit("\n\n", 1)
    assert text + "\n" == TEXT
    dash, name, encoded = line.removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", "example.com/alice")
    raw = base64.b64decode(encoded)
    assert raw[:4] == ALICE.verifier.hash
    assert len(raw) == 4 + 64


def test_a_signature_by_an_unknown_key_is_counted_and_says_nothing():
    both = sign(TEXT, [ALICE, BOB])
    note = open_note(both, [BOB.verifier])
    assert note.signers == (BOB.verifier,)
    assert note.unknown == 1
    assert open_note(both, [ALICE.verifier, BOB.verifier]).unknown == 0


def test_the_same_name_with_another_key_is_another_key():
    impostor = NoteSigner(ALICE.name, fixed_key("impostor"))
    with pytest.raises(SignatureError, match="no known key"):
        open_note(sign(TEXT, [impostor]), [ALICE.verifier])


def test_a_wrong_signature_under_a_known_key_refuses_the_whole_note():
    good = sign(TEXT, [ALICE, BOB]).decode()
    line = BOB.signature_line("other text\n")
    bad = good[: good.index("\u2014 example.com/bob")] + line
    with pytest.raises(SignatureError, match="wrong"):
        open_note(bad.encode(), [ALICE.verifier, BOB.verifier])
    assert open_note(bad.encode(), [ALICE.verifier]).unknown == 1


@pytest.mark.parametrize("count", [16, 100])
def test_a_note_may_have_many_signatures(count):
    signers = [NoteSigner(f"example.com/w{i}", fixed_key(f"w{i}")) for i in range(count)]
    note = open_note(sign(TEXT, signers), [signers[-1].verifier])
    assert note.unknown == count - 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + b"x\n",
        NOTE.replace(b"\n\n\xe2\x80\x94", b"\n\xe2\x80\x94"),
        NOTE.replace(b"\xe2\x80\x94", b"-"),
        NOTE.replace(b"example.com/alice ", b"example.com/alice  "),
        NOTE.replace(b"example.com/alice ", b" "),
        NOTE.replace(b"example.com/alice", b"example.com/a+lice"),
        NOTE.replace(b"example.com/alice", "example.com/\u00a0alice".encode()),
        NOTE.replace(b"first", b"fi\trst"),
        NOTE.replace(b"first", b"fi\x00rst"),
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"first", b"fi\xffrst"),
        TEXT.encode() + "\n— example.com/alice AAAA\n".encode(),
        TEXT.encode() + "\n— example.com/alice\n".encode(),
        TEXT.encode() + b"\n" + "— example.com/alice AAAAAAAA\n".encode() * 101,
        b"a" * (1 << 20) + NOTE,
    ],
    ids=range(21),
)
def test_bytes_that_are_not_a_note_are_refused(data):
    with pytest.raises(FormatError):
        open_note(data, [ALICE.verifier])


def test_no_flipped_bit_goes_unnoticed():
    for place in range(len(NOTE)):
        for bit in range(8):
            bad = bytearray(NOTE)
            bad[place] ^= 1 << bit
            with pytest.raises((FormatError, SignatureError)):
                open_note(bytes(bad), [ALICE.verifier])


def test_a_verifier_key_reads_back():
    assert Verifier.from_vkey(ALICE.verifier.vkey) == ALICE.verifier


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/alice",
        "example.com/alice+00000000+" + ALICE.verifier.vkey.split("+", 2)[2],
        "example.com/alicia+" + ALICE.verifier.vkey.split("+", 1)[1],
        ALICE.verifier.vkey.replace("+AR", "+Aw", 1) if "+AR" in ALICE.verifier.vkey else "a+b+c",
        ALICE.verifier.vkey + "=",
        ALICE.verifier.vkey[:-4],
        "+" + ALICE.verifier.vkey.split("+", 1)[1],
        f"example.com/alice+{ALICE.verifier.hash.hex().upper()}+{ALICE.verifier.vkey.split('+', 2)[2]}A",
        "example.com/alice+0+" + to_base64(bytes([4]) + bytes(32)),
    ],
    ids=range(10),
)
def test_text_that_is_not_a_verifier_key_is_refused(vkey):
    with pytest.raises(FormatError):
        Verifier.from_vkey(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x85b"])
def test_key_names_with_spaces_plus_or_controls_are_refused(name):
    with pytest.raises(FormatError):
        NoteSigner(name, fixed_key("x"))


def test_two_keys_that_cannot_be_told_apart_are_a_mistake_of_the_caller():
    assert open_note(NOTE, [ALICE.verifier, ALICE.verifier]).signers == (ALICE.verifier,)


ROOT = leaf_hash(b"x")
HEAD = Checkpoint("example.com/log", 7, ROOT)


def test_a_checkpoint_reads_back():
    assert HEAD.text() == f"example.com/log\n7\n{to_base64(ROOT)}\n"
    assert checkpoints.parse(HEAD.text()) == HEAD
    empty = Checkpoint("example.com/log", 0, EMPTY_ROOT)
    assert checkpoints.parse(empty.text()) == empty


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD.text()[:-1],
        HEAD.text() + "extension\n",
        HEAD.text() + "\n",
        HEAD.text().replace("\n7\n", "\n07\n"),
        HEAD.text().replace("\n7\n", "\n+7\n"),
        HEAD.text().replace("\n7\n", "\n-7\n"),
        HEAD.text().replace("\n7\n", "\n７\n"),
        HEAD.text().replace("\n7\n", "\n9223372036854775808\n"),
        HEAD.text().replace("\n7\n", "\n0\n"),
        HEAD.text().replace("example.com/log", ""),
        HEAD.text().replace("example.com/log", "example.com/ log"),
        f"example.com/log\n7\n{to_base64(ROOT[:31])}\n",
        f"example.com/log\n7\n{to_base64(ROOT + b'x')}\n",
        f"example.com/log\n7\n{to_base64(ROOT).rstrip('=')}\n",
        f"example.com/log\n7\n{to_base64(EMPTY_ROOT)}\n",
    ],
    ids=range(16),
)
def test_text_that_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(FormatError):
        checkpoints.parse(text)


@given(st.binary(max_size=40), st.data())
def test_base64_has_one_spelling(data, draw):
    text = to_base64(data)
    assert from_base64(text) == data
    place = draw.draw(st.integers(0, len(text)))
    for other in (text[:place] + "\n" + text[place:], text + "=", text.replace("+", "-").replace("/", "_")):
        if other != text:
            with pytest.raises(FormatError):
                from_base64(other)


@pytest.mark.parametrize("text", ["AB==", "AAB=", "AA", "A", "AA=A", "ä", "AAAA\n"])
def test_base64_with_stray_bits_or_wrong_padding_is_refused(text):
    with pytest.raises(FormatError):
        from_base64(text)


@pytest.mark.parametrize("text", ["", "00", "01", "+1", "-1", "1 ", "1_0", "٣", "9" * 20])
def test_numbers_have_one_spelling(text):
    with pytest.raises(FormatError):
        from_decimal(text)


@pytest.mark.parametrize(
    "text", ["2026-11-22", "2026-11-22T10:00:00", "2026-11-22T10:00:00+00:00", "2026-02-30T10:00:00Z",
             "2026-11-22T10:00:00.5Z", "2026-11-22t10:00:00z", "2026-11-22T25:00:00Z", "0000-01-01T00:00:00Z"]
)  # fmt: skip
def test_times_have_one_spelling(text):
    with pytest.raises(FormatError):
        from_time(text)


def test_a_time_reads_back_and_needs_a_zone():
    assert from_time(to_time(NOW)) == NOW
    with pytest.raises(ValueError, match="zone"):
        to_time(NOW.replace(tzinfo=None))
    assert to_time(NOW.replace(year=33)) == "0033-11-22T10:00:00Z"
