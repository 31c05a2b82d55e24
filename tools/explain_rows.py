"""Write tests/vectors/explain again: every row of explain's tables, and what it makes of a few requests.

    python tools/explain_rows.py

Read the difference before you commit it: a line is a row.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.explain_rows import FOLDER, write

write()
print(f"{FOLDER}: written. Read the difference with git diff --word-diff.")
