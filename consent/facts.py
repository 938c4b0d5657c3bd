"""The facts that record gates decide over: one row per record, no text, declared in one place."""

from __future__ import annotations

from typing import NamedTuple


class Fact(NamedTuple):
    """One column of the frame of facts. A missing value (NA, NaT, None) is unknown, and unknown denies."""

    name: str
    dtype: str
    meaning: str


FACTS: tuple[Fact, ...] = (
    Fact(
        "source",
        "str",
        "mail.work, mail.personal, vcs.commit, chat.public_channel, chat.private_channel, chat.direct, document.file",
    ),
    Fact("container_kind", "str", "public, private, dm, group_dm, list, personal_folder, mailbox, repo, document"),
    Fact("places", "object", "tuple of lower-case names that say where: channel, folder, labels, list addresses"),
    Fact("participants", "Int32", "number of people who took part, the author included"),
    Fact("author", "str", "`subject`, `other`, or NA where the author is not known"),
    Fact("own_chars", "Int32", "characters of the subject's own words"),
    Fact("foreign_chars", "Int32", "characters written by others: quoted, forwarded"),
    Fact("unknown_chars", "Int32", "characters whose author is not known; never taken"),
    Fact("sent_at", "datetime64[us, UTC]", "time of writing"),
    Fact("local_minute", "Int32", "minutes since midnight where the subject was"),
    Fact("local_weekday", "Int32", "0 Monday to 6 Sunday, where the subject was"),
    Fact("local_date", "str", "ISO date where the subject was"),
    Fact("absence", "boolean", "True on a day of leave or sickness of the people file"),
    Fact("special_category", "object", "tuple of GDPR art. 9 topics that the text touches; empty tuple if none"),
    Fact(
        "markings",
        "object",
        "tuple of what the record is marked as: privileged, whistleblowing, hr_case, customer_secret",
    ),
    Fact("external", "boolean", "True where somebody outside the organisation took part: a customer, a supplier"),
    Fact("minor", "boolean", "True where a minor took part, or the text speaks of one as a party"),
    Fact("emotion_chars", "Int32", "characters of the subject's own words in sentences about feelings; never taken"),
    Fact("vetoed", "boolean", "True where anybody who took part in the thread vetoed the use of it"),
    Fact("duplicate_of", "Int64", "row of the copy that is kept; the row itself where it has no other copy"),
)
