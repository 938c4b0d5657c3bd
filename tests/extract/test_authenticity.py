"""DKIM from archived keys and a custodian's word: which level a mail gets, and what a wrong signature does."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import time
import types
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from source_world import mail, mbox, slack

from extract.authenticity import FAILED, Checks, KeySnapshot, counts, hold_failed, load_snapshot, mail_level
from extract.errors import SourceError
from extract.sources import open_source, read_all

DOMAIN = "works.example"
NAME = f"s1._domainkey.{DOMAIN}"


def rsa_pair(bits: int) -> tuple[bytes, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, base64.b64encode(public).decode()


STRONG = rsa_pair(2048)
OTHER = rsa_pair(2048)


def weak_pair() -> tuple[bytes, str]:
    """A pair of 768 bits from the numbers themselves: the library no longer makes any so short."""
    draw = random.Random(768)

    def prime() -> int:
        while True:
            n = draw.getrandbits(384) | 1 | 3 << 382
            if n % 65537 != 1 and all(pow(draw.randrange(2, n), n - 1, n) == 1 for _ in range(8)):
                return n

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
        return bytes([tag]) + length + content

    def integers(*numbers: int) -> bytes:
        return der(0x30, b"".join(der(2, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))

    p, q, e = prime(), prime(), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    private = integers(0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + base64.encodebytes(private) + b"-----END RSA PRIVATE KEY-----\n"
    return pem, base64.b64encode(integers(p * q, e)).decode()


def snapshot(record: str | None = None, name: str = NAME) -> KeySnapshot:
    return KeySnapshot({name: (record or f"v=DKIM1; k=rsa; p={STRONG[1]}").encode()}, b"{}")


def signed(raw: bytes, pem: bytes = STRONG[0], domain: str = DOMAIN, **more: object) -> bytes:
    return dkim.sign(raw, b"s1", domain.encode(), pem, **more) + raw


def test_a_mail_signed_by_the_authors_domain_is_a3() -> None:
    assert mail_level(signed(mail()), snapshot()) == "A3"
    assert mail_level(signed(mail(From="Maren Holt <maren@berlin.works.example>")), snapshot()) == "A3"
    relaxed = signed(mail(), canonicalize=(b"relaxed", b"relaxed"))
    assert mail_level(relaxed.replace(b"Check the", b"Check  the"), snapshot()) == "A3"


def test_without_signature_keys_or_the_right_key_nothing_is_said() -> None:
    assert mail_level(mail(), snapshot()) == "A0"
    assert mail_level(signed(mail()), None) == "A0"
    assert mail_level(signed(mail()), KeySnapshot({}, b"{}")) == "A0"
    assert mail_level(signed(mail()), snapshot(name=f"s2._domainkey.{DOMAIN}")) == "A0"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"checksum", b"invoices"),
        lambda raw: raw + b"One more line.\n",
        lambda raw: raw.replace(b"Settlement", b"Retirement"),
        lambda raw: raw.replace(b"maren@", b"marta@"),
        lambda raw: b"From: Eve <eve@works.example>\n" + raw,
        lambda raw: raw.replace(b"bh=", b"bh=A", 1),
        lambda raw: raw.replace(b"v=1;", b"v=2;", 1),
        lambda raw: raw.replace(b"c=relaxed/simple", b"c=loose/loose", 1),
    ],
)
def test_a_signature_that_is_there_and_wrong_fails(change: Callable[[bytes], bytes]) -> None:
    raw = signed(mail())
    changed = change(raw)
    assert changed != raw
    assert mail_level(changed, snapshot()) == "F"


def test_another_key_than_the_archived_one_fails() -> None:
    assert mail_level(signed(mail(), OTHER[0]), snapshot()) == "F"


def test_another_domain_does_not_vouch_for_the_author() -> None:
    raw = signed(mail(), domain="mailer.example")
    name = "s1._domainkey.mailer.example"
    assert mail_level(raw, snapshot(name=name)) == "A0"
    # A look-alike that only ends the same is no subdomain.
    lookalike = signed(mail(From="Maren <maren@notworks.example>"))
    assert mail_level(lookalike, snapshot()) == "A0"


def test_weak_signatures_cap_at_a1() -> None:
    assert mail_level(signed(mail(), length=True), snapshot()) == "A1"
    assert mail_level(signed(mail(), length=True) + b"Appended.\n", snapshot()) == "A1"
    assert mail_level(signed(mail(), include_headers=[b"from", b"subject"]), snapshot()) == "A1"
    pem, public = weak_pair()
    assert mail_level(signed(mail(), pem), snapshot(f"v=DKIM1; p={public}")) == "A1"


def test_rsa_sha1_caps_at_a1() -> None:
    raw = signed(mail(), signature_algorithm=b"rsa-sha1")
    assert b"a=rsa-sha1" in raw
    assert mail_level(raw, snapshot()) == "A1"


def test_a_field_added_above_the_signed_one_caps_at_a1() -> None:
    # Signed fields are counted from below: a second one on top stays outside the signature.
    assert mail_level(b"Subject: Other\n" + signed(mail()), snapshot()) == "A1"


def test_one_strong_signature_is_enough_and_a_broken_one_beside_it_does_not_count() -> None:
    raw = signed(mail())
    broken = signed(mail(), OTHER[0])
    both = broken[: broken.index(b"From:")] + raw
    assert mail_level(both, snapshot()) == "A3"


def test_neither_expiry_nor_the_future_depends_on_today() -> None:
    raw = signed(mail())
    # dkimpy refuses what it thinks is past or to come; an archive is read years later and must give the same level.
    for moment in (0, 4_000_000_000):
        with mock.patch.object(time, "time", return_value=moment):
            assert mail_level(raw, snapshot()) == "A3"


@pytest.mark.parametrize("tag", ["t=y", "s=tlsrpt", "h=sha1", "k=ed448", "p="])
def test_a_key_that_may_not_sign_so_says_nothing(tag: str) -> None:
    record = f"v=DKIM1; {tag}" if tag == "p=" else f"v=DKIM1; {tag}; p={STRONG[1]}"
    assert mail_level(signed(mail()), snapshot(record)) == "A0"


def test_ed25519_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(
        key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    ).decode()
    keys = snapshot(f"v=DKIM1; k=ed25519; p={public}")
    raw = _sign_ed25519(mail(), key)
    assert mail_level(raw, keys) == "A3"
    assert mail_level(raw.replace(b"checksum", b"invoices"), keys) == "F"
    assert mail_level(raw.replace(b"Settlement", b"Retirement"), keys) == "F"
    # The same name with an RSA key: it cannot have made this signature.
    assert mail_level(raw, snapshot()) == "A0"


def _sign_ed25519(raw: bytes, key: Ed25519PrivateKey) -> bytes:
    """Sign as RFC 8463 says; dkimpy would need another package for it."""

    class Signer:
        def __init__(self, *_: object, **__: object) -> None: ...

        def sign(self, digest: bytes) -> object:
            return types.SimpleNamespace(signature=key.sign(digest))

    nacl = types.SimpleNamespace(
        signing=types.SimpleNamespace(SigningKey=Signer), encoding=types.SimpleNamespace(Base64Encoder=None)
    )
    with mock.patch.object(dkim, "nacl", nacl, create=True):
        return dkim.sign(raw, b"s1", DOMAIN.encode(), b"", signature_algorithm=b"ed25519-sha256") + raw


@pytest.mark.parametrize(
    "raw",
    [
        b"DKIM-Signature:\n\n",
        b" DKIM-Signature: v=1\n\n",
        b"DKIM-Signature: " + b"a=b;" * 10_000 + b"\nFrom: a@works.example\n\nx",
        b"DKIM-Signature: s=s1; d=works.example; b" + b" " * 100_000 + b"=\nFrom: a@works.example\n\nx",
        b"DKIM-Signature: s=\xff; d=works.example\nFrom: a@works.example\n\nx",
        b"\xff\xfe DKIM-Signature: v=1\r\n\r\n",
    ],
)
def test_purpose_built_mails_say_nothing_and_take_no_time(raw: bytes) -> None:
    assert mail_level(raw, snapshot()) == "A0"


def test_the_reader_gives_each_mail_its_level(tmp_path: Path) -> None:
    good = signed(mail())
    bad = signed(mail("Load the file.\n", Message_ID="<two@works.example>")).replace(b"Load", b"Lose")
    plain = mail("Hello there.\n", Message_ID="<three@works.example>")
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(good, bad, plain))
    read = read_all([open_source("mail", path, Checks(snapshot()))])
    assert [r.authenticity for r in read.records] == ["A3", "F", "A0"]
    assert counts(read.records) == {"A0": 1, "A3": 1, "F": 1}
    assert hold_failed(read.records, [(), ("record.hours",), ()]) == [(), (FAILED, "record.hours"), ()]
    # Without keys the same mails are as unknown as any.
    assert {r.authenticity for r in read_all([open_source("mail", path)]).records} == {"A0"}


def test_a_custodian_lifts_unknown_records_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    bad = signed(mail("Load the file.\n", Message_ID="<two@works.example>")).replace(b"Load", b"Lose")
    path.write_bytes(mbox(signed(mail()), bad, mail("Hello.\n", Message_ID="<three@works.example>")))
    source = open_source("mail", path, Checks(snapshot(), "mail-archive"))
    read = read_all([source], custodian="mail-archive")
    assert [r.authenticity for r in read.records] == ["A3", "F", "A1"]
    assert read.sources[0].export_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    chat = read_all([open_source("chat", slack(tmp_path / "slack", general=[{}]))], custodian="it")
    assert {r.authenticity for r in chat.records} <= {"A1"}
    assert chat.sources[0].export_sha256 == ""


@pytest.mark.parametrize("custodian", ["Maren Holt", "maren@works.example", "a\nb", "x" * 65])
def test_a_custodian_is_a_role_and_no_person(custodian: str) -> None:
    with pytest.raises(SourceError) as caught:
        Checks(None, custodian)
    assert custodian not in str(caught.value)


def test_a_key_file_is_read_and_its_digest_known(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({NAME.upper() + ".": "v=DKIM1; p=AA=="}))
    keys = load_snapshot(path)
    assert dict(keys.records) == {NAME: b"v=DKIM1; p=AA=="}
    assert len(keys.sha256) == 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"works.example": "v=DKIM1"}',
        '{"s1._domainkey.works.example": 1}',
        '{"s1._domainkey.works.example": "v=DKIM1 \\u00e5"}',
        '{"s1._domainkey.works.example": "a", "S1._domainkey.works.example": "b"}',
        '{"s1._domainkey.works.example": "a", "s1._domainkey.works.example": "b"}',
        "[" * 100_000,
    ],
)
def test_a_bad_key_file_is_refused_without_its_values(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        load_snapshot(path)
    assert "works.example" not in caught.value.message


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        load_snapshot(tmp_path / "none.json")
