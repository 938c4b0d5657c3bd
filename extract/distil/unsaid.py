"""Counts sentences that point to knowledge which no rule holds: five kinds, found by turns of phrase, never shown.

The kinds are those that people who study expertise name most often. A phrase is a sign, no proof: the count says how
often somebody hinted at such a thing in what was read, so that a reader knows that it exists and whom to ask. English
and German; what is said in other languages, or not said at all, is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ENGLISH = {
    "intuition": (
        r"gut feeling|my gut|hunch|instinct(?:s|ively)?|something(?:'s| is| feels| looks) (?:off|wrong|fishy)|"
        r"(?:feels?|felt|smells?|looks?) (?:off|wrong|fishy|risky|brittle|odd)|don'?t trust (?:it|this|that|the)|"
        r"bad feeling|can'?t (?:quite )?(?:say why|put my finger)|even (?:if|though) (?:the )?"
        r"(?:numbers?|data|metrics?|tests?|rules?|docs?|guidelines?) (?:say|says|pass|passes|show|shows)|"
        r"(?:against|bend|break|bypass) (?:the|our|that) (?:rules?|policy|guidelines?)"
    ),
    "empathy": (
        r"take your time|no pressure|sorry to hear|go easy on|be (?:kind|gentle|patient)|hang in there|"
        r"(?:must|can) be (?:hard|tough|frustrating|scary|stressful)|how are you (?:holding|doing|feeling)|"
        r"give (?:him|her|them|people|the team) (?:some |a little )?(?:time|space|room)|"
        r"(?:they|he|she)(?:'re| are|'s| is) (?:new|nervous|upset|overloaded|under pressure|having a hard)|"
        r"don'?t blame|feel(?:s|ing)? (?:left out|ignored|overwhelmed)"
    ),
    "doubt": (
        r"not (?:so |entirely |quite |really )?sure|unsure|(?:i'?m|am) not certain|maybe|perhaps|i wonder|i guess|"
        r"i suspect|hard to say|on the fence|no idea|could be wrong|may be wrong|not convinced|in doubt"
    ),
    "delay": (
        r"sleep on it|hold off|(?:let'?s|let us|better|i'?d|rather) (?:\w+ )?wait|"
        r"wait (?:and see|until|till|a (?:day|week|bit))|"
        r"too (?:early|soon) to|no (?:rush|hurry)|leave it (?:for now|alone|until)|for the time being|"
        r"let (?:it|that|this) (?:sit|rest|settle)|give it (?:a|some|another) (?:day|days|week|time|night)|"
        r"park (?:it|this|that)|on purpose (?:slow|late)|deliberately (?:slow|late|wait)"
    ),
    "failure": (
        r"lessons? learn(?:ed|t)|learned (?:it |that )?the hard way|the hard way|never again|post-?mortems?|"
        r"(?:got|been|was|were) (?:burned|burnt|bitten)|bit us|(?:after|since|because of) (?:the|that|our) "
        r"(?:\w+ )?(?:outage|incident|disaster|data loss|breach|mess|accident|failure)|"
        r"(?:i|we) (?:broke (?:prod|production|everything|it all)|took (?:\w+ )?down|messed up|screwed up)|"
        r"(?:my|our) (?:mistake|fault)|cost us|"
        r"that'?s why we (?:never|always|now)"
    ),
}
_GERMAN = {
    "intuition": r"bauchgefühl|irgend(?:etwas|was) stimmt (?:da )?nicht|(?:fühlt|hört) sich falsch an|riecht nach|"
    r"ungutes gefühl|weiß nicht,? warum|gegen die regel",
    "empathy": r"lass(?:t)? (?:ihm|ihr|ihnen|dir|euch) zeit|kein druck|tut mir leid für|hab(?:t)? geduld|"
    r"nimm dir (?:die )?zeit|ist (?:noch )?neu (?:im|hier)|unter druck",
    "doubt": r"nicht (?:ganz |so )?sicher|vielleicht|womöglich|frage mich|schwer zu sagen|bin unsicher|im zweifel|"
    r"nicht überzeugt",
    "delay": r"(?:drüber|darüber) schlafen|abwarten|lieber (?:noch )?warten|zu früh|keine eile|vorerst|"
    r"liegen ?lassen|erst ?mal",
    "failure": r"lehre (?:daraus|gezogen)|nie wieder|(?:seit|nach|wegen) (?:dem|der|diesem) (?:ausfall|vorfall|panne|"
    r"datenverlust|unfall)|(?:mein|unser) fehler|schiefgegangen|hat uns .{0,20} gekostet",
}
_KINDS = {kind: re.compile(rf"\b(?:{english}|{_GERMAN[kind]})\b", re.IGNORECASE) for kind, english in _ENGLISH.items()}
#: The kinds, in the order in which they are told.
KINDS: tuple[str, ...] = tuple(_KINDS)


def kinds(text: str) -> list[str]:
    """Return the kinds to which a sentence points; often none, sometimes several."""
    plain = text.replace("’", "'")
    return [kind for kind, pattern in _KINDS.items() if pattern.search(plain)]


def count(sentences: Iterable[str], suffix: str) -> dict[str, int]:
    """Return how many sentences point to each kind, by `unsaid_KIND_SUFFIX`; every kind is there.

    Args:
        sentences: One text each.
        suffix: `seen` for what was read, `kept` for what the claims say.
    """
    counts = dict.fromkeys(KINDS, 0)
    for sentence in sentences:
        for kind in kinds(sentence):
            counts[kind] += 1
    return {f"unsaid_{kind}_{suffix}": n for kind, n in counts.items()}
