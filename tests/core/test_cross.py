"""The C core without Python over it, on this processor; `make cross` does the same for others."""

from __future__ import annotations

import shutil

import pytest
from cross import Target, check


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler to build the core with")
def test_every_length_with_every_sha256(tmp_path):
    assert "portable: " in check(Target("cc", (), (), ""), tmp_path)
