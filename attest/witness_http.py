"""The witness's dialogue over HTTP: a small server for one endpoint, and the log's side of it.

The server listens on the loopback unless it is told otherwise; it has no TLS, and needs none for its own sake: requests
and answers are signed, and nothing in them is secret. A reverse proxy can stand in front of it.
"""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from attest.encoding import from_decimal
from attest.errors import FormatError, WitnessError
from attest.witness import MAX_REQUEST, SIZE, TEXT, Answer, Request, Witness
from govern.errors import GovernError

PATH = "/add-checkpoint"
TIMEOUT_S = 10.0
MAX_ANSWER = 64 * 1024
MAX_CONNECTIONS = 32
"""A witness serves few logs, and each of them asks seldom."""


class WitnessServer(ThreadingHTTPServer):
    """A server for `POST /add-checkpoint`.

    Args:
        address: Host and port; port 0 takes a free one.
        opener: Opens the witness; called for each request, since a thread must not use another one's database handle.
        clock: Returns the time.
        timeout: Seconds after which a silent connection is closed.
    """

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(
        self,
        address: tuple[str, int],
        opener: Callable[[], Witness],
        clock: Callable[[], datetime],
        timeout: float = TIMEOUT_S,
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.opener = opener
        self.clock = clock
        self.silence = timeout
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """The submission prefix."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else host
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, if there is a place for it."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection in its thread, and give its place free."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a traceback could quote a request."""


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"  # keep-alive, as C2SP tlog-witness asks for
    server_version = "govern-witness"
    sys_version = ""

    def setup(self) -> None:
        """Give up on a client that is silent for too long."""
        self.request.settimeout(self.server.silence)
        super().setup()

    def do_POST(self) -> None:
        """Answer an add-checkpoint request."""
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers:
            return self._answer(_refusal(411, "a request needs a Content-Length"), close=True)
        try:
            size = from_decimal(length)
        except FormatError:
            return self._answer(_refusal(411, "a request needs a Content-Length"), close=True)
        if size > MAX_REQUEST:
            return self._answer(_refusal(413, "a request is too long"), close=True)
        body = self.rfile.read(size)
        if len(body) != size:
            self.close_connection = True
            return None
        if self.path != PATH:
            return self._answer(_refusal(404, "there is POST /add-checkpoint only"))
        try:
            with self.server.opener() as witness:
                answer = witness.add_checkpoint(body, self.server.clock())
        except GovernError:
            # What went wrong is the witness's business: a full disk, a clock, a damaged file.
            return self._answer(_refusal(503, "the witness cannot answer now"), close=True)
        return self._answer(answer)

    def do_GET(self) -> None:
        """Refuse: there is nothing to read here."""
        self._answer(_refusal(405, "there is POST /add-checkpoint only"), close=True)

    def _answer(self, answer: Answer, *, close: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if close:
            # What is left of the body was not read and must not pass for the next request.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing: who asked when is nobody's business, and a request line is foreign text."""


def _refusal(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode(), TEXT)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answered to a log.

    Attributes:
        lines: The cosignature lines, not verified yet; empty if it did not cosign.
        size: The size that it has seen last, if that is not the one that the request named.
    """

    lines: bytes
    size: int | None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nobody: the witness is where its URL says."""
        return


def ask(url: str, request: Request, timeout: float = TIMEOUT_S) -> Reply:
    """Send an add-checkpoint request to a witness.

    Proxies of the environment and redirects are ignored.

    Args:
        url: The witness's submission prefix.
        request: What to ask.
        timeout: Seconds without a byte after which it gives up.

    Raises:
        WitnessError: The witness cannot be reached, refuses, or answers out of form.
    """
    try:
        parts = urlsplit(url)
        plain = not (parts.query or parts.fragment or parts.username)
    except ValueError:
        plain = False
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname:
        raise WitnessError("the URL is not that of a witness", "it looks like http://127.0.0.1:7380")
    post = urllib.request.Request(  # noqa: S310 - the scheme was checked
        url.rstrip("/") + PATH, data=request.to_bytes(), headers={"Content-Type": TEXT}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(post, timeout=timeout) as response:
            status, kind, body = response.status, response.headers.get_content_type(), response.read(MAX_ANSWER + 1)
    except urllib.error.HTTPError as error:
        with error:
            status, kind, body = error.code, error.headers.get_content_type(), error.read(MAX_ANSWER + 1)
    except (OSError, http.client.HTTPException, ValueError):
        raise WitnessError("the witness cannot be reached", "is it running, and is this its URL?") from None
    if len(body) > MAX_ANSWER:
        raise WitnessError("the witness's answer is too long")
    # Both have a newline at their end: an answer that was cut off is no answer, least of all a size.
    if (status == 200 or (status == 409 and kind == SIZE)) and not body.endswith(b"\n"):
        raise WitnessError("the witness's answer is not in form")
    if status == 200:
        return Reply(body, None)
    if status == 409 and kind == SIZE:
        try:
            return Reply(b"", from_decimal(body[:-1].decode("ascii")))
        except (FormatError, UnicodeDecodeError):
            raise WitnessError("the witness's answer is not in form") from None
    raise WitnessError(_MEANING.get(status, f"the witness answered with status {status}"), _HINT.get(status))


_MEANING = {
    400: "the witness cannot read the request",
    403: "the witness does not know the key that signed the checkpoint",
    404: "the witness does not know this log",
    422: "the witness says that the log does not continue what it has seen",
    503: "the witness cannot answer now",
}
_HINT = {
    403: "give the witness this log's key: `govern witness add-log`",
    404: "give the witness this log's key: `govern witness add-log`",
    422: "find out at once whether this is another copy of the log, or whether entries were changed",
    503: "its operator can see why: a full disk, a wrong clock, a damaged file",
}
