"""Drafts a people file from what sources assert; a person edits and confirms it.

A wrong merge hands a stranger's words to somebody else's skill. So only links that a source itself asserts are
merged; the same full name is a candidate, written as a comment for a person to decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from extract.personkeys import SERVICES, is_role_address, name_key, noreply_login
from extract.records import FLAG_AUTOMATIC, FLAG_BOT, FLAG_SYSTEM, Record
from extract.sources.api import Link

#: What no source can say about a person; the form is in docs/sources.md.
_HINTS = (
    "    # language: de             # of the notice",
    "    # manager: p-...           # pid of the line manager, or none",
    "    # employment: [{state: active, from: 2020-01-01}]",
    "    # minor: false",
    "    # jurisdictions: [DE]",
)
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def draft(
    records: Iterable[Record],
    links: Iterable[Link],
    random: Callable[[int], bytes],
    *,
    organisation: str = "",
    mail_domains: Sequence[str] = (),
    least: int = 1,
) -> str:
    """Return the YAML draft of a people file for the authors of `records`.

    Args:
        records: What the sources hold.
        links: What the sources assert, see `ReadResult.links`.
        random: Returns so many random bytes; person ids are made of them and of nothing else.
        organisation: Name of the organisation.
        mail_domains: Domains of work mail; left empty, the most frequent author domain is proposed in a comment.
        least: Authors of fewer records are left out.
    """
    counts: Counter[str] = Counter()
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        if not record.author_key or {FLAG_BOT, FLAG_SYSTEM, FLAG_AUTOMATIC} & set(record.labels):
            continue
        counts[record.author_key] += 1
        name = display_name(record.author_raw)
        if name:
            names[record.author_key][name] += 1
    groups = asserted_groups(counts, links)
    people = [sorted(g) for g in groups if sum(counts[k] for k in g) >= least and not all(map(is_role_address, g))]
    people.sort(key=lambda g: (-sum(counts[k] for k in g), g))
    return _render(people, counts, names, random, organisation, mail_domains)


def display_name(author_raw: str) -> str:
    """Return the name of an author line as written, or "" if there is none."""
    name = author_raw.partition("<")[0].strip(" \"'").strip()
    return name if name and "@" not in name and len(name) <= 100 else ""


def asserted_groups(counts: Counter[str], links: Iterable[Link]) -> list[set[str]]:
    """Return the groups of person keys that asserted links join; a key that nothing joins is a group by itself.

    Args:
        counts: How many records each key wrote.
        links: What the sources assert.
    """
    parent: dict[str, str] = {key: key for key in counts}

    def find(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    asserted = {(min(left, right), max(left, right)) for left, right, _ in links}
    asserted |= _noreply_links(counts)
    # By service: the same address in Slack and in Teams is one person's, in two profiles of one service it is not.
    profiles: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for left, right in asserted:
        for one, other in ((left, right), (right, left)):
            service = other.partition(":")[0]
            if service == "slack" or service in SERVICES:
                profiles[one, service].add(other)
    shared = {one for (one, _), several in profiles.items() if len(several) > 1}
    for left, right in sorted(asserted):
        # One address in several profiles is a shared mailbox, whatever it is called.
        if {left, right} & shared or is_role_address(left) or is_role_address(right):
            continue
        for key in (left, right):
            parent.setdefault(key, key)
        parent[find(right)] = find(left)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for key in parent:
        groups[find(key)].add(key)
    return [g for g in groups.values() if any(counts[k] for k in g)]


def _noreply_links(counts: Counter[str]) -> set[tuple[str, str]]:
    """Return pairs of private addresses of one account: the numeric id stays when the login changes."""
    accounts: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for key in sorted(counts):
        found = noreply_login(key)
        if found is not None:
            host, number, login = found
            if number:
                accounts[host, "id", number].append(key)
            accounts[host, "login", login].append(key)
    pairs: set[tuple[str, str]] = set()
    for (_, basis, _), keys in accounts.items():
        numbers = {found[1] for k in keys if (found := noreply_login(k)) is not None and found[1]}
        # A login that two numeric ids used was given up and taken by somebody else.
        if basis == "id" or len(numbers) <= 1:
            pairs |= {(keys[0], other) for other in keys[1:]}
    return pairs


def fresh_pid(random: Callable[[int], bytes]) -> str:
    """Return a new pseudonymous id, of random bytes and of nothing else."""
    # 32 letters, so that every byte's low five bits choose one without bias.
    return "p-" + "".join(_ALPHABET[b & 31] for b in random(8))


def _quoted(text: str) -> str:
    """Return a YAML double-quoted scalar."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65_536 else f"\\U{code:08x}")
    return '"' + "".join(out) + '"'


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(v) for v in values) + "]"


def _render(
    people: Sequence[Sequence[str]],
    counts: Counter[str],
    names: dict[str, Counter[str]],
    random: Callable[[int], bytes],
    organisation: str,
    mail_domains: Sequence[str],
) -> str:
    pids = [fresh_pid(random) for _ in people]
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for pid, keys in zip(pids, people, strict=True):
        for key in keys:
            for name in names.get(key, ()):
                holders[name_key(name)].add(pid)
            if key.startswith("name:"):
                holders[key].add(pid)
    lines = [
        "# Drafted from the sources. Check every entry: who is one person is for a person to say.",
        "# Only links that a source asserts are merged (.mailmap, code-host ids, chat profiles).",
        "version: 1",
        "organisation:",
        f"  name: {_quoted(organisation)}",
        f"  mail_domains: {_list(mail_domains)}",
    ]
    # What no source can say, and what denies while nobody has said it.
    lines += [
        "  # jurisdictions: [DE]      # countries whose law binds it; left out, no run is allowed",
        "  # works_council: true      # true or false; left out, no run is allowed where the policy asks",
    ]
    if not mail_domains:
        common = Counter(k.rpartition("@")[2] for k in counts.elements() if k.startswith("mailto:")).most_common(1)
        lines += [f"  # most frequent: {_quoted(common[0][0])}"] if common else []
    lines.append("people:" if people else "people: []")
    for pid, keys in zip(pids, people, strict=True):
        lines += _entry(pid, keys, counts, names, holders)
    return "\n".join(lines) + "\n"


def _entry(
    pid: str,
    keys: Sequence[str],
    counts: Counter[str],
    names: dict[str, Counter[str]],
    holders: dict[str, set[str]],
) -> list[str]:
    written: Counter[str] = Counter()
    for key in keys:
        written.update(names.get(key, {}))
    known = [name for name, _ in sorted(written.items(), key=lambda item: (-item[1], item[0]))]
    bare = [k.removeprefix("name:") for k in keys if k.startswith("name:")]
    known += [name for name in bare if name_key(name) not in {name_key(n) for n in known}]
    mails = [k.removeprefix("mailto:") for k in keys if k.startswith("mailto:")]
    chats = [k.removeprefix("slack:") for k in keys if k.startswith("slack:")]
    accounts = [k for k in keys if k.partition(":")[0] in SERVICES]
    lines = [f"  - pid: {pid}  # {sum(counts[k] for k in keys)} records"]
    for other in sorted({p for name in known for p in holders.get(name_key(name), ())} - {pid}):
        lines.append(f"    # candidate: the same name as {other}; merge by hand if this is the same person")
    if known:
        lines.append(f"    names: {_list(known)}")
    if mails:
        lines.append(f"    emails: {_list(mails)}")
    if chats:
        lines.append(f"    slack: {_list(chats)}")
    if accounts:
        lines.append(f"    accounts: {_list(accounts)}")
    return [*lines, *_HINTS]
