"""`woox-fast completion`: the scripts contain all subcommands and options."""

from __future__ import annotations

import pytest
from helpers.command import answer, woox_fast


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_names_options(shell: str) -> None:
    script = answer("completion", shell)["script"]
    for name in ("explain", "signature", "production"):
        assert name in script
    assert woox_fast("completion", shell).stdout.strip() == script.strip()
