"""Signing while the interpreter fails or ends: no memory, forks, subinterpreters, signals, hostile objects."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import textwrap

import pytest
from helpers.backends import BUILT, MODULES, installed_backends
from helpers.core_build import COMPILERS, HARNESSES
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import _sign_py


def run(code: str, *arguments: str, timeout: float = 120) -> str:
    """Run `code` in a new interpreter and return its output; it must succeed without output on standard error."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr[-3000:]
    return result.stdout


@pytest.fixture(params=dict(reversed(installed_backends())).items(), ids="-".join)
def name(request):
    """Return the arguments of SETUP that choose a backend, with its fastest SHA-256, in a new interpreter."""
    backend, sha256 = request.param
    return MODULES[backend], sha256


SETUP = f"""
import importlib, sys
module = importlib.import_module(sys.argv[1])
if hasattr(module, "_choose_sha256"):
    module._choose_sha256(sys.argv[2])
KEY, SECRET, NOW = {KEY!r}, {SECRET!r}, {NOW}
EXPECTED = {oracle(b"%dPOST/v3/x{}" % NOW)!r}
signer = module.Signer(KEY, SECRET)
REQUEST = NOW, "POST", "/v3/x", "{{}}"
"""


WITHOUT_MEMORY = """
import ctypes
library = ctypes.PyDLL(sys.argv[3])
library.call_without_memory.restype = ctypes.py_object
library.call_without_memory.argtypes = [ctypes.py_object, ctypes.c_long]
sys.unraisablehook = lambda unraisable: None  # errors while a generator is destroyed
"""


@pytest.fixture(scope="module")
def nomemory(tmp_path_factory):
    library = tmp_path_factory.mktemp("nomemory") / "nomemory.so"
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run([COMPILERS[0], "-shared", "-fPIC", include, HARNESSES / "nomemory.c", "-o", library], check=True)
    return str(library)


# CPython 3.12 and 3.13 may crash without memory for a function object, because they free an uninitialized function.
MAKES_FUNCTIONS = sys.version_info[:2] not in [(3, 12), (3, 13)]


@pytest.mark.skipif(not COMPILERS, reason="no C compiler for the allocator that fails")
def test_failed_allocation_raises_memory_error(name, nomemory):
    """The result or the error must otherwise be the usual one. The interpreter must not crash."""
    calls = """
calls = {
    "Signer": lambda: module.Signer(KEY, SECRET).api_key,
    "bytes": lambda: module.Signer(KEY, b"x" * 100, clock_offset_ms=5).clock_offset_ms,
    "sign": lambda: signer.sign(*REQUEST),
    "text": lambda: signer.sign(str(NOW), "POST", "/v3/é", "é" * 2000),
    "buffer": lambda: signer.sign(NOW, "POST", "/v3/x", bytearray(b"{}")),
    "one-off": lambda: module.sign(SECRET, *REQUEST),
    "many": lambda: signer.sign_many([REQUEST] * 9),
    "others": lambda: signer.sign_many(iter([(NOW, "POST", "/é", bytearray(5)), REQUEST, [*REQUEST]])),
    "hexdigest": lambda: signer.hexdigest(memoryview(b"x")),
    "verify": lambda: signer.verify(EXPECTED.upper(), *REQUEST),
    "headers": lambda: signer.headers("POST", "/v3/x", "{}", timestamp=NOW),
    "clock": lambda: len(signer.headers("GET", "/v3/x")),
    "encode": lambda: signer.encode_request("POST", "/v3/x", "{}", timestamp=NOW),
    "repr": lambda: repr(signer),
    "seconds": lambda: signer.sign(1578565539, "GET", "/"),
    "surrogate": lambda: signer.sign(NOW, "GET", "/\\ud800"),
    "bad item": lambda: signer.sign_many([REQUEST, (NOW, "get", "/", b"")]),
    "bad signature": lambda: signer.verify(5, *REQUEST),
    "bad key": lambda: module.Signer("é", SECRET),
    "pickle": lambda: signer.__reduce_ex__(2),
}
making_functions = {
    "prepare": lambda: signer.prepare("POST", "/v3/x", json={"a": [1, "é"]}, timestamp=NOW),
    "no secret": lambda: module.Signer(KEY, ""),
    "no secret, one-off": lambda: module.sign("", *REQUEST),
    "bad path": lambda: signer.encode_request("GET", "/ x"),
}
"""
    if not MAKES_FUNCTIONS:
        if not name[0].endswith("._sign"):
            pytest.skip("this CPython may crash, because the backend is written in Python")
        calls += "making_functions = {}\n"
    code = """
def outcome(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return type(error), str(error)

for what, call in (calls | making_functions).items():
    expected = outcome(call)
    for at in range(100_000):
        result = outcome(library.call_without_memory, call, at)
        if result == expected:
            if not library.reached():
                break
        elif result[0] is SystemError:
            # From 3.11 on CPython drops an exception, ours or its own MemoryError, if it has no memory for a frame of
            # the Python code that was to handle it. No Python code can change that.
            assert "without" in result[1] and "exception" in result[1], (what, at, result)
        else:
            assert result[0] is MemoryError, (what, at, result)
    assert signer.sign(*REQUEST) == EXPECTED
    print(what, at, sep=": ")
"""
    said = run(SETUP + WITHOUT_MEMORY + calls + code, *name, nomemory)
    reached = dict(line.split(": ") for line in said.splitlines())
    assert len(reached) == (24 if MAKES_FUNCTIONS else 20)
    assert int(reached["Signer"]) > 0
    assert int(reached["seconds"]) > 0


def test_forks_sign_beside_threads(name):
    code = """
import os, threading, warnings
warnings.simplefilter("ignore")  # Python 3.12 and newer warn of forks among threads
stop = threading.Event()
def work():
    while not stop.is_set():
        assert signer.sign(*REQUEST) == EXPECTED
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
try:
    for _ in range(10):
        child = os.fork()
        if child == 0:
            right = all(signer.sign(*REQUEST) == EXPECTED for _ in range(100))
            right = right and module.Signer(KEY, SECRET).sign_many([REQUEST] * 5) == [EXPECTED] * 5
            os._exit(0 if right else 1)
        assert os.waitpid(child, 0)[1] == 0
finally:
    stop.set()
    for thread in threads:
        thread.join()
"""
    assert run(SETUP + code, *name) == ""


# CPython 3.12.1 crashed at exit after isolated interpreters without woox_fast, in 27 of 40 trials.
ISOLATED = pytest.param(
    "isolated",
    marks=pytest.mark.skipif(
        sys.version_info[:2] == (3, 12), reason="CPython 3.12's isolated interpreters crash by themselves"
    ),
)


CYTHON_REFUSES = [
    "the cython backend cannot be loaded in this interpreter, a slower one is used: ",
    "; import woox_fast in the main interpreter only, or set WOOX_FAST_BACKEND=python",
]


@pytest.mark.parametrize("kind", [ISOLATED, "legacy"])
def test_subinterpreters_sign_requests(kind):
    """If the core cannot be loaded twice, `auto` warns and chooses a different backend."""
    code = """
try:
    import _interpreters as interpreters  # from 3.13 on
    create = lambda: interpreters.create(sys.argv[3])
except ModuleNotFoundError:
    import _xxsubinterpreters as interpreters
    create = lambda: interpreters.create(isolated=sys.argv[3] == "isolated")
inner = f'''
import warnings
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    import woox_fast as w
words = " ".join(str(each.message) for each in warned)
assert all(part in words for part in {parts}), words
assert w.Signer({KEY!r}, {SECRET!r}).sign({NOW}, "POST", "/v3/x", "{{}}") == {EXPECTED!r}
'''
for _ in range(3):
    one = create()
    failed = interpreters.run_string(one, inner)  # raises, up to 3.12
    assert failed is None, failed
    interpreters.destroy(one)
assert signer.sign(*REQUEST) == EXPECTED
"""
    code = code.replace("{parts}", repr(CYTHON_REFUSES if "cython" in BUILT else []))
    assert run(SETUP + code, "woox_fast", "", kind) == ""


def test_signal_handler_signs(name):
    code = """
import signal
LONG = bytes(100_000)
LONG_EXPECTED = signer.hexdigest(LONG)
handled = []
def handle(*_):
    handled.append(signer.sign(*REQUEST) == EXPECTED)
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
while len(handled) < 50:
    assert signer.sign(*REQUEST) == EXPECTED
    assert signer.sign_many([REQUEST] * 20) == [EXPECTED] * 20
    assert signer.hexdigest(LONG) == LONG_EXPECTED
signal.setitimer(signal.ITIMER_REAL, 0)
assert all(handled)
"""
    assert run(SETUP + code, *name) == ""


def test_signer_survives_shutdown(name):
    """Sign at exit, in the finalizer of the last object, and in a thread that outlives the main thread."""
    last = """
import atexit
class Last:
    def __init__(self):
        self.signer, self.request, self.expected, self.print = signer, REQUEST, EXPECTED, print
    def __del__(self):
        try:
            self.print(self.signer.sign(*self.request) == self.expected)
        except RuntimeError as error:
            self.print(error.args[0].partition(":")[0])
last = Last()
atexit.register(lambda: print(signer.sign_many([REQUEST] * 3) == [EXPECTED] * 3))
"""
    # Finalizers in a dying cycle run in any order. If the key's finalizer is the first, the cffi backend raises.
    refused = ["this Signer's key has been cleansed"] if "cffi" in name[0] else []
    first, second = run(SETUP + last, *name).splitlines()
    assert first == "True"
    assert second in ["True", *refused]
    thread = """
import threading, time
LONG = bytes(200_000)
def work():
    while True:
        signer.sign(*REQUEST)
        signer.hexdigest(LONG)
threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
"""
    assert run(SETUP + thread, *name) == ""


# -- Hostile objects


class Inconsistent:
    """An object whose methods all return a wrong value or raise."""

    def __init__(self, error: BaseException | None = None):
        self.error = error

    def _answer(self, *_):
        if self.error:
            raise self.error
        return self

    __index__ = __int__ = __len__ = __iter__ = __next__ = __getitem__ = __bytes__ = __buffer__ = __hash__ = _answer
    __str__ = __repr__ = __format__ = __bool__ = __eq__ = __lt__ = _answer


@pytest.mark.parametrize("error", [None, OSError("theirs"), KeyboardInterrupt(), SystemExit()], ids=repr)
@pytest.mark.parametrize("at", range(4))
def test_inconsistent_objects_are_refused(implementation, at, error):
    lie = Inconsistent(error)
    request = [NOW, "GET", "/", b""]
    request[at] = lie
    outcomes = []
    for signer in implementation.Signer(KEY, SECRET), _sign_py.Signer(KEY, SECRET):
        for call in (signer.sign, *request), (signer.sign_many, [request]):
            with pytest.raises(BaseException) as raised:
                call[0](*call[1:])
            outcomes.append((raised.type, str(raised.value)))
    assert outcomes[:2] == outcomes[2:]


def test_batch_changes_during_call(implementation):
    signer = implementation.Signer(KEY, SECRET)
    good = (NOW, "POST", "/v3/x", "{}")
    expected = oracle(b"%dPOST/v3/x{}" % NOW)

    class Fields(list):  # a request that empties the batch while it is read
        def __iter__(self):
            batch.clear()
            return iter(good)

    batch = [good, Fields([1, 2, 3, 4]), good, good]
    assert signer.sign_many(batch) == [expected] * 4
    assert batch == []

    def again():
        for size in range(5):
            assert signer.sign_many([good] * size) == [expected] * size
            yield good

    assert signer.sign_many(again()) == [expected] * 5
