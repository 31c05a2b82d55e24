"""The compiled core. All else about the package is in pyproject.toml."""

from __future__ import annotations

import os
from glob import glob

from setuptools import Extension, setup

required = os.environ.get("WOOX_FAST_REQUIRE_EXTENSION") == "1"

setup(
    ext_modules=[
        Extension(
            "woox_fast._sign",
            # The .pyx itself, not cythonize(): that would silently drop `optional`.
            sources=["src/_sign.pyx", *sorted(glob("src/core/*.c"))],
            depends=sorted(glob("src/core/*.h")),
            include_dirs=["src/core"],
            optional=not required,  # a machine without a compiler gets the pure package
        )
    ]
)
