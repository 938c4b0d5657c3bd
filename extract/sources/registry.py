"""Every format that a reader takes: by name, with the option that asks for it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

from extract.errors import SourceError
from extract.sources import archive

Kind = Literal["mail", "repo", "chat", "docs"]


class Format(NamedTuple):
    """A format.

    Attributes:
        name: For people and `govern sources`.
        kind: The option that asks for it: --mail, --repo, --chat or --docs.
        home: `module:class` of the reader. The class has `detect(path) -> bool`, which looks at names and first bytes.
        what: What a path must be, for people.
        extra: The extra of the package that must be installed, or "".
    """

    name: str
    kind: Kind
    home: str
    what: str
    extra: str = ""

    def reader(self) -> Any:
        """Return the reader's class.

        Raises:
            SourceError: A package is missing that only this format needs.
        """
        module, _, name = self.home.partition(":")
        try:
            return getattr(import_module(module), name)
        except ImportError:
            if not self.extra:
                raise
            raise SourceError(
                f"{self.name}: a package is missing", f"install it: pip install 'govern-toolkit[{self.extra}]'"
            ) from None


#: Asked in this order; the first that detects its own opens the path.
FORMATS: tuple[Format, ...] = (
    Format("mail", "mail", "extract.sources.mail:MailSource", "an mbox file, a Maildir, an .eml file or a folder"),
    Format("pst", "mail", "extract.sources.pst:PstSource", "a data file of Outlook, .pst or .ost", "pst"),
    Format("git", "repo", "extract.sources.git:GitSource", "a git working tree, a bare repository or a bundle"),
    Format("slack", "chat", "extract.sources.slack:SlackSource", "a Slack export, the zip or unpacked"),
    Format(
        "mattermost", "chat", "extract.sources.mattermost:MattermostSource", "a bulk export of Mattermost, JSON lines"
    ),
    Format("teams", "chat", "extract.sources.teams:TeamsSource", "messages of Teams as Graph returns them, JSON"),
    Format(
        "discord", "chat", "extract.sources.discord:DiscordSource", "channels as DiscordChatExporter writes them, JSON"
    ),
    Format("zulip", "chat", "extract.sources.zulip:ZulipSource", "an export of a Zulip organisation, unpacked or zip"),
    Format("telegram", "chat", "extract.sources.telegram:TelegramSource", "a result.json of Telegram Desktop"),
    Format("whatsapp", "chat", "extract.sources.whatsapp:WhatsAppSource", "a chat exported from WhatsApp, text or zip"),
    Format("irc", "chat", "extract.sources.irc:IrcSource", "a log of IRC, or a folder of them"),
    Format("documents", "docs", "extract.sources.documents:DocumentSource", "a folder of documents, or one of them"),
)


def of_kind(kind: Kind) -> list[Format]:
    """Return the formats that an option takes."""
    return [f for f in FORMATS if f.kind == kind]


def detect(kind: Kind, path: Path) -> Format:
    """Return the format of a path.

    Where an option takes one format only, that format's reader says what is wrong with the path.

    Raises:
        SourceError: It is none that the option takes.
        ArchiveError: It is a zip that nobody should open.
    """
    formats = of_kind(kind)
    if kind == "chat" and path.is_file() and path.suffix.lower() == ".zip":
        # What is wrong with a zip says more than that it is no export of any service.
        archive.check(path)
    for found in formats:
        if len(formats) == 1 or found.reader().detect(path):
            return found
    if path.name.lower().endswith((".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")):
        raise SourceError(f"{path}: a packed file", "unpack it first, and name the folder or file that comes out")
    names = ", ".join(f.name for f in formats)
    raise SourceError(f"{path}: no export of {names}", "`govern sources list` says what each format must be")
