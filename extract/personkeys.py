"""Person keys: one normal form for addresses, chat ids and names, and the addresses that stand for nobody."""

from __future__ import annotations

import re
import unicodedata

_ADDRESS = re.compile(r"[^\s@<>,;:()\[\]\"]+@[^\s@<>,;:()\[\]\"]+\Z")
_SPACE = re.compile(r"\s+")
_AUTHOR_LINE = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*\Z")
_PLUS_LOGIN = re.compile(r"(?:(?P<id>\d{1,20})\+)?(?P<login>[^@+]+)@users\.noreply\.(?P<host>[a-z0-9.-]+)\Z")

#: Chat services whose accounts the people file names as `service:id`; Slack has a field of its own.
SERVICES = ("mattermost", "teams", "discord", "zulip", "telegram", "whatsapp", "irc")
#: Local parts that a role, a machine or a list answers to: they never identify one person.
ROLE_LOCAL_PARTS = frozenset(
    {
        "abuse", "accounts", "admin", "all", "announce", "billing", "bot", "bounce", "bounces", "contact", "daemon",
        "dev", "dev-null", "discuss", "do-not-reply", "donotreply", "everyone", "feedback", "git", "github", "gitlab",
        "hello", "help", "helpdesk", "hostmaster", "hr", "info", "it", "jobs", "legal", "list", "mail",
        "mailer-daemon", "marketing", "news", "newsletter", "no-reply", "no_reply", "nobody", "noc", "noreply",
        "notifications", "notify", "office", "ops", "postmaster", "press", "privacy", "root", "sales", "security",
        "service", "staff", "support", "sysadmin", "system", "team", "user", "users", "web", "webmaster", "www",
    }
)  # fmt: skip
_ROLE_SUFFIX = re.compile(r"(?:\[bot\]|[-_.]bot|[-_.](?:bounces|request|owner|admin|devel|announce|users|commits))\Z")
_LOCAL_HOSTS = re.compile(r"(?:localhost|.*\.localdomain|\(none\))\Z")


def mail_key(address: str) -> str:
    """Return the key of a mail address, `mailto:local@domain` in lower case, or "" if it is not one."""
    address = unicodedata.normalize("NFC", address.strip().strip("<>").strip())
    if len(address) > 320 or not _ADDRESS.match(address):
        return ""
    return f"mailto:{address.lower()}"


def account_key(service: str, ident: str) -> str:
    """Return the key of an account of a chat service, `service:id`, or "" if there is no id.

    Args:
        service: One of `SERVICES`.
        ident: The id that the export uses throughout; a nickname only where the service has nothing better.
    """
    ident = _SPACE.sub(" ", unicodedata.normalize("NFC", ident)).strip()
    return f"{service}:{ident}" if ident else ""


def stated_account_key(text: str) -> str:
    """Return the key of an account written as `service:id`, or "" if the service is not known or the id is missing."""
    service, colon, ident = text.partition(":")
    return account_key(service, ident) if colon and service in SERVICES else ""


def slack_key(user_id: str) -> str:
    """Return the key of a Slack user id, or "" if there is none."""
    user_id = user_id.strip()
    return f"slack:{user_id}" if user_id else ""


def name_key(name: str) -> str:
    """Return the key of a display name, case-folded with single spaces, or "" if there is none."""
    name = _SPACE.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()
    return f"name:{name}" if name else ""


def author_line_key(line: str) -> str:
    """Return the key of `Name <address>`: the address where there is one, otherwise the name."""
    match = _AUTHOR_LINE.match(line)
    if match is None:
        return mail_key(line) or name_key(line)
    return mail_key(match["address"]) or name_key(match["name"])


def is_role_address(key: str) -> bool:
    """Say whether a mail key belongs to a role, a list, a bot or a machine, so that it must not join identities."""
    if not key.startswith("mailto:"):
        return False
    local, _, domain = key.removeprefix("mailto:").rpartition("@")
    if _PLUS_LOGIN.match(f"{local}@{domain}") is not None:
        return local.endswith("[bot]")
    return (
        local.partition("+")[0] in ROLE_LOCAL_PARTS
        or _ROLE_SUFFIX.search(local) is not None
        or _LOCAL_HOSTS.match(domain) is not None
        or domain.startswith(("lists.", "list.", "googlegroups."))
    )


def noreply_login(key: str) -> tuple[str, str, str] | None:
    """Return (host, numeric id or "", login) of a code host's private address `ID+login@users.noreply.host`."""
    match = _PLUS_LOGIN.match(key.removeprefix("mailto:"))
    if match is None or match["login"].endswith("[bot]"):
        return None
    return match["host"], match["id"] or "", match["login"]
