"""The C core without Python, on this processor; `make cross` runs the same program for more processors."""

from __future__ import annotations

import shutil

import pytest
from cross import Target, check


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler to build the core with")
def test_implementations_sign_every_length(tmp_path):
    assert "portable: " in check(Target("cc", (), (), ""), tmp_path)
