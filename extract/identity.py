"""The people file: loads it strictly, and resolves person keys to pseudonymous ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from extract import strictyaml
from extract.drafting import draft
from extract.errors import PeopleFileError
from extract.personkeys import author_line_key, mail_key, name_key, slack_key

__all__ = ["Absence", "Identities", "Person", "draft", "load", "parse"]

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
_PERSON_FIELDS = ("pid", "role", "timezone", "names", "emails", "git", "slack", "absences", "signing_keys")


@dataclass(frozen=True, slots=True)
class Absence:
    """Days of leave or sickness, both ends included."""

    start: date
    end: date


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
        absences: Leave and sick days.
        keys: All person keys that mean this person.
        signing_keys: Keys that the person signs commits with: `type base64` of an SSH key, or an armored GPG key.
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
    """

    organisation: str
    work_domains: frozenset[str]
    people: tuple[Person, ...]
    _by_pid: Mapping[str, Person] = field(default_factory=dict)
    _by_key: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, author_key: str) -> str | None:
        """Return the pseudonymous id that a person key belongs to, or None.

        A name that two people share belongs to nobody.
        """
        return self._by_key.get(author_key) or None

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
    root = _mapping(_yaml(data, where), where, ("version", "organisation", "people"))
    if root.get("version") != 1 or isinstance(root.get("version"), bool):
        _fail(where, "version must be 1")
    organisation = _mapping(root.get("organisation", {}), f"{where}: organisation", ("name", "mail_domains"))
    domains = [d.casefold() for d in _strings(organisation, "mail_domains", f"{where}: organisation")]
    if not all(_DOMAIN.match(d) for d in domains):
        _fail(f"{where}: organisation", "mail_domains must be domain names like example.com")
    entries = root.get("people")
    if not isinstance(entries, list):
        _fail(where, "people must be a list")
    people = tuple(_person(entry, f"{where}: people[{i}]") for i, entry in enumerate(entries))
    by_pid: dict[str, Person] = {}
    by_key: dict[str, str] = {}
    signers: dict[str, str] = {}
    for i, person in enumerate(people):
        if person.pid in by_pid:
            _fail(f"{where}: people[{i}]", f"the pid {person.pid} is taken by another person")
        by_pid[person.pid] = person
        for key in person.signing_keys:
            if signers.setdefault(key, person.pid) != person.pid:
                _fail(f"{where}: people[{i}]", f"a signing key of {person.pid} is claimed by another person too")
        for key in person.keys:
            other = by_key.setdefault(key, person.pid)
            if other == person.pid:
                continue
            if not key.startswith("name:"):
                _fail(
                    f"{where}: people[{i}]",
                    f"an address or chat id of {person.pid} is claimed by {other or 'two others'} too",
                    "give every address to one person only; shared mailboxes belong to nobody",
                )
            by_key[key] = ""
    name = _string(organisation, "name", f"{where}: organisation")
    return Identities(name, frozenset(domains), people, by_pid, by_key)


def _fail(where: str, what: str, hint: str | None = None) -> NoReturn:
    raise PeopleFileError(f"{where}: {what}", hint or "see docs/sources.md for the form of the people file") from None


def _yaml(data: bytes, where: str) -> Any:
    if len(data) > _SIZE_LIMIT:
        _fail(where, "the file is larger than 4 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        _fail(where, "not UTF-8 text")
    try:
        return strictyaml.parse(text)
    except strictyaml.YamlError as error:
        # A duplicate key is where a later line silently wins over an earlier one: nobody reads the file that way.
        what = "a key stands twice" if error.twice else "not valid YAML"
        _fail(where, what if error.line is None else f"{what} (line {error.line})")


def _mapping(value: Any, where: str, known: Iterable[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        _fail(where, "must be a mapping of keys to values")
    if not all(isinstance(key, str) and key in set(known) for key in value):
        # The unknown key itself may be a name under a wrong indent, so it is not repeated here.
        _fail(where, "unknown key", "known keys: " + ", ".join(known))
    return value


def _string(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 400:
        _fail(where, f"{key} must be text")
    return value.strip()


def _strings(entry: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = entry.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() and len(v) <= 400 for v in value):
        _fail(where, f"{key} must be a list of texts")
    return [v.strip() for v in value]


def _person(entry: Any, where: str) -> Person:
    fields = _mapping(entry, where, _PERSON_FIELDS)
    pid = _string(fields, "pid", where)
    if not _PID.match(pid):
        _fail(where, "pid must look like p-4k7q2m9x")
    zone = _string(fields, "timezone", where)
    if zone:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            _fail(where, "timezone must be an IANA name like Europe/Berlin")
    names, emails = _strings(fields, "names", where), _strings(fields, "emails", where)
    git, slack = _strings(fields, "git", where), _strings(fields, "slack", where)
    if not all(mail_key(e) for e in emails):
        _fail(where, "emails must be mail addresses")
    if not all(_SLACK_ID.match(s) for s in slack):
        _fail(where, "slack must be user ids like U024BE7LH")
    keys = [*map(mail_key, emails), *map(author_line_key, git), *map(slack_key, slack), *map(name_key, names)]
    return Person(
        pid,
        _string(fields, "role", where),
        zone,
        tuple(names),
        tuple(emails),
        tuple(git),
        tuple(slack),
        _absences(fields, where),
        tuple(dict.fromkeys(k for k in keys if k)),
        _signing_keys(fields, where),
    )


def _signing_keys(fields: Mapping[str, Any], where: str) -> tuple[str, ...]:
    value = fields.get("signing_keys")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(key, str) and len(key) <= _KEY_LIMIT for key in value):
        _fail(where, "signing_keys must be a list of SSH public keys or armored GPG public keys")
    found = []
    for text in (key.strip() for key in value):
        if _GPG_KEY.fullmatch(text):
            found.append(text + "\n")
            continue
        # The comment of an SSH key often names its owner, and a line break would begin a line of its own.
        match = _SSH_KEY.fullmatch(text)
        if match is None:
            _fail(where, "signing_keys must be a list of SSH public keys or armored GPG public keys")
        found.append(f"{match[1]} {match[2]}")
    return tuple(dict.fromkeys(found))


def _absences(fields: Mapping[str, Any], where: str) -> tuple[Absence, ...]:
    value = fields.get("absences")
    if value is None:
        return ()
    if not isinstance(value, list):
        _fail(where, "absences must be a list")
    found = []
    for item in value:
        item = _mapping(item, f"{where}: absences", ("from", "to"))
        start, end = item.get("from"), item.get("to")
        if type(start) is not date or type(end) is not date or start > end:
            _fail(f"{where}: absences", "each needs `from` and `to`, dates like 2026-07-01, `from` not after `to`")
        found.append(Absence(start, end))
    return tuple(found)
