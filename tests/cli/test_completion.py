"""`woox-fast completion`: scripts that complete subcommands and options."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.command import answer, woox_fast


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_names_options(shell: str) -> None:
    script = answer("completion", shell)["script"]
    for name in ("explain", "signature", "production"):
        assert name in script


def test_bash_completes_words(tmp_path: Path) -> None:
    script = tmp_path / "woox-fast"
    script.write_text(woox_fast("completion", "bash").stdout)
    trial = f"""
        source {script}
        COMP_WORDS=(woox-fast ex); COMP_CWORD=1; _shtab_woox_fast; echo "${{COMPREPLY[@]}}"
        COMP_WORDS=(woox-fast explain --sig); COMP_CWORD=2; _shtab_woox_fast; echo "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "-c", trial], capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["explain", "--signature"], result.stderr


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_words(tmp_path: Path) -> None:
    script = tmp_path / "woox-fast.fish"
    script.write_text(woox_fast("completion", "fish").stdout)
    trial = f"source {script}; complete -C 'woox-fast ex'; complete -C 'woox-fast explain --sig'"
    result = subprocess.run(["fish", "--no-config", "-c", trial], capture_output=True, text=True, timeout=60)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["explain", "--signature"], result.stderr
