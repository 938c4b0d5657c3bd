"""Cuts passages into sentences and drops, with a reason, what cannot stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extract.distil.claims import Passage
from extract.distil.settings import Settings


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a passage that may become, or support, a claim.

    Attributes:
        passage: The passage that it is from.
        start: First character, in code points of the passage.
        end: One past the last character.
        text: The stretch, with white space put to single blanks.
    """

    passage: Passage
    start: int
    end: int
    text: str

    @property
    def key(self) -> tuple[int, int]:
        """Record index and start: the order in which sentences are taken and ties are broken."""
        return (self.passage.record, self.start)


_FENCE = re.compile(r"^\s*(```|~~~)")
_BULLET = re.compile(r"^\s*(?:[-*+•–]|\(?\d{1,2}[.)]|[a-z]\))\s+")
_CODE_LINE = re.compile(
    r"^(?: {4,}|\t)\S|^\s*(?:\$ |>>> |\.\.\. |>|[|+]-|@@ |diff --git|index [0-9a-f]{7}|[+-]{3} [ab]/|"
    r"#!|</?\w+[ >]|\w+\(.*\)[;{]?$|import \w|from \w+ import|def \w+\(|class \w+[:(]|at \w+[.\w]+\()"
)
_TRAILER = re.compile(
    r"^\s*[A-Z][A-Za-z]*(?:-[A-Za-z]+)*-(?:by|for|to|from|cc|id|url):|^(?:cc|refs?|closes|fixes|see):? *#?\S+$", re.I
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:e\.?g|i\.?e|etc|vs|cf|approx|incl|excl|dr|mr|mrs|ms|prof|no|nr|fig|eq|sec|ch|"
    r"vol|p|pp|st|a\.k\.a|"
    r"resp|max|min|dept|inc|ltd|co|corp|jr|sr|[a-z])\.$",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_URL = re.compile(r"https?://\S+|www\.\S+")
_CODEISH = re.compile(r"[{}<>=;\\|$#@^~`]|\w\(\)|::|->|&&|[a-z]+_[a-z_]+|\w/\w+/|\.\w{2,4}\b(?=\W)")
_TICKET = re.compile(
    r"(?<![\w&])#\d+\b|\b(?:refs?|closes|fixes|resolves|ticket|issue|bug)[ :]+#?\d+\b|\b[A-Z]{2,10}-\d+\b", re.I
)
_SCOPE = re.compile(r"^[\w./*()-]+(?:, ?[\w./*()-]+)*: (?=[a-z\"'`])")
#: What was done, or is done by this commit, rather than what one should do.
#: "To avoid the crash." leans on a sentence that is not there; with a comma one follows.
_PURPOSE = re.compile(r"^(?:in order )?to [a-z]+\b[^,;]*$", re.IGNORECASE)
#: What a commit did, told from outside of it.
_THIS_CHANGE = re.compile(r"\bth(?:is|e present) (?:patch|commit|change|pr|pull request)\b", re.IGNORECASE)
#: Notes without a verb of their own, as commit messages have them: "Saving 30 seconds per job.", "Seen with gcc 14."
_VERBLESS = re.compile(r"^(?:[a-z]+ing|by [a-z]+ing|seen|costs?|likely)\b", re.IGNORECASE)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|must|should|shall|can|could|may|might|will|would|needs?|makes?|means?)\b",
    re.IGNORECASE,
)
_REPORT = re.compile(
    r"^(?:also |now |this |it |temporarily |properly |slightly )*(?:\w{2,}ed|made|ran|did|wrote|got|took|"
    r"(?:add|fix|remov|updat|renam|refactor|mov|extract|bump|implement|support|replac|chang|introduc|creat|document|expos|"
    r"show|allow|populat|restor|revert|rewrit|simplif|improv|convert|enabl|disabl|tweak|merg|extend|includ|return|handl|"
    r"mak|drop|delet|switch|cover|clarif|correct|adjust|adapt|amend|mention|display|provid|work|build|split|turn|start|"
    r"increas|decreas|reduc|speed)(?:e|es|s|ies|y|ing|ping)?)\b",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"(?<!\w)@\w|^\w+_\d+, ")
_INVERTED = re.compile(
    r"^(?:should|shall|is|are|can|could|does|did|would|will|was|were|has|do (?:you|we|they|i))\s+(?!not\b|be\b)", re.I
)
#: Function words of English, and of its neighbours where they are not English too.
_ENGLISH = _listed(
    "the a an to of and or is are be in on at for with by from it its not no we you i he they if when this that these "
    "as but so do does don't should must can will would have has all any every never always before after until first"
)
_FOREIGN = _listed(
    "der die das und ich nicht ist ein eine wir sie es den dem des mit auf für von zu im sind wird auch bei nach wenn "
    "le la les et est pas que une un des du nous vous je il elle pour dans sur avec qui ce ne plus el los las y en es "
    "por con para una del se su de het een niet dat wij van voor met og det ikke som jeg til på av är och att inte"
)
_SECRET = re.compile(r"\[SECRET[^\]]*\]|<SECRET[^>]*>")
_EVALUATIVE_IT = re.compile(
    r"^it(?:'s| is| was|'ll be| would be| may be| might be)\s+(?:\w+\s+)?(?:better|best|safer|easier|"
    r"cleaner|simpler|cheaper|"
    r"faster|important|essential|worth|fine|ok|okay|wise|good|bad|necessary|mandatory|forbidden|crucial|useful|helpful|"
    r"possible|impossible|enough|common|customary|recommended|usually|generally|always|never)\b|^it (?:always |often )?"
    r"(?:helps|pays|depends on|takes|makes sense)\b",
    re.IGNORECASE,
)
_DEICTIC = re.compile(
    r"^(?:(?:and|but|so|or|then|also|yes|no|well|ok|okay|oh|hm+|however|because|which|who|whose|than|"
    r"therefore|thus|hence|"
    r"as such|as above|as below|same|ditto|here|there it|likewise|otherwise),?\s+)*"
    r"(?:this|that|these|those|it|its|it's|that's|they|they're|them|he|she|his|her|hers|their|theirs|he's|she's|him|"
    r"there's|here|here's|the (?:above|below|former|latter|following|attached|same|rest)|same|ditto|"
    r"above|below|which|such|neither|both of|"
    r"as (?:you|i|we|they|above|below|mentioned|discussed|noted|before|described))\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^(?:for (?:example|instance)|e\.g\.|i\.e\.|in (?:that|this|which|such|either) (?:case|way|sense|context)|"
    r"at this point|secondly|thirdly|plus|another|the other|the (?:first|second|third|last|latter) (?:is|was|one|of)|"
    r"there (?:we|you|i)\b|(?:(?:yes|no|well|right|ok|sure),? )?i (?:dis)?agree|if (?:so|not)\b|\(|\[|"
    r"(?:if|when|once|since|because|unless) (?:it|that|this|they|he|she)\b|"
    r"in other words|one of (?:these|those|them)|that said|having said that|don'?t (?:get|take) me wrong)",
    re.IGNORECASE,
)
_TAIL_DEICTIC = re.compile(
    r"\b(?:this one|that one|these ones|those ones|see (?:above|below|attached)|mentioned above|as above|"
    r"your (?:last |previous )?(?:mail|e-?mail|message|question|patch|comment|suggestion)|"
    r"\d{1,2}(?:st|nd|rd|th)? (?:of )?(?:jan|feb|march|april|may|june|july|august|sept?|oct|nov|dec)(?:[a-z]*)?|"
    r"(?:january|february|april|june|july|august|september|october|november|december) \d{1,2}|"
    r"yesterday|today|tomorrow|tonight|this (?:morning|afternoon|evening|week|month|year|time)|"
    r"last (?:week|month|year|night|time|monday|tuesday|wednesday|thursday|friday)|"
    r"next (?:week|month|year|monday|tuesday|wednesday|thursday|friday)|right now|just now|"
    r"a minute ago|at the moment)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\bthank(?:s| you)\b(?!\s+to\b)", re.IGNORECASE)
#: A greeting that is followed by as many words as this says something after all.
_GREETED_WORDS = 12
_COURTESY = re.compile(
    r"^(?:hi|hello|hey|dear|thanks?|thank you|thx|cheers|regards|best regards|kind regards|best wishes|sincerely|sorry|"
    r"congrat\w*|welcome|good (?:morning|afternoon|evening|luck)|please find|please let me know|"
    r"let me know|looking forward|"
    r"hope (?:this|that|you)|i hope|have a (?:good|nice|great)|happy to|feel free|happy (?:birthday|"
    r"new)|see you|talk to you|"
    r"happy (?:christmas|holidays))\b",
    re.IGNORECASE,
)


def cut(passage: Passage, settings: Settings) -> Iterator[tuple[Sentence, str]]:
    """Yield every stretch of a passage with the reason why it is dropped, or "" if it stays.

    Reasons: `code`, `trailer`, `fragment`, `too_long`, `question`, `courtesy`, `deictic`, `dated`, `case`, `language`,
    `boilerplate`, `secret`.
    """
    for start, end, forced in _blocks(passage.text):
        if forced:
            yield _sentence(passage, start, end), forced
            continue
        for left, right in _split(passage.text, start, end, passage.source_kind):
            sentence = _sentence(passage, left, right)
            yield sentence, _reason(sentence.text, passage.source_kind, settings)


def _sentence(passage: Passage, start: int, end: int) -> Sentence:
    return Sentence(passage, start, end, " ".join(passage.text[start:end].split()))


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield runs of lines: prose without a reason, code and trailers with theirs."""
    fenced = False
    run: list[tuple[int, int, str, str]] = []  # start, end, reason, line
    position = 0
    for raw in text.splitlines(keepends=True):
        start, line = position, raw.rstrip("\r\n")
        position += len(raw)
        end = start + len(line)
        if _FENCE.match(line):
            reason, fenced = "code", not fenced
        elif fenced:
            reason = "code"
        elif not line.strip():
            yield from _flush(run)
            run = []
            continue
        elif _TRAILER.match(line):
            reason = "trailer"
        elif _CODE_LINE.match(line) and not _BULLET.match(line):
            reason = "code"
        else:
            reason = ""
        if run and (run[-1][2] != reason or (not reason and _breaks(run[-1][3], line))):
            yield from _flush(run)
            run = []
        if not reason and (bullet := _BULLET.match(line)):
            start += bullet.end()
        run.append((start, end, reason, line))
    yield from _flush(run)


def _flush(run: list[tuple[int, int, str, str]]) -> Iterator[tuple[int, int, str]]:
    if run and run[-1][1] > run[0][0]:
        yield run[0][0], run[-1][1], run[0][2]


def _breaks(before: str, line: str) -> bool:
    """Say whether a new line starts a new paragraph: a bullet, or a capital after a line that was cut short by hand."""
    if _BULLET.match(line):
        return True
    return len(before) < 50 and line[:1].isupper() and not before.rstrip().endswith((",", ";", "-", "("))


def _split(text: str, start: int, end: int, passage_kind: str) -> Iterator[tuple[int, int]]:
    left = start
    for stop in _STOP.finditer(text, start, end):
        right = stop.end()
        following = text[right:end].lstrip()[:1]
        if stop.group().startswith(".") and _ABBREVIATION.search(text[left : stop.start() + 1]):
            continue
        if following.islower() and passage_kind != "chat":
            continue
        if following and not (following.isupper() or following in "\"'(“‘[*-0123456789") and stop.group() != ".":
            if stop.group()[0] in ".…":
                continue
        elif following and following.isdigit() and text[stop.start() - 1 : stop.start()].isdigit():
            continue
        yield from _trimmed(text, left, right)
        left = right
    yield from _trimmed(text, left, end)


def _trimmed(text: str, left: int, right: int) -> Iterator[tuple[int, int]]:
    while left < right and text[left].isspace():
        left += 1
    while right > left and text[right - 1].isspace():
        right -= 1
    if right > left:
        yield left, right


def _reason(text: str, source_kind: str, settings: Settings) -> str:
    plain = text.replace("’", "'")
    parts = plain.split()
    if sum(c.isupper() for c in plain) * 2 > sum(c.isalpha() for c in plain) and len(parts) > 5:
        return "boilerplate"
    if _SECRET.search(plain):
        return "secret"
    if len(parts) > settings.max_words:
        return "too_long"
    prose = _URL.sub(" ", plain)
    if len(_WORD.findall(prose)) < settings.min_words - 1 or len(prose.split()) < settings.min_words:
        return "fragment"
    if plain.rstrip("\"')]”").endswith("?") or _INVERTED.match(plain):
        return "question"
    if plain.endswith(":") or plain.rstrip(".").endswith(("…", "..")) or _PURPOSE.match(plain):
        return "fragment"
    plain_words = {w.strip(".,;:!()\"'").casefold() for w in parts}
    if len(plain_words & _FOREIGN) > len(plain_words & _ENGLISH):
        return "language"
    if len(_CODEISH.findall(prose)) * 5 > len(parts):
        return "code"
    if (greeting := _COURTESY.match(plain)) and len(plain[greeting.end() :].split()) < _GREETED_WORDS:
        return "courtesy"
    if _THANKS.search(plain) or _ADDRESSED.search(plain):
        return "courtesy"
    if _CONTINUES.match(plain) or (_DEICTIC.match(plain) and not _EVALUATIVE_IT.match(plain)):
        return "deictic"
    if _TAIL_DEICTIC.search(plain):
        return "dated"
    if _TICKET.search(plain):
        return "case"
    if source_kind == "commit":
        if _SCOPE.match(plain) or _REPORT.match(plain) or _THIS_CHANGE.search(plain):
            return "case"
        if _VERBLESS.match(plain) and not _FINITE.search(plain):
            return "fragment"
    return ""
