"""The self-test at import rejects a core that computes wrong signatures, and the next backend signs correctly."""

from __future__ import annotations

import pytest
from helpers.backends import BUILT
from helpers.core_build import COMPILERS, compile_package
from helpers.interpreter import PUBLISHED, SHOW, SIGN, run, sha256_names

VECTOR = {
    "sha-ni+avx512": "core/hmac_sha256_avx512.c",
    "sha-ni": "core/hmac_sha256_shani.c",
    "armv8": "core/hmac_sha256_armv8.c",
}
INCLUDE = '#include "cleanse.h"'
# A wrong bit in a round constant.
WRONG_CONSTANT = f"""{INCLUDE}
static uint32_t wrong[64] __attribute__((aligned(16)));
__attribute__((constructor)) static void copy_wrong(void) {{
    for (int i = 0; i < 64; i++) wrong[i] = sha256_round_constants[i] ^ (i == 63);
}}
#define sha256_round_constants wrong
"""

pytestmark = pytest.mark.skipif(not ("cython" in BUILT and COMPILERS), reason="the compiled core was not built")


@pytest.fixture(scope="module")
def wrong_vector(tmp_path_factory):
    """Compile the package with a wrong constant in the fastest SHA-256, if it is not the portable implementation."""
    file = VECTOR.get(sha256_names()[0])
    changes = [(file, INCLUDE, WRONG_CONSTANT)] if file else []
    return compile_package(tmp_path_factory.mktemp("vector"), *changes)


@pytest.fixture(scope="module")
def wrong_everywhere(tmp_path_factory):
    changed = ("core/sha256.c", "0x428a2f98", "0x428a2f99")
    return compile_package(tmp_path_factory.mktemp("everywhere"), changed)


def extract_warnings(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if "RuntimeWarning" in line]


def test_next_implementation_is_used(wrong_vector):
    fastest, *others = sha256_names()
    result = run(SHOW + SIGN, wrong_vector)
    assert result.stdout.splitlines() == [f"cython {(others or [fastest])[0]}", PUBLISHED]
    warned = extract_warnings(result.stderr)
    if others:
        assert len(warned) == 1
        assert f"the {fastest} SHA-256 gave a wrong answer on this processor and is not used" in warned[0]
    else:
        assert warned == []


def test_wrong_implementation_raises(wrong_vector):
    fastest, *others = sha256_names()
    result = run(SHOW, wrong_vector, WOOX_FAST_SHA256=fastest, WOOX_FAST_BACKEND="cython")
    assert (result.returncode == 0) == (not others)
    if others:
        works = ", ".join(others)
        assert f"WOOX_FAST_SHA256={fastest} is unavailable: the cython backend has {works} on this" in result.stderr


def test_next_backend_is_used(wrong_everywhere):
    result = run(SHOW + SIGN, wrong_everywhere)
    assert result.stdout.splitlines() == ["python hashlib", PUBLISHED]
    warned = extract_warnings(result.stderr)
    assert len(warned) == 2
    assert "the portable SHA-256 gave a wrong answer" in warned[0]
    assert "the cython backend is installed but broken, a slower one is used" in warned[1]
    named = run(SHOW, wrong_everywhere, WOOX_FAST_BACKEND="cython")
    assert named.returncode == 1
    assert "no SHA-256 of the cython backend gives a right answer on this processor" in named.stderr
    assert run(SHOW, wrong_everywhere, WOOX_FAST_SHA256="portable").returncode == 1
