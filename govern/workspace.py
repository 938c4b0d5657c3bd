"""A workspace folder: event log, vault, keys, people file and configuration, opened in one place."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, RefusedError, UsageError

if TYPE_CHECKING:
    from attest.log import EventLog
    from attest.note import NoteSigner
    from attest.vault import Vault
    from consent.ledger import Ledger
    from extract.identity import Identities
    from policies.adoption import Succession
    from policies.model import Policy

CONFIG = "config.json"
PEOPLE = "identities.yaml"
#: What was signed last, of a log that is not in the workspace.
HIGH_WATER = "log.highwater"
OPERATOR = "operator"

#: What `govern init` writes when there is nothing to draft the people file from.
EMPTY_PEOPLE = """\
# Who is who: one person's addresses, author lines and chat ids. Edit it; nothing is merged by guessing.
version: 1
organisation:
  name: {organisation}
  mail_domains: [{domain}]
people: []
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace.

    Attributes:
        root: The folder.
        origin: The log's name, `ORG/govern/LOGID`.
        log_vkey: The log's public key in signed-note form: what an auditor is given.
        log_url: The PostgreSQL database that holds the log; None where it is a file of the workspace.
    """

    root: Path
    origin: str
    log_vkey: str
    log_url: str | None = None

    @classmethod
    def create(
        cls,
        root: Path,
        organisation: str,
        domain: str,
        now: datetime,
        *,
        people: str | None = None,
        log_url: str | None = None,
    ) -> Workspace:
        """Make a workspace and the first entry of its log; no files are left behind if that fails.

        Raises:
            UsageError: There is something at `root` already.
        """
        from attest import keys
        from attest.events import Event
        from attest.log import EventLog
        from attest.note import NoteSigner
        from attest.vault import Vault

        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise UsageError(f"{root} exists already", "choose another folder with --workspace, or use the one there")
        root.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{root.name}.", suffix=".part", dir=root.parent))
        try:
            origin = f"{domain}/govern/{secrets.token_hex(4)}"
            (draft / "keys").mkdir(mode=0o700)
            (draft / "reviews").mkdir(mode=0o700)
            key = keys.generate()
            keys.save(draft / "keys" / "log.key", key, None)
            _write_private(draft / "keys" / "pseudonyms.key", secrets.token_bytes(32))
            vkey = NoteSigner(origin, key).verifier.vkey
            (draft / "log.vkey").write_text(vkey + "\n", "utf-8")
            config = {"version": 1, "origin": origin, "log_key": vkey, "organisation": organisation}
            if log_url is not None:
                config["log_url"] = log_url
            (draft / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")
            text = people if people is not None else EMPTY_PEOPLE.format(organisation=organisation, domain=domain)
            (draft / PEOPLE).write_text(text, "utf-8")
            Vault(draft / "vault.sqlite").close()
            # After the files: a log in a database is there to stay.
            high_water = None if log_url is None else draft / HIGH_WATER
            with EventLog.create(log_url or draft / "log.sqlite", origin, high_water=high_water) as log:
                log.append([Event.new("log.genesis", OPERATOR, {"origin": origin, "log_key": vkey}, now)])
            if root.exists():
                root.rmdir()
            draft.rename(root)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return cls(root, origin, vkey, log_url)

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """Open the workspace at `root`.

        Raises:
            UsageError: There is none.
            InputError: Its configuration is damaged.
        """
        path = root / CONFIG
        try:
            config = json.loads(path.read_text("utf-8"))
            if config.get("version") != 1:
                raise ValueError
            return cls(root, str(config["origin"]), str(config["log_key"]), config.get("log_url"))
        except FileNotFoundError:
            raise UsageError(
                f"no workspace at {root}", "make one with `govern init`, or name it with --workspace"
            ) from None
        except (ValueError, KeyError, AttributeError):
            raise InputError(f"{path} is damaged", "restore it from a backup; log.vkey holds the log's key") from None

    def log(self) -> EventLog:
        """Open the event log."""
        from attest.log import EventLog

        if self.log_url is None:
            return EventLog.open(self.root / "log.sqlite")
        log = EventLog.open(self.log_url, high_water=self.root / HIGH_WATER)
        if log.origin != self.origin:
            log.close()
            raise InputError("the database holds the log of another workspace", f"see log_url in {self.root / CONFIG}")
        return log

    def vault(self) -> Vault:
        """Open the vault of salts."""
        from attest.vault import Vault

        return Vault(self.root / "vault.sqlite")

    def signer(self) -> NoteSigner:
        """Return the log's signing key."""
        from attest import keys
        from attest.note import NoteSigner

        return NoteSigner(self.origin, keys.load(self.root / "keys" / "log.key", None))

    def sign(self, log: EventLog) -> bytes:
        """Sign the log's present state and return the checkpoint: the one place where the operator's side does.

        Raises:
            RollbackError: The log is shorter than what was signed before, or than what a witness has seen.
        """
        from govern import witnessed

        witnessed.refuse_rollback(self.root, log.size)
        return log.checkpoint(self.signer())

    def pseudonym_secret(self) -> bytes:
        """Return the secret from which each extraction's pseudonym key is derived."""
        return (self.root / "keys" / "pseudonyms.key").read_bytes()

    def identities(self, path: Path | None = None) -> Identities:
        """Load the people file."""
        from extract import identity

        return identity.load(path or self.root / PEOPLE)

    def ledger(self, log: EventLog) -> Ledger:
        """Replay the log into the state of all consents."""
        from consent.ledger import Ledger

        return Ledger.replay(log.entries())

    def append(self, log: EventLog, kind: str, actor: str, body: dict[str, Any], now: datetime) -> int:
        """Append one event and return its index."""
        from attest.events import Event

        return log.append([Event.new(kind, actor, body, now)])[0]

    def adopt(self, log: EventLog, policy: Policy, now: datetime, named: Succession | None = None) -> None:
        """Log a policy in full when it is used for the first time, so that every verdict can be replayed.

        Args:
            log: The log.
            policy: The policy.
            now: The time.
            named: What it takes the place of, where somebody has decided so by name.

        Raises:
            RefusedError: It is looser than the policy of its id in force, and nobody has named it.
        """
        from policies import adoption

        adopted = _adopted(log)
        if named is None:
            if any(body["sha256"] == policy.sha256 for body in adopted):
                return
            named = adoption.succession(policy, adopted)
            if named is not None and named.must_be_named:
                raise RefusedError(
                    f"{policy.id} version {policy.version} is {named.words()}, which is in force",
                    "adopt it by name with `govern policy adopt`",
                )
        head = {"id": policy.id, "version": policy.version, "sha256": policy.sha256}
        more = named.body() if named is not None else {}
        self.append(log, "policy.adopted", OPERATOR, {**head, "policy": policy.document(), **more}, now)

    def succession(self, log: EventLog, policy: Policy, replaces: str | None = None) -> Succession | None:
        """Return what adopting `policy` would take the place of, or None where it is the first of its id.

        Raises:
            PolicyError: No policy with the id `replaces` was adopted.
        """
        from policies import adoption

        return adoption.succession(policy, _adopted(log), replaces)

    def policy(self, log: EventLog, sha256: str) -> Policy:
        """Return an adopted policy, as the log has it.

        Raises:
            InputError: None with this digest was adopted.
        """
        from attest import canonical
        from policies import loader

        for body in _adopted(log):
            if body["sha256"] == sha256:
                policy = loader.parse(canonical.dumps(body["policy"]), "log")
                if policy.sha256 == sha256:
                    return policy
        raise InputError("the log holds no policy with this digest", "is this the right --workspace?")

    def dispositions_path(self, extraction_id: str) -> Path:
        """Return where the disposition tree of an extraction is kept: codes and commitments, to answer people from."""
        return self.root / "extractions" / f"{extraction_id}.jsonl"

    def statement_path(self, extraction_id: str) -> Path:
        """Return where the signed statement of the last skill released from an extraction is kept."""
        return self.root / "extractions" / f"{extraction_id}.statement.dsse.json"

    def evaluation_path(self, extraction_id: str) -> Path:
        """Return where the numbers of the last evaluation of a skill are kept."""
        return self.root / "extractions" / f"{extraction_id}.evaluation.json"

    def scores_path(self, extraction_id: str) -> Path:
        """Return where an improvement of a skill keeps what its reader has said, until it ends."""
        return self.root / "extractions" / f"{extraction_id}.scores.json"

    def keep(self, path: Path, data: bytes) -> None:
        """Write a file of the workspace that only its owner reads."""
        from attest.files import replace_file

        path.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(path, data, 0o600)

    def keep_dkim_keys(self, data: bytes, sha256: str) -> None:
        """Archive a snapshot of DKIM keys: a domain may withdraw its key tomorrow."""
        self.keep(self.root / "dkim" / f"{sha256}.json", data)

    def review_path(self, extraction_id: str) -> Path:
        """Return where the subject's decisions over a draft are kept."""
        return self.root / "reviews" / f"{extraction_id}.json"


def _adopted(log: EventLog) -> list[dict[str, Any]]:
    from attest.events import type_of

    return [json.loads(data)["body"] for _, data in log.entries() if type_of(data) == "policy.adopted"]


def _write_private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
