"""Asks an OpenAI-compatible model server on this machine: llama-server and what speaks like it.

Only `/v1/models` and `/v1/completions` are used, always with temperature 0 and with log-probabilities, llama-server's
`/tokenize`, and what tells the kinds of servers apart. One address is resolved once and connected to directly: proxy
variables and redirects are never followed. A server has to show that it keeps to a grammar before it is given
anybody's words.
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

from extract.distil import servers
from extract.distil.backend import Generation, Prompt, Score
from extract.distil.endpoint import Endpoint, Resolver, allow, resolve
from extract.distil.errors import BackendError, EndpointRefusedError

_TIMEOUT_SECONDS = 120.0
_MAX_ANSWER = 4_000_000
#: How many alternatives are asked for; a choice that is not among them counts as less likely than the last one.
_ALTERNATIVES = 200
_MISSING_PENALTY = 1.0
_NAME = re.compile(r"[^\w.:/+-]")
_PATH = re.compile(r"[/~.\\]|[A-Za-z]:[/\\]")
#: What the names of special tokens begin with.
_OPENING = re.compile(r"([<\[{])(?=\S)")
_TRIAL = Prompt("2 + 2 =", " ")
_TRIAL_ANSWER = "green"
_TRIAL_GRAMMAR = f'root ::= "{_TRIAL_ANSWER}" "\\n"\n'
_HINT = "use llama-server, or a GGUF file in process"
_ELSEWHERE = "the server's model runs on other machines"
_ELSEWHERE_HINT = "load a local model, in a server that serves no others"


class HttpBackend:
    """A model server at a loopback address, or one that the policy names."""

    def __init__(self, url: str, allow_addresses: Collection[str] = (), resolver: Resolver = resolve) -> None:
        """Connect, find out which program it is, and try it out.

        Raises:
            EndpointRefusedError: If the address is neither loopback nor allowed, or the model runs elsewhere.
            BackendError: If the server does not answer as it should, returns no log-probabilities, or does not keep to
                grammars.
        """
        self._endpoint: Endpoint = allow(url, allow_addresses, resolver)
        self._fixed: tuple[str, list[int]] | None = None
        models = self._call("GET", "/v1/models", None)
        try:
            self._model = str(models["data"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise BackendError("the model server names no model") from None
        if servers.runs_elsewhere(self._model):
            raise EndpointRefusedError(_ELSEWHERE, _ELSEWHERE_HINT)
        self._server = servers.recognise(models, self._ask)
        if self._server is servers.OLLAMA and servers.passes_on(self._ask("/api/tags")):
            raise EndpointRefusedError(_ELSEWHERE, _ELSEWHERE_HINT)
        if self._server.lacks:
            raise BackendError(f"the model server is {self._server.name}, which {self._server.lacks}", _HINT)
        self._try_out()

    def _try_out(self) -> None:
        choice = self._complete(_TRIAL, max_tokens=8, grammar=_TRIAL_GRAMMAR, stop=["\n"])
        if not _alternatives(choice):
            raise BackendError("the model server returned no log-probabilities", _HINT)
        if str(choice.get("text")).strip() != _TRIAL_ANSWER:
            raise BackendError("the model server does not keep to a grammar", _HINT)

    def info(self) -> dict[str, str | int]:
        """Return the model's name as the server tells it, and the address; the file's digest is not known."""
        e = self._endpoint
        # A path may hold the name of a person's folder: the file's name is enough.
        name = re.split(r"[/\\]", self._model)[-1] if _PATH.match(self._model) else self._model
        return {
            "backend": "http",
            "server": self._server.name,
            "model": _NAME.sub("_", name)[:100],
            "model_sha256": "",
            "model_address": e.authority(e.address),
            "model_kind": "loopback" if e.loopback else "remote",
        }

    def capabilities(self) -> frozenset[str]:
        """Return what this kind of server can do, see `servers`."""
        return self._server.capabilities

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        """Return the log-probability of the first token of each choice.

        A server tells only the most likely tokens. A choice that is not among them gets less than the last of them.
        """
        found = _alternatives(self._complete(prefix, max_tokens=1))
        if not found:
            raise BackendError("the model server returned no log-probabilities", _HINT)
        floor = min(found.values()) - _MISSING_PENALTY
        return [_best_start(choice, found, floor) for choice in choices]

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        """Return what the server writes under a grammar; whether it kept to it is checked by the caller."""
        choice = self._complete(prompt, max_tokens=max_tokens, grammar=grammar, stop=[stop])
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
        """Return how many tokens llama-server finds in a text.

        Raises:
            BackendError: If it is another server, see `capabilities`.
        """
        if "tokens" not in self._server.capabilities:
            raise BackendError("this model server does not tell how many tokens a text has", "use a model in process")
        return len(self._tokenize(text, begin=False))

    def close(self) -> None:
        """Do nothing: every question has its own connection."""

    def _prompt(self, prompt: Prompt) -> list[int] | str:
        """Return a prompt in which the item is text only, whatever it spells.

        A server reads `<|im_end|>` in a prompt as the end of a turn, also where somebody wrote it into a mail.
        """
        if "tokens" not in self._server.capabilities:
            return prompt.fixed + _OPENING.sub(r"\1 ", prompt.item)
        if self._fixed is None or self._fixed[0] != prompt.fixed:
            self._fixed = (prompt.fixed, self._tokenize(prompt.fixed, begin=True))
        return self._fixed[1] + self._tokenize(prompt.item, begin=False)

    def _tokenize(self, text: str, *, begin: bool) -> list[int]:
        answer = self._call("POST", "/tokenize", {"content": text, "add_special": begin, "parse_special": False})
        tokens = answer.get("tokens") if isinstance(answer, dict) else None
        if not isinstance(tokens, list) or not all(type(token) is int for token in tokens):
            raise BackendError("the model server returned no tokens")
        return tokens

    def _complete(self, prompt: Prompt, *, max_tokens: int, **more: object) -> dict[str, Any]:
        body = {
            "model": self._model,
            "prompt": self._prompt(prompt),
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

    def _ask(self, path: str) -> Any:
        """Return what a path holds, or None if there is no such path or no JSON."""
        status, raw = self._exchange("GET", path, None)
        try:
            return json.loads(raw) if status == 200 else None
        except (ValueError, RecursionError):
            return None

    def _call(self, method: str, path: str, body: object) -> Any:
        status, raw = self._exchange(method, path, body)
        if status != 200:
            raise BackendError(f"the model server answered with status {status}")
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise BackendError("the model server's answer is not JSON") from None

    def _exchange(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        e = self._endpoint
        connection = http.client.HTTPConnection(e.address, e.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.sock = _connect(e)
            headers = {"Host": e.authority(e.host), "Accept": "application/json", "Connection": "close"}
            data = None
            if body is not None:
                data = json.dumps(body).encode()
                headers["Content-Type"] = "application/json"
            connection.request(method, e.path + path, body=data, headers=headers)
            response = connection.getresponse()
            status, raw = response.status, response.read(_MAX_ANSWER + 1)
        except (OSError, http.client.HTTPException):
            where = e.authority(e.address)
            raise BackendError(f"the model server at {where} does not answer", "is it running?") from None
        finally:
            connection.close()
        if 300 <= status < 400:
            raise EndpointRefusedError("the model server redirects to another address, which is not followed")
        if len(raw) > _MAX_ANSWER:
            raise BackendError("the model server's answer is too long")
        return status, raw


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
