"""Time-stamps by a third party (RFC 3161) over a checkpoint: the log's head existed at that time, says somebody else.

Files in both directions: a request is taken to an authority by whatever way there is, its answer is brought back.
The package rfc3161-client (extra `timestamp`) does the ASN.1; it is imported inside the functions.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attest.errors import FormatError, SignatureError
from attest.note import text_of
from govern.errors import UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

PACKAGE = "rfc3161_client"
MAX_TOKEN = 64 * 1024
"""An answer with a chain of three RSA-4096 certificates takes about 8 kB."""

_SHA256 = "2.16.840.1.101.3.4.2.1"

# AlgorithmIdentifiers that a signer may state, by the hash that it used (RFC 5758 §3.2, RFC 8017 §A.2, RFC 5754 §3.2).
_EC = bytes.fromhex("300a06082a8648ce3d0403")
_RSA = bytes.fromhex("300d06092a864886f70d0101")
_NULL = bytes.fromhex("0500")
_ALGORITHMS: dict[bytes, tuple[bytes, ...]] = {
    bytes.fromhex(f"6086480165030402{digest}"): (_EC + ec, _RSA + rsa + _NULL, _RSA + b"\x01" + _NULL)
    for digest, ec, rsa in (("01", b"\x02", b"\x0b"), ("02", b"\x03", b"\x0c"), ("03", b"\x04", b"\x0d"))
}


def available() -> bool:
    """Tell whether the package is installed (extra `timestamp`)."""
    return importlib.util.find_spec(PACKAGE) is not None


def own_note(note: bytes) -> bytes:
    """Return a checkpoint note with its first signature only, which is the log's own.

    Cosignatures come in later and in any order; what is time-stamped must not change with them.

    Raises:
        FormatError: The bytes are not a note.
    """
    text = text_of(note).encode()
    return text + b"\n" + note[len(text) + 1 :].partition(b"\n")[0] + b"\n"


def request(message: bytes) -> bytes:
    """Return the request (TimeStampReq, DER) for a time-stamp over a message, by its SHA-256.

    Without a nonce, so that the same message gives the same request: a nonce keeps an authority from answering with
    an older token, and an older token over this very message says all that is asked, and more.

    Raises:
        UsageError: The package is not installed.
    """
    _require_package()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    # With the authority's certificate in the answer, a root is all that a verifier needs later.
    asked: bytes = builder.nonce(nonce=False).cert_request(cert_request=True).build().as_bytes()
    return asked


def imprint(token: bytes) -> bytes:
    """Return the SHA-256 of the message that a token speaks about; nothing is verified.

    Raises:
        FormatError: The bytes are not a granted answer over a SHA-256.
        UsageError: The package is not installed.
    """
    _require_package()
    return _imprint(_decode(token))


def verify(token: bytes, message: bytes, roots: Sequence[bytes]) -> datetime:
    """Check that an authority under one of these roots time-stamped a message, and return the time that it states.

    Certificates must have been valid at that time, not now: a time-stamp outlives its authority's certificate. No
    revocation list is asked.

    Args:
        token: The answer (TimeStampResp, DER): the content of a `.tsr` file.
        message: The exact bytes that it must be over.
        roots: Certificates of the authorities that are trusted, PEM or DER, from somewhere else than the token.

    Raises:
        FormatError: The token is not a granted answer in form, or a root is not a certificate.
        SignatureError: The token is over another message, or is not signed by a time-stamping key under a root.
        UsageError: The package is not installed.
    """
    _require_package()
    from rfc3161_client import VerificationError, VerifierBuilder

    if not roots:
        raise ValueError("a time-stamp is checked against roots")
    trusted = [_certificate(data) for data in roots]
    response = _decode(token)
    if _imprint(response) != hashlib.sha256(message).digest():
        raise SignatureError("the time-stamp is over another message")
    _check_unsigned(response)
    verifier = VerifierBuilder(roots=trusted).build()
    try:
        verifier.verify_message(response, message)
        at: datetime = response.tst_info.gen_time
    except (VerificationError, ValueError):
        # `from None`: the cause may quote the names in a certificate.
        raise SignatureError("the time-stamp is not signed by a time-stamping authority under a trusted root") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _require_package() -> None:
    if not available():
        raise UsageError("time-stamps need the package rfc3161-client", "pip install 'govern-toolkit[timestamp]'")


def _decode(token: bytes) -> TimeStampResponse:
    from rfc3161_client import decode_timestamp_response

    if len(token) > MAX_TOKEN:
        raise FormatError("a time-stamp is too long")
    try:
        response = decode_timestamp_response(token)
        # Bytes that the parser read past would be bytes that nobody has vouched for.
        whole = response.as_bytes() == token
    except ValueError:
        raise FormatError("bytes are not the answer of a time-stamping authority") from None
    if not whole:
        raise FormatError("a time-stamp is not in the form in which it would be written")
    return response


def _imprint(response: TimeStampResponse) -> bytes:
    try:
        if response.status != 0:
            raise FormatError("the authority did not grant the time-stamp")
        about = response.tst_info.message_imprint
        algorithm, digest = about.hash_algorithm.dotted_string, bytes(about.message)
    except ValueError:
        raise FormatError("bytes are not the answer of a time-stamping authority") from None
    if algorithm != _SHA256:
        raise FormatError("a time-stamp is over another hash than SHA-256")
    return digest


def _check_unsigned(response: TimeStampResponse) -> None:
    """Refuse other values than the only possible ones in the fields that no signature covers.

    OpenSSL reads past them; here, a token in which one byte was changed is not accepted.
    """
    try:
        # ContentInfo { contentType, [0] SignedData }; SignedData ends with the set of signers (RFC 5652 §3, §5.1).
        signed = _children(_children(_children(response.time_stamp_token())[0][1])[1][1])[0][1]
        version, *_, signers = _children(signed)
        (signer,) = _children(signers[1])
        # SignerInfo { version, sid, digestAlgorithm, [0] signedAttrs, signatureAlgorithm, signature } (RFC 5652 §5.3).
        fields = _children(signer[1])
        digest = _children(fields[2][1])[0][1]
        stated = fields[4][0]
    except (ValueError, IndexError):
        raise FormatError("bytes are not the answer of a time-stamping authority") from None
    # Version 3 as the content is not plain data, 1 as the signer is named by issuer and serial number.
    if (
        version[1] != b"\x03"
        or fields[0][1] != b"\x01"
        or len(fields) != 6
        or stated not in _ALGORITHMS.get(digest, ())
    ):
        raise FormatError("a time-stamp is signed in a way that is not known")


def _children(data: bytes) -> list[tuple[bytes, bytes]]:
    """Split DER into its elements: whole and content of each; short and long lengths, single-byte tags."""
    elements = []
    at = 0
    while at < len(data):
        start, length = at + 2, data[at + 1]
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[at + 2 : start], "big")
        if start + length > len(data):
            raise ValueError
        elements.append((data[at : start + length], data[start : start + length]))
        at = start + length
    return elements


def _certificate(data: bytes) -> Certificate:
    from cryptography import x509

    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise FormatError("a root is not a certificate") from None
