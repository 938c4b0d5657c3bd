"""The library that runs models is held to what is used of it, before and after a model is loaded."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from extract.distil import llama_backend, llama_library
from extract.distil.errors import LibraryError
from extract.distil.llama_library import FIELDS, FUNCTIONS, check, check_context


def whole() -> SimpleNamespace:
    """Return what stands for the library: every name, without a line of C."""
    parts: dict[str, Any] = dict.fromkeys(FUNCTIONS, len)
    for name, fields in FIELDS.items():
        parts[name] = type(name, (), {"_fields_": [(field, int) for field in fields]})
    return SimpleNamespace(**parts)


def test_the_installed_library_is_the_one_that_is_known() -> None:
    lib = llama_library.load()
    check(lib, metadata.version("llama-cpp-python"))
    assert llama_library.load() is lib


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_is_missing_is_named(name: str) -> None:
    lib = whole()
    check(lib, "0.3.36")
    delattr(lib, name)
    with pytest.raises(LibraryError, match=name) as caught:
        check(lib, "0.3.36")
    assert caught.value.exit_code == 10
    assert caught.value.hint


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in FIELDS.items() for field in fields])
def test_a_field_that_is_missing_is_named(name: str, field: str) -> None:
    lib = whole()
    getattr(lib, name)._fields_ = [(f, int) for f in FIELDS[name] if f != field]
    with pytest.raises(LibraryError, match=f"{name}.{field}"):
        check(lib, "0.3.36")
    delattr(lib, name)
    with pytest.raises(LibraryError, match=name):
        check(lib, "0.3.36")


@pytest.mark.parametrize("version", ["0.2.90", "0.3.35", "0.4.0", "1.0.0", "0.3", "", "0.3.rc1", "none"])
def test_another_version_is_refused(version: str) -> None:
    with pytest.raises(LibraryError, match="never tried"):
        check(whole(), version)


@pytest.mark.parametrize("version", ["0.3.36", "0.3.36.post1", "0.3.36+cpu", "0.3.99"])
def test_later_ones_of_the_same_series_are_taken(version: str) -> None:
    check(whole(), version)


@pytest.mark.parametrize("field", ["n_ctx", "n_batch", "n_ubatch", "n_threads"])
def test_a_setting_that_arrives_as_another_number_is_an_error(field: str) -> None:
    told = {"n_ctx": 2048, "n_batch": 512, "n_ubatch": 512, "n_threads": 1}

    def lib() -> Any:
        return SimpleNamespace(**{f"llama_{name}": lambda _, value=value: value for name, value in told.items()})

    check_context(lib(), None, n_ctx=2048, n_batch=512, n_threads=1)
    told[field] += 1
    with pytest.raises(LibraryError, match=field):
        check_context(lib(), None, n_ctx=2048, n_batch=512, n_threads=1)


def test_a_missing_package_and_one_that_does_not_load_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(llama_library, "version", missing)
    with pytest.raises(LibraryError, match="not installed"):
        llama_library.load()
    monkeypatch.setattr(llama_library, "version", lambda name: "0.3.36")
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(LibraryError, match="cannot be loaded"):
        llama_library.load()


def test_all_that_the_code_uses_is_checked() -> None:
    sources = [Path(str(module.__file__)).read_text("utf-8") for module in (llama_backend, llama_library)]
    used = set(re.findall(r"\b_?lib\.(llama_\w+)", "\n".join(sources)))
    assert used <= {*FUNCTIONS, *FIELDS}
    assert set(FUNCTIONS) <= used
