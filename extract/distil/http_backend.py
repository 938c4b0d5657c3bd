"""Asks an OpenAI-compatible model server on this machine: llama-server and what speaks like it.

Only `/v1/models` and `/v1/completions` are used, always with temperature 0 and with log-probabilities. One address is
resolved once and connected to directly: proxy variables and redirects are never followed.
"""

from __future__ import annotations

import http.client
import json
import math
import re
import socket
import ssl
from collections.abc import Collection, Sequence
from typing import Any

from extract.distil.backend import Generation, Prompt, Score
from extract.distil.endpoint import Endpoint, Resolver, allow, resolve
from extract.distil.errors import BackendError, EndpointRefusedError

_TIMEOUT_SECONDS = 120.0
_MAX_ANSWER = 4_000_000
#: How many alternatives are asked for; a choice that is not among them counts as less likely than the last one.
_ALTERNATIVES = 200
_MISSING_PENALTY = 1.0
_NAME = re.compile(r"[^\w.:/+-]")


class HttpBackend:
    """A model server at a loopback address, or one that the policy names."""

    def __init__(self, url: str, allow_addresses: Collection[str] = (), resolver: Resolver = resolve) -> None:
        """Connect and try the server out.

        Raises:
            EndpointRefusedError: If the address is neither loopback nor allowed, or the model runs elsewhere.
            BackendError: If the server does not answer as it should, or returns no log-probabilities.
        """
        self._endpoint: Endpoint = allow(url, allow_addresses, resolver)
        models = self._call("GET", "/v1/models", None)
        try:
            name = _NAME.sub("_", str(models["data"][0]["id"]))[:100]
        except (KeyError, IndexError, TypeError):
            raise BackendError("the model server names no model") from None
        if name.casefold().endswith(("-cloud", ":cloud")):
            raise EndpointRefusedError("the server's model runs on other machines", "load a local model")
        self._model = name
        if not _alternatives(self._complete("2 + 2 =", max_tokens=1)):
            raise BackendError("the model server returned no log-probabilities", "use llama-server")

    def info(self) -> dict[str, str | int]:
        """Return the model's name as the server tells it, and the address; the file's digest is not known."""
        e = self._endpoint
        return {
            "backend": "http",
            "model": self._model,
            "model_sha256": "",
            "model_address": f"{e.address}:{e.port}",
            "model_kind": "loopback" if e.loopback else "remote",
        }

    def capabilities(self) -> frozenset[str]:
        """Return all that a distiller asks for."""
        return frozenset({"options", "generate"})

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        """Return the log-probability of the first token of each choice.

        A server tells only the most likely tokens. A choice that is not among them gets less than the last of them.
        """
        found = _alternatives(self._complete(prefix.fixed + prefix.item, max_tokens=1))
        if not found:
            raise BackendError("the model server returned no log-probabilities", "use llama-server")
        floor = min(found.values()) - _MISSING_PENALTY
        return [_best_start(choice, found, floor) for choice in choices]

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        """Return what the server writes under a grammar; whether it kept to it is checked by the caller."""
        choice = self._complete(prompt.fixed + prompt.item, max_tokens=max_tokens, grammar=grammar, stop=[stop])
        text = choice.get("text")
        if not isinstance(text, str):
            raise BackendError("the model server returned no text")
        return Generation(text.split(stop)[0], tuple(_token_logprobs(choice)))

    def score(self, prefix: Prompt, text: str) -> Score:
        """Raise: these servers give log-probabilities of what they write, not of what they read.

        Raises:
            BackendError: Always.
        """
        raise BackendError("a model server cannot score texts", "use a model file in process")

    def tokens(self, text: str) -> int:
        """Raise: what counts tokens is for scoring, see `score`.

        Raises:
            BackendError: Always.
        """
        raise BackendError("a model server does not tell how many tokens a text has", "use a model file in process")

    def close(self) -> None:
        """Do nothing: every question has its own connection."""

    def _complete(self, prompt: str, *, max_tokens: int, **more: object) -> dict[str, Any]:
        body = {
            "model": self._model,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "logprobs": _ALTERNATIVES,
            "stream": False,
            **more,
        }
        answer = self._call("POST", "/v1/completions", body)
        try:
            choice = answer["choices"][0]
        except (KeyError, IndexError, TypeError):
            raise BackendError("the model server returned no completion") from None
        if not isinstance(choice, dict):
            raise BackendError("the model server returned no completion")
        return choice

    def _call(self, method: str, path: str, body: object) -> Any:
        e = self._endpoint
        connection = http.client.HTTPConnection(e.address, e.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.sock = _connect(e)
            headers = {"Host": f"{e.host}:{e.port}", "Accept": "application/json", "Connection": "close"}
            data = None
            if body is not None:
                data = json.dumps(body).encode()
                headers["Content-Type"] = "application/json"
            connection.request(method, e.path + path, body=data, headers=headers)
            response = connection.getresponse()
            status, raw = response.status, response.read(_MAX_ANSWER + 1)
        except (OSError, http.client.HTTPException):
            raise BackendError(f"the model server at {e.address}:{e.port} does not answer", "is it running?") from None
        finally:
            connection.close()
        if 300 <= status < 400:
            raise EndpointRefusedError("the model server redirects to another address, which is not followed")
        if status != 200:
            raise BackendError(f"the model server answered with status {status}")
        if len(raw) > _MAX_ANSWER:
            raise BackendError("the model server's answer is too long")
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise BackendError("the model server's answer is not JSON") from None


def _connect(e: Endpoint) -> socket.socket:
    raw = socket.create_connection((e.address, e.port), timeout=_TIMEOUT_SECONDS)
    if e.scheme == "http":
        return raw
    try:
        return ssl.create_default_context().wrap_socket(raw, server_hostname=e.host)
    except BaseException:
        raw.close()
        raise


def _alternatives(choice: dict[str, Any]) -> dict[str, float]:
    """Return the first token's alternatives, from either of the two forms that servers use."""
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, dict):
        return {}
    result: dict[str, float] = {}
    classic, content = logprobs.get("top_logprobs"), logprobs.get("content")
    if isinstance(classic, list) and classic and isinstance(classic[0], dict):
        result = {str(k): float(v) for k, v in classic[0].items() if _is_logprob(v)}
    elif isinstance(content, list) and content and isinstance(content[0], dict):
        top = content[0].get("top_logprobs")
        for entry in top if isinstance(top, list) else []:
            if isinstance(entry, dict) and _is_logprob(entry.get("logprob")):
                result.setdefault(str(entry.get("token")), float(entry["logprob"]))
    return result


def _token_logprobs(choice: dict[str, Any]) -> list[float]:
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, dict):
        return []
    values = logprobs.get("token_logprobs")
    if not isinstance(values, list):
        content = logprobs.get("content")
        values = [c.get("logprob") for c in content if isinstance(c, dict)] if isinstance(content, list) else []
    return [float(v) for v in values if _is_logprob(v)]


def _is_logprob(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value <= 1e-6


def _best_start(choice: str, found: dict[str, float], floor: float) -> float:
    """Return the log-probability of the longest alternative that the choice starts with."""
    starts = [token for token in found if token.strip() and choice.startswith(token)]
    return found[max(starts, key=len)] if starts else floor
