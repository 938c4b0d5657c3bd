"""Signatures by passkey are checked by openssl, from the parts in the envelope, as docs/passkeys.md says."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from passkey import Authenticator

from attest import canonical, dsse, webauthn

KIND, PAYLOAD = "application/vnd.govern.consent+json", b'{"event":"given"}'


@pytest.mark.parametrize("alg", [webauthn.ES256, webauthn.RS256])
def test_openssl_verifies_a_signature_by_passkey(alg: int, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    phone = Authenticator(alg)
    name = phone.passkey.key_id
    made = phone.sign(dsse.pae(KIND, PAYLOAD)).to_signature(name)
    envelope = canonical.loads(dsse.build(KIND, PAYLOAD, [made]))
    (item,) = envelope["signatures"]
    parts = {"sig": item["sig"], **item["webauthn"]}
    client_data = base64.b64decode(parts["clientDataJSON"])
    assert webauthn.to_base64url(hashlib.sha256(dsse.pae(KIND, PAYLOAD)).digest()).encode() in client_data
    for part, text in parts.items():
        (tmp_path / part).write_bytes(base64.b64decode(text))
    (tmp_path / "public_key").write_bytes(phone.passkey.public)
    script = """
        (cat authenticatorData; openssl dgst -sha256 -binary clientDataJSON) > signed
        openssl pkey -pubin -inform DER -in public_key -out key.pem
        openssl dgst -sha256 -verify key.pem -signature sig signed
    """

    def run() -> Any:
        return subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True)

    assert "Verified OK" in run().stdout
    (tmp_path / "clientDataJSON").write_bytes(client_data + b" ")
    assert run().returncode != 0
