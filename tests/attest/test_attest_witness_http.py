"""Log and witness over real HTTP on the loopback, and what either side does with a bad other one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from attest_world import NOW, ORIGIN, fixed_key
from test_attest_witness import COUNCIL, LOG, note, request, tree

from attest.cosignature import open_cosigned
from attest.errors import WitnessError
from attest.note import NoteSigner
from attest.witness import MAX_REQUEST, Request, Witness, parse_request
from attest.witness_http import MAX_ANSWER, Reply, WitnessServer, ask


@contextlib.contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "witness.sqlite"
    with Witness.create(path, COUNCIL) as witness:
        witness.add_log(LOG.verifier)
    return path


@pytest.fixture
def server(path):
    server = WitnessServer(("127.0.0.1", 0), lambda: Witness.open(path, COUNCIL), lambda: NOW, timeout=0.5)
    with running(server):
        yield server


def talk(server: WitnessServer, data: bytes) -> bytes:
    """Send raw bytes and return everything that comes back until the server closes."""
    with socket.create_connection(server.server_address[:2], timeout=5) as connection:
        connection.sendall(data)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


def test_a_whole_dialogue(server):
    grown = tree(20)
    for old, new in ((0, 3), (3, 3), (3, 20)):
        reply = ask(server.url, parse_request(request(grown, old, new)))
        opened = open_cosigned(note(grown, new) + reply.lines, [COUNCIL.cosigner])
        assert [c.at for c in opened.cosignatures] == [NOW]
    assert ask(server.url, parse_request(request(grown, 0, 20))) == Reply(b"", 20)
    assert ask(server.url + "/", parse_request(request(grown, 7, 9))) == Reply(b"", 20)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Request(20, (), note(tree(9))), "cannot read"),
        (lambda: parse_request(request(tree(9), 3, signer=NoteSigner(ORIGIN, fixed_key("x")))), "the key"),
        (lambda: parse_request(request(tree(9), 3, origin="example.com/x")), "does not know this log"),
        (lambda: Request(3, (), note(tree(9, branch="b"))), "does not continue"),
    ],
)
def test_each_refusal_is_told_with_what_to_do(server, make, says):
    ask(server.url, parse_request(request(tree(3), 0)))
    with pytest.raises(WitnessError, match=says):
        ask(server.url, make())


def test_a_fork_is_answered_with_the_size_that_was_seen(server):
    ask(server.url, parse_request(request(tree(8), 0)))
    assert ask(server.url, parse_request(request(tree(8, branch="b"), 8))) == Reply(b"", 8)


def test_many_logs_at_once_are_served_one_after_the_other(server):
    grown = tree(40)
    replies: list[Reply] = []

    def submit(size: int) -> None:
        replies.append(ask(server.url, parse_request(request(grown, 0, size))))

    threads = [threading.Thread(target=submit, args=(size,)) for size in range(33, 41)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(reply.size is None for reply in replies) == 1
    assert len({reply.size for reply in replies if reply.size is not None}) == 1


def test_a_connection_is_kept_open_for_the_next_request(server):
    body = request(tree(3), 0)
    head = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n" % len(body)
    received = talk(server, head + body + head.replace(b"Host", b"Connection: close\r\nHost") + body)
    assert received.count(b"HTTP/1.1 200 OK") == 1
    assert received.count(b"HTTP/1.1 409 Conflict") == 1
    assert b"Content-Type: text/x.tlog.size\r\n" in received
    assert received.endswith(b"\r\n\r\n3\n")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", 405),
        (b"POST /other HTTP/1.1\r\nHost: w\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 404),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1_0\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST + 1), 413),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", 400),
        (b"DELETE / HTTP/1.1\r\nHost: w\r\n\r\n", 501),
        (b"POST /add-checkpoint HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused(server, data, status):
    assert f" {status} ".encode() in talk(server, data).split(b"\r\n")[0] + b" "


@pytest.mark.parametrize("data", [b"", b"POST", b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 9\r\n\r\nold"])
def test_a_silent_client_is_hung_up_on(server, data):
    assert talk(server, data) == b""


def test_the_server_says_nothing_of_its_clients(server, capfd):
    ask(server.url, parse_request(request(tree(3), 0)))
    talk(server, b"GET /secret HTTP/1.1\r\nHost: w\r\n\r\n")
    talk(server, b"\xff\xfe\r\n\r\n")
    assert capfd.readouterr() == ("", "")


def test_a_witness_that_cannot_remember_says_so_without_the_reason(server, path):
    path.write_bytes(b"SQLite format 3\x00" + b"x" * 4096)
    with pytest.raises(WitnessError, match="cannot answer now"):
        ask(server.url, parse_request(request(tree(3), 0)))


def test_it_listens_on_ipv6_too(path):
    try:
        server = WitnessServer(("::1", 0), lambda: Witness.open(path, COUNCIL), lambda: NOW)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with running(server):
        assert server.url.startswith("http://[::1]:")
        assert ask(server.url, parse_request(request(tree(3), 0))).size is None


class Liar(BaseHTTPRequestHandler):
    """Answers whatever its server was told to."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.server.says
        self.server.asked.append(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def liar():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    server.says, server.asked = (200, {}, b""), []
    with running(server):
        yield server


def url_of(server: ThreadingHTTPServer) -> str:
    return "http://{}:{}".format(*server.server_address[:2])


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ((409, {"Content-Type": "text/x.tlog.size"}, b"many\n"), "not in form"),
        ((409, {"Content-Type": "text/x.tlog.size"}, b"\xff\n"), "not in form"),
        ((409, {"Content-Type": "text/plain"}, b"5\n"), "status 409"),
        ((409, {}, b"5\n"), "status 409"),
        ((200, {}, b"x" * (MAX_ANSWER + 1)), "too long"),
        ((500, {}, b"x" * (MAX_ANSWER + 1)), "too long"),
        ((500, {}, b"secret"), "status 500"),
        ((204, {}, b""), "status 204"),
        ((302, {"Location": "http://127.0.0.1:9/"}, b""), "status 302"),
        ((200, {"Content-Length": "100"}, b"short"), "not in form"),
        ((409, {"Content-Type": "text/x.tlog.size", "Content-Length": "4"}, b"20"), "not in form"),
        ((409, {"Content-Type": "text/x.tlog.size"}, b"20\n\n"), "not in form"),
    ],
)
def test_an_answer_out_of_form_is_an_error(liar, says, message):
    liar.says = says
    with pytest.raises(WitnessError, match=message) as caught:
        ask(url_of(liar), parse_request(request(tree(3), 0)))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(liar, status):
    liar.says = (status, {"Location": url_of(liar) + "/elsewhere"}, b"")
    with pytest.raises(WitnessError, match=f"status {status}"):
        ask(url_of(liar), parse_request(request(tree(3), 0)))
    assert liar.asked == ["/add-checkpoint"]


def test_no_proxy_of_the_environment_is_used(server, liar, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, url_of(liar))
    assert ask(server.url, parse_request(request(tree(3), 0))).size is None
    assert liar.asked == []


def test_a_witness_that_is_not_there_cannot_be_reached():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(WitnessError, match="cannot be reached"):
        ask(f"http://127.0.0.1:{port}", parse_request(request(tree(3), 0)))


def test_a_witness_that_never_answers_is_given_up():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(WitnessError, match="cannot be reached"):
            ask(f"http://127.0.0.1:{mute.getsockname()[1]}", parse_request(request(tree(3), 0)), timeout=0.2)


@pytest.mark.parametrize(
    "url",
    ["", "w", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://[", "http://u:p@127.0.0.1/",
     "http://127.0.0.1/?x=1", "http://127.0.0.1/#x", "http://127.0.0.1:99999/", "http://127.0.0.1/\r\nX: y"],
)  # fmt: skip
def test_what_is_no_url_of_a_witness_is_refused(url):
    with pytest.raises(WitnessError):
        ask(url, parse_request(request(tree(3), 0)), timeout=0.2)
