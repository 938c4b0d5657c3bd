"""Key files: for their owner only, never overwritten, and a clear word on what is wrong."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest
from attest_world import SUBJECT_KEY
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from attest import keys
from attest.errors import KeyFileError


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_key_comes_back_from_its_file(tmp_path, passphrase):
    path = tmp_path / "key.pem"
    keys.save(path, SUBJECT_KEY, passphrase)
    assert keys.public_bytes(keys.load(path, passphrase)) == keys.public_bytes(SUBJECT_KEY)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_protected_file_does_not_hold_the_key_in_the_clear(tmp_path):
    keys.save(tmp_path / "a", SUBJECT_KEY, None)
    keys.save(tmp_path / "b", SUBJECT_KEY, b"correct horse")
    assert b"ENCRYPTED" in (tmp_path / "b").read_bytes()
    assert b"ENCRYPTED" not in (tmp_path / "a").read_bytes()


def test_an_existing_file_is_never_replaced(tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(b"precious")
    with pytest.raises(KeyFileError, match="exists"):
        keys.save(path, SUBJECT_KEY, None)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_dangling_link_is_not_followed(tmp_path):
    path = tmp_path / "key.pem"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="exists"):
        keys.save(path, SUBJECT_KEY, None)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(KeyFileError, match="cannot be written"):
        keys.save(tmp_path / "missing" / "key.pem", SUBJECT_KEY, None)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space"):
        keys.save(tmp_path / "key.pem", SUBJECT_KEY, None)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_passphrase_is_none_and_refused(tmp_path):
    with pytest.raises(KeyFileError, match="empty"):
        keys.save(tmp_path / "key.pem", SUBJECT_KEY, b"")


def test_each_fault_has_its_own_message(tmp_path):
    keys.save(tmp_path / "plain", SUBJECT_KEY, None)
    keys.save(tmp_path / "locked", SUBJECT_KEY, b"correct horse")
    (tmp_path / "text").write_bytes(b"hello")
    (tmp_path / "long").write_bytes(b"x" * 100_000)
    (tmp_path / "damaged").write_bytes((tmp_path / "plain").read_bytes().replace(b"MC4C", b"MC4D"))
    for name, passphrase, message in [
        ("missing", None, "cannot be read"),
        ("text", None, "not a private key"),
        ("long", None, "not a private key"),
        ("locked", None, "protected by a passphrase"),
        ("locked", b"wrong", "does not open"),
        ("plain", b"any", "not protected"),
        ("damaged", None, "damaged"),
    ]:
        with pytest.raises(KeyFileError, match=message) as caught:
            keys.load(tmp_path / name, passphrase)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate()])
def test_a_key_of_another_kind_is_refused(tmp_path, key):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(KeyFileError, match="another kind"):
        keys.load(tmp_path / "key.pem")


def test_a_key_that_openssl_made_is_read(tmp_path):
    path = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    assert len(keys.public_bytes(keys.load(path))) == 32


def test_the_id_of_a_key_is_the_head_of_its_digest():
    public = keys.public_bytes(SUBJECT_KEY)
    expected = "ed25519:" + hashlib.sha256(public).hexdigest()[:32]
    assert {keys.key_id(key) for key in (SUBJECT_KEY, SUBJECT_KEY.public_key(), public)} == {expected}
    with pytest.raises(ValueError, match="32 bytes"):
        keys.key_id(b"short")


def test_every_generated_key_is_another():
    assert keys.key_id(keys.generate()) != keys.key_id(keys.generate())
