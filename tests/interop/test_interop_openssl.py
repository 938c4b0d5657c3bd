"""OpenSSL checks the signature of a checkpoint, from the text, the signature and the key alone."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest
from interop_world import Public, run

SPKI = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of an Ed25519 key, up to the key (RFC 8410 §4)."""


@pytest.fixture
def parts(public: Public, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Key, text and signature of the checkpoint as files, cut out of it with nothing of ours."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed (Debian: openssl)")
    # NAME+HASH+KEY: the name has no plus, base64 may.
    key = base64.b64decode(public.vkey.split("+", 2)[2])
    text, _, line = public.note.partition(b"\n\n")
    signature = base64.b64decode(line.split(b" ")[2])
    files = tmp_path / "key.pem", tmp_path / "text", tmp_path / "signature"
    pem = base64.b64encode(SPKI + key[1:]).decode()
    files[0].write_text(f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n")
    files[1].write_bytes(text + b"\n")
    files[2].write_bytes(signature[4:])
    return files


def verifies(key: Path, text: Path, signature: Path) -> bool:
    done = run(
        *("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", text, "-sigfile", signature)
    )
    return done.returncode == 0 and "Signature Verified Successfully" in done.stdout


def test_openssl_verifies_the_signature_of_a_checkpoint(parts):
    assert verifies(*parts)


def test_openssl_refuses_a_text_or_signature_with_one_byte_changed(parts):
    for path in parts[1:]:
        data = path.read_bytes()
        for at in range(len(data)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert not verifies(*parts)
        path.write_bytes(data)
    assert verifies(*parts)
