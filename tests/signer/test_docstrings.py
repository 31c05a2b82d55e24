"""The docstrings and signatures in `help` and editors are equal in every backend."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from woox_fast import _sign_base, _sign_py

PUBLIC = [name for name in dir(_sign_py.Signer) if not name.startswith("_")]


def parameters(function: object) -> list[tuple[str, object, object]]:
    """Return (name, kind, default) of the parameters. The compiled backends have no annotations."""
    return [(each.name, each.kind, each.default) for each in inspect.signature(function).parameters.values()]


def test_signer_has_these_members():
    assert " ".join(PUBLIC) == (
        "api_key clock_offset_ms encode_request headers hexdigest prepare recv_window_ms sign sign_many verify"
    )


@pytest.mark.parametrize("name", PUBLIC)
def test_members_have_equal_docs(implementation, name):
    member, specified = getattr(implementation.Signer, name), getattr(_sign_base.SignerBase, name)
    assert inspect.getdoc(member) == inspect.getdoc(specified)
    if callable(specified):
        assert parameters(member)[1:] == parameters(specified)[1:]  # a compiled `self` is positional-only
        assert "Raises" in pydoc.render_doc(member, renderer=pydoc.plaintext)


def test_class_has_equal_docs(implementation):
    assert inspect.getdoc(implementation.Signer) == inspect.getdoc(_sign_base.SignerBase)
    assert parameters(implementation.Signer) == parameters(_sign_py.Signer)
    assert inspect.getdoc(implementation.sign) == inspect.getdoc(_sign_py.sign)
    assert parameters(implementation.sign) == parameters(_sign_py.sign)
