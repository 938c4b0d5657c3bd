"""A model server on the loopback whose answers a test sets; it has no model.

It answers in the forms of llama-server unless it is told otherwise: see `as_vllm` and the others.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CLASSIC = {"token_logprobs": [-0.1, -0.2], "top_logprobs": [{" rule": -0.5, " st": -1.0, " x": -4.0}]}
CONTENT = {
    "content": [
        {
            "token": " rule",
            "logprob": -0.5,
            "top_logprobs": [{"token": " rule", "logprob": -0.5}, {"token": " st", "logprob": -1.0}],
        },
        {"token": ".", "logprob": -0.2},
    ]
}


#: Tokens that are no bytes: the beginning of a text, and whatever a server takes for a special token.
BEGIN, SPECIAL = 256, 257


def as_vllm(server: FakeServer) -> None:
    """Answer as vLLM does."""
    server.model, server.owner = "example/small", "vllm"
    server.paths["/version"] = {"version": "0.11.0"}


def as_ollama(server: FakeServer, **model: str) -> None:
    """Answer as Ollama does, with one model that has these further fields."""
    server.model, server.owner = "small:latest", "library"
    server.paths["/api/version"] = {"version": "0.12.6"}
    listed = {"name": server.model, "model": server.model, "size": 1, "digest": "00", "details": {}}
    server.paths["/api/tags"] = {"models": [listed | model]}


class FakeServer:
    """A model server on 127.0.0.1 whose answers a test sets."""

    def __init__(self) -> None:
        self.status = 200
        self.location = ""
        self.model = "small.gguf"
        #: What it calls itself in the list of models; None leaves that out.
        self.owner: str | None = "llamacpp"
        #: Further paths that it answers, as JSON.
        self.paths: dict[str, Any] = {}
        #: Whether it keeps to the one grammar that it is tried with.
        self.obeys = True
        self.choice: dict[str, Any] = {"text": " Shorter words.\nmore", "logprobs": CLASSIC}
        self.raw: bytes | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.hosts: list[str] = []
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                return

            def do_GET(self) -> None:
                if self.path == "/v1/models":
                    owned = {} if outer.owner is None else {"owned_by": outer.owner}
                    self.reply({"object": "list", "data": [{"id": outer.model, "object": "model", **owned}]})
                elif self.path in outer.paths:
                    self.reply(outer.paths[self.path])
                else:
                    self.missing()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, body))
                outer.hosts.append(str(self.headers["Host"]))
                if self.path == "/v1/completions":
                    # As a model would that is asked to write one word and nothing else.
                    tried = outer.obeys and '"green"' in str(body.get("grammar"))
                    self.reply({"choices": [{**outer.choice, "text": "green"} if tried else outer.choice]})
                elif self.path == "/tokenize" and outer.owner == "llamacpp":
                    begin = [BEGIN] if body["add_special"] else []
                    special = body["parse_special"] and "<|" in body["content"]
                    self.reply({"tokens": begin + ([SPECIAL] if special else list(body["content"].encode()))})
                else:
                    self.missing()

            def missing(self) -> None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def reply(self, value: object) -> None:
                data = outer.raw if outer.raw is not None else json.dumps(value).encode()
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
