"""The lines of IRC logs as irssi, WeeChat, ZNC, HexChat and public archives write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_STAMP = re.compile(
    r"\[?(?:(?P<date>\d{4}-\d\d-\d\d|[A-Z][a-z]{2} {1,2}\d{1,2})[T ])?"
    r"(?P<time>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,6})?)?) ?(?P<zone>Z|[+-]\d\d:?\d\d)?\]?(?P<gap>[ \t]+)"
)
_NICK = r"[^\s<>]{1,64}"
#: Some clients pad nicks to one width, on either side.
_SAID = re.compile(rf"<[ @+%&~!]{{0,24}}(?P<nick>{_NICK}) {{0,24}}>(?:\s(?P<text>.*))?\Z", re.DOTALL)
_ACTION = re.compile(rf"\*[ \t]+(?P<nick>{_NICK})(?:\s(?P<text>.*))?\Z", re.DOTALL)
_NOTICE = re.compile(rf"-(?P<nick>{_NICK})-\s(?P<text>.*)\Z", re.DOTALL)
#: HexChat writes what the server reports like an action.
_REPORT = re.compile(
    r"(?:\([^)]*\) )?has (?:joined|quit|left|parted|kicked|changed the topic)\b|is now known as |"
    r"(?:sets?|gives|removes) (?:mode|channel |ban)|(?:You|Now talking|Topic for|Disconnected) "
)
_SERVER = ("-!-", "***", "===", "-->", "<--", "---", "=!=", "-- ", "**** ", "Session ")
_MODES = " @+%&~!"
_LONG_DAY = re.compile(
    r"(?:--- (?:Log opened|Day changed)|\*{4} BEGIN LOGGING AT|Session Start:) \w{3} (\w{3}) {1,2}(\d{1,2}).*?(\d{4})"
)
_NAME_DAY = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d\d)\2(\d\d)(?!\d)")
#: Colours and other formats of mIRC.
_FORMATS = re.compile("\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]")
#: Lines of a log that somebody pasted, or that a program carries over from another network.
QUOTED = re.compile(rf"(?:\[?\d{{1,2}}:\d\d(?::\d\d)?\]?\s*)?<[ @+%&~!]?({_NICK})>\s")
_ADDRESSED = re.compile(rf"({_NICK}?)[:,](?:\s|\Z)")
#: Programs, by the custom of naming them so. Some people are called so too, and lose their words.
_PROGRAM = re.compile(r"(?:bot|serv)[\d_`|-]*\Z|(?:\A|[-_|\[])bot[-_|\]]", re.I)


class Line(NamedTuple):
    """One line.

    Attributes:
        what: `said`, `action`, `notice` or `server`.
        nick: Who, or "" for the server.
        text: What was said.
        day: The day that the line itself states, or None.
        clock: Time as written, or "".
        zone: Offset as written, or "".
    """

    what: str
    nick: str
    text: str
    day: date | None = None
    clock: str = ""
    zone: str = ""


def parse(line: str) -> Line | None:
    """Return what a line says, or None if it has no known form."""
    line = _FORMATS.sub("", line.rstrip("\r\n"))
    match = _STAMP.match(line)
    if match is None:
        return Line("server", "", line, day=_stated_day(line)) if line.startswith(_SERVER) else None
    day = None
    if match["date"] and match["date"][0].isdigit():
        try:
            day = date.fromisoformat(match["date"])
        except ValueError:
            return None
    rest = line[match.end() :]
    if "\t" in match["gap"]:
        rest = _weechat(rest)
    what, nick, text = _said(rest)
    return Line(what, nick, text, day, match["time"], match["zone"] or "") if what else None


def _weechat(rest: str) -> str:
    """Return the two columns of WeeChat in the form of the others."""
    head, tab, text = rest.partition("\t")
    if not tab:
        return rest
    who = head.strip()
    if who == "*":
        return f"* {text}"
    return f"{who} {text}" if not who or who in ("-->", "<--", "--", "=!=") else f"<{who.lstrip(_MODES)}> {text}"


def _said(rest: str) -> tuple[str, str, str]:
    rest = rest.lstrip()
    if match := _SAID.match(rest):
        return "said", match["nick"], match["text"] or ""
    if rest.startswith(_SERVER):
        return "server", "", rest
    if match := _ACTION.match(rest):
        text = match["text"] or ""
        return ("server", "", rest) if _REPORT.match(text) else ("action", match["nick"], text)
    if match := _NOTICE.match(rest):
        return "notice", match["nick"].partition("(")[0], match["text"]
    return "", "", ""


def _stated_day(line: str) -> date | None:
    match = _LONG_DAY.match(line)
    if match is None or match[1].lower() not in _MONTHS:
        return None
    try:
        return date(int(match[3]), _MONTHS.index(match[1].lower()) + 1, int(match[2]))
    except ValueError:
        return None


def day_of_name(name: str) -> date | None:
    """Return the day that the name of a file states as year, month, day."""
    for match in _NAME_DAY.finditer(name):
        try:
            return date(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:
            continue
    return None


def without_day(stem: str) -> str:
    """Return the name of a file without the day in it, or "" if nothing is left that names a place."""
    bare = _NAME_DAY.sub("", stem).strip(" ._-")
    return bare if re.search(r"[^\W\d_]", bare) else ""


def moment(day: date | None, clock: str, zone: str) -> datetime | None:
    """Return the UTC time of a line that states day, time and offset, or None."""
    if day is None or not zone:
        return None
    try:
        stamp = datetime.fromisoformat(f"{day.isoformat()}T{clock.replace(',', '.').rjust(5, '0')}{zone}")
        return stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def addressed(text: str) -> str:
    """Return the nick that a message starts with, as in `nick: hello`, or ""."""
    match = _ADDRESSED.match(text)
    return match[1] if match is not None else ""


def is_program(nick: str) -> bool:
    """Say whether a nick is one that programs have."""
    return _PROGRAM.search(nick) is not None
