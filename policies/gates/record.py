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


class VolumeParams(Params):
    """How many records one run may take."""

    max: Annotated[Count, SMALLER] = 5000


GATES: tuple[GateSpec, ...] = (
    GateSpec(
        id="record.source",
        floor=True,
        params=SourceParams,
        worker="Only work mail, commits and open channels are read; your personal accounts are never read.",
        hr="A record from a source that is not on the list is left out; personal accounts and direct messages are left "
        "out whatever the policy says.",
        source="GDPR art. 5(1)(c)",
    ),
    GateSpec(
        id="record.private_conversation",
        floor=True,
        params=PrivateConversationParams,
        worker="Private messages, private folders, and anything with the works council, a union, a doctor, an ombuds "
        "office, a reporting line or a lawyer is left out.",
        hr="A record from a private place, or from one whose name points to a protected body, is left out; the lists "
        "can only grow.",
        source="Directive (EU) 2024/2831 art. 7(1)",
    ),
    GateSpec(
        id="record.working_time",
        floor=True,
        params=WorkingTimeParams,
        worker="What you wrote outside your working time, on leave or when you were ill is left out.",
        hr="A record outside the contract's working time in the worker's own time zone, or on a day of absence, is "
        "left out.",
        source="Directive (EU) 2024/2831 art. 7(1)",
    ),
    GateSpec(
        id="record.lookback",
        floor=False,
        params=LookbackParams,
        worker="Old messages are left out, and unless the policy says otherwise also all from before you were told.",
        hr="A record older than the limit is left out, and unless the policy says otherwise also one from before the "
        "notice.",
        source="GDPR art. 5(1)(c), 5(1)(e)",
    ),
    GateSpec(
        id="record.third_party",
        floor=True,
        params=ThirdPartyParams,
        worker="Only words that you wrote yourself are taken; what others wrote to you, or what you quote, is not.",
        hr="Only the subject's own words are taken; quotations are stripped, and a record whose author is not known is "
        "left out.",
        source="GDPR art. 14, 15(4)",
    ),
    GateSpec(
        id="record.special_category",
        floor=True,
        params=SpecialCategoryParams,
        worker="A message that touches health, a union, politics, religion, sex life or origin is left out as a whole.",
        hr="A record in which a special category of personal data was found is left out as a whole.",
        source="GDPR art. 9; PIPL art. 28",
    ),
    GateSpec(
        id="record.volume",
        floor=False,
        params=VolumeParams,
        worker="No more than this many of your messages are used in one run; which ones is drawn by a logged seed.",
        hr="Of the subject's records that the floor does not deny, at most this many are drawn by a logged seed; the "
        "rest are left out.",
        source="GDPR art. 5(1)(c)",
    ),
)
