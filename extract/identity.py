"""The people file: loads it strictly, and resolves person keys to pseudonymous ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from extract import employment, strictyaml
from extract.drafting import draft
from extract.employment import Absence, Employment
from extract.errors import PeopleFileError
from extract.fields import countries, day, fail, language, mapping, string, strings, truth
from extract.personkeys import SERVICES, author_line_key, mail_key, name_key, slack_key, stated_account_key

__all__ = ["Absence", "Employment", "Identities", "Person", "draft", "load", "parse"]

_SIZE_LIMIT = 4 * 1024**2
_PID = re.compile(r"p-[a-z2-9]{8,32}\Z")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+\Z")
_SLACK_ID = re.compile(r"[UWB][A-Z0-9]{2,30}\Z")
_KEY_LIMIT = 64 * 1024
_SSH_KEY = re.compile(
    r"((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]{3,60}) "
    r"((?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)(?: [^\r\n]*)?"
)
_GPG_KEY = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n[A-Za-z0-9+/=:. ()@<>\n-]+\n-----END PGP PUBLIC KEY BLOCK-----"
)
_PERSON_FIELDS = (
    "pid", "role", "timezone", "names", "emails", "git", "slack", "accounts", "absences", "signing_keys",
    "language", "manager", "employment", "last_day", "minor", "jurisdictions",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One person of the people file; its repr shows the pseudonymous id only.

    Attributes:
        pid: Pseudonymous id, used everywhere instead of a name.
        role: What the person works as, or "".
        timezone: IANA name, or "".
        names: Display names.
        emails: Mail addresses.
        git: Author lines, `Name <address>`.
        slack: Slack user ids.
        accounts: Accounts of other chat services, `service:id`.
        absences: Leave and sick days.
        keys: All person keys that mean this person.
        signing_keys: Keys that the person signs commits with: `type base64` of an SSH key, or an armored GPG key.
        language: As notices name it, or "" where it is not known.
        manager: Pseudonymous id of the line manager, "" where there is none, None where that is not known.
        employment: States of employment, or None where nothing is known.
        last_day: Last day of the employment, or None where none is set.
        minor: Whether the person is a minor, or None where that is not known.
        jurisdictions: Country codes whose law protects the person, or None where they are not known.
    """

    pid: str
    role: str = ""
    timezone: str = ""
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    git: tuple[str, ...] = ()
    slack: tuple[str, ...] = ()
    absences: tuple[Absence, ...] = ()
    keys: tuple[str, ...] = ()
    signing_keys: tuple[str, ...] = ()
    language: str = ""
    manager: str | None = None
    employment: tuple[Employment, ...] | None = None
    last_day: date | None = None
    minor: bool | None = None
    jurisdictions: tuple[str, ...] | None = None
    accounts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the type and the pseudonymous id."""
        return f"Person({self.pid})"


@dataclass(frozen=True, slots=True, repr=False)
class Identities:
    """Everybody in the people file.

    Attributes:
        organisation: Name of the organisation, or "".
        work_domains: Mail domains that make a mail work mail, lower case.
        people: In the order of the file.
        jurisdictions: Country codes whose law binds the organisation, or None where they are not known.
        works_council: Whether there is a works council, or None where that is not known.
    """

    organisation: str
    work_domains: frozenset[str]
    people: tuple[Person, ...]
    _by_pid: Mapping[str, Person] = field(default_factory=dict)
    _by_key: Mapping[str, str] = field(default_factory=dict)
    jurisdictions: tuple[str, ...] | None = None
    works_council: bool | None = None

    def resolve(self, author_key: str) -> str | None:
        """Return the pseudonymous id that a person key belongs to, or None.

        A name that two people share belongs to nobody.
        """
        return self._by_key.get(author_key) or None

    def by_pid(self, pid: str) -> Person | None:
        """Return a person, or None."""
        return self._by_pid.get(pid)

    def person(self, pid: str) -> Person:
        """Return a person.

        Raises:
            PeopleFileError: Nobody has this id.
        """
        found = self._by_pid.get(pid)
        if found is None:
            raise PeopleFileError(
                f"no person {pid} in the people file" if _PID.match(pid) else "no such person id",
                "person ids look like p-4k7q2m9x; `identities.yaml` lists them",
            )
        return found


def load(path: Path) -> Identities:
    """Load a people file.

    Raises:
        PeopleFileError: It is missing, unreadable or invalid; the message holds no value from it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise PeopleFileError(f"{path}: no such file", "`govern init` drafts one") from None
    except PermissionError:
        raise PeopleFileError(f"{path}: permission denied", "let this account read it") from None
    except OSError:
        raise PeopleFileError(f"{path}: cannot be opened", "give the path of the people file") from None
    return parse(data, str(path))


def parse(data: bytes, where: str = "people file") -> Identities:
    """Parse a people file.

    Args:
        data: YAML in UTF-8.
        where: What to call it in messages.

    Raises:
        PeopleFileError: It is invalid; the message holds no value from it.
    """
    root = mapping(_yaml(data, where), where, ("version", "organisation", "people"))
    if root.get("version") != 1 or isinstance(root.get("version"), bool):
        fail(where, "version must be 1")
    place = f"{where}: organisation"
    organisation = mapping(
        root.get("organisation", {}), place, ("name", "mail_domains", "jurisdictions", "works_council")
    )
    domains = [d.casefold() for d in strings(organisation, "mail_domains", place)]
    if not all(_DOMAIN.match(d) for d in domains):
        fail(place, "mail_domains must be domain names like example.com")
    entries = root.get("people")
    if not isinstance(entries, list):
        fail(where, "people must be a list")
    people = tuple(_person(entry, f"{where}: people[{i}]") for i, entry in enumerate(entries))
    by_pid: dict[str, Person] = {}
    by_key: dict[str, str] = {}
    signers: dict[str, str] = {}
    for i, person in enumerate(people):
        if person.pid in by_pid:
            fail(f"{where}: people[{i}]", f"the pid {person.pid} is taken by another person")
        by_pid[person.pid] = person
        for key in person.signing_keys:
            if signers.setdefault(key, person.pid) != person.pid:
                fail(f"{where}: people[{i}]", f"a signing key of {person.pid} is claimed by another person too")
        for key in person.keys:
            other = by_key.setdefault(key, person.pid)
            if other == person.pid:
                continue
            if not key.startswith("name:"):
                fail(
                    f"{where}: people[{i}]",
                    f"an address or chat id of {person.pid} is claimed by {other or 'two others'} too",
                    "give every address to one person only; shared mailboxes belong to nobody",
                )
            by_key[key] = ""
    for i, person in enumerate(people):
        if person.manager and (person.manager == person.pid or person.manager not in by_pid):
            fail(f"{where}: people[{i}]", "manager must be the pid of somebody else in this file, or none")
    return Identities(
        string(organisation, "name", place),
        frozenset(domains),
        people,
        by_pid,
        by_key,
        countries(organisation, place),
        truth(organisation, "works_council", place),
    )


def _yaml(data: bytes, where: str) -> Any:
    if len(data) > _SIZE_LIMIT:
        fail(where, "the file is larger than 4 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        fail(where, "not UTF-8 text")
    try:
        return strictyaml.parse(text)
    except strictyaml.YamlError as error:
        # A duplicate key is where a later line silently wins over an earlier one: nobody reads the file that way.
        what = "a key stands twice" if error.twice else "not valid YAML"
        fail(where, what if error.line is None else f"{what} (line {error.line})")


def _person(entry: Any, where: str) -> Person:
    entry = mapping(entry, where, _PERSON_FIELDS)
    pid = string(entry, "pid", where)
    if not _PID.match(pid):
        fail(where, "pid must look like p-4k7q2m9x")
    zone = string(entry, "timezone", where)
    if zone:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            fail(where, "timezone must be an IANA name like Europe/Berlin")
    names, emails = strings(entry, "names", where), strings(entry, "emails", where)
    git, slack = strings(entry, "git", where), strings(entry, "slack", where)
    accounts = [stated_account_key(a) for a in strings(entry, "accounts", where)]
    if not all(mail_key(e) for e in emails):
        fail(where, "emails must be mail addresses")
    if not all(_SLACK_ID.match(s) for s in slack):
        fail(where, "slack must be user ids like U024BE7LH")
    if not all(accounts):
        fail(where, "accounts must be written service:id", "known services: " + ", ".join(SERVICES))
    keys = [
        *map(mail_key, emails), *map(author_line_key, git), *map(slack_key, slack), *accounts, *map(name_key, names)
    ]  # fmt: skip
    return Person(
        pid,
        string(entry, "role", where),
        zone,
        tuple(names),
        tuple(emails),
        tuple(git),
        tuple(slack),
        employment.absences(entry, where),
        tuple(dict.fromkeys(k for k in keys if k)),
        _signing_keys(entry, where),
        language(entry, where),
        _manager(entry, where),
        employment.parse(entry, where),
        day(entry, "last_day", where),
        truth(entry, "minor", where),
        countries(entry, where),
        tuple(accounts),
    )


def _manager(entry: Mapping[str, Any], where: str) -> str | None:
    if entry.get("manager") is None:
        return None
    manager = string(entry, "manager", where)
    if manager != "none" and not _PID.match(manager):
        fail(where, "manager must be the pid of somebody else in this file, or none")
    return "" if manager == "none" else manager


def _signing_keys(entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
    value = entry.get("signing_keys")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(key, str) and len(key) <= _KEY_LIMIT for key in value):
        fail(where, "signing_keys must be a list of SSH public keys or armored GPG public keys")
    found = []
    for text in (key.strip() for key in value):
        if _GPG_KEY.fullmatch(text):
            found.append(text + "\n")
            continue
        # The comment of an SSH key often names its owner, and a line break would begin a line of its own.
        match = _SSH_KEY.fullmatch(text)
        if match is None:
            fail(where, "signing_keys must be a list of SSH public keys or armored GPG public keys")
        found.append(f"{match[1]} {match[2]}")
    return tuple(dict.fromkeys(found))
