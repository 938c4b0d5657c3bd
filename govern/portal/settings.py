"""What the portal is told: where it is reached, what HR may have read, who signs people in."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from govern.errors import InputError
from policies import plain_yaml
from policies.errors import PolicyTextError

FILE = "portal.yaml"
_STRICT = ConfigDict(extra="forbid", frozen=True)


class Sources(BaseModel):
    """What may be read for previews and runs: absolute paths, by kind. Nobody names a path on a page."""

    model_config = _STRICT

    mail: tuple[Path, ...] = ()
    repo: tuple[Path, ...] = ()
    chat: tuple[Path, ...] = ()
    docs: tuple[Path, ...] = ()

    @field_validator("*")
    @classmethod
    def _absolute(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        if not all(path.is_absolute() for path in paths):
            raise ValueError("a path is not absolute")
        return paths


class Oidc(BaseModel):
    """The organisation's provider of identities.

    Attributes:
        issuer: Its address, exactly as it calls itself; its configuration is read from there.
        client_id: As which client the portal is registered.
        client_secret_file: File whose first line is the client's secret.
        claim: Claim that names a person: an address of the people file, or a key of `officers`. One that people
            cannot change themselves; `email` counts only where the provider says that it has checked it.
        scopes: What is asked for beside `openid`, so that the provider tells the claim.
        officers: Officer's id of the log, by the claim's value.
    """

    model_config = _STRICT

    issuer: str
    client_id: str
    client_secret_file: Path
    claim: str = "email"
    scopes: tuple[str, ...] = ("email",)
    officers: dict[str, str] = Field(default_factory=dict)

    @field_validator("issuer")
    @classmethod
    def _is_issuer(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
        if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or local):
            raise ValueError("the issuer is not an address https://HOST/...")
        return issuer

    @field_validator("client_secret_file")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        if not path.is_absolute():
            raise ValueError("the path is not absolute")
        return path


class Settings(BaseModel):
    """The file `portal.yaml` of a workspace; every part can be left out.

    Attributes:
        version: Form of the file.
        origin: Address at which browsers reach the portal. Passkeys are made for it: fix it early.
        name: What people read beside a passkey.
        policy: The policy that people are asked about: name of a shipped one, or an absolute path.
        sources: What may be read.
        operator: Who runs extractions, for the gates.
        oidc: Who signs people in; without it one-time links do, which the operator can make with it too.
    """

    model_config = _STRICT

    version: Literal[1] = 1
    origin: str = "http://localhost:8321"
    name: str = "govern"
    policy: str = "worker_protection"
    sources: Sources = Sources()
    operator: str = "operator"
    oidc: Oidc | None = None

    @field_validator("origin")
    @classmethod
    def _is_origin(cls, origin: str) -> str:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("the origin is not of the form https://HOST or http://localhost:PORT")
        if parts.username or parts.password:
            raise ValueError("the origin holds a user name")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("without TLS only http://localhost is allowed: browsers make no passkeys elsewhere")
        return origin

    @property
    def host(self) -> str:
        """Host name of the portal: the relying party of its passkeys."""
        return urlsplit(self.origin).hostname or ""

    @property
    def netloc(self) -> str:
        """Host name with the port, as a browser sends it."""
        return urlsplit(self.origin).netloc

    @property
    def port(self) -> int:
        """The port of the origin."""
        parts = urlsplit(self.origin)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.origin.startswith("https:")


def load(root: Path, origin: str | None = None) -> Settings:
    """Read the settings of a workspace.

    Args:
        root: The workspace's folder.
        origin: Address that takes the place of the file's.

    Raises:
        InputError: The file is not what it should be; the message names the part and never a value.
    """
    path = root / FILE
    try:
        value = plain_yaml.read(path.read_bytes()) if path.exists() else {}
    except PolicyTextError as error:
        raise InputError(f"{path.name} is not in form: {error.message}", error.hint) from None
    if origin is not None:
        value["origin"] = origin
    try:
        return Settings.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{path.name}: {place}: {first['msg']}", "docs/portal.md shows every part") from None
