"""How personal names are written: parts, spellings, nicknames, and which words are no names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from redact.folding import plain

_TITLES = frozenset("mr mrs ms miss dr prof professor sir herr frau ing dipl mag".split())
_SUFFIXES = frozenset("jr sr ii iii iv phd md esq msc bsc mba cpa".split())
_PARTICLES = frozenset("van von der den de del della di da dos du la le el al bin ibn ter ten zu zur".split())
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_ADDRESS = re.compile(r"[\w.+%'=-]+@[\w-]+(?:\.[\w-]+)*")

#: Words of display names that belong to teams, roles and machines: such a name is nobody's.
TEAM_WORDS = frozenset(
    "admin administrator all alert alerts announce api automation backup billing bot bots build builds bugzilla ci "
    "contact cron customer daemon deploy dev devel development devops digest discuss events everyone feedback finance "
    "github gitlab group hello help helpdesk hr info infra it jenkins jira legal list lists mailer mailinglist mailman "
    "maintainers marketing master moderator monitor monitoring news newsletter no-reply nobody noreply notification "
    "notifications office operations ops orders owner payments postmaster press privacy product project projects qa "
    "recipients recruiting releases reply request root sales security server service services slack staff status "
    "subscribe support system team teams tech test testing undisclosed unsubscribe user users webmaster workspace".split()
)

#: Names that are ordinary words, months or days as well: they count as names only where the place says so.
AMBIGUOUS = frozenset(
    "abbey amber angel april archer art asia aurora autumn baker banks barb bass bell berg bill birch bird bishop "
    "black blue bond branch brandy brook brooks brown buck bush cam carol case chance chase chip christian chuck "
    "church clay cliff cole cook cooper crystal dale dawn day dean destiny dick dieter don dot drew duke earl eve "
    "faith field fields finn fisher ford forest fox frank gale gene ginger glen good grace grant gray green guy hall "
    "harmony hazel heath herb hill holiday holly hope hunt hunter iris ivy jack jay jet john jordan joy june "
    "justice key king knight lake lance lane lee lily long major march marina mark mason max may mercy miles "
    "mill miller monday moon moss nick noble norm olive page paige park parks pat patience pearl peg penny pepper "
    "peter pierce piper pool porter price prince queen rain ray red reed rich river rob robin rock rod rose rowan "
    "ruby rush rusty sandy sage scout sharp shell short sky skip small smart smith star sterling stone storm "
    "sue summer sunny sunday taylor temple terry tiger trace tuck turner van victor violet wade walker wall ward "
    "warren weber wells west white will winter wolf wood woods young friday case code data guide hook kit link log "
    "mac matt max mode node pack patch pipe port rust scala sig stack swift task trip type ware win".split()
) - {"matt", "peter", "john", "dieter", "rob", "nick", "finn", "smith", "weber", "taylor", "walker", "turner", "jordan"}

#: Month and day names: a capital letter alone does not make them a person.
CALENDAR = frozenset(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec "
    "mon tue tues wed thu thur fri sat sun".split()
)

_NICKNAMES = {
    "abby": "abigail", "al": "albert", "alex": "alexander", "andy": "andrew", "barb": "barbara", "ben": "benjamin",
    "beth": "elizabeth", "bill": "william", "bob": "robert", "bobby": "robert", "brad": "bradley", "charlie": "charles",
    "chris": "christopher", "chuck": "charles", "cindy": "cynthia", "dan": "daniel", "danny": "daniel", "dave": "david",
    "deb": "deborah", "debbie": "deborah", "dick": "richard", "don": "donald", "doug": "douglas", "ed": "edward",
    "fred": "frederick", "fritz": "friedrich", "greg": "gregory", "hans": "johannes", "jack": "john", "jake": "jacob",
    "jeff": "jeffrey", "jen": "jennifer", "jenny": "jennifer", "jerry": "gerald", "jim": "james", "jimmy": "james",
    "joe": "joseph", "johnny": "john", "jon": "jonathan", "josh": "joshua", "judy": "judith", "kate": "katherine",
    "kathy": "katherine", "ken": "kenneth", "larry": "lawrence", "liz": "elizabeth", "matt": "matthew",
    "max": "maximilian", "meg": "margaret", "mike": "michael", "mick": "michael", "nate": "nathan", "nick": "nicholas",
    "pam": "pamela", "pat": "patricia", "pete": "peter", "phil": "philip", "ray": "raymond", "rich": "richard",
    "rick": "richard", "rob": "robert", "ron": "ronald", "sam": "samuel", "sepp": "josef", "stan": "stanley",
    "steve": "steven", "sue": "susan", "susie": "susan", "ted": "edward", "terri": "teresa", "tim": "timothy",
    "tom": "thomas", "tony": "anthony", "uli": "ulrich", "vicky": "victoria", "will": "william", "zach": "zachary",
}  # fmt: skip
_SHORT_FORMS: dict[str, list[str]] = {}
for _short, _long in _NICKNAMES.items():
    _SHORT_FORMS.setdefault(_long, []).append(_short)


@dataclass(frozen=True, slots=True)
class Name:
    """A personal name in parts, folded: no accents, lower case.

    Attributes:
        first: Given name.
        middle: Middle names or initials.
        last: Family name with its particles, or "" where only one name is known.
    """

    first: str = field(repr=False)
    middle: tuple[str, ...] = field(repr=False)
    last: str = field(repr=False)

    @property
    def canonical(self) -> str:
        """The same for every spelling of one person's name: given name in full form, family name."""
        first = _NICKNAMES.get(self.first, self.first)
        return f"name:{first} {self.last}".rstrip()


def parse_name(written: str) -> Name | None:
    """Return the parts of a personal name, or None where the words name no person.

    `Holt, Maren`, `Dr. Maren J. Holt (Payments)` and `"maren holt"` are all understood.
    """
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]|<[^>]*>", " ", written).strip(" \t\n'\"`,;")
    if "@" in text or not text:
        return None
    family, comma, given = text.partition(",")
    if comma and plain(given).strip(" .") not in _SUFFIXES:
        text = f"{given} {family}"
    words = [w.strip(".'’-") for w in _WORD.findall(plain(text))]
    words = [w for w in words if w and w not in _TITLES and w not in _SUFFIXES]
    if not 1 <= len(words) <= 6 or any(w in TEAM_WORDS for w in words):
        return None
    if len(words) == 1:
        return Name(words[0], (), "")
    cut = len(words) - 1
    while cut > 1 and words[cut - 1] in _PARTICLES:
        cut -= 1
    return Name(words[0], tuple(words[1:cut]), " ".join(words[cut:]))


def name_of_local_part(local: str) -> Name | None:
    """Return the name that an address's local part spells, as in `maren.holt`, or None."""
    words = [w for w in re.split(r"[._-]", plain(local)) if w]
    if not 2 <= len(words) <= 3 or any(not w.isalpha() or w in TEAM_WORDS for w in words):
        return None
    if len(words[-1]) < 2 or len(words[0]) < 2:
        return None
    return Name(words[0], tuple(words[1:-1]), words[-1])


def split_address(seen: str) -> tuple[str, str]:
    """Return display name and address of a header entry such as `"Holt, Maren" <maren.holt@example.com>`."""
    m = _ADDRESS.search(seen)
    if m is None:
        return seen.strip().strip("\"'"), ""
    rest = (seen[: m.start()] + " " + seen[m.end() :]).replace("mailto:", " ").strip(" <>()[]\"',;\t")
    return rest, m.group().lower()


def spellings(name: Name) -> Iterator[str]:
    """Yield the ways in which a full name is written, most telling first; nothing for a single name."""
    if not name.last:
        return
    firsts = [name.first, *_SHORT_FORMS.get(name.first, ())]
    if name.first in _NICKNAMES:
        firsts.append(_NICKNAMES[name.first])
    last = name.last
    for f in firsts:
        yield f"{f} {last}"
        yield f"{last}, {f}"
        yield f"{last} {f}"
        for joint in (".", "_", "-", ""):
            yield f"{f}{joint}{last.replace(' ', '')}"
    for m in (name.middle, tuple(x[0] for x in name.middle), tuple(x[0] + "." for x in name.middle)):
        if m:
            yield f"{name.first} {' '.join(m)} {last}"
            yield f"{last}, {name.first} {' '.join(m)}"
            yield f"{name.first}.{'.'.join(m).replace('..', '.').strip('.')}.{last.replace(' ', '')}"
    i = name.first[0]
    yield f"{i}. {last}"
    yield f"{i}.{last}"
    yield f"{last}, {i}."
    yield f"{name.first} {last[0]}."


def logins(name: Name) -> Iterator[str]:
    """Yield the user names that are usually made from a full name: `mholt`, `marenh`."""
    last = name.last.replace(" ", "")
    if len(last) >= 3:
        yield name.first[0] + last
        if name.middle:
            yield name.first[0] + name.middle[0][0] + last
    if last and len(name.first) >= 4:
        yield name.first + last[0]


def short_forms(first: str) -> list[str]:
    """Return a given name and its nicknames, or the full form of a nickname."""
    return [first, *_SHORT_FORMS.get(first, ()), *([_NICKNAMES[first]] if first in _NICKNAMES else [])]
