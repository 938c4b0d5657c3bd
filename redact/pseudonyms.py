"""Tokens that stand for people, organisations and other values: keyed, consistent, and recognisable afterwards."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from redact import names
from redact.errors import PseudonymKeyError
from redact.finding import SEVERAL, Finding
from redact.folding import plain
from redact.wordlists import word_list

#: Placeholders of what has no identity worth keeping.
PLACEHOLDERS = {
    "PERSON": "[PERSON]",
    "EMAIL_ADDRESS": "[EMAIL]",
    "PHONE_NUMBER": "[PHONE]",
    "SECRET": "[SECRET]",
    "LOCATION": "[LOCATION]",
    "ADDRESS": "[ADDRESS]",
    "NRP": "[GROUP]",
    "IBAN_CODE": "[IBAN]",
    "CREDIT_CARD": "[CARD]",
    "IP_ADDRESS": "[IP]",
    "DATE_OF_BIRTH": "[BIRTH_DATE]",
}
_OTHER = "[ID]"

#: Every token that this module can write.
TOKEN = re.compile(
    r"PERSON_(?:X[0-9A-F]{8}|[0-9]{3,7})(?:_EMAIL|_HANDLE)?|ORG_[0-9A-F]{8}|\[DAY(?:[+-][0-9]{1,7})?\]|"
    + "|".join(re.escape(t) for t in (*PLACEHOLDERS.values(), _OTHER))
)

_COMPANY_FORMS = word_list("company_forms")


class Pseudonyms:
    """Gives the same token to the same person or organisation, and other tokens under another key.

    Known people are numbered by the order of HMAC-SHA256 over their canonical key, so that a number tells nothing of
    the people file's order. Anybody else gets `X` and the first 32 bits of that HMAC: four hex digits would collide at
    some 370 people.

    Args:
        key: 32 random bytes, one key per extraction.
        people: Canonical keys of the known people.
    """

    def __init__(self, key: bytes, people: Sequence[str]) -> None:
        if len(key) != 32:
            raise PseudonymKeyError(f"the pseudonym key has {len(key)} bytes", "It must be 32 random bytes.")
        self._key = key
        ordered = sorted(people, key=lambda p: self._mac("person", p))
        self._numbers = {p: f"PERSON_{n:03d}" for n, p in enumerate(ordered, 1)}

    def __repr__(self) -> str:
        """Return the size; no key, no value."""
        return f"Pseudonyms({len(self._numbers)} people)"

    def _mac(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest().upper()

    def person(self, key: str) -> str:
        """Return the token of the person with this canonical key."""
        return self._numbers.get(key) or f"PERSON_X{self._mac('person', key)[:8]}"

    def token(self, finding: Finding, surface: str) -> str:
        """Return what to write in place of a finding.

        Args:
            finding: What was found.
            surface: The text that it covers.
        """
        entity = finding.entity
        if finding.person == SEVERAL:
            return PLACEHOLDERS["PERSON"]
        if entity == "PERSON":
            return self.person(key_of(finding, surface))
        if entity == "EMAIL_ADDRESS":
            key = key_of(finding, surface)
            return f"{self.person(key)}_EMAIL" if key else PLACEHOLDERS[entity]
        if entity == "HANDLE":
            return f"{self.person(key_of(finding, surface))}_HANDLE"
        if entity == "ORGANIZATION":
            words = [w for w in re.findall(r"\w+", plain(surface)) if w not in _COMPANY_FORMS]
            return f"ORG_{self._mac('organisation', ' '.join(words) or plain(surface))[:8]}"
        return PLACEHOLDERS.get(entity, _OTHER)


def key_of(finding: Finding, surface: str) -> str:
    """Return the canonical key of the person meant by a finding, or "" for several and for a team or a machine.

    Args:
        finding: A person, an address or a handle.
        surface: The text that it covers.
    """
    if finding.person:
        return "" if finding.person == SEVERAL else finding.person
    if finding.entity == "EMAIL_ADDRESS":
        return _address_key(surface)
    if finding.entity == "HANDLE":
        return f"handle:{plain(surface.lstrip('@').strip())}"
    name = names.parse_name(re.sub(r"\s+", " ", surface))
    return name.canonical if name else f"name:{plain(surface)}"


def _address_key(surface: str) -> str:
    """Return the canonical key behind an unlisted address, or "" for several and for a team or a machine."""
    address = plain(re.sub(r"\s", "", surface))
    local = address.partition("@")[0]
    if "@" not in address or re.split(r"[._+-]", local)[0] in names.TEAM_WORDS:
        return ""
    name = names.name_of_local_part(local)
    return name.canonical if name else f"mailto:{address}"
