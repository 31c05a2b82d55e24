"""The cffi skin, in API mode, over the C core: `_sign_cffi.h` is compiled, and the declarations are taken from it."""

from __future__ import annotations

import os
import re
from glob import glob
from pathlib import Path

from cffi import FFI

SKIN = Path("src/_sign_cffi.h").read_text("utf-8")

ffi = FFI()
ffi.cdef("typedef ... hmac_sha256_key; enum { CHUNK = ..., HEX_SIZE = ... };")  # of the core, Python needs no more
ffi.cdef("".join(f"{head};\n" for head in re.findall(r"^static ([^{}]+\)) \{$", SKIN, re.MULTILINE)))
ffi.set_source(
    "woox_fast._sign_cffi_lib",
    SKIN,
    sources=sorted(glob("src/core/*.c")),
    depends=["src/_sign_cffi.h", *sorted(glob("src/core/*.h"))],
    include_dirs=["src/core"],
    # As in setup.py. What was asked for by name is not optional either.
    optional="1" not in (os.environ.get("WOOX_FAST_REQUIRE_EXTENSION"), os.environ.get("WOOX_FAST_CFFI")),
)
