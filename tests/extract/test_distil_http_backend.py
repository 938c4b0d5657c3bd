"""The model server: what is asked, what is refused, and which addresses are never spoken to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from model_server import CLASSIC, CONTENT, FakeServer

from extract.distil.backend import Prompt, open_backend
from extract.distil.endpoint import allow
from extract.distil.errors import BackendError, EndpointRefusedError
from extract.distil.http_backend import HttpBackend
from govern.errors import UsageError


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.mark.parametrize("logprobs", [CLASSIC, CONTENT], ids=["classic", "content"])
def test_options_are_read_from_either_form(server: FakeServer, logprobs: dict[str, Any]) -> None:
    server.choice["logprobs"] = logprobs
    backend = HttpBackend(server.url)
    rule, steps, source = backend.options(Prompt("fixed", " item"), [" rule", " steps", " source"])
    assert (rule, steps) == (-0.5, -1.0)
    assert source < min(rule, steps)


def test_a_question_has_temperature_0_and_no_stream(server: FakeServer) -> None:
    backend = HttpBackend(server.url + "/v1")
    written = backend.generate(Prompt("fixed", " item"), 'root ::= "a"', max_tokens=9)
    assert (written.text, written.logprobs) == (" Shorter words.", (-0.1, -0.2))
    path, body = server.asked[-1]
    assert path == "/v1/completions"
    assert body["prompt"] == "fixed item"
    assert body["grammar"] == 'root ::= "a"'
    assert (body["temperature"], body["seed"], body["stream"], body["max_tokens"]) == (0, 0, False, 9)


def test_the_proxy_variables_are_ignored(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert HttpBackend(server.url).info()["model"] == "small.gguf"


def test_a_redirect_is_refused(server: FakeServer) -> None:
    server.status, server.location = 307, "http://127.0.0.1:9/v1/models"
    with pytest.raises(EndpointRefusedError, match="redirect"):
        HttpBackend(server.url)


def test_a_server_without_log_probabilities_is_refused(server: FakeServer) -> None:
    server.choice["logprobs"] = None
    with pytest.raises(BackendError, match="log-probabilities"):
        HttpBackend(server.url)


def test_a_model_that_runs_elsewhere_is_refused(server: FakeServer) -> None:
    server.model = "huge:120b-cloud"
    with pytest.raises(EndpointRefusedError, match="other machines"):
        HttpBackend(server.url)


@pytest.mark.parametrize("raw", [b"", b"no json", b"[]", b'{"data": []}', b"[" * 100_000])
def test_an_answer_that_is_no_answer_is_an_error(server: FakeServer, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(BackendError):
        HttpBackend(server.url)


@pytest.mark.parametrize(
    "logprobs",
    [
        {"top_logprobs": [{" a": "x"}]},
        {"top_logprobs": [{" a": 7.0}]},
        {"top_logprobs": []},
        {"content": [{"top_logprobs": [None]}]},
    ],
)
def test_log_probabilities_that_are_none_are_refused(server: FakeServer, logprobs: dict[str, Any]) -> None:
    server.choice["logprobs"] = logprobs
    with pytest.raises(BackendError):
        HttpBackend(server.url)


def test_a_server_error_is_told_by_its_status(server: FakeServer) -> None:
    server.status = 503
    with pytest.raises(BackendError, match="503"):
        HttpBackend(server.url)


def test_the_model_name_cannot_carry_text(server: FakeServer) -> None:
    server.model = "a\n<script>" + "x" * 500
    name = str(HttpBackend(server.url).info()["model"])
    assert len(name) == 100
    assert not set("\n<>") & set(name)


def test_nobody_listening_is_an_error() -> None:
    fake = FakeServer()
    fake.stop()
    with pytest.raises(BackendError, match="does not answer"):
        HttpBackend(fake.url)


def test_a_file_and_a_server_exclude_each_other(tmp_path: Any) -> None:
    with pytest.raises(UsageError):
        open_backend(tmp_path / "m.gguf", "http://127.0.0.1:1")


def names(*addresses: str) -> Any:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses_are_allowed(address: str) -> None:
    assert allow("http://model.test:8080/v1", resolver=names(address)).loopback


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://model.test", ["192.0.2.7"]),
        ("http://model.test", ["127.0.0.1", "192.0.2.7"]),
        ("http://model.test", ["0.0.0.0"]),
        ("http://model.test", ["::"]),
        ("http://model.test", ["::ffff:0.0.0.0"]),
        ("http://model.test", ["169.254.169.254"]),
        ("http://model.test", []),
        ("http://user:secret@127.0.0.1", ["127.0.0.1"]),
        ("http://user@127.0.0.1", ["127.0.0.1"]),
        ("http://@127.0.0.1", ["127.0.0.1"]),
    ],
)
def test_other_addresses_are_refused(url: str, addresses: list[str]) -> None:
    with pytest.raises(EndpointRefusedError) as caught:
        allow(url, resolver=names(*addresses))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "file:///etc/passwd",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://127.0.0.1/?q=1",
        "http://127.0.0.1/#a",
        "http://[::1",
    ],
)
def test_what_is_no_server_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        allow(url, resolver=names("127.0.0.1"))


def test_an_address_that_the_policy_names_is_allowed_and_resolved_once() -> None:
    calls: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        calls.append(host)
        return ["192.0.2.7"]

    for named in ({"model.test"}, {"model.test:8080"}, {"192.0.2.7"}, {"192.0.2.7:8080"}):
        endpoint = allow("http://model.test:8080", named, resolver)
        assert (endpoint.address, endpoint.loopback) == ("192.0.2.7", False)
    assert len(calls) == 4
    with pytest.raises(EndpointRefusedError):
        allow("http://model.test:8080", {"model.test:80", "192.0.2.70"}, resolver)


def test_naming_it_does_not_allow_an_address_that_stands_for_all() -> None:
    with pytest.raises(EndpointRefusedError):
        allow("http://0.0.0.0:8080", {"0.0.0.0"}, names("0.0.0.0"))
