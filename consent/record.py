"""The consent record: what a worker signs, in the one form that can be signed."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from attest import canonical
from attest.encoding import from_time
from consent.errors import RecordError
from govern.errors import GovernError
from policies.duration import Duration

PAYLOAD_TYPE = "application/vnd.govern.consent+json"
MAX_PAYLOAD = 16_384
"""Longest record: an entry of the log holds it in base64, with room to spare below 65,535 bytes."""

ConsentEvent = Literal[
    "given", "refused", "withdrawn", "renewed", "requested", "deferred", "objected", "suspended", "revoked", "expired",
    "invalidated",
]  # fmt: skip


def _moment(value: str) -> str:
    try:
        from_time(value)
    except GovernError:
        raise ValueError("must be a UTC time such as 2026-11-22T10:00:00Z") from None
    return value


def _day(value: str) -> str:
    if date.fromisoformat(value).isoformat() != value:
        raise ValueError("must be a date such as 2026-11-22")
    return value


def _length(value: str) -> str:
    # One length has one spelling, because the record is hashed.
    if str(Duration.parse(value)) != value:
        raise ValueError("must be a duration in its normal form, such as P12M")
    return value


def _distinct(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(value)) != len(value):
        raise ValueError("names an entry twice")
    return value


# ASCII only: a pid with a Cyrillic letter must not pass for another one, to a reader or to a comparison.
Pid = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=64)]
Names = Annotated[tuple[Name, ...], AfterValidator(_distinct), Field(max_length=64)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Moment = Annotated[str, StringConstraints(max_length=32), AfterValidator(_moment)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)]
Length = Annotated[str, StringConstraints(max_length=32), AfterValidator(_length)]
# A line that people read: any script, but nothing that is not seen, or that turns the rest of the line round.
_SEEN = r"^[^\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_SEEN)]


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]

# What a record of each event may say about a purpose; the other events say it without a record of this form.
_DECISIONS: dict[str, set[str]] = {
    "given": {"given", "refused"},
    "renewed": {"given"},
    "refused": {"refused"},
    "withdrawn": {"withdrawn"},
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Subject(_Part):
    """The person whose messages these are."""

    pid: Pid
    relation: Literal["dpv:Employee"]
    employment_state: Name


class Actor(_Part):
    """Who acts."""

    id: Reference
    role: Literal["subject", "delegate", "controller", "authority", "auditor", "works_council"]


class NoticeShown(_Part):
    """What the person was told, and when."""

    sha256: Sha256
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{1,16}$")]
    lang: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
    shown_at: Moment


class GivenChoice(_Part):
    """A yes to one purpose, with its limits; `from` and `until` bound the days of the material."""

    purpose: Name
    decision: Literal["given"]
    sources: Names
    categories: Names
    recipients: Annotated[tuple[Reference, ...], AfterValidator(_distinct), Field(max_length=64)]
    from_: Day = Field(alias="from")
    until: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ > self.until:
            raise ValueError("the period ends before it begins")
        return self


class OtherChoice(_Part):
    """A no to one purpose, or the end of a yes."""

    purpose: Name
    decision: Literal["refused", "withdrawn"]


Choice = GivenChoice | OtherChoice


class Retention(_Part):
    """How long things are kept."""

    raw: Length
    skill: Length


class Processing(_Part):
    """How the material is processed."""

    method: Line
    model_sha256: Sha256
    locality: Name
    retention: Retention


class PolicyRef(_Part):
    """The exact policy that the person agrees to be processed under."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    sha256: Sha256


class Party(_Part):
    """An organisation with a role under data protection law."""

    id: Reference
    role: Name
    name: Line
    contact: Line


class ConsentRecord(_Part):
    """One act of consent, refusal, renewal or withdrawal over one or more purposes.

    Every key is always written, so that one record has one sequence of bytes.

    Attributes:
        prev: SHA-256 of the record that this one replaces, or None.
        event_time: When the actor says that it happened; the order of the log counts, not this.
        nonce: 128 random bits, never used twice.
        validity: How long the consent lasts, from `event_time`.
        withhold: Categories that the subject keeps whatever the choices say.
    """

    schema_: Literal["govern-consent/1"] = Field(alias="schema")
    record_id: Uuid
    prev: Sha256 | None
    event: ConsentEvent
    event_time: Moment
    nonce: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    validity: Length
    subject: Subject
    actor: Actor
    method: Literal["webauthn", "ed25519", "paper", "verbal"]
    legal_basis: Annotated[str, StringConstraints(pattern=r"^[a-z-]+:[A-Za-z0-9-]{1,32}$")]
    consent_role: Literal["safeguard", "legal_basis"]
    notice: NoticeShown
    choices: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=32)]
    withhold: Names
    processing: Processing
    policy: PolicyRef
    parties: Annotated[tuple[Party, ...], AfterValidator(_distinct), Field(max_length=16)]
    withdrawal: Annotated[tuple[Line, ...], AfterValidator(_distinct), Field(min_length=1, max_length=16)]
    jurisdictions: Annotated[tuple[Country, ...], AfterValidator(_distinct), Field(max_length=16)]
    cooling_off_until: Moment | None
    compensation_ref: Reference | None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        purposes = [choice.purpose for choice in self.choices]
        if len(set(purposes)) != len(purposes):
            raise ValueError("names a purpose twice")
        decisions = {choice.decision for choice in self.choices}
        if not decisions <= _DECISIONS.get(self.event, decisions) or (
            self.event == "given" and "given" not in decisions
        ):
            raise ValueError("the choices do not fit the event")
        if self.validity == "P0D":
            raise ValueError("a consent lasts longer than no time at all")
        return self

    def to_payload(self) -> bytes:
        """Return the bytes that are signed: RFC 8785 canonical JSON."""
        return canonical.dumps(self.to_document())

    def to_document(self) -> dict[str, Any]:
        """Return the record as a JSON value."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def sha256(self) -> str:
        """SHA-256 of the payload, in hex: what a later record's `prev` and the log's entry name."""
        return hashlib.sha256(self.to_payload()).hexdigest()

    @property
    def start(self) -> datetime:
        """The claimed time of the event."""
        return from_time(self.event_time)

    @property
    def end(self) -> datetime:
        """The moment from which the consent no longer counts."""
        return Duration.parse(self.validity).after(self.start)

    @property
    def told(self) -> datetime:
        """When the notice was shown."""
        return from_time(self.notice.shown_at)

    @property
    def purposes(self) -> tuple[str, ...]:
        """The purposes that the record decides about."""
        return tuple(choice.purpose for choice in self.choices)

    def given(self, purpose: str) -> GivenChoice | None:
        """Return the choice for `purpose` if it is a yes."""
        return next((c for c in self.choices if isinstance(c, GivenChoice) and c.purpose == purpose), None)


def parse(payload: bytes) -> ConsentRecord:
    """Return the record that `payload` writes.

    Raises:
        RecordError: The bytes are not the canonical form of a record: unknown or repeated keys, other spacing, a value
            of the wrong type.
    """
    if len(payload) > MAX_PAYLOAD:
        raise RecordError(f"a consent record is longer than {MAX_PAYLOAD} bytes")
    try:
        canonical.loads(payload)
        record = ConsentRecord.model_validate_json(payload)
    except ValidationError as error:
        raise RecordError(f"a consent record is malformed at {place(error)}") from None
    except GovernError:
        raise RecordError("a consent record is not canonical JSON") from None
    # A lenient conversion that slipped through would show here: the model writes other bytes than it read.
    if record.to_payload() != payload:
        raise RecordError("a consent record is not in its one form")
    return record


def place(error: ValidationError) -> str:
    """Return where the first fault is, without its value, which may be personal."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    known = [str(part) for part in first["loc"] if not isinstance(part, str) or part.isidentifier()]
    return ".".join(known)[:80] or "the top level"


def envelope_payload(envelope: object) -> bytes | None:
    """Return the payload of an envelope without checking who signed it, or None where there is none.

    For withdrawals only: they count without a signature, and the payload says what is withdrawn.
    """
    raw = envelope.get("payload") if isinstance(envelope, dict) else None
    if not isinstance(raw, str):
        return None
    try:
        return base64.b64decode(raw, validate=True)
    except ValueError:
        return None
