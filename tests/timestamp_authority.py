"""A time-stamping authority of our own, made with `openssl ts`: root, certificate for time-stamps, answers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[one]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@dataclass(frozen=True)
class Authority:
    folder: Path

    @property
    def root(self) -> bytes:
        return (self.folder / "ca.pem").read_bytes()

    def answer(self, query: bytes) -> bytes:
        """Answer a request, as an authority's server does."""
        asked, answer = self.folder / "asked.tsq", self.folder / "answer.tsr"
        asked.write_bytes(query)
        config = ("-config", self.folder / "c.cnf", "-section", "one")
        key = ("-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key")
        openssl("ts", "-reply", *config, *key, "-queryfile", asked, "-out", answer)
        return answer.read_bytes()

    def stamp(self, message: bytes, *options: str) -> bytes:
        """Ask for a time-stamp with openssl's own client, and answer."""
        (self.folder / "message").write_bytes(message)
        query = self.folder / "own.tsq"
        openssl("ts", "-query", "-data", self.folder / "message", *(options or ("-sha256", "-cert")), "-out", query)
        return self.answer(query.read_bytes())


def authority(
    folder: Path, *, rsa: bool = False, usage: str = "critical, timeStamping", name: str = "Test root"
) -> Authority:
    """Make one; skips the test where openssl is missing."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder.mkdir()
    (folder / "c.cnf").write_text(CONFIG.format(folder=folder, usage=usage, name=name))
    (folder / "serial").write_text("01\n")
    kind = ("RSA", "-pkeyopt", "rsa_keygen_bits:2048") if rsa else ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    config = ("-config", folder / "c.cnf")
    for key in ("ca.key", "tsa.key"):
        openssl("genpkey", "-quiet", "-algorithm", *kind, "-out", folder / key)
    days = ("-days", "3650")
    openssl("req", "-x509", "-new", "-key", folder / "ca.key", *config, "-extensions", "ca", *days,
            "-out", folder / "ca.pem")  # fmt: skip
    openssl("req", "-new", "-key", folder / "tsa.key", *config, "-subj", "/CN=Test TSA", "-out", folder / "tsa.csr")
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-set_serial", "2", *days, "-extfile", folder / "c.cnf", "-extensions", "signer",
            "-out", folder / "tsa.pem")  # fmt: skip
    return Authority(folder)
