"""Mail without end in which no line and hardly a word comes twice: what makes a program that remembers words grow."""

from __future__ import annotations

_ONSETS = ("b", "br", "d", "dr", "f", "g", "gr", "h", "k", "kl", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "v")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ei", "au")
_CODAS = ("n", "r", "l", "s", "m", "nd", "rt", "ck")
_SYLLABLES = tuple(o + v for o in _ONSETS for v in _VOWELS)
#: {a}, {b}: words never seen before; {first}, {last}: a person never seen before; {n}: the number of the line.
_LINES = (
    "Hi {first},",
    "the {a} of the {b} was ready for review in build {n}, and nobody has looked at it since.",
    "Could you ask {first} {last} whether {a} is still needed? I think {b} does the same.",
    "> On Monday {first} {last} wrote that the {a} fails when {b} is empty.",
    "We agreed to move the {a} behind the {b} before the next release (see ticket {n}).",
    "{a}_{b} = load({n})  # takes twice as long as before",
    "Please send the minutes to {first_low}.{last_low}@{a}.example and call +44 20 7946 {four} if it is urgent.",
    "I have not heard from {first} about {a}; the {b} report of week {week} is missing too.",
    "The numbers for {a} are {n}, which is a little more than what {b} had.",
    "{first} {last}, {last} & {a_cap} Ltd, was on the call as well.",
    "- {a}: done, {b}: open",
    "Best regards, {first} {last} ({n})",
)
#: Lines of one mail.
LENGTH = 20


def line(i: int) -> str:
    """Return the line of number `i`, from 0: always the same, and the same as no other."""
    first, last = _word(4 * i).capitalize(), _word(4 * i + 1).capitalize()
    a, b = _word(4 * i + 2), _word(4 * i + 3)
    return _LINES[i % len(_LINES)].format(
        first=first, last=last, first_low=first.lower(), last_low=last.lower(), a=a, b=b, a_cap=a.capitalize(), n=i,
        week=i % 52 + 1, four=f"{i % 10_000:04d}",
    )  # fmt: skip


def mails(first: int, last: int) -> list[str]:
    """Return the lines from number `first` to before number `last`, as mails."""
    return ["\n".join(map(line, range(at, min(at + LENGTH, last)))) for at in range(first, last, LENGTH)]


def _word(i: int) -> str:
    """Return the word of number `i`: syllables are its digits, so that no two numbers have one word."""
    # Neighbours would look alike; the factor is prime to the number of words, so that none comes twice.
    i = i * 1_000_003 % (len(_CODAS) * len(_SYLLABLES) ** 3)
    i, last = divmod(i, len(_CODAS))
    digits = []
    for _ in range(3):
        i, digit = divmod(i, len(_SYLLABLES))
        digits.append(_SYLLABLES[digit])
    return "".join(digits) + _CODAS[last]
