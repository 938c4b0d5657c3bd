"""A provider of identities on the loopback that says what a test wants said, and as wrongly as asked."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey


@dataclass
class Provider:
    """What it says. `claims` and `header` change the token; `answers` changes whole answers by path."""

    port: int = 0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[Provider, dict[str, Any]], str] | None = None
    configuration: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    status: int = 200
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, address: str) -> str:
        """Do what a person does at the provider; return the code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        return code

    def token(self, code: str) -> dict[str, Any]:
        query = self.asked[code]
        claims = {
            "iss": self.issuer,
            "sub": "account-7",
            "aud": query["client_id"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": query["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.sign is not None:
            return {"id_token": self.sign(self, claims), "token_type": "Bearer", "access_token": "opened"}
        made = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return {"id_token": made, "token_type": "Bearer", "access_token": "opened"}

    def answer(self, path: str, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        self.seen.append(path)
        if self.status != 200:
            return self.status, {}
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            if self.userinfo is not None:
                places["userinfo_endpoint"] = "/userinfo"
            said = {name: self.issuer + place for name, place in places.items()}
            return 200, {"issuer": self.issuer, **said, **self.configuration}
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False, use="sig", alg="RS256")]}
        if path == "/userinfo":
            return (200, self.userinfo) if headers["Authorization"] == "Bearer opened" else (401, {})
        if path == "/token":
            query = self.asked.get(form["code"])
            client = base64.b64encode(b"portal:secret").decode()
            if query is None or headers["Authorization"] != f"Basic {client}":
                return 400, {"error": "invalid_grant"}
            digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
            if (query["code_challenge"], query["code_challenge_method"]) != (digest.decode(), "S256"):
                return 400, {"error": "invalid_grant"}
            return 200, self.token(form["code"])
        return 404, {}


def unsigned(_: Provider, claims: dict[str, Any]) -> str:
    """A token without a signature (`alg` none)."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def signed_with_the_public_key(provider: Provider, claims: dict[str, Any]) -> str:
    """A token whose shared secret is the provider's public key, which everybody has."""
    secret = OctKey.import_key(json.dumps(provider.key.as_dict(private=False)).encode())
    return jwt.encode({"alg": "HS256", "kid": provider.key.kid}, claims, secret, algorithms=["HS256"])


def signed_by_another(provider: Provider, claims: dict[str, Any]) -> str:
    """A token signed with a key of somebody else, under the right key's name."""
    other = RSAKey.generate_key(2048, {"kid": provider.key.kid})
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, other)


@contextmanager
def running() -> Iterator[Provider]:
    """Run a provider on a free port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            status, said = provider.answer(urlsplit(self.path).path, form, self.headers)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
