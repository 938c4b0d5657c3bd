"""Writes the chat export: one folder a channel, one file a day, as a Slack workspace exports it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from datetime import UTC
from pathlib import Path
from typing import Any

from .cast import Cast, with_secrets
from .jar import FIRST, Row, judged

_LINE = re.compile(r"^(\d\d:\d\d) (\w+)(?: ([+>])(\w+))?:(?: (.*))?$")
_MENTION = re.compile(r"(?<![\w.])@(\w+)")


class Chat:
    """All messages of the chat text files.

    A file is made of `# channel` lines, `== date` lines and messages: `09:14 maren: text`. After the name, `+x` opens
    thread x and `>x` answers in it. Lines set in by four spaces go on with the text; `  ! reasons | why` is the
    judgement; `  ~ edited`, `  ~ broadcast`, `  ~ join`, `  ~ deleted` and `  ~ file NAME` say what else is on it.
    """

    def __init__(self, cast: Cast, files: list[Path]) -> None:
        self._cast = cast
        self._messages: list[dict[str, Any]] = []
        for path in sorted(files):
            self._read(path)

    def _read(self, path: Path) -> None:
        channel = day = ""
        opened: dict[tuple[str, str], str] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                channel = line[2:].strip()
            elif line.startswith("== "):
                day = line[3:].strip()
            elif line.startswith("    "):
                self._messages[-1]["text"] += "\n" + line[4:]
            elif line.startswith("  ! "):
                key, _, why = line[4:].partition("|")
                self._messages[-1] |= {"key": key.strip(), "why": why.strip()}
            elif line.startswith("  ~ "):
                self._messages[-1]["marks"].append(line[4:].strip())
            elif match := _LINE.match(line):
                clock, who, mark, thread, text = match.groups()
                if mark == "+":
                    opened[channel, thread] = f"{path.name} {day} {clock} {thread}"
                if mark:
                    thread = opened[channel, thread]
                self._messages.append(
                    {
                        "channel": channel,
                        "at": f"{day} {clock}",
                        "who": who,
                        "mark": mark,
                        "thread": thread,
                        "text": text or "",
                        "key": "",
                        "why": "",
                        "marks": [],
                    }
                )
            elif line.strip() and not line.startswith("//"):
                raise ValueError(f"{path.name}: cannot read {line!r}")

    def _stamp(self) -> None:
        """Give each message its time stamp: seconds from the order within the minute."""
        count: dict[tuple[str, str], int] = defaultdict(int)
        for number, m in enumerate(self._messages):
            k = count[m["channel"], m["at"]]
            count[m["channel"], m["at"]] += 1
            m["when"] = self._cast.local(m["at"]).replace(second=4 + 13 * k)
            m["ts"] = f"{int(m['when'].timestamp())}.{(number * 739 + 119) % 1000000:06d}"

    def _item(self, m: dict[str, Any], threads: dict[tuple[str, str], list[dict[str, Any]]]) -> dict[str, Any]:
        text = _MENTION.sub(
            lambda x: f"<@{self._cast.who[x[1]].slack}>" if x[1] in self._cast.people else x[0], with_secrets(m["text"])
        )
        item: dict[str, Any] = {"type": "message", "ts": m["ts"], "text": text}
        if bot := self._cast.bots.get(m["who"]):
            item |= {"subtype": "bot_message", "bot_id": bot["bot_id"], "username": bot["name"]}
        else:
            who = self._cast.who[m["who"]]
            item |= {"user": who.slack}
        if m["who"] in self._cast.people:
            item |= {"user_profile": {"real_name": who.name, "display_name": who.handle}}
        if m["mark"]:
            chain = threads[m["channel"], m["thread"]]
            item["thread_ts"] = chain[0]["ts"]
            if m is chain[0]:
                replies = [
                    {"user": self._cast.who[r["who"]].slack, "ts": r["ts"]}
                    for r in chain[1:]
                    if r["who"] in self._cast.people
                ]
                item |= {"reply_count": len(chain) - 1, "replies": replies, "latest_reply": chain[-1]["ts"]}
            else:
                item["parent_user_id"] = (
                    self._cast.who[chain[0]["who"]].slack if chain[0]["who"] in self._cast.who else ""
                )
        for mark in m["marks"]:
            kind, _, rest = mark.partition(" ")
            if kind == "edited":
                item["edited"] = {"user": item["user"], "ts": f"{int(m['when'].timestamp()) + 95}.000000"}
            elif kind == "broadcast":
                item["subtype"] = "thread_broadcast"
            elif kind == "join":
                item["subtype"] = "channel_join"
                item["text"] = f"<@{item['user']}> has joined the channel"
            elif kind == "deleted":
                item |= {"subtype": "tombstone", "text": "This message was deleted."}
            elif kind == "file":
                token = with_secrets("{{secret slack-file}}")
                number = f"F{m['ts'][-6:]}"
                address = f"https://files.nordlauf.example.com/files-pri/T05NORDLF-{number}/{rest}?t={token}"
                item["files"] = [
                    {"id": f"F{m['ts'][-6:]}", "name": rest, "url_private": address, "url_private_download": address}
                ]
                item["upload"] = True
        return item

    def build(self) -> tuple[bytes, list[Row]]:
        """Return the zip and the rows of the key."""
        self._stamp()
        threads: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for m in self._messages:
            if m["mark"]:
                threads[m["channel"], m["thread"]].append(m)
        days: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for m in self._messages:
            conf = self._cast.channels[m["channel"]]
            folder = conf["id"] if conf["kind"] == "dm" else m["channel"]
            days[folder, m["when"].astimezone(UTC).date().isoformat()].append(m)
        files: dict[str, Any] = self._directory()
        rows = []
        for (folder, day), messages in sorted(days.items()):
            messages.sort(key=lambda m: m["ts"])
            files[f"{folder}/{day}.json"] = [self._item(m, threads) for m in messages]
            for index, m in enumerate(messages, FIRST):
                own = m["who"] == self._cast.subject
                name = self._cast.who[m["who"]].name if m["who"] in self._cast.who else f"the bot {m['who']}"
                reasons, why = judged(m["key"], m["why"], own=own, author=name)
                by, locator = "subject" if own else "other", f"{folder}/{day}.json#{index}"
                rows.append(Row("chat/export.zip", locator, by, reasons, why, m["when"], m["text"]))
        return _zip(files), rows

    def _directory(self) -> dict[str, Any]:
        """Return users, channels, groups and direct messages as the export lists them."""
        users = [
            {
                "id": p["slack"],
                "name": h,
                "real_name": p["name"],
                "tz": p["timezone"],
                "deleted": False,
                "is_bot": False,
                "profile": {"real_name": p["name"], "display_name": h, "email": p["emails"][0]},
            }
            for h, p in self._cast.people.items()
        ]
        lists: dict[str, list[dict[str, Any]]] = {"public": [], "private": [], "dm": []}
        for name, conf in self._cast.channels.items():
            item: dict[str, Any] = {
                "id": conf["id"],
                "created": 1735689600,
                "members": [self._cast.who[h].slack for h in conf["members"]],
            }
            if conf["kind"] != "dm":
                item |= {
                    "name": name,
                    "is_archived": False,
                    "topic": {"value": conf["topic"]},
                    "purpose": {"value": conf["topic"]},
                }
            lists[conf["kind"]].append(item)
        return {
            "users.json": users,
            "channels.json": lists["public"],
            "groups.json": lists["private"],
            "dms.json": lists["dm"],
        }


def _zip(files: dict[str, Any]) -> bytes:
    """Stored, not deflated: the bytes must not depend on the zlib at hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (2026, 10, 19, 9, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, json.dumps(files[name], ensure_ascii=False, indent=1) + "\n")
    return out.getvalue()
