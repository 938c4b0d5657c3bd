"""Signatures by passkey: what an authenticator signed counts for one record, at one page, with its owner verified."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from passkey import ORIGIN, RP_ID, Authenticator, cbor

from attest import cbor as decoder
from attest import dsse, webauthn
from attest.credential import Created, created
from attest.encoding import to_base64
from attest.errors import FormatError, SignatureError
from attest.webauthn import Assertion, Passkey, verify
from govern.errors import GovernError

MESSAGE = b"DSSEv1 the pre-authentication encoding of a record"
CHALLENGE = bytes(range(32))
PHONE = Authenticator()
RSA = Authenticator(webauthn.RS256)
EACH = [PHONE, Authenticator(webauthn.EDDSA), RSA]
UP, UV, BE, BS = webauthn.PRESENT, webauthn.VERIFIED, webauthn.ELIGIBLE, webauthn.BACKED_UP


@pytest.mark.parametrize("phone", EACH, ids=["ES256", "EdDSA", "RS256"])
def test_a_signature_of_each_algorithm_holds(phone: Authenticator) -> None:
    verify(phone.passkey, MESSAGE, phone.sign(MESSAGE))
    with pytest.raises(SignatureError):
        verify(phone.passkey, MESSAGE + b".", phone.sign(MESSAGE))


@pytest.mark.parametrize("counter", [0, 1, 2**32 - 1])
def test_any_counter_is_taken_because_synced_passkeys_leave_it_at_0(counter: int) -> None:
    verify(PHONE.passkey, MESSAGE, PHONE.but(counter=counter).sign(MESSAGE))


def test_a_signature_with_extensions_holds() -> None:
    verify(PHONE.passkey, MESSAGE, PHONE.but(extensions=cbor({"credProtect": 2})).sign(MESSAGE))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"origin": "https://consent.example.evil.test"}, "another page"),
        ({"origin": "http://consent.example"}, "another page"),
        ({"origin": "https://consent.example:8443"}, "another page"),
        ({"rp_id": "example"}, "another host"),
        ({"flags": UP}, "without verifying"),
        ({"flags": UV}, "nobody was there"),
        ({"flags": 0}, "nobody was there"),
        ({"flags": UP | UV | BS}, "contradict"),
        ({"flags": UP | UV | webauthn.ATTESTED}, "new credential"),
        ({"flags": UP | UV | webauthn.EXTENDED}, "ends too early"),
        ({"says": {"type": "webauthn.create"}}, "something else than this"),
        ({"says": {"type": "payment.get"}}, "something else than this"),
        ({"says": {"crossOrigin": True}}, "page of somebody else"),
        ({"says": {"crossOrigin": "false"}}, "page of somebody else"),
        ({"says": {"crossOrigin": 0}}, "page of somebody else"),
        ({"says": {"topOrigin": "https://evil.test"}}, "page of somebody else"),
        ({"says": {"challenge": webauthn.to_base64url(CHALLENGE)}}, "something else than this record"),
        ({"says": {"challenge": to_base64(webauthn.challenge_of(MESSAGE))}}, "something else than this record"),
        ({"says": {"challenge": None}}, "something else than this record"),
        ({"says": {"padding": "x" * webauthn.MAX_CLIENT_DATA}}, "too long"),
        ({"extensions": b"\x01"}, "not a map"),
        ({"extensions": cbor({"a": 1}) + b"\x00"}, "bytes follow"),
        ({"other_key": Authenticator(seed="laptop").key}, "is wrong"),
    ],
)
def test_a_signature_about_or_from_anything_else_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(GovernError, match=why):
        verify(PHONE.passkey, MESSAGE, PHONE.but(**changes).sign(MESSAGE))


def test_what_the_client_may_add_does_not_matter() -> None:
    verify(PHONE.passkey, MESSAGE, PHONE.but(says={"other_keys_can_be_added_here": "do not compare"}).sign(MESSAGE))


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{", b'{"type":"webauthn.get","type":"webauthn.get"}', b"\xff"])
def test_client_data_that_are_no_object_or_name_a_key_twice_are_refused(data: bytes) -> None:
    made = PHONE.sign(MESSAGE)
    with pytest.raises(FormatError):
        verify(PHONE.passkey, MESSAGE, replace(made, client_data=data))


def test_a_byte_order_mark_before_client_data_is_refused() -> None:
    made = PHONE.sign(MESSAGE)
    with pytest.raises(FormatError):
        verify(PHONE.passkey, MESSAGE, replace(made, client_data=b"\xef\xbb\xbf" + made.client_data))


def test_authenticator_data_cut_at_any_byte_or_longer_are_refused() -> None:
    made = PHONE.sign(MESSAGE)
    for size in range(len(made.authenticator_data)):
        with pytest.raises(FormatError):
            verify(PHONE.passkey, MESSAGE, replace(made, authenticator_data=made.authenticator_data[:size]))
    with pytest.raises(FormatError):
        verify(PHONE.passkey, MESSAGE, replace(made, authenticator_data=made.authenticator_data + b"\0"))


@settings(max_examples=300)
@given(
    part=st.sampled_from(["authenticator_data", "client_data", "signature"]), at=st.integers(0), bit=st.integers(0, 7)
)
def test_no_bit_can_be_changed(part: str, at: int, bit: int) -> None:
    made = PHONE.sign(MESSAGE)
    data = bytearray(getattr(made, part))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(GovernError):
        verify(PHONE.passkey, MESSAGE, replace(made, **{part: bytes(data)}))


# Which algorithm: by the enrolment alone.


def test_a_key_of_another_kind_than_its_algorithm_is_refused() -> None:
    for phone in EACH:
        for alg in {*webauthn.ALGORITHMS, -38, -37, -35, 0} - {phone.alg}:
            with pytest.raises(FormatError):
                Passkey(alg, phone.passkey.public, RP_ID, ORIGIN)


def test_a_key_on_another_curve_too_short_or_in_another_spelling_is_refused() -> None:
    other = ec.derive_private_key(7, ec.SECP384R1()).public_key()
    compressed = PHONE.key.public_key().public_bytes(  # type: ignore[union-attr]
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    der = PHONE.passkey.public
    # SubjectPublicKeyInfo around a compressed point: OpenSSL reads it, and it would be a second id for one key.
    head = bytes([0x30, 57]) + der[2:23] + bytes([0x03, 34, 0]) + compressed
    assert serialization.load_der_public_key(head)
    for alg, public in ((webauthn.ES256, webauthn.to_der(other)), (webauthn.ES256, head), (webauthn.ES256, b"")):
        with pytest.raises(FormatError):
            Passkey(alg, public, RP_ID, ORIGIN)


def test_an_envelope_takes_each_signature_only_by_a_key_of_its_kind() -> None:
    """A raw Ed25519 signature under a passkey's id, and an assertion under the id of a key file, are both refused."""
    phone, kind, payload = Authenticator(webauthn.EDDSA), "text/plain", b"payload"
    assert isinstance(phone.key, Ed25519PrivateKey)
    message, raw = dsse.pae(kind, payload), phone.key.public_key().public_bytes_raw()
    name = phone.passkey.key_id
    assertion = phone.sign(message).to_signature(name)
    bare = dsse.signature(kind, payload, name, phone.key)
    assert dsse.open_envelope(dsse.build(kind, payload, [assertion]), {name: phone.passkey}, kind).signers == (name,)
    for signature, key in ((bare, phone.passkey), (assertion, raw)):
        with pytest.raises(SignatureError, match="another kind"):
            dsse.open_envelope(dsse.build(kind, payload, [signature]), {name: key}, kind)


@pytest.mark.parametrize(
    "parts", [{}, {"authenticatorData": ""}, {"authenticatorData": "", "clientDataJSON": "", "alg": -7}]
)
def test_an_assertion_in_an_envelope_has_exactly_its_parts(parts: dict[str, object]) -> None:
    """Above all no algorithm: a signature does not say how it wants to be checked."""
    data = dsse.build("t", b"p", [{"keyid": "x", "sig": "", "webauthn": parts}])
    with pytest.raises(FormatError):
        dsse.open_envelope(data, {"x": PHONE.passkey}, "t")


# Registration.


def register(phone: Authenticator, attestation: bytes | None = None) -> Created:
    client_data = phone.client_data("webauthn.create", CHALLENGE)
    return created(client_data, attestation or phone.attestation(), challenge=CHALLENGE, rp_id=RP_ID, origin=ORIGIN)


@pytest.mark.parametrize("phone", EACH, ids=["ES256", "EdDSA", "RS256"])
def test_a_new_credential_is_read(phone: Authenticator) -> None:
    assert register(phone) == Created(phone.passkey, phone.credential_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.test"}, {"rp_id": "evil.test"}, {"flags": UP}, {"flags": UV},
        {"says": {"type": "webauthn.get"}}, {"says": {"challenge": "AAAA"}}, {"says": {"crossOrigin": True}},
    ],
)  # fmt: skip
def test_a_credential_made_elsewhere_or_without_its_owner_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SignatureError):
        register(PHONE.but(**changes))


def test_a_registration_cut_at_any_byte_is_refused() -> None:
    whole = PHONE.attestation()
    for size in range(1, len(whole)):
        with pytest.raises(GovernError):
            register(PHONE, whole[:size])
    with pytest.raises(FormatError):
        register(PHONE, whole + b"\0")


def test_authenticator_data_of_a_registration_cut_at_any_byte_are_refused() -> None:
    data = decoder.loads(PHONE.attestation())["authData"]
    for size in range(len(data)):
        with pytest.raises(GovernError):
            register(PHONE, cbor({"fmt": "none", "attStmt": {}, "authData": data[:size]}))
    with pytest.raises(FormatError):
        register(PHONE, cbor({"fmt": "none", "attStmt": {}, "authData": data + b"\0"}))


@pytest.mark.parametrize(
    "cose",
    [
        {1: 2, 3: -35, -1: 2, -2: bytes(48), -3: bytes(48)},  # ES384
        {1: 2, 3: -7, -1: 2, -2: bytes(32), -3: bytes(32)},  # ES256 on another curve
        {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)},  # no point of the curve
        {1: 2, 3: -7, -1: 1, -2: bytes(31), -3: bytes(32)},
        {1: 2, 3: -8, -1: 6, -2: bytes(32)},  # EdDSA with the type of an EC key
        {1: 1, 3: -7, -1: 6, -2: bytes(32)},
        {1: 3, 3: -65535, -1: b"\x80" + bytes(255), -2: b"\1\0\1"},  # RS1: SHA-1
        {1: 3, 3: -257, -1: b"\x80" + bytes(126) + b"\1", -2: b"\1\0\1"},  # 1024 bits
        {1: 4, 3: 5, -1: bytes(32)},  # HMAC: a secret is no public key
        {},
        [],
        "key",
    ],
)  # fmt: skip
def test_a_key_of_an_algorithm_that_is_not_accepted_is_refused(cose: object) -> None:
    data = PHONE.authenticator_data(bytes(16) + b"\0\1x" + cbor(cose))
    with pytest.raises(FormatError):
        register(PHONE, cbor({"fmt": "none", "attStmt": {}, "authData": data}))


def test_the_maker_of_an_authenticator_is_not_looked_at() -> None:
    """A self-attestation is as good as none: nothing in it is believed, so nothing in it can mislead."""
    data = decoder.loads(PHONE.attestation())["authData"]
    packed = cbor({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"wrong"}, "authData": data})
    assert register(PHONE, packed).passkey == PHONE.passkey


@settings(max_examples=400)
@given(st.binary(max_size=200))
def test_the_decoder_returns_a_value_or_one_error(data: bytes) -> None:
    try:
        decoder.first(data)
    except FormatError:
        return
    assert data


@pytest.mark.parametrize(
    "data",
    ["", "18", "1900", "5f4100ff", "9f00ff", "bf00ff", "c000", "f97e00", "fb3ff0000000000000", "a2010001 00", "a1f400",

     "6180", "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "818181818181818181818100", "f8ff",
     "1c"],
)  # fmt: skip
def test_cbor_that_is_cut_off_open_ended_or_not_of_authenticators_is_refused(data: str) -> None:
    with pytest.raises(FormatError):
        decoder.loads(bytes.fromhex(data))


@given(
    st.recursive(
        st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text() | st.booleans(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-9, 9) | st.text(), inner, max_size=4),
        max_leaves=8,
    ).filter(lambda value: json.dumps(value, default=repr).count("[") < 6)
)
def test_what_was_encoded_is_decoded(value: object) -> None:
    try:
        assert decoder.loads(cbor(value)) == value
    except FormatError as error:
        assert "deeply" in error.message  # noqa: PT017


def test_base64url_has_one_spelling() -> None:
    assert webauthn.from_base64url("-_8") == b"\xfb\xff"
    for text in ("-_8=", "+/8", "-_9", "-_8 ", "é", None, 3, "A"):
        with pytest.raises(FormatError):
            webauthn.from_base64url(text)


def test_an_assertion_survives_its_envelope() -> None:
    made = PHONE.sign(MESSAGE)
    assert isinstance(made, Assertion)
    assert webauthn.parse_assertion(made.to_signature("x")) == made
