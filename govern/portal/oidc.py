"""OpenID Connect: what the portal asks a provider of identities, and what it believes of the answer.

Authorization code with PKCE (RFC 7636), state and nonce. Nothing here knows of people or sessions: a code goes in, the
verified claims come out, or an exception.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from govern.errors import GovernError, InputError, RefusedError

if TYPE_CHECKING:
    import httpx

    from govern.portal.settings import Oidc

#: Signatures that are believed: by a key pair only. `none` and those with a shared secret are not among them.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
TIMEOUT = 10.0
"""Seconds that one answer of the provider may take."""
MAX_ANSWER = 256 * 1024
LEEWAY = 60
"""Seconds by which the provider's clock may differ."""
KEPT = 3600.0
"""Seconds for which the provider's configuration is used before it is read again."""
MAX_CODE = 4096


class ProviderError(GovernError):
    """The provider gave no answer, or none that can be used."""


class ClaimsError(RefusedError):
    """The provider's word is not believed. `code` says why, for the log."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the answer of the provider is not believed: {code}")
        self.code = code


@dataclass(frozen=True, slots=True, repr=False)
class Flow:
    """One sign-in that was begun.

    Attributes:
        state: Comes back from the provider with the browser.
        nonce: Comes back inside of the signed token.
        verifier: What the provider saw a digest of; it goes with the code.
    """

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Flow:
        """Return a flow of fresh random values, 256 bits and more each."""
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class _Configuration:
    """What the provider says of itself, and its keys."""

    authorize: str
    token: str
    userinfo: str | None
    keys: Any
    names_itself: bool
    basic: bool
    until: float


class Provider:
    """The organisation's provider, as the settings name it."""

    def __init__(self, told: Oidc, redirect: str) -> None:
        """Read the client's secret.

        Raises:
            InputError: The file of the secret cannot be read, or is empty.
        """
        self._told = told
        self._redirect = redirect
        try:
            self._secret = told.client_secret_file.read_text("utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError):
            self._secret = ""
        if not self._secret:
            raise InputError(
                "portal.yaml: oidc.client_secret_file holds no secret", "its first line is the secret of the client"
            )
        self._configuration: _Configuration | None = None
        self._reading = asyncio.Lock()

    async def address(self, flow: Flow) -> str:
        """Return where the browser has to go.

        Raises:
            ProviderError: The provider does not answer.
        """
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        found = await self._configured()
        query = {
            "response_type": "code",
            "client_id": self._told.client_id,
            "redirect_uri": self._redirect,
            "scope": " ".join(("openid", *self._told.scopes)),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        return f"{found.authorize}{'&' if urlsplit(found.authorize).query else '?'}{urlencode(query)}"

    async def name(self, flow: Flow, answer: Mapping[str, str], now: datetime) -> str:
        """Return the value of the claim that names the person.

        Args:
            flow: What was begun in this browser.
            answer: Query of the address to which the provider sent the browser back.
            now: The moment.

        Raises:
            ClaimsError: The answer is not believed.
            ProviderError: The provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
            raise ClaimsError("state")
        found = await self._configured()
        # RFC 9207: another provider's answer must not be taken for this one's.
        if answer.get("iss", self._told.issuer if not found.names_itself else "") != self._told.issuer:
            raise ClaimsError("issuer_of_the_answer")
        if "error" in answer:
            raise ClaimsError("refused_by_provider")
        code = answer.get("code", "")
        if not 0 < len(code) <= MAX_CODE:
            raise ClaimsError("code")
        tokens = await self._exchange(found, code, flow)
        claims = await self._verified(found, tokens, flow, now)
        if self._told.claim not in claims and found.userinfo is not None:
            claims = await self._more(found.userinfo, tokens, claims)
        value = claims.get(self._told.claim)
        if not isinstance(value, str) or not value:
            raise ClaimsError("claim_missing")
        # An address that nobody has checked is what its owner says it is.
        if self._told.claim == "email" and claims.get("email_verified") is not True:
            raise ClaimsError("email_not_verified")
        return value

    async def _configured(self, *, anew: bool = False) -> _Configuration:
        async with self._reading:
            held = self._configuration
            if held is None or held.until < time.monotonic() or anew:
                self._configuration = held = await self._read()
            return held

    async def _read(self) -> _Configuration:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        issuer = self._told.issuer
        said = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != issuer:
            raise ProviderError("the provider calls itself otherwise", "oidc.issuer has to be exactly its name")
        places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        userinfo = said.get("userinfo_endpoint")
        secure = issuer.startswith("https:")
        for place in (*places, *([userinfo] if userinfo is not None else [])):
            if not isinstance(place, str) or not place.startswith("https:" if secure else ("https:", "http:")):
                raise ProviderError("the provider's configuration is not complete, or leaves TLS")
        authorize, token, jwks = (str(place) for place in places)
        ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        try:
            keys = KeySet.import_key_set(await self._ask("GET", jwks))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            raise ProviderError("the provider's keys cannot be read") from None
        return _Configuration(
            authorize,
            token,
            userinfo,
            keys,
            said.get("authorization_response_iss_parameter_supported") is True,
            not isinstance(ways, list) or "client_secret_basic" in ways,
            time.monotonic() + KEPT,
        )

    async def _exchange(self, found: _Configuration, code: str, flow: Flow) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": flow.verifier,
        }
        # RFC 6749 §2.3.1: both are encoded as in a form before they are joined.
        basic = (quote(self._told.client_id, safe=""), quote(self._secret, safe="")) if found.basic else None
        if basic is None:
            form |= {"client_id": self._told.client_id, "client_secret": self._secret}
        tokens = await self._ask("POST", found.token, data=form, auth=basic, refused="code")
        if not isinstance(tokens.get("id_token"), str):
            raise ClaimsError("no_token")
        return tokens

    async def _verified(
        self, found: _Configuration, tokens: Mapping[str, Any], flow: Flow, now: datetime
    ) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError

        text = tokens["id_token"]
        try:
            try:
                token = jwt.decode(text, found.keys, algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                # The provider may have changed its keys since they were read.
                found = await self._configured(anew=True)
                token = jwt.decode(text, found.keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            raise ClaimsError("signature") from None
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": self._told.issuer},
                "aud": {"essential": True, "value": self._told.client_id},
            },
            params={
                "nonce": flow.nonce,
                "client_id": self._told.client_id,
                "access_token": tokens.get("access_token"),
            },
        )
        try:
            claims.validate(int(now.timestamp()), LEEWAY)
        except ClaimError as error:
            raise ClaimsError(error.claim if error.claim in ("iss", "aud", "exp", "nonce") else "claims") from None
        except (JoseError, ValueError, TypeError):
            raise ClaimsError("claims") from None
        return dict(claims)

    async def _more(self, place: str, tokens: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """Return the claims with those that the provider only tells at its userinfo endpoint."""
        said = await self._ask("GET", place, bearer=str(tokens.get("access_token", "")), refused="userinfo")
        # OpenID Connect Core §5.3.2: it has to speak of the same person as the token.
        if said.get("sub") != claims["sub"]:
            raise ClaimsError("userinfo_of_another")
        return {**said, **claims}

    async def _ask(
        self,
        method: str,
        place: str,
        *,
        data: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        bearer: str = "",
        refused: str = "",
    ) -> dict[str, Any]:
        """Return the JSON object at an address; `refused` is what a client error means, if it means something."""
        import httpx

        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client,
                client.stream(method, place, data=data, auth=auth, headers=headers) as response,
            ):
                body = await _bounded(response)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            raise ProviderError("the provider does not answer") from None
        if refused and 400 <= response.status_code < 500:
            raise ClaimsError(refused)
        try:
            said = json.loads(body) if response.status_code == 200 else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise ProviderError("the provider gives no answer that can be used")
        return said


async def _bounded(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER:
            raise ProviderError("the provider's answer is too long")
    return body
