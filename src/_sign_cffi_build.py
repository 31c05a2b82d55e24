"""Build the cffi library over the C core, in API mode; setup.py supplies the compiler's flags.

The declarations are the heads of the functions in `_sign_cffi.h`.
"""

from __future__ import annotations

import os
import re
from glob import glob
from pathlib import Path

from cffi import FFI

HEADER = Path("src/_sign_cffi.h").read_text("utf-8")

ffi = FFI()
ffi.cdef("typedef struct { ...; } hmac_sha256_key; typedef struct { ...; } hmac_sha256_message;")
ffi.cdef("enum { CHUNK = ..., HEX_SIZE = ... };")
ffi.cdef("".join(f"{head};\n" for head in re.findall(r"^static ([^{}]+\)) \{$", HEADER, re.MULTILINE)))
ffi.set_source(
    "woox_fast._sign_cffi_lib",
    HEADER,
    sources=sorted(glob("src/core/*.c")),
    depends=["src/_sign_cffi.h", *sorted(glob("src/core/*.h"))],
    include_dirs=["src/core"],
    # An extension that the environment asks for must not be dropped silently.
    optional="1" not in (os.environ.get("WOOX_FAST_REQUIRE_EXTENSION"), os.environ.get("WOOX_FAST_CFFI")),
)
