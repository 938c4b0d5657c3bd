"""Signatures by passkey, checked by py_webauthn as well: what passes here passes there, and the rest is listed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import webauthn as peer
from hypothesis import given, settings
from hypothesis import strategies as st
from passkey import ORIGIN, RP_ID, Authenticator, cbor

from attest import webauthn
from attest.credential import created
from attest.webauthn import Assertion
from govern.errors import GovernError

MESSAGE = b"DSSEv1 a record"
PHONES = [Authenticator(), Authenticator(webauthn.EDDSA), Authenticator(webauthn.RS256)]
UP, UV = webauthn.PRESENT, webauthn.VERIFIED


def ours(phone: Authenticator, made: Assertion) -> bool:
    try:
        webauthn.verify(phone.passkey, MESSAGE, made)
    except GovernError:
        return False
    return True


def theirs(phone: Authenticator, made: Assertion) -> bool:
    url = webauthn.to_base64url
    try:
        peer.verify_authentication_response(
            credential={
                "id": url(phone.credential_id),
                "rawId": url(phone.credential_id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": url(made.client_data),
                    "authenticatorData": url(made.authenticator_data),
                    "signature": url(made.signature),
                },
            },
            expected_challenge=webauthn.challenge_of(MESSAGE),
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
            credential_public_key=phone.cose,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:  # its errors have no common root, and malformed bytes leave as whatever they broke
        return False
    return True


@pytest.mark.parametrize("phone", PHONES, ids=["ES256", "EdDSA", "RS256"])
def test_both_take_a_good_signature(phone: Authenticator) -> None:
    for counter in (0, 7):
        made = phone.but(counter=counter).sign(MESSAGE)
        assert ours(phone, made)
        assert theirs(phone, made)


BOTH_REFUSE: Mapping[str, Mapping[str, Any]] = {
    "origin": {"origin": "https://evil.test"},
    "rp_id": {"rp_id": "evil.test"},
    "not verified": {"flags": UP},
    "not present": {"flags": UV},
    "type": {"says": {"type": "webauthn.create"}},
    "challenge": {"says": {"challenge": "AAAA"}},
    "key": {"other_key": Authenticator(seed="laptop").key},
    "algorithm": {"other_key": Authenticator(webauthn.EDDSA).key},
}
# Stricter here, each with its reason in the module: a page inside another page; text after the data that nothing
# reads; flags that the specification rules out; a credential where there is none to make.
ONLY_WE_REFUSE: Mapping[str, Mapping[str, Any]] = {
    "inside another page": {"says": {"crossOrigin": True}},
    "inside a named page": {"says": {"topOrigin": "https://evil.test"}},
}


@pytest.mark.parametrize("name", BOTH_REFUSE)
def test_both_refuse(name: str) -> None:
    made = PHONES[0].but(**BOTH_REFUSE[name]).sign(MESSAGE)
    assert not ours(PHONES[0], made)
    assert not theirs(PHONES[0], made)


@pytest.mark.parametrize("name", ONLY_WE_REFUSE)
def test_only_we_refuse(name: str) -> None:
    made = PHONES[0].but(**ONLY_WE_REFUSE[name]).sign(MESSAGE)
    assert not ours(PHONES[0], made)
    assert theirs(PHONES[0], made)


@settings(max_examples=400, deadline=None)
@given(
    phone=st.sampled_from(PHONES[:2]),
    flags=st.integers(0, 255),
    says=st.dictionaries(
        st.sampled_from(["type", "challenge", "origin", "crossOrigin", "topOrigin", "x"]),
        st.sampled_from(["webauthn.get", ORIGIN, "", None, True, False, 0]),
        max_size=2,
    ),
    extensions=st.sampled_from([b"", cbor({}), cbor({"a": True}), b"\xff", b"\x80"]),
    counter=st.sampled_from([0, 1, 2**32 - 1]),
)
def test_whatever_passes_here_passes_there(
    phone: Authenticator, flags: int, says: dict[str, Any], extensions: bytes, counter: int
) -> None:
    """Signed properly over whatever it holds, so that the signature never hides what the other checks miss."""
    made = phone.but(flags=flags, says=says, extensions=extensions, counter=counter).sign(MESSAGE)
    if ours(phone, made):
        assert theirs(phone, made)


@settings(max_examples=300, deadline=None)
@given(
    phone=st.sampled_from(PHONES),
    part=st.sampled_from(["authenticator_data", "client_data", "signature"]),
    at=st.integers(0),
    how=st.sampled_from(["flip", "cut", "add"]),
    bit=st.integers(0, 7),
)
def test_neither_takes_bytes_that_were_changed(phone: Authenticator, part: str, at: int, how: str, bit: int) -> None:
    made = phone.sign(MESSAGE)
    data = bytearray(getattr(made, part))
    at %= len(data)
    if how == "flip":
        data[at] ^= 1 << bit
    elif how == "cut":
        del data[at:]
    else:
        data.insert(at, bit)
    changed = replace(made, **{part: bytes(data)})
    if changed != made:
        assert not ours(phone, changed)
        assert not theirs(phone, changed)


@pytest.mark.parametrize("phone", PHONES, ids=["ES256", "EdDSA", "RS256"])
def test_both_read_the_same_credential(phone: Authenticator) -> None:
    challenge = bytes(range(32))
    options = {"challenge": webauthn.to_base64url(challenge)}
    response = phone.create(options)
    theirs_ = peer.verify_registration_response(
        credential=json.dumps(response),
        expected_challenge=challenge,
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        require_user_verification=True,
    )
    parts = {k: base64.urlsafe_b64decode(v + "==") for k, v in response["response"].items()}
    mine = created(parts["clientDataJSON"], parts["attestationObject"], challenge=challenge, rp_id=RP_ID, origin=ORIGIN)
    assert mine.credential_id == theirs_.credential_id
    assert theirs_.credential_public_key == phone.cose
    assert mine.passkey == phone.passkey
