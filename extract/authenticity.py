"""How well a source is attested, record by record and by mechanical rule: A4, A3, A1, A0, or F for a wrong signature.

Mail is checked against DKIM keys that were archived when the mail came in, never against the network: a domain rotates
its keys, and what could be checked then must be checkable later. Commits: see `extract.sources.gitsignatures`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.errors import SourceError

if TYPE_CHECKING:
    from extract.records import Record

#: Why a record with a wrong signature is left out: worse than none, a person looks at it first.
FAILED = "authenticity.failed"
WEAK_RSA_BITS = 1024

_SNAPSHOT_LIMIT = 4 * 1024**2
_MAX_SIGNATURES = 8
_MAX_FIELD = 16 * 1024
# The library takes quadratic time over such a run, and no mailer writes one.
_LONG_GAP = re.compile(rb"\s{200}")
_KEY_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\._domainkey(?:\.[a-z0-9_-]+){2,}")
_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
#: Fields that decide what is read; one of them twice, and the signature may cover the other one.
_DECISIVE = (b"from", b"date", b"subject", b"content-type", b"content-transfer-encoding")


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """DKIM key records as they were when the mail came in.

    Attributes:
        records: TXT record by name, `selector._domainkey.domain` in lower case.
        data: The file's bytes, to be archived.
    """

    records: Mapping[str, bytes]
    data: bytes

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Checks:
    """What there is to check sources with.

    Attributes:
        dkim: Archived key records, or None: then no signature of a mail is looked at.
        custodian: Role id of whoever vouches for the export files, or "".
    """

    dkim: KeySnapshot | None = None
    custodian: str = ""

    def __post_init__(self) -> None:
        """Refuse a custodian that is no role id: the log holds it."""
        if self.custodian and not _ROLE.fullmatch(self.custodian):
            raise SourceError("the custodian is not a role id", "give a role, for instance mail-archive or it:backup")


def load_snapshot(path: Path) -> KeySnapshot:
    """Load archived DKIM keys: a JSON object of names and TXT records.

    Raises:
        SourceError: It is missing or is something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_SNAPSHOT_LIMIT + 1)
    except OSError:
        raise SourceError(f"{path}: cannot be read", "give the file of archived DKIM keys") from None
    hint = 'a JSON object: {"selector._domainkey.example.com": "v=DKIM1; k=rsa; p=..."}'
    try:
        value = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        value = None
    if len(data) > _SNAPSHOT_LIMIT or type(value) is not dict:
        raise SourceError(f"{path}: not a file of DKIM keys", hint)
    records: dict[str, bytes] = {}
    for name, record in value.items():
        if type(record) is not str or not record.isascii() or not _KEY_NAME.fullmatch(name.lower().rstrip(".")):
            raise SourceError(f"{path}: entry {len(records) + 1} is not a DKIM key record", hint)
        records[name.lower().rstrip(".")] = record.encode("ascii")
    if len(records) != len(value):
        raise SourceError(f"{path}: a name stands there twice", hint)
    return KeySnapshot(records, data)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def mail_level(raw: bytes, keys: KeySnapshot | None) -> str:
    """Return the level of a mail: A3, A1, A0 or F.

    One strong signature of the author's own domain over the whole body is enough for A3; what else is signed wrongly
    does not take from it. Without one, any signature that is there and wrong makes it F.

    Args:
        raw: The mail as it was received.
        keys: Archived keys; a signature whose key is not among them says nothing.
    """
    # Most mails of an archive carry no signature; the library need not even be loaded for them.
    if keys is None or not keys.records or b"dkim-signature" not in raw.lower():
        return "A0"
    import dkim

    try:
        message = dkim.DKIM(raw, minkey=0)
        signatures = [field for field in message.headers if field[0].lower() == b"dkim-signature"]
        found = {_signature(raw, field, keys) for field in signatures[:_MAX_SIGNATURES]}
    except Exception:
        # The border to a library that raises nearly everything on purpose-built mails. Nothing was verified.
        return "A0"
    return next((level for level in ("A3", "F", "A1") if level in found), "A0")


def _signature(raw: bytes, field: tuple[bytes, bytes], keys: KeySnapshot) -> str:
    """Return what one signature makes of a mail; A0 where it cannot be checked or is not the author's domain's."""
    import dkim
    from dkim.util import InvalidTagValueList, parse_tag_value

    value = field[1]
    if len(value) > _MAX_FIELD or _LONG_GAP.search(value):
        return "A0"
    try:
        tags = parse_tag_value(value)
        name = (tags[b"s"] + b"._domainkey." + tags[b"d"]).decode("ascii").lower().rstrip(".")
    except (InvalidTagValueList, KeyError, UnicodeDecodeError):
        return "A0"
    if name not in keys.records:
        return "A0"
    try:
        key = _Key.parse(name, keys.records[name])
    except Exception:
        return "A0"
    if not key.answers_for(tags):
        return "A0"
    try:
        # Expiry and time of signing are left out: the mail was received then, and no verdict may depend on today.
        dkim.validate_signature_fields({tag: v for tag, v in tags.items() if tag not in (b"x", b"t")})
        signed = [part.strip().lower() for part in tags[b"h"].split(b":")]
        if b"from" not in signed or not _verify(raw, field, tags, signed, key):
            return "F"
    except dkim.DKIMException:
        return "F"
    return _grade(raw, tags, signed, key)


def _verify(
    raw: bytes, field: tuple[bytes, bytes], tags: Mapping[bytes, bytes], signed: Iterable[bytes], key: _Key
) -> bool:
    import dkim

    check = dkim.DKIM(raw, minkey=0)
    check.keysize, check.ktag, check.seqtlsrpt = key.bits, key.kind, False
    check.pk = key.public
    if key.kind != b"ed25519":
        return bool(check.verify_sig_process(tags, list(signed), field, None))
    # The library would need another package for this; the key of `cryptography` speaks for itself.
    seen = check.pk = _Ed25519(key.public)
    check.verify_sig_process(tags, list(signed), field, None)
    return seen.valid


def _grade(raw: bytes, tags: Mapping[bytes, bytes], signed: Iterable[bytes], key: _Key) -> str:
    from email.utils import getaddresses

    import dkim

    fields = dkim.DKIM(raw).headers
    names = Counter(name.lower() for name, _ in fields)
    authors = getaddresses([v.decode("utf-8", "replace") for name, v in fields if name.lower() == b"from"])
    if len(authors) != 1 or "@" not in authors[0][1]:
        return "A0"
    domain, signer = authors[0][1].rpartition("@")[2].lower().rstrip("."), tags[b"d"].decode("ascii").lower()
    if domain != signer and not domain.endswith("." + signer):
        return "A0"
    weak = (
        b"l" in tags  # text may have been appended
        or tags[b"a"] == b"rsa-sha1"
        or (key.kind == b"rsa" and key.bits < WEAK_RSA_BITS)
        or b"date" not in signed  # the gates decide by it
        or any(names[name] > 1 for name in _DECISIVE)
    )
    return "A1" if weak else "A3"


@dataclass(frozen=True, slots=True)
class _Key:
    """A key record, parsed.

    Attributes:
        kind: `rsa` or `ed25519`.
        bits: Size of an RSA modulus.
        public: What the library, or `_Ed25519`, verifies with.
        tags: The record.
    """

    kind: bytes
    bits: int
    public: Any
    tags: Mapping[bytes, bytes]

    @classmethod
    def parse(cls, name: str, record: bytes) -> _Key:
        """Read a key record; raises whatever the library raises."""
        import base64

        import dkim
        from dkim.util import parse_tag_value

        tags = parse_tag_value(record)
        if tags.get(b"k", b"rsa") == b"ed25519":
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(tags[b"p"], validate=True))
            return cls(b"ed25519", 256, public, tags)
        public, bits, kind, _ = dkim.evaluate_pk(name, record)
        return cls(kind, bits, public, tags)

    def answers_for(self, tags: Mapping[bytes, bytes]) -> bool:
        """Say whether this key may sign so at all (RFC 6376 §3.6.1): its kind, its hashes, its service, not a test."""
        kind, _, digest = tags.get(b"a", b"").partition(b"-")
        flags = [flag.strip() for flag in self.tags.get(b"t", b"").split(b":")]
        hashes = [name.strip() for name in self.tags.get(b"h", b"").split(b":")]
        services = [name.strip() for name in self.tags.get(b"s", b"*").split(b":")]
        exact = tags.get(b"i", b"@" + tags[b"d"]).rpartition(b"@")[2].lower() == tags[b"d"].lower()
        return (
            kind == self.kind
            and b"y" not in flags
            and (b"s" not in flags or exact)
            and (hashes == [b""] or digest in hashes)
            and bool({b"*", b"email"} & set(services))
        )


class _Ed25519:
    """What the library calls to verify an Ed25519 signature (RFC 8463)."""

    def __init__(self, public: Any) -> None:
        self.public = public
        self.valid = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        """Remember whether the signature holds."""
        from cryptography.exceptions import InvalidSignature

        try:
            self.public.verify(signature, digest)
        except InvalidSignature:
            return
        self.valid = True


def counts(records: Iterable[Record]) -> dict[str, int]:
    """Return how many records there are of each level that occurs."""
    return dict(sorted(Counter(record.authenticity for record in records).items()))


def hold_failed(records: Iterable[Record], reasons: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the reasons to leave each record out, `FAILED` among them where a signature is wrong."""
    return [
        tuple(sorted({*why, FAILED})) if record.authenticity == "F" else why
        for record, why in zip(records, reasons, strict=True)
    ]
