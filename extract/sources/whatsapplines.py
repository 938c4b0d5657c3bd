"""The lines of a WhatsApp export: where a message starts, how its date is written, what no person typed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from extract.records import SpanKind

#: Direction marks that phones put around names and in front of what the program itself wrote.
MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
_STAMP = re.compile(
    r"(?P<open>\[)?(?P<a>\d{1,4})\s?[./\-年년]\s?(?P<b>\d{1,2})\s?[./\-月월]\s?(?P<c>\d{1,4})[.日일]?[,،]?\s+"
    r"(?:[^\W\d_]{1,8}\.?\s*)?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
    r"(?P<half>\s?[^\W\d_][^\]\[\d:\-–]{0,10}?)?\s?(?(open)\]|\s[-–]\s)\s?(?P<rest>.*)",
    re.DOTALL,
)
_SENDER = re.compile(r"(?P<sender>[^:\n]{1,160}?):(?:\s|\Z)(?P<text>.*)", re.DOTALL)
_PHONE = re.compile(r"\+?[\d\s().\-]{6,30}\Z")
#: A sentence such as: NAME changed the subject to "Plan: next".
_SENTENCE = re.compile('["“”„«»]')
#: Messages that somebody copied out of a chat and pasted into another: `[31/12, 23:59] NAME: text`.
_PASTED = re.compile(
    r"\s*\[?\d{1,4}[./\-]\s?\d{1,2}(?:[./\-]\s?\d{1,4})?[,.]{0,2}\s+\d{1,2}[:.]\d\d[^\]\n]{0,15}(?:\]|\s[-–]\s)\s?[^:\n]{1,80}:\s"
)
_PLACEHOLDER = re.compile(r"<[^<>\n]{3,80}>\s*\Z")
_ATTACHED = re.compile(r"\S[^\n]{0,200}\.\w{2,5} \([^()\n]{3,40}\)\s*\Z")
_ATTACHMENT = re.compile("\u200e<[^<>\n]{2,30}: ")
_LOCATION = re.compile(r"[^\W\d_]{2,20}: https://maps\.google\.com/\?q=")
_NOTE_AT_END = re.compile(r"[ \t](?=<[^<>\n]{6,80}>\s*\Z)")
_DELETED = re.compile(
    r"(?:(?:this message was|you) deleted(?: this message)?|diese nachricht wurde gelöscht|du hast diese nachricht "
    r"gelöscht|(?:vous avez supprimé ce message|ce message a été supprimé)|(?:se eliminó este mensaje|eliminaste este "
    r"mensaje|este mensaje fue eliminado)|(?:mensagem apagada|você apagou esta mensagem|esta mensagem foi apagada)|"
    r"(?:questo messaggio è stato eliminato|hai eliminato questo messaggio)|(?:dit bericht is verwijderd|je hebt dit "
    r"bericht verwijderd)|(?:bu mesaj silindi|bu mesajı sildiniz)|(?:данное сообщение удалено|вы удалили данное "
    r"сообщение)|(?:ta wiadomość została usunięta|usunięto tę wiadomość)|此消息已(?:被)?删除|您删除了(?:此|这条)消息|"
    r"null)\.?\s*\Z",
    re.I,
)
#: Messages that came late stand a little out of order; what steps back further was pasted.
_LATE = timedelta(hours=2)
#: Orders of the three numbers of a date.
ORDERS = ("dmy", "mdy", "ymd")


class Start(NamedTuple):
    """The first line of a message.

    Attributes:
        bracketed: The form of the stamp: `[date time]` or `date time -`.
        date: The three numbers of the date, as they stand.
        clock: Hour, minute, second, and 12 more for the second half of the day where the line says so in Latin letters.
        sender: Who sent it, or "" for a line of the program.
        text: The rest of the line, or of the message.
    """

    bracketed: bool
    date: tuple[int, int, int]
    clock: tuple[int, int, int]
    sender: str
    text: str


def start(line: str) -> Start | None:
    """Return what a line says if it starts a message."""
    match = _STAMP.match(line.lstrip("\u200e\u200f\ufeff"))
    if match is None:
        return None
    hour = int(match["hour"])
    half = (match["half"] or "").strip().casefold()
    if half.startswith("p") and hour < 12:
        hour += 12
    elif half.startswith("a") and hour == 12:
        hour = 0
    found = _SENDER.match(match["rest"])
    sender = " ".join(found["sender"].translate(MARKS).split()) if found is not None else ""
    if found is None or not sender or _SENTENCE.search(sender):
        sender, text = "", match["rest"]
    else:
        text = found["text"]
    date = (int(match["a"]), int(match["b"]), int(match["c"]))
    return Start(match["open"] is not None, date, (hour, int(match["minute"]), int(match["second"] or 0)), sender, text)


def moment(found: Start, order: str) -> datetime | None:
    """Return the local time of a message if the date is written in this order; None if it cannot be."""
    parts = dict(zip(order, found.date, strict=True))
    year = parts["y"] + 2000 if parts["y"] < 100 else parts["y"]
    try:
        # A wall clock without a zone: it is compared with others of the same file, and with nothing else.
        return datetime(year, parts["m"], parts["d"], *found.clock)  # noqa: DTZ001
    except ValueError:
        return None


class Sequence:
    """Tells whether messages come in the order of time, whatever the order of day and month."""

    def __init__(self, orders: tuple[str, ...] = ORDERS) -> None:
        self._last: dict[str, datetime | None] = dict.fromkeys(orders)
        self.faults = dict.fromkeys(orders, 0)

    def follows(self, found: Start) -> tuple[str, ...]:
        """Return the orders under which a message can follow the ones before; none if it steps back under all."""
        possible = []
        for order, last in self._last.items():
            here = moment(found, order)
            if here is None or (last is not None and here < last - _LATE):
                self.faults[order] += 1
            else:
                self._last[order] = here if last is None or here > last else last
                possible.append(order)
        return tuple(possible)

    def best(self) -> tuple[str, ...]:
        """Return the orders under which least was wrong; more than one where nothing proves which is meant."""
        least = min(self.faults.values())
        return tuple(order for order, faults in self.faults.items() if faults == least)


def phone(sender: str) -> str:
    """Return a telephone number in one form, or "" if the sender is a name."""
    return "+" * sender.startswith("+") + re.sub(r"\D", "", sender) if _PHONE.match(sender) else ""


def typed(text: str) -> tuple[str, list[SpanKind | None], bool, bool]:
    """Split what a person typed from what the program put beside it.

    Returns:
        The text, one note of the program per line; the kind of each line, None for typed words; whether something was
        attached; whether the message was deleted.
    """
    text = re.sub("(?<=[^\n])\u200e(?=[^\u200e\n])", "\n\u200e", _NOTE_AT_END.sub("\n", text))
    lines = text.split("\n")
    kinds: list[SpanKind | None] = [None] * len(lines)
    tests = (_PLACEHOLDER, _ATTACHED, _LOCATION)
    noted = lines[0].startswith("\u200e") or any(t.match(lines[0]) for t in tests)
    attached = noted or any(_ATTACHMENT.match(line) for line in lines)
    if _DELETED.match(text.translate(MARKS).strip()):
        return text, ["log"] * len(lines), False, True
    for i, line in enumerate(lines):
        if _PASTED.match(line.translate(MARKS)):
            kinds[i:] = ["quoted"] * (len(lines) - i)
            break
        if line.startswith("\u200e") or _PLACEHOLDER.match(line) or (i == 0 and noted):
            kinds[i] = "log"
    return text, kinds, attached, False
