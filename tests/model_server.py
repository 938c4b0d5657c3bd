"""A model server on the loopback whose answers a test sets; it has no model."""

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


class FakeServer:
    """A model server on 127.0.0.1 whose answers a test sets."""

    def __init__(self) -> None:
        self.status = 200
        self.location = ""
        self.model = "small.gguf"
        self.choice: dict[str, Any] = {"text": " Shorter words.\nmore", "logprobs": CLASSIC}
        self.raw: bytes | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                return

            def do_GET(self) -> None:
                self.reply({"data": [{"id": outer.model}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, body))
                self.reply({"choices": [outer.choice]})

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
