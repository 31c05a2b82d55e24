"""What `help` and an editor show: one contract, word for word, on every twin."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from woox_fast import _prepare, _sign_base, _sign_py

PUBLIC = [name for name in dir(_sign_py.Signer) if not name.startswith("_")]


def parameters(function: object) -> list[tuple[str, object, object]]:
    """Name, kind and default of each; the compiled twins have no annotations."""
    return [(each.name, each.kind, each.default) for each in inspect.signature(function).parameters.values()]


def test_the_public_members():
    assert PUBLIC == [
        "api_key", "clock_offset_ms", "encode_request", "headers", "hexdigest", "prepare", "recv_window_ms", "sign",
        "sign_many", "verify",
    ]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_a_member_says_the_same_on_every_twin(twin, name):
    member, specified = getattr(twin.Signer, name), getattr(_sign_base.SignerBase, name)
    assert inspect.getdoc(member) == inspect.getdoc(specified)
    if callable(specified):
        assert parameters(member)[1:] == parameters(specified)[1:]  # `self` of a compiled one is positional only
        shown = pydoc.render_doc(member, renderer=pydoc.plaintext)
        assert inspect.getdoc(specified).splitlines()[0] in shown
        assert "Raises" in shown


def test_the_class_and_the_function_say_the_same_on_every_twin(twin):
    assert inspect.getdoc(twin.Signer) == inspect.getdoc(_sign_base.SignerBase)
    assert parameters(twin.Signer) == parameters(_sign_py.Signer)
    assert inspect.getdoc(twin.sign) == inspect.getdoc(_sign_py.sign)
    assert parameters(twin.sign) == parameters(_sign_py.sign)


def test_help_names_the_options_of_prepare(twin):
    shown = pydoc.render_doc(twin.Signer.prepare, renderer=pydoc.plaintext)
    options = parameters(_prepare.prepare)[3:]
    assert len(options) == 5
    assert parameters(twin.Signer.prepare)[3:] == options
    for name, _, _ in options:
        assert f"{name}: " in shown
