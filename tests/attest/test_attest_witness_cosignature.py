"""Cosignatures as C2SP tlog-cosignature has them, held against two implementations that nobody here wrote."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest
from attest_world import NOW, ORIGIN, fixed_key
from hypothesis import given, settings
from hypothesis import strategies as st
from proofbundle import checkpoint as bundled
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tlog import Checkpoint as ScalesCheckpoint

from attest.checkpoint import Checkpoint
from attest.cosignature import CosignatureSigner, Cosigner, open_cosigned, signed_message
from attest.errors import FormatError, SignatureError
from attest.keys import public_bytes
from attest.merkle import leaf_hash
from attest.note import NoteSigner, Verifier, sign, signature_line, to_vkey
from attest.witness_policy import parse
from govern.errors import GovernError

TEXT = Checkpoint(ORIGIN, 7, leaf_hash(b"x")).text()
LOG = NoteSigner(ORIGIN, fixed_key("log"))
KEY = fixed_key("council")
COUNCIL = CosignatureSigner("example.com/works-council", KEY)
AUDITOR = CosignatureSigner("audit.example/ω", fixed_key("auditor"))
TIME = int(NOW.timestamp())


def cosigned(*signers: CosignatureSigner, at: int = TIME) -> bytes:
    return sign(TEXT, [LOG]) + "".join(signer.line(TEXT, at) for signer in signers).encode()


def test_the_signed_message_is_the_one_of_the_specification():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert signed_message(1679315147, text).decode().split("\n") == [
        "cosignature/v1",
        "time 1679315147",
        "example.com/behind-the-sofa",
        "20852163",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "",
    ]


def test_a_line_is_hash_time_and_signature():
    _, name, encoded = COUNCIL.line(TEXT, TIME).rstrip("\n").split(" ")
    raw = base64.b64decode(encoded)
    assert name == "example.com/works-council"
    public = public_bytes(KEY)
    assert raw[:4] == hashlib.sha256(b"example.com/works-council\n\x04" + public).digest()[:4]
    assert raw[4:12] == struct.pack(">Q", TIME)
    assert len(raw) == 4 + 8 + 64
    KEY.public_key().verify(raw[12:], signed_message(TIME, TEXT))


def test_a_key_reads_back_and_is_told_from_a_logs_key():
    vkey = COUNCIL.cosigner.vkey
    assert Cosigner.from_vkey(vkey) == COUNCIL.cosigner
    with pytest.raises(FormatError):
        Verifier.from_vkey(vkey)
    with pytest.raises(FormatError):
        Cosigner.from_vkey(NoteSigner("example.com/works-council", KEY).verifier.vkey)
    # The same key under both types has two hashes, so that neither passes for the other.
    assert NoteSigner("example.com/works-council", KEY).verifier.hash != COUNCIL.cosigner.hash


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+AAAA",
        "+" + COUNCIL.cosigner.vkey.partition("+")[2],
        COUNCIL.cosigner.vkey.replace("works", "workz"),
        COUNCIL.cosigner.vkey[:-1],
        COUNCIL.cosigner.vkey + "\n",
        COUNCIL.cosigner.vkey.upper(),
        to_vkey("w", 4, b"k" * 31),
        to_vkey("w", 6, b"k" * 1312),
        to_vkey("w", 1, b"k" * 32),
        "w+" + hashlib.sha256(b"w\n").hexdigest()[:8] + "+",
    ],
)
def test_what_is_not_a_witnesss_key_is_refused(vkey):
    with pytest.raises(FormatError):
        Cosigner.from_vkey(vkey)


def test_cosignatures_of_known_witnesses_are_found_beside_the_logs_signature():
    opened = open_cosigned(cosigned(COUNCIL, AUDITOR), [AUDITOR.cosigner, COUNCIL.cosigner])
    assert [c.cosigner for c in opened.cosignatures] == [AUDITOR.cosigner, COUNCIL.cosigner]
    assert (opened.text, opened.unknown) == (TEXT, 1)
    assert {c.at for c in opened.cosignatures} == {NOW}
    assert [c.line for c in opened.cosignatures] == [AUDITOR.line(TEXT, TIME), COUNCIL.line(TEXT, TIME)]


def test_of_two_by_one_witness_the_newer_counts_and_both_must_be_right():
    note = cosigned(COUNCIL) + COUNCIL.line(TEXT, TIME + 60).encode() + COUNCIL.line(TEXT, TIME - 60).encode()
    (found,) = open_cosigned(note, [COUNCIL.cosigner]).cosignatures
    assert found.timestamp == TIME + 60
    wrong = signature_line(COUNCIL.cosigner.name, COUNCIL.cosigner.hash, bytes(72)).encode()
    with pytest.raises(SignatureError):
        open_cosigned(note + wrong, [COUNCIL.cosigner])


def test_signatures_of_other_types_are_unknown_whatever_they_hold():
    """ML-DSA-44 among them: 2,420 bytes of signature behind its time, under a hash of type 06."""
    key = hashlib.sha256(b"example.com/works-council\n\x06" + b"k" * 1312).digest()[:4]
    note = cosigned(COUNCIL) + signature_line("example.com/works-council", key, bytes(8 + 2420)).encode()
    opened = open_cosigned(note, [COUNCIL.cosigner])
    assert (len(opened.cosignatures), opened.unknown) == (1, 2)


@pytest.mark.parametrize("length", [1, 8, 64, 71, 73, 2428])
def test_a_cosignature_of_another_length_is_wrong(length):
    note = sign(TEXT, [LOG]) + signature_line(COUNCIL.cosigner.name, COUNCIL.cosigner.hash, bytes(length)).encode()
    with pytest.raises(SignatureError):
        open_cosigned(note, [COUNCIL.cosigner])


def test_a_time_beyond_the_limit_is_refused_even_if_it_is_signed():
    timestamp = 2**63
    raw = struct.pack(">Q", timestamp) + KEY.sign(signed_message(timestamp, TEXT))
    note = sign(TEXT, [LOG]) + signature_line(COUNCIL.cosigner.name, COUNCIL.cosigner.hash, raw).encode()
    with pytest.raises(SignatureError, match="beyond"):
        open_cosigned(note, [COUNCIL.cosigner])


def test_a_time_without_a_date_is_the_last_date():
    timestamp = 2**63 - 1
    raw = struct.pack(">Q", timestamp) + KEY.sign(signed_message(timestamp, TEXT))
    note = sign(TEXT, [LOG]) + signature_line(COUNCIL.cosigner.name, COUNCIL.cosigner.hash, raw).encode()
    (found,) = open_cosigned(note, [COUNCIL.cosigner]).cosignatures
    assert (found.timestamp, found.at.year) == (timestamp, 9999)


def test_only_checkpoints_are_cosigned_and_only_at_times_that_exist():
    for text in ("", "hello\n", TEXT + "extension\n", TEXT.replace("\n7\n", "\n07\n")):
        with pytest.raises(FormatError):
            COUNCIL.line(text, TIME)
    for at in (-1, 2**63, 2**40):
        with pytest.raises(FormatError):
            COUNCIL.line(TEXT, at)


def test_the_time_is_signed_too():
    line = COUNCIL.line(TEXT, TIME)
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[11] ^= 1
    note = sign(TEXT, [LOG]) + signature_line(COUNCIL.cosigner.name, bytes(raw[:4]), bytes(raw[4:])).encode()
    with pytest.raises(SignatureError):
        open_cosigned(note, [COUNCIL.cosigner])


def test_a_cosignature_does_not_pass_for_a_signature_of_the_log():
    """Not even where a witness was given the log's own key: the first line tells the two apart."""
    both = CosignatureSigner(ORIGIN, fixed_key("log"))
    raw = base64.b64decode(both.line(TEXT, TIME).split(" ")[2])
    with pytest.raises(SignatureError):
        LOG.verifier.verify(TEXT.encode(), raw[12:])


def test_any_changed_byte_of_a_cosigned_checkpoint_is_noticed():
    """With a quorum of both witnesses and the log's key known, nothing in the note can be changed."""
    note = cosigned(COUNCIL, AUDITOR)
    policy = parse(
        f"log {LOG.verifier.vkey}\nwitness c {COUNCIL.cosigner.vkey}\nwitness a {AUDITOR.cosigner.vkey}\n"
        "group g all c a\nquorum g\n".encode()
    )

    def accepted(data: bytes) -> bool:
        from attest.note import open_note

        try:
            open_note(data, list(policy.logs))
            opened = open_cosigned(data, policy.cosigners)
        except GovernError:
            return False
        return policy.met({c.cosigner for c in opened.cosignatures})

    assert accepted(note)
    for place in range(len(note)):
        for mask in (0x01, 0x20, 0x80):
            bad = bytearray(note)
            bad[place] ^= mask
            assert not accepted(bytes(bad)), place
        assert not accepted(note[:place]), place
        assert not accepted(note[:place] + note[place + 1 :]), place


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_reading_arbitrary_bytes_never_crashes(data):
    for attempt in (data, sign(TEXT, [LOG]) + data, TEXT.encode() + b"\n" + data):
        try:
            open_cosigned(attempt, [COUNCIL.cosigner])
        except GovernError:
            continue


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_reading_arbitrary_text_as_a_key_never_crashes(text):
    try:
        assert Cosigner.from_vkey(text).vkey == text
    except FormatError:
        return


@pytest.mark.parametrize("signer", [COUNCIL, AUDITOR])
def test_another_implementation_accepts_ours(signer):
    """tlog-scales; proofbundle takes ASCII names only."""
    keys = VkeySet(Vkey.from_string(signer.cosigner.vkey))
    head = ScalesCheckpoint.from_text(cosigned(signer).decode())
    ((vkey, _),) = keys.verify(head.signatures, head)
    assert vkey.name == signer.cosigner.name


def test_a_second_implementation_accepts_ours_and_ours_accepts_its():
    found = bundled.verify_cosignature(cosigned(COUNCIL).decode(), COUNCIL.cosigner.vkey)
    assert (found["ok"], found["tree_size"], found["timestamp"]) == (True, 7, TIME)
    theirs = bundled.cosign_checkpoint(sign(TEXT, [LOG]).decode(), KEY, COUNCIL.cosigner.name, TIME)
    assert theirs.encode() == cosigned(COUNCIL)
    assert bundled.cosign_vkey(COUNCIL.cosigner.name, public_bytes(KEY)) == COUNCIL.cosigner.vkey
