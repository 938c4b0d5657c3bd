"""What a record is: the value that every reader yields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

SourceKind = Literal["mail", "commit", "chat", "document"]
ContainerKind = Literal[
    "public", "private", "dm", "group_dm", "list", "personal_folder", "mailbox", "repo", "document", "unknown"
]
#: Flags stand among the labels; no mail program or channel makes labels that start so.
FLAG_BOT = "flag:bot"
FLAG_MERGE = "flag:merge"
FLAG_REVERT = "flag:revert"
FLAG_SYSTEM = "flag:system"
FLAG_AUTOMATIC = "flag:automatic"
FLAG_COAUTHORED = "flag:coauthored"
FLAG_EXTERNAL = "flag:external"
#: Why a record is left out that ends whatever process works on it.
FAILURE = "processing_failure"

SpanKind = Literal["own", "quoted", "attribution", "forwarded", "signature", "footer", "patch", "log", "unknown"]


class TextSpan(NamedTuple):
    """A stretch of a record's text and who wrote it.

    Attributes:
        start: First character, in code points of `Record.text`.
        end: One past the last character.
        kind: What the stretch is. Only `own` is ever taken.
        owner: Author key of the person who wrote it, or "" where that is not known.
    """

    start: int
    end: int
    kind: SpanKind
    owner: str


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One mail, commit, message or document as a reader found it.

    Spans cover the whole of `text`, in order, without gaps or overlaps.

    Attributes:
        source_kind: Which family of reader made it.
        locator: Where it came from, relative to the path that was read: `inbox.mbox#17`, `<commit id>`,
            `general/2026-03-02.json#4`.
        raw_digest: SHA-256 of the raw unit, 64 hex digits.
        container: Mailbox, repository, channel or file name.
        container_kind: What kind of place that is; `unknown` is left out by the gates.
        author_key: Normalised address of the author: `mailto:a@b`, `slack:U123`, `name:...`, or "" if unknown.
        author_raw: The author as written in the source.
        author_basis: What says so: `header.from`, `git.author`, `slack.user`, `front_matter`, or `unknown`.
        recipients: Normalised addresses of everyone else who took part (To, Cc, channel members where listed).
        names_seen: Names and addresses as written in headers, attributions and trailers, for the identity directory.
        labels: Mail labels, folder names, channel topic and purpose; and flags, see `FLAG_BOT` and the others.
        sent_at: Aware UTC time, or None if it is missing or unreadable.
        tz_offset_min: The offset that the source itself states, in minutes, or None.
        tz_basis: `header`, `git`, `profile` or `unknown`. Unknown with an offset of 0 is a bare `+0000`, which a
            server writes as well as somebody in Lisbon.
        thread_id: Thread that it belongs to; never empty.
        parent_id: Message-ID, commit id or timestamp of the parent, or "".
        title: Subject line, first line of the commit, or document title; part of no span. The text of a commit is the
            whole message and so holds its first line once more.
        text: The decoded text, of which `spans` speak.
        spans: Who wrote which words.
        attachments: How many there were; none is ever read.
        parse_defects: Codes of what was wrong with the unit, for instance `date.unreadable`.
        dup_of: Locator of the copy that is kept, or "".
        authenticity: `A0` to `A4` or `F`.
        message_id: The unit's own id in its source: Message-ID, commit id, channel and timestamp; "" if it has none.
        references: Ids of earlier units that it refers to, oldest first; for threads.
    """

    source_kind: SourceKind
    locator: str
    raw_digest: str
    container: str
    container_kind: ContainerKind
    author_key: str
    author_raw: str
    author_basis: str
    recipients: tuple[str, ...]
    names_seen: tuple[str, ...]
    labels: tuple[str, ...]
    sent_at: datetime | None
    tz_offset_min: int | None
    tz_basis: str
    thread_id: str
    parent_id: str
    title: str
    text: str
    spans: tuple[TextSpan, ...]
    attachments: int = 0
    parse_defects: tuple[str, ...] = ()
    dup_of: str = ""
    authenticity: str = "A0"
    message_id: str = ""
    references: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the kind and the start of the raw digest: a record in a log or a traceback must not tell its words."""
        return f"Record({self.source_kind}, {self.raw_digest[:12]})"

    def own_text(self) -> str:
        """Return the author's own words: the `own` spans, joined by a blank line where something stood between."""
        return own_text(self.text, self.spans)


def of_defect(
    kind: SourceKind, locator: str, raw_digest: str, code: str, container: str = "", labels: tuple[str, ...] = ()
) -> Record:
    """Return the record of a unit of which nothing could be read: it keeps its place, and no gate can take it.

    Args:
        kind: Family of reader.
        locator: See `Record`.
        raw_digest: See `Record`.
        code: The one code of `parse_defects`.
        container: See `Record`.
        labels: See `Record`.
    """
    return Record(
        source_kind=kind,
        locator=locator,
        raw_digest=raw_digest,
        container=container,
        container_kind="unknown",
        author_key="",
        author_raw="",
        author_basis="unknown",
        recipients=(),
        names_seen=(),
        labels=labels,
        sent_at=None,
        tz_offset_min=None,
        tz_basis="unknown",
        thread_id=f"{kind}:{raw_digest}",
        parent_id="",
        title="",
        text="",
        spans=(),
        parse_defects=(code,),
    )


def own_text(text: str, spans: Sequence[TextSpan]) -> str:
    """Return the stretches of `text` that are marked `own`, each stripped, joined by a blank line."""
    return "\n\n".join(part for s in spans if s.kind == "own" and (part := text[s.start : s.end].strip()))
