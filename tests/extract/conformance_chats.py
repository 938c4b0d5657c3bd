"""Samples of chat exports other than Slack's, written as the services write them, about invented people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Looks like a live token and is none. It stands in a message of every chat sample.
CREDENTIAL = "xoxe-1111111111-2222222222-abcdefghijklmnop"
LEAK = f"see https://files.slack.com/files-pri/T1-F1/plan.txt?t={CREDENTIAL} for it"
START = 1772442900


def _lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def mattermost(folder: Path) -> Path:
    def user(name: str, first: str, last: str) -> dict[str, Any]:
        channels = [{"name": "ledger", "roles": "channel_user"}, {"name": "audit", "roles": "channel_user"}]
        about = {"username": name, "email": f"{name}@works.example", "first_name": first, "last_name": last}
        teams = [{"name": "works", "roles": "team_user", "channels": channels}]
        return {
            "type": "user",
            "user": {**about, "nickname": "", "position": "", "roles": "system_user", "teams": teams},
        }

    def channel(name: str, kind: str) -> dict[str, Any]:
        about = {"team": "works", "name": name, "display_name": name.title(), "type": kind, "header": "", "purpose": ""}
        return {"type": "channel", "channel": about}

    def post(text: str, at: int, who: str = "maren", where: str = "ledger", **more: Any) -> dict[str, Any]:
        about = {"team": "works", "channel": where, "user": who, "message": text, "create_at": (START + at) * 1000}
        return {"type": "post", "post": {**about, "reactions": None, "replies": None, "attachments": None, **more}}

    reply = {"user": "tomas", "message": LEAK, "create_at": (START + 60) * 1000}
    direct = {
        "channel_members": ["maren", "tomas"], "user": "maren", "message": "Lunch?", "create_at": (START + 300) * 1000,
    }  # fmt: skip
    team = {"name": "works", "display_name": "Works", "type": "O", "description": "", "allow_open_invite": False}
    rows: list[Any] = [
        {"type": "version", "version": 1},
        {"type": "team", "team": team},
        channel("ledger", "O"),
        channel("audit", "P"),
        user("maren", "Maren", "Holt"),
        user("tomas", "Tomas", "Lind"),
        post("Check the checksum first.", 0, replies=[reply]),
        post("tomas joined the channel.", 120, "tomas", type="system_join_channel"),
        post("The auditors come on Friday.", 180, where="audit"),
        "{damaged",
        {
            "type": "direct_channel",
            "direct_channel": {"members": ["maren", "tomas"], "favorited_by": None, "header": ""},
        },
        {"type": "direct_post", "direct_post": direct},
    ]
    return _lines(folder / "export.jsonl", rows)


def discord(folder: Path) -> Path:
    def author(name: str, ident: str, *, bot: bool = False) -> dict[str, Any]:
        return {"id": ident, "name": name, "discriminator": "0000", "nickname": name.title(), "isBot": bot, "roles": []}

    maren, tomas = author("maren", "100000000000000001"), author("tomas", "100000000000000002")
    number = iter(range(1, 100))

    def message(text: str, who: dict[str, Any], kind: str = "Default", **more: Any) -> dict[str, Any]:
        i = next(number)
        empty: dict[str, Any] = {"attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": []}
        when = f"2026-03-02T10:{i:02}:00.123+01:00"
        about = {"id": f"2000000000000000{i:02}", "type": kind, "timestamp": when, "timestampEdited": None}
        return {**about, "callEndedTimestamp": None, "isPinned": False, "content": text, "author": who, **empty, **more}

    def export(name: str, channel: dict[str, Any], messages: list[Any], guild: str) -> None:
        document = {
            "guild": {"id": guild, "name": "Works" if guild != "0" else "Direct Messages", "iconUrl": ""},
            "channel": channel,
            "dateRange": {"after": None, "before": None},
            "exportedAt": "2026-03-03T10:00:00+00:00",
            "messages": messages,
            "messageCount": len(messages),
        }
        (folder / "export" / name).write_text(json.dumps(document, indent=2))

    (folder / "export").mkdir()
    public = {
        "id": "3001",
        "type": "GuildTextChat",
        "categoryId": "30",
        "category": "Text",
        "name": "ledger",
        "topic": None,
    }
    first = message("Check the checksum first.", maren)
    reference = {"messageId": first["id"], "channelId": "3001", "guildId": "9001"}
    rows = [
        first,
        message(LEAK, tomas, "Reply", reference=reference),
        message("Joined the server.", tomas, "GuildMemberJoin"),
        message("Build 7 is green.", author("deploy", "100000000000000003", bot=True)),
        "no message",
    ]
    export("Works - ledger [3001].json", public, rows, "9001")
    direct = {
        "id": "3002",
        "type": "DirectTextChat",
        "categoryId": None,
        "category": None,
        "name": "tomas",
        "topic": None,
    }
    export("Direct Messages - tomas [3002].json", direct, [message("Lunch?", maren), message("At one.", tomas)], "0")
    return folder / "export"


def zulip(folder: Path) -> Path:
    def user(ident: int, name: str, *, bot: bool = False) -> dict[str, Any]:
        address = f"{name.split()[0].lower()}@works.example"
        about = {"id": ident, "full_name": name, "email": address, "delivery_email": address, "is_bot": bot, "realm": 1}
        return {**about, "is_active": True, "timezone": "Europe/Berlin"}

    def message(ident: int, sender: int, recipient: int, text: str, topic: str = "disks") -> dict[str, Any]:
        about = {"id": ident, "sender": sender, "recipient": recipient, "realm": 1, "content": text, "subject": topic}
        at = {"date_sent": float(START + ident * 60), "last_edit_time": None, "edit_history": None}
        return {**about, **at, "rendered_content": None, "sending_client": 1, "has_attachment": False}

    path = folder / "export"
    path.mkdir()
    stream = {"realm": 1, "name": "ledger", "description": "", "deactivated": False, "invite_only": False}
    secret = {**stream, "id": 12, "name": "audit", "invite_only": True, "recipient": 22}
    realm = {
        "zerver_realm": [{"id": 1, "name": "Works", "string_id": "works"}],
        "zerver_userprofile": [user(1, "Maren Holt"), user(2, "Tomas Lind"), user(3, "Notification Bot", bot=True)],
        "zerver_userprofile_crossrealm": [],
        "zerver_userprofile_mirrordummy": [],
        "zerver_stream": [{**stream, "id": 11, "recipient": 21}, secret],
        "zerver_recipient": [
            {"id": 21, "type": 2, "type_id": 11}, {"id": 22, "type": 2, "type_id": 12},
            {"id": 31, "type": 1, "type_id": 1}, {"id": 32, "type": 1, "type_id": 2},
        ],
        "zerver_subscription": [
            {"id": n, "user_profile": u, "recipient": r, "active": True}
            for n, (u, r) in enumerate([(1, 21), (2, 21), (1, 22), (1, 31), (2, 32)], 1)
        ],
        "zerver_client": [{"id": 1, "name": "website"}],
        "zerver_huddle": [],
    }  # fmt: skip
    (path / "realm.json").write_text(json.dumps(realm))
    rows: list[Any] = [
        message(1, 1, 21, "Check the checksum first."),
        message(2, 2, 21, LEAK),
        message(3, 3, 21, "Tomas Lind renamed the channel."),
        message(4, 1, 22, "The auditors come on Friday."),
        message(5, 1, 32, "Lunch?", ""),
        "no message",
    ]
    (path / "messages-000001.json").write_text(json.dumps({"zerver_message": rows, "zerver_usermessage": []}))
    return path


def telegram(folder: Path) -> Path:
    def message(ident: int, who: str, text: Any, **more: Any) -> dict[str, Any]:
        at = START + ident * 60
        about = {"id": ident, "type": "message", "date": f"2026-03-02T10:{ident:02}:00", "date_unixtime": str(at)}
        number = {"Maren Holt": "user1001", "Tomas Lind": "user1002"}.get(who, "user1003")
        return {**about, "from": who, "from_id": number, "text": text, "text_entities": [], **more}

    joined = {
        "id": 3, "type": "service", "date": "2026-03-02T10:03:00", "date_unixtime": str(START + 180),
        "actor": "Tomas Lind", "actor_id": "user1002", "action": "invite_members", "members": ["Ada"], "text": "",
    }  # fmt: skip
    leak = ["see ", {"type": "link", "text": LEAK.split()[1]}, " for it"]
    group = [
        message(1, "Maren Holt", "Check the checksum first."),
        message(2, "Tomas Lind", leak, reply_to_message_id=1),
        joined,
        "no message",
    ]
    direct = [message(1, "Maren Holt", "Lunch?"), message(2, "Tomas Lind", "At one.")]
    chats = [
        {"name": "Ledger", "type": "private_supergroup", "id": 501, "messages": group},
        {"name": "Tomas Lind", "type": "personal_chat", "id": 1002, "messages": direct},
    ]
    document = {"about": "Here is the data you requested.", "chats": {"about": "", "list": chats}}
    (folder / "export").mkdir()
    (folder / "export/result.json").write_text(json.dumps(document, indent=1))
    return folder / "export"


def whatsapp(folder: Path) -> Path:
    path = folder / "export"
    path.mkdir()
    (path / "WhatsApp Chat with Ledger.txt").write_text(
        "25/02/2026, 10:14 - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.\n"
        '25/02/2026, 10:15 - Maren Holt created group "Ledger"\n'
        "25/02/2026, 10:16 - Maren Holt: Check the checksum first.\nThen load the file.\n"
        f"25/02/2026, 10:17 - Tomas Lind: {LEAK}\n"
        "25/02/2026, 10:18 - Maren Holt: <Media omitted>\n"
        "45/02/2026, 10:19 - Tomas Lind: No such day.\n"
        "25/02/2026, 10:20 - Tomas Lind: At one.\n"
        "25/02/2026, 10:21 - Ada Berg: I bring the disks.\n"
        "25/02/2026, 10:22 - Ada Berg: Both of them.\n",
        "utf-8",
    )
    (path / "WhatsApp Chat with Tomas Lind.txt").write_text(
        "25/02/2026, 12:00 - Maren Holt: Lunch?\n25/02/2026, 12:01 - Tomas Lind: At one.\n", "utf-8"
    )
    return path


def irc(folder: Path) -> Path:
    path = folder / "#ledger.log"
    path.write_text(
        "--- Log opened Mon Mar 02 10:14:00 2026\n"
        "10:15 -!- tomas [~tomas@host.works.example] has joined #ledger\n"
        "10:16 <maren> Check the checksum first.\n"
        f"10:17 <tomas> maren: {LEAK}\n"
        "10:18  * maren looks at the old disks\n"
        "10:19 what is this line\n"
        "--- Day changed Tue Mar 03 2026\n"
        "09:00 <tomas> maren: done, it holds.\n",
        "utf-8",
    )
    return path


def teams(folder: Path) -> Path:
    def message(ident: str, who: tuple[str, str] | None, text: str, **more: Any) -> dict[str, Any]:
        user = {"id": who[0], "displayName": who[1], "userIdentityType": "aadUser"} if who else None
        at = f"2026-03-02T09:{int(ident) % 60:02}:00.123Z"
        about = {
            "id": ident,
            "messageType": "message",
            "createdDateTime": at,
            "lastModifiedDateTime": at,
            "subject": None,
        }
        empty: dict[str, Any] = {"replyToId": None, "deletedDateTime": None, "attachments": [], "mentions": []}
        sender = {"application": None, "device": None, "user": user} if user else None
        return {**about, **empty, "from": sender, "body": {"contentType": "html", "content": text}, **more}

    maren = ("8ea0e38b-0000-4000-8000-000000000001", "Maren Holt")
    tomas = ("8ea0e38b-0000-4000-8000-000000000002", "Tomas Lind")
    channel = {"teamId": "fbe2bf47-0000-4000-8000-000000000009", "channelId": "19:ledger@thread.tacv2"}
    leak = f'<p>see <a href="{LEAK.split()[1]}">{LEAK.split()[1]}</a></p>'
    base = "https://graph.microsoft.com/v1.0/$metadata#"
    rows: list[Any] = [
        message("1616990032001", maren, "<p>Check the checksum first.</p>", channelIdentity=channel),
        message("1616990032002", tomas, leak, replyToId="1616990032001", channelIdentity=channel),
        message(
            "1616990032003", None, "<systemEventMessage/>", messageType="systemEventMessage", channelIdentity=channel
        ),
        "no message",
    ]
    direct = [message("1616990032004", maren, "Lunch?", chatId="19:a_b@unq.gbl.spaces", channelIdentity=None)]
    (folder / "export").mkdir()
    path = folder / "export"
    (path / "channel.json").write_text(
        json.dumps({"@odata.context": base + "teams('x')/channels('y')/messages", "value": rows})
    )
    (path / "chat.json").write_text(json.dumps({"@odata.context": base + "chats('x')/messages", "value": direct}))
    chat = {"id": "19:a_b@unq.gbl.spaces", "chatType": "oneOnOne", "topic": None}
    (path / "chats.json").write_text(json.dumps({"@odata.context": base + "chats", "value": [chat]}))
    return path
