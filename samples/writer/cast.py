"""The people, places and calendar of the sample workplace, as `text/cast.yaml` states them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

#: Look-alike credentials. They are put together here from parts, so that no file of source text carries one whole.
SECRETS = {
    "slack-file": "-".join(("xoxe", "10048817263", "NotARealToken", "9f3kq27ZbT")),
    "api": "_".join(("sk", "live", "NotARealKey" + "Qm4xT7vB29Lw")),
    "aws": "AKIA" + "IOSFODNN7" + "EXAMPLE",
    "sftp": "Tidewater" + "-84-" + "Halyard",
    "jwt": ".".join(("eyJhbGciOiJub25lIn0", "eyJzdWIiOiJub3QtcmVhbCJ9", "bm90LWEtc2lnbmF0dXJl")),
    "webhook": "whsec" + "_" + "NotARealHook71Zpd0",
}


@dataclass(frozen=True, slots=True)
class Who:
    """One person as mail, chat and git show them."""

    handle: str
    name: str
    email: str
    slack: str = ""
    signature: str = ""
    zone: str = "Europe/Berlin"
    inside: bool = False


class Cast:
    """Everybody and every place, by handle."""

    def __init__(self, path: Path) -> None:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        self.organisation: dict[str, Any] = data["organisation"]
        self.people: dict[str, Any] = data["people"]
        self.bots: dict[str, Any] = data["bots"]
        self.channels: dict[str, Any] = data["channels"]
        self.lists: dict[str, Any] = data["lists"]
        self.subject: str = data["subject"]
        self._vetoes: list[str] = data["vetoes"]
        week = data["work_week"]
        self.zone = ZoneInfo(week["zone"])
        self._days = set(week["days"])
        self._start = time.fromisoformat(week["start"])
        self._end = time.fromisoformat(week["end"])
        self.judged_at = datetime.fromisoformat(data["judged_at"])
        self.who = {
            h: Who(h, p["name"], p["emails"][0], p["slack"], p["signature"], p["timezone"], True)
            for h, p in self.people.items()
        }
        for h, p in data["outsiders"].items():
            self.who[h] = Who(h, p["name"], p["email"], slack=p.get("slack", ""), signature=p.get("signature", ""))

    def local(self, at: str) -> datetime:
        """Return the aware time that `2026-05-04 09:12` means in the text files: Berlin time."""
        return datetime.fromisoformat(at).replace(tzinfo=self.zone)

    def absent(self, day: date) -> bool:
        """Return whether the subject was on leave or sick on that day."""
        return any(bool(a["from"] <= day <= a["to"]) for a in self.people[self.subject]["absences"])

    def off_hours(self, when: datetime) -> bool:
        """Return whether the subject was not at work at that time."""
        here = when.astimezone(self.zone)
        at_work = here.weekday() in self._days and self._start <= here.time() < self._end
        return not at_work or self.absent(here.date())

    def too_old(self, when: datetime) -> bool:
        """Return whether that time lies more than twelve months before the day of judgement."""
        here = when.astimezone(self.zone).replace(tzinfo=None)
        return bool(here < self.judged_at.replace(year=self.judged_at.year - 1))

    def identities(self) -> str:
        """Return the people file of the workplace."""
        lines = ["# People file of the sample workplace. Everybody in it is invented.", "version: 1", "organisation:"]
        lines += [f"  name: {self.organisation['name']}"]
        lines += [f"  mail_domains: [{', '.join(self.organisation['mail_domains'])}]"]
        lines += [f"  jurisdictions: [{', '.join(self.organisation['jurisdictions'])}]"]
        lines += [f"  works_council: {_yaml(self.organisation['works_council'])}", "people:"]
        for p in self.people.values():
            names = ", ".join(f'"{n}"' for n in p["names"])
            lines += [f"  - pid: {p['pid']}", f"    role: {p['role']}", f"    timezone: {p['timezone']}"]
            lines += [f"    names: [{names}]", f"    emails: [{', '.join(p['emails'])}]"]
            if p.get("git"):
                lines += ["    git: [" + ", ".join(f'"{g}"' for g in p["git"]) + "]"]
            lines += [f"    slack: [{p['slack']}]"]
            if p.get("absences"):
                spans = ", ".join(f"{{from: {a['from']}, to: {a['to']}}}" for a in p["absences"])
                lines += [f"    absences: [{spans}]"]
            lines += [f"    language: {p['language']}", f"    manager: {p['manager']}"]
            states = ", ".join(
                f"{{state: {e['state']}, from: {e['from']}" + (f", to: {e['to']}}}" if "to" in e else "}")
                for e in p["employment"]
            )
            lines += [f"    employment: [{states}]"]
            if p.get("last_day"):
                lines += [f"    last_day: {p['last_day']}"]
            lines += [f"    minor: {_yaml(p['minor'])}", f"    jurisdictions: [{', '.join(p['jurisdictions'])}]"]
        return "\n".join(lines) + "\n"

    def vetoed(self) -> str:
        """Return the addresses of those who vetoed, one a line."""
        return "".join(f"{self.who[h].email}\n" for h in self._vetoes)


def _yaml(value: bool) -> str:
    return "true" if value else "false"


def with_secrets(text: str) -> str:
    """Return the text with `{{secret NAME}}` filled in."""
    for name, value in SECRETS.items():
        text = text.replace(f"{{{{secret {name}}}}}", value)
    return text
