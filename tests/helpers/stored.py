"""What is stored as it should be, under tests/stored. `STORE=1 make test` stores what is there now: read the diff."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "stored"


def same_as_stored(name: str, value: Any) -> None:
    """That `value`, of what JSON can hold, is what the file `name` has."""
    path = FOLDER / name
    if os.environ.get("STORE"):
        path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert value == json.loads(path.read_text("utf-8"))
