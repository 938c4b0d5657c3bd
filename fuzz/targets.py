"""The parsers, each with what must hold for any bytes, and bytes to begin with.

A target raises nothing but refusals of ours, and what a parser accepts is what its writer writes: one content, one
spelling. The same targets are run by atheris (`python -m fuzz`) and, for a few seconds, by the test suite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attest import (
    canonical,
    cbor,
    checkpoint,
    container,
    credential,
    dsse,
    events,
    note,
    passkey,
    proof,
    statement,
    tile,
    webauthn,
    witness_policy,
)
from attest.checkpoint import Checkpoint
from attest.cosignature import Cosigner
from attest.disposition import Dispositions, Leaf, commitment
from attest.errors import FormatError, ProofError, SignatureError
from attest.merkle import Tree, leaf_hash

REFUSALS = (FormatError, SignatureError)
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"fuzz").digest())
SIGNER = note.NoteSigner("example.com/govern/fuzz", KEY)
COUNCIL = Cosigner("council.example", Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw())
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PAYLOAD_TYPE = "application/vnd.in-toto+json"

HEAD = Checkpoint(SIGNER.name, 7, hashlib.sha256(b"root").digest())
NOTE = note.sign(HEAD.text(), [SIGNER])
SIGNED_PAYLOAD = b'{"a":[1,"b",null]}'


def open_note(data: bytes) -> None:
    """A note that opens has a text that was signed."""
    assert note.open_note(data, [SIGNER.verifier]).text == HEAD.text()


def split_note(data: bytes) -> None:
    """The text of a note stands at its beginning."""
    assert data.startswith(note.text_of(data).encode() + b"\n")


def parse_checkpoint(data: bytes) -> None:
    """A checkpoint has one spelling."""
    text = data.decode("utf-8", "surrogateescape")
    assert checkpoint.parse(text).text() == text


def parse_proof(data: bytes) -> None:
    """A proof has one spelling, and verifying it raises what it should."""
    parsed = proof.parse(data)
    assert parsed.to_bytes() == data
    with suppress(ProofError):
        parsed.verify(b"leaf", SIGNER.verifier)


def loads(data: bytes) -> None:
    """A value has one spelling."""
    assert canonical.dumps(canonical.loads(data)) == data


def unpack(data: bytes) -> None:
    """What is in a container is in the one that is packed from it."""
    unpacked = container.unpack(data)
    assert container.unpack(container.pack(unpacked.name, unpacked.files)) == unpacked


def open_envelope(data: bytes) -> None:
    """An envelope that opens has a payload that was signed."""
    opened = dsse.open_envelope(data, {"known": KEY.public_key().public_bytes_raw()}, PAYLOAD_TYPE)
    assert opened.payload == SIGNED_PAYLOAD


def parse_leaf(data: bytes) -> None:
    """A disposition has one spelling."""
    assert Leaf.parse(data).to_line() == data


def parse_dispositions(data: bytes) -> None:
    """A list of dispositions has one spelling, and its counts add up."""
    parsed = Dispositions.parse(data)
    assert Dispositions(parsed.leaves).to_bytes() == data
    assert sum(n for name, n in parsed.counts().items() if name != "by_reason") == parsed.size


def parse_statement(data: bytes) -> None:
    """A statement names each file once."""
    parsed = statement.parse(data)
    assert list(parsed.subjects) == sorted(parsed.subjects)


def parse_release(data: bytes) -> None:
    """A release has one spelling."""
    assert canonical.dumps(statement.parse_release(data)) == data


def parse_event(data: bytes) -> None:
    """An entry has one spelling."""
    assert events.parse(data).to_bytes() == data


def parse_tile_path(data: bytes) -> None:
    """The path of a tile has one spelling."""
    text = data.decode("utf-8", "surrogateescape")
    assert tile.parse_path(text).path == text


def parse_bundle(data: bytes) -> None:
    """An entry bundle has one spelling."""
    parsed = tile.parse_bundle(data, 3)
    assert b"".join(len(entry).to_bytes(2, "big") + entry for entry in parsed) == data


def parse_witness_policy(data: bytes) -> None:
    """A witness policy is read or refused."""
    witness_policy.parse(data)


def read_cbor(data: bytes) -> None:
    """A value is read, or its bytes are refused."""
    cbor.loads(data)


def read_credential(data: bytes) -> None:
    """A credential whose key was put there by its authenticator, or none."""
    client_data = _client_data("webauthn.create", _CHALLENGE)
    made = credential.created(client_data, data, challenge=_CHALLENGE, rp_id=_HOST, origin=f"https://{_HOST}")
    assert 0 < len(made.credential_id) <= webauthn.MAX_CREDENTIAL_ID


def parse_passkey(data: bytes) -> None:
    """The record of an enrolment has one spelling."""
    assert passkey.parse(data).to_payload() == data


def open_by_passkey(data: bytes) -> None:
    """An envelope that opens by a passkey has the payload that the authenticator's challenge stood for."""
    opened = dsse.open_envelope(data, {_PASSKEY.key_id: _PASSKEY}, PAYLOAD_TYPE)
    assert opened.payload == SIGNED_PAYLOAD


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "note.open_note": open_note,
    "note.text_of": split_note,
    "checkpoint.parse": parse_checkpoint,
    "proof.parse": parse_proof,
    "canonical.loads": loads,
    "container.unpack": unpack,
    "dsse.open_envelope": open_envelope,
    "disposition.Leaf.parse": parse_leaf,
    "disposition.Dispositions.parse": parse_dispositions,
    "statement.parse": parse_statement,
    "statement.parse_release": parse_release,
    "events.parse": parse_event,
    "tile.parse_path": parse_tile_path,
    "tile.parse_bundle": parse_bundle,
    "witness_policy.parse": parse_witness_policy,
    "cbor.loads": read_cbor,
    "credential.created": read_credential,
    "passkey.parse": parse_passkey,
    "webauthn.verify": open_by_passkey,
}


def attempt(target: Callable[[bytes], None], data: bytes) -> bool:
    """Run a target; return whether the parser accepted the bytes."""
    try:
        target(data)
    except REFUSALS:
        return False
    return True


def _leaves() -> list[Leaf]:
    salt = bytes(32)
    source, output = commitment(salt, "source", b"x"), commitment(salt, "output", b"x")
    return [
        Leaf(0, "mail", "taken", (), "A0", {}, source, output),
        Leaf(1, "commit", "left_out", ("record.own_words", "record.work_hours"), "A1", {}, source, None),
        Leaf(2, "chat", "taken_redacted", (), "A3", {"EMAIL": 2}, source, output),
    ]


def _statement() -> bytes:
    digest = "0" * 64
    counts = {"taken": 1, "taken_redacted": 1, "left_out": 1, "by_reason": {"record.own_words": 1}}
    return statement.statement(
        {"SKILL.md": b"# skill\n", "references/a.md": b"a\n"},
        {
            "extraction_id": "0193514e-7800-7000-8000-000000000001",
            "subject": "p-4k7q2m9x",
            "purpose": "onboarding",
            "policy": {"id": "worker_protection", "version": 1, "sha256": digest},
            "model": {"name": "m"},
            "redactor": {"profile": "strict"},
            "manifest": {"index": 3, "root": digest, "size": 3},
            "seal": {"index": 7},
            "dispositions": {"root": digest, "size": 3, "counts": counts},
            "consents": [{"index": 2, "record_sha256": digest}],
            "subject_key": {"key_id": "ed25519:" + "0" * 32, "index": 1},
            "release": {"sha256": digest},
            "expires": "2027-11-22T10:00:00Z",
            "log_origin": SIGNER.name,
            "authenticity": {"A0": 2, "A1": 1},
            "responses": [{"index": 9, "response": "contest"}],
            "packed_with": {"zlib": "1.3"},
        },
    )


def _release() -> bytes:
    return statement.release(
        extraction_id="0193514e-7800-7000-8000-000000000001",
        skill="payments-engineer",
        files={"SKILL.md": b"# skill\n"},
        review={"accepted": 2, "corrected": 1, "struck": 0},
        at="2026-11-22T10:00:00Z",
        expires="2027-11-22T10:00:00Z",
    )


def _witness_policy() -> bytes:
    lines = [f"log {SIGNER.verifier.vkey}", f"witness council {COUNCIL.vkey}", "group all all council", "quorum all"]
    return ("\n".join(lines) + "\n").encode()


_HOST, _CHALLENGE = "consent.example", bytes(32)
_PASSKEY = webauthn.Passkey(webauthn.EDDSA, webauthn.to_der(KEY.public_key()), _HOST, f"https://{_HOST}")
_OWNER = webauthn.PRESENT | webauthn.VERIFIED


def _client_data(kind: str, challenge: bytes) -> bytes:
    text = webauthn.to_base64url(challenge)
    return f'{{"type":"{kind}","challenge":"{text}","origin":"https://{_HOST}","crossOrigin":false}}'.encode()


def _authenticator_data(flags: int) -> bytes:
    return hashlib.sha256(_HOST.encode()).digest() + bytes([flags, 0, 0, 0, 0])


def _attestation() -> bytes:
    """A credential with an Ed25519 key, in CBOR by hand: {"fmt": "none", "attStmt": {}, "authData": ...}."""
    key = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20" + KEY.public_key().public_bytes_raw()
    data = _authenticator_data(_OWNER | webauthn.ATTESTED) + bytes(16) + b"\0\4name" + key
    return b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data


def _by_passkey() -> bytes:
    client_data = _client_data("webauthn.get", webauthn.challenge_of(dsse.pae(PAYLOAD_TYPE, SIGNED_PAYLOAD)))
    data = _authenticator_data(_OWNER)
    signature = KEY.sign(data + hashlib.sha256(client_data).digest())
    made = webauthn.Assertion(data, client_data, signature)
    return dsse.build(PAYLOAD_TYPE, SIGNED_PAYLOAD, [made.to_signature(_PASSKEY.key_id)])


def _seeds() -> Mapping[str, list[bytes]]:
    tree = Tree(leaf_hash(b"%d" % i) for i in range(7))
    proofs = [proof.TlogProof(4, tuple(tree.inclusion_proof(4, 7)), NOTE, extra).to_bytes() for extra in (None, b"x")]
    event = events.Event.new("skill.used", "operator", {"n": 1, "list": ["a", None, True]}, NOW, bytes)
    leaves = _leaves()
    return {
        "note.open_note": [NOTE],
        "note.text_of": [NOTE, b"\n\n\xe2\x80\x94 a AAAAAAA=\n"],
        "checkpoint.parse": [HEAD.text().encode()],
        "proof.parse": proofs,
        "canonical.loads": [b'{"a":[1,-2,true,null,"\\n\xc3\xa9"],"b":{}}', _statement(), b"0"],
        "container.unpack": [
            container.pack("skill", {"SKILL.md": b"# skill\n"}),
            container.pack("a", {"b/c.txt": b"x" * 300, "d": b""}),
        ],
        "dsse.open_envelope": [dsse.sign(PAYLOAD_TYPE, SIGNED_PAYLOAD, [("known", KEY)])],
        "disposition.Leaf.parse": [leaf.to_line() for leaf in leaves],
        "disposition.Dispositions.parse": [Dispositions(leaves).to_bytes(), b""],
        "statement.parse": [_statement()],
        "statement.parse_release": [_release()],
        "events.parse": [event.to_bytes()],
        "tile.parse_path": [b"tile/entries/x001/234.p/5", b"tile/0/000", b"tile/63/999"],
        "tile.parse_bundle": [b"\x00\x01a\x00\x00\x00\x02bc"],
        "witness_policy.parse": [_witness_policy()],
        "cbor.loads": [_attestation(), b"\x9a\0\0\0\1\xf5", b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff"],
        "credential.created": [_attestation()],
        "passkey.parse": [passkey.Enrolment("p-1", _PASSKEY, b"name", "wc-1", "", NOW).to_payload()],
        "webauthn.verify": [_by_passkey()],
    }


SEEDS = _seeds()
"""Bytes that each parser accepts."""
