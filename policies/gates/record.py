"""Record gates: may this record be used?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from policies.duration import Duration
from policies.gates.spec import GateSpec
from policies.parameters import (
    DENY_FIRST,
    FEWER,
    FIXED,
    LARGER,
    MORE,
    SHORTER,
    SMALLER,
    Count,
    Length,
    Name,
    Names,
    Order,
    Params,
    Week,
    always,
    ranked,
    sorted_unique,
)
from policies.places import WORDS

PRIVATE_KINDS = ("dm", "group_dm", "personal_folder", "private", "unknown")

_OFFICE_HOURS = {day: [{"from": "08:00", "to": "18:00"}] for day in ("mon", "tue", "wed", "thu", "fri")}
WITHIN = Order("fewer minutes of the week are stricter", lambda a, b: a.within(b))

Word = Annotated[str, StringConstraints(pattern=r"^[^\W_]+\*?( [^\W_]+\*?)*$", min_length=2, max_length=64)]


class SourceParams(Params):
    """Which kinds of source may be read."""

    allow: Annotated[Names, FEWER] = ("chat.public_channel", "mail.work", "vcs.commit")
    deny: Annotated[Names, MORE] = ("chat.direct", "mail.personal")


class PrivateConversationParams(Params):
    """Which places are private; both lists can be added to and never shortened."""

    kinds: Annotated[tuple[Name, ...], always(PRIVATE_KINDS), BeforeValidator(sorted_unique), MORE] = PRIVATE_KINDS
    words: Annotated[tuple[Word, ...], always(WORDS), BeforeValidator(sorted_unique), MORE] = WORDS


class WorkingTimeParams(Params):
    """The contract's working time, in the time zone where the worker was."""

    week: Annotated[Week, WITHIN] = Field(default_factory=lambda: Week.model_validate(_OFFICE_HOURS))
    absences: Annotated[Literal["deny"], FIXED] = "deny"


class LookbackParams(Params):
    """How far back material may reach."""

    max: Annotated[Length, SHORTER] = Duration.parse("P12M")
    before_notice: Annotated[Literal["deny", "allow"], DENY_FIRST] = "deny"


class ThirdPartyParams(Params):
    """Whose words may be taken."""

    author: Annotated[Literal["subject"], FIXED] = "subject"
    quotations: Annotated[Literal["strip"], FIXED] = "strip"
    min_own_chars: Annotated[int, Field(ge=1, le=100_000), LARGER] = 1


class SpecialCategoryParams(Params):
    """What happens to a record that touches health, belief, union membership and the like."""

    on_topic: Annotated[Literal["drop_record"], FIXED] = "drop_record"


class EmotionParams(Params):
    """What happens to sentences about feelings."""

    action: Annotated[Literal["drop_segment"], FIXED] = "drop_segment"


class ParticipantVetoParams(Params):
    """What a veto by anybody who took part does."""

    effect: Annotated[Literal["drop_thread"], FIXED] = "drop_thread"


class LabelParams(Params):
    """Which marks keep a record out."""

    deny: Annotated[Names, MORE] = ("customer_secret", "hr_case", "privileged", "whistleblowing")


class ExternalPartyParams(Params):
    """What happens to records in which somebody outside the organisation took part."""

    customers: Annotated[Literal["redact", "drop_record"], ranked("drop_record", "redact")] = "redact"
    minors: Annotated[Literal["drop_record"], FIXED] = "drop_record"


class VolumeParams(Params):
    """How many records one run may take."""

    max: Annotated[Count, SMALLER] = 5000


GATES: tuple[GateSpec, ...] = (
    GateSpec("record.source", True, SourceParams, "GDPR art. 5(1)(c)"),
    GateSpec("record.private_conversation", True, PrivateConversationParams, "Directive (EU) 2024/2831 art. 7(1)"),
    GateSpec("record.working_time", True, WorkingTimeParams, "Directive (EU) 2024/2831 art. 7(1)"),
    GateSpec("record.lookback", False, LookbackParams, "GDPR art. 5(1)(c), 5(1)(e)"),
    GateSpec("record.third_party", True, ThirdPartyParams, "GDPR art. 14, 15(4)"),
    GateSpec("record.special_category", True, SpecialCategoryParams, "GDPR art. 9; PIPL art. 28"),
    GateSpec("record.emotion", True, EmotionParams, "Directive (EU) 2024/2831 art. 7(1); AI Act art. 5(1)(f)"),
    GateSpec("record.participant_veto", True, ParticipantVetoParams, "GDPR art. 21"),
    GateSpec("record.label", False, LabelParams, "Directive (EU) 2019/1937 art. 16; Directive (EU) 2016/943"),
    GateSpec("record.external_party", True, ExternalPartyParams, "GDPR art. 14, recital 38"),
    GateSpec("record.volume", False, VolumeParams, "GDPR art. 5(1)(c)"),
)
