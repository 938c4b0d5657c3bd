"""Reading mail with spans, beside the standard library's mailbox and its modern mail policy; chat and commits."""

from __future__ import annotations

import email
import email.policy
import mailbox

from bench import sample
from bench.measure import Row, best
from govern.cli.demo import sample_workplace


def run() -> list[Row]:
    """Read the same mailbox three ways, then the other sources."""
    from extract.sources import open_source, read_all

    path = sample_workplace() / "mail" / "archive.mbox"
    mails = len(mailbox.mbox(str(path)))

    def standard() -> None:
        # What a reader would have to do at least: headers and decoded text, no spans.
        for message in mailbox.mbox(str(path)):
            for part in message.walk():
                part.get_payload(decode=True)
            [message[name] for name in ("From", "To", "Date", "Subject")]

    def modern() -> None:
        for message in mailbox.mbox(str(path)):
            parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
            body = parsed.get_body(("plain", "html"))
            if body is not None:
                body.get_content()
            [str(parsed[name]) for name in ("From", "To", "Date", "Subject")]

    rows = [
        Row("parsing", "mailbox, no spans", mails, "mails", best(standard)),
        Row("parsing", "mailbox with policy.default, no spans", mails, "mails", best(modern), "mailbox, no spans"),
    ]
    for kind, name in sample.PATHS.items():
        source = sample_workplace() / name
        seconds = best(lambda kind=kind, source=source: read_all([open_source(kind, source)]))  # type: ignore[misc]
        count = len(read_all([open_source(kind, source)]).records)  # type: ignore[arg-type]
        peer = "mailbox, no spans" if kind == "mail" else ""
        rows.append(Row("parsing", f"govern, {kind}", count, "records", seconds, peer))
    return rows
