"""Envelopes: what is signed, who signed, and in which one spelling."""

from __future__ import annotations

import base64
import json

import pytest
from attest_world import fixed_key

from attest import canonical, dsse
from attest.errors import FormatError, SignatureError
from attest.keys import key_id, public_bytes

KIND = "application/vnd.example+json"
ALICE, BOB = fixed_key("alice"), fixed_key("bob")
A, B = key_id(ALICE), key_id(BOB)
KNOWN = {A: public_bytes(ALICE)}
ENVELOPE = dsse.sign(KIND, b'{"a":1}', [(A, ALICE)])


def respelled(**changes) -> bytes:
    return canonical.dumps({**canonical.loads(ENVELOPE), **changes})


def test_the_signed_bytes_are_those_of_the_specification():
    # The worked example of DSSE, protocol.md.
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_opens_with_the_key_that_signed_it():
    opened = dsse.open_envelope(ENVELOPE, KNOWN, KIND)
    assert opened == dsse.Opened(b'{"a":1}', (A,), 0)


def test_other_signers_are_counted_and_say_nothing():
    both = dsse.sign(KIND, b"x", [(B, BOB), (A, ALICE)])
    assert dsse.open_envelope(both, KNOWN, KIND) == dsse.Opened(b"x", (A,), 1)
    assert dsse.open_envelope(both, {**KNOWN, B: public_bytes(BOB)}, KIND).signers == (B, A)


def test_a_key_under_the_id_of_another_is_refused():
    with pytest.raises(SignatureError, match="wrong"):
        dsse.open_envelope(dsse.sign(KIND, b"x", [(A, BOB)]), KNOWN, KIND)


def test_an_unknown_signer_alone_is_refused():
    with pytest.raises(SignatureError, match="no known key"):
        dsse.open_envelope(dsse.sign(KIND, b"x", [(B, BOB)]), KNOWN, KIND)


def test_a_signature_over_one_type_is_none_over_another():
    other = respelled(payloadType="application/vnd.other+json")
    with pytest.raises(FormatError, match="another type"):
        dsse.open_envelope(other, KNOWN, KIND)
    with pytest.raises(SignatureError):
        dsse.open_envelope(other, KNOWN, "application/vnd.other+json")


def test_no_flipped_bit_goes_unnoticed():
    for place in range(len(ENVELOPE)):
        for bit in range(8):
            bad = bytearray(ENVELOPE)
            bad[place] ^= 1 << bit
            with pytest.raises((FormatError, SignatureError)):
                dsse.open_envelope(bytes(bad), KNOWN, KIND)


SIGNATURE = canonical.loads(ENVELOPE)["signatures"][0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        json.dumps(json.loads(ENVELOPE)).encode(),
        respelled(signatures=[]),
        respelled(signatures=[SIGNATURE, SIGNATURE]),
        respelled(signatures=[{**SIGNATURE, "keyid": str(n)} for n in range(17)]),
        respelled(signatures=[{"sig": SIGNATURE["sig"]}]),
        respelled(signatures=[{**SIGNATURE, "cert": "x"}]),
        respelled(signatures=[{**SIGNATURE, "sig": SIGNATURE["sig"].rstrip("=")}]),
        respelled(signatures=[{**SIGNATURE, "sig": SIGNATURE["sig"].replace("/", "_").replace("+", "-") + "-"}]),
        respelled(signatures=SIGNATURE),
        respelled(payload=base64.b64encode(b'{"a":1}').decode() + "\n"),
        respelled(payload=1),
        respelled(extra="x"),
    ],
    ids=range(14),
)
def test_bytes_that_are_not_a_canonical_envelope_are_refused(data):
    with pytest.raises(FormatError):
        dsse.open_envelope(data, KNOWN, KIND)


def test_an_envelope_needs_signers_each_once():
    for keys in ([], [(A, ALICE), (A, ALICE)]):
        with pytest.raises(ValueError, match="signers"):
            dsse.sign(KIND, b"x", keys)
