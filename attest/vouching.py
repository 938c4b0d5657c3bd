"""Who vouches for whom in a skill: keys of a person, officers, their approvals, and mandates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from attest import approval, dsse, enrolment, mandate, passkey, role_passkey
from attest.errors import FormatError, SignatureError
from attest.keys import key_id
from attest.webauthn import Passkey

if TYPE_CHECKING:
    from attest.evidence import Logged


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A key that was entered in the log for a person.

    Attributes:
        index: Where.
        pid: Whose key it is.
        key_id: Its id.
        public: Its 32 bytes.
        until: Index of the entry that put another key in its place, or None.
        witness: Id of the officer who is named as witness of the enrolment, or "".
        witnessed: Whether that officer's signature was checked here.
        passkey: The passkey, where it is one; its public half is then not 32 bytes but DER.
    """

    index: int
    pid: str
    key_id: str
    public: bytes
    until: int | None = None
    witness: str = ""
    witnessed: bool = False
    passkey: Passkey | None = None

    @property
    def verifier(self) -> dsse.Key:
        """What opens an envelope that the key signed."""
        return self.passkey or self.public

    @property
    def method(self) -> str:
        """How the key signs, in the words of a consent record."""
        return "ed25519" if self.passkey is None else "webauthn"

    def speaks_at(self, index: int) -> bool:
        """Tell whether the key spoke for its person when the entry at an index was logged."""
        return self.index < index and (self.until is None or index < self.until)


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer whose enrolment is in the file.

    Attributes:
        index: Where.
        holder: Id of the officer.
        role: The role.
        public: The 32 bytes of the key.
        passkeys: Passkeys that were enrolled beside it, each with its index.
    """

    index: int
    holder: str
    role: str
    public: bytes
    passkeys: tuple[tuple[int, Passkey], ...] = ()

    def keys_at(self, index: int) -> dict[str, dsse.Key]:
        """Return what spoke for the officer when the entry at an index was logged, by id."""
        if self.index >= index:
            return {}
        passkeys = {each.key_id: each for at, each in self.passkeys if at < index}
        return {key_id(self.public): self.public, **passkeys}


def witness(body: Mapping[str, Any], officers: Mapping[str, Officer], index: int) -> Officer | None:
    """Return the witness that an enrolment names, or None where that officer is not in the file.

    Raises:
        SignatureError: The witness is of HR, or was enrolled later.
    """
    officer = officers.get(enrolment.named_witness(body))
    if officer is None:
        return None
    if officer.role == enrolment.HR or officer.index >= index:
        raise SignatureError("the witness of an enrolment is of HR, or was enrolled after it")
    return officer


def enrolled(entry: Logged, before: Enrolled | None = None, officers: Mapping[str, Officer] | None = None) -> Enrolled:
    """Check an enrolment or a rotation.

    Whoever enrolled the key had its private half and named the same person. A rotation is signed by the key before it
    too, and an enrolment after a loss by a witness: otherwise whoever writes the log could give anybody a new key.

    Args:
        entry: The log entry, `key.enrolled` or `key.rotated`.
        before: The person's key until then.
        officers: The officers whose enrolments are known, by id.

    Raises:
        FormatError: The entry is not an enrolment in form.
        SignatureError: The key, the one before it, or the witness, did not sign.
    """
    kind = entry.event.type
    if kind not in ("key.enrolled", "key.rotated") or (before is None and kind == "key.rotated"):
        raise FormatError("the entry does not enrol a first key, or rotate one")
    old = {before.key_id: before.public} if before is not None and kind == "key.rotated" else {}
    by = witness(entry.body, officers or {}, entry.index)
    found = enrolment.check_key(entry.body, before=old, witness=by.public if by is not None else None)
    if before is not None and before.pid != found.owner:
        raise SignatureError("the key of somebody else was put in the place of a key")
    if before is not None and not old and not found.witnessed:
        raise SignatureError("a key was enrolled in the place of another one, and no witness in the file signed that")
    inherited = before if old and not found.witness else None
    return Enrolled(
        entry.index,
        found.owner,
        found.key_id,
        found.public,
        witness=inherited.witness if inherited else found.witness,
        witnessed=inherited.witnessed if inherited else found.witnessed,
    )


def enrolled_passkey(entry: Logged, keys: Mapping[str, Enrolled], officers: Mapping[str, Officer]) -> Enrolled:
    """Check the enrolment of a passkey: signed by itself, by a witness, and by the key that it names.

    Args:
        entry: The log entry, `passkey.enrolled`.
        keys: The person's other keys by id, those enrolled before it at least.
        officers: The officers whose enrolments are known, by id.

    Raises:
        FormatError: The entry is not such an enrolment in form.
        SignatureError: Somebody who must sign did not, or the witness is not in the file, or is of HR.
    """
    if entry.event.type != "passkey.enrolled":
        raise FormatError("the entry does not enrol a passkey")
    said, _, _ = passkey.parse_entry(entry.body)
    by = witness({"witness": said.witness}, officers, entry.index)
    if by is None:
        raise SignatureError("the witness of a passkey is not in the file")
    before = keys.get(said.by)
    if before is not None and (before.pid != said.pid or not before.speaks_at(entry.index)):
        raise SignatureError("a passkey was vouched for by a key that did not speak for its owner")
    passkey.check(entry.body, by.keys_at(entry.index), before.verifier if before is not None else None)
    key = said.passkey
    return Enrolled(entry.index, said.pid, key.key_id, key.public, witness=said.witness, witnessed=True, passkey=key)


@dataclass(frozen=True, slots=True)
class Mandated:
    """A mandate that enough witnesses in the file approved.

    Attributes:
        index: Where.
        since: Index of the approval that made it enough: nothing logged before counts under it.
        terms: What may be signed, by whom, until when.
        witnesses: Ids of the officers.
    """

    index: int
    since: int
    terms: mandate.Terms
    witnesses: tuple[str, ...]

    def covers(self, choice: Mapping[str, Any]) -> bool:
        """Tell whether a choice of a record stays within the mandate."""
        limits = {
            "sources": self.terms.sources,
            "categories": self.terms.categories,
            "recipients": self.terms.recipients,
        }
        return choice["purpose"] in self.terms.purposes and all(
            isinstance(choice.get(name, []), list) and set(map(str, choice.get(name, []))) <= set(allowed)
            for name, allowed in limits.items()
        )

    @property
    def key(self) -> Enrolled:
        """The delegate's key, as one that speaks for the person."""
        return Enrolled(self.since, self.terms.pid, key_id(self.terms.public), self.terms.public)


def officer(entry: Logged, officers: Mapping[str, Officer]) -> Officer:
    """Check an officer's enrolment.

    Raises:
        FormatError: The entry is not an enrolment in form.
        SignatureError: The key, or a witness who is known, did not sign.
    """
    if entry.event.type != "role.enrolled":
        raise FormatError("the entry does not enrol an officer")
    by = witness(entry.body, officers, entry.index)
    found = enrolment.check_role(entry.body, by.public if by is not None else None)
    return Officer(entry.index, found.owner, found.role, found.public)


def officers_passkey(entry: Logged, officers: Mapping[str, Officer]) -> Officer:
    """Check the passkey of an officer who is known, and return the officer with it.

    Raises:
        FormatError: The entry is not an enrolment in form, or the officer is not in the file.
        SignatureError: The passkey, or a key of the officer before it, did not sign.
    """
    holder = entry.body.get("holder")
    by = officers.get(holder) if isinstance(holder, str) else None
    if entry.event.type != "role.passkey_enrolled" or by is None:
        raise FormatError("the entry does not enrol a passkey of an officer who is in the file")
    said = role_passkey.check(entry.body, by.keys_at(entry.index))
    return replace(by, passkeys=(*by.passkeys, (entry.index, said.passkey)))


def approved(entry: Logged, officers: Mapping[str, Officer]) -> approval.Statement:
    """Check an approval of an officer who is known.

    Raises:
        FormatError: The entry is not an approval in form.
        SignatureError: The officer did not sign it, was enrolled later, or may not sign this.
    """
    holder = entry.body.get("holder")
    by = officers.get(holder) if isinstance(holder, str) else None
    if entry.event.type != "approval.given" or by is None:
        raise FormatError("the entry is not an approval of an officer who is in the file")
    said = approval.check(entry.body, by.keys_at(entry.index))
    if by.index >= entry.index or said.role != by.role or by.role not in approval.MAY_SIGN[said.kind]:
        raise SignatureError("an approval is signed by an officer who may not, or was enrolled after it")
    return said


def mandated(entry: Logged, key: Enrolled | None, approvals: Iterable[tuple[int, approval.Statement]]) -> Mandated:
    """Check a mandate: signed by the delegate, and approved by enough officers after it.

    Args:
        entry: The log entry.
        key: The key that spoke for the person there; None where none did.
        approvals: Approvals that hold, each with its index.

    Raises:
        FormatError: The entry is not a mandate in form.
        SignatureError: The delegate did not sign it, or too few officers approved it.
    """
    if entry.event.type != "mandate.given":
        raise FormatError("the entry is not a mandate")
    terms, _ = mandate.check(entry.body, key.public if key is not None else None)
    by: dict[str, int] = {}
    for index, said in sorted(approvals, key=lambda pair: pair[0]):
        about = said.kind == "mandate" and said.subject == terms.pid and said.sha256 == terms.sha256
        if about and index > entry.index and said.holder not in (terms.pid, terms.delegate):
            by.setdefault(said.holder, index)
    if len(by) < mandate.WITNESSES:
        raise SignatureError("too few officers in the file approved a mandate")
    since = sorted(by.values())[mandate.WITNESSES - 1]
    return Mandated(entry.index, since, terms, tuple(sorted(by)))
