#!/bin/sh
# Compare the signatures of the compiled backends with those of the pure one, using mypy's stubtest.
# An unused line of the allowlist is an error too, so the first comparison passes only if stubtest looked at the backend.
set -eu
stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT
compare() { # LIBRARY BACKEND ALLOWED...
    ls src/woox_fast/"$1".*.so >/dev/null 2>&1 || { echo "stubtest: $2 skipped, it is not compiled"; return; }
    backend=$2
    shift 2
    rm -rf "$stubs/woox_fast"
    cp -r src/woox_fast "$stubs"
    rm -f "$stubs/woox_fast/$backend.py" "$stubs"/woox_fast/*.so
    cp src/woox_fast/_sign_py.py "$stubs/woox_fast/$backend.pyi"
    for name; do echo "woox_fast\\.$backend\\.$name"; done >"$stubs/allowlist"
    MYPYPATH=$stubs "${PYTHON:-.venv/bin/python}" -m mypy.stubtest --concise --mypy-config-file pyproject.toml --allowlist "$stubs/allowlist" "woox_fast.$backend"
}
compare _sign _sign __pyx_capi__ __test__ Signer Signer._hmac_hex Signer._set_key
compare _sign_cffi_lib _sign_cffi Signer
