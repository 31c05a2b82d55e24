"""The mutants of a room: every place of its sources that can be changed, and what it is changed to."""

from __future__ import annotations

import ast
import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "woox_fast"


class Room(NamedTuple):
    """Globs of its sources, under src/woox_fast, and of the tests that must notice, under tests; the quickest first."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "payload": Room(("payload.py", "_text.py", "_prepare.py"), ("test_payload*.py", "test_prepare*.py")),
    "checks": Room(
        ("_checks.py", "_urls.py", "_wire.py", "_credentials.py"),
        (
            "test_errors.py",
            "test_encode_request.py",
            "test_signer.py",
            "test_signatures.py",
            "test_urls.py",
            "test_payload*.py",
            "test_prepare.py",
            "test_backend.py",
            "test_self_test.py",
        ),
    ),
    "signers": Room(
        ("_backend.py", "_sign_base.py", "_sign_py.py"),
        (
            "test_signer.py",
            "test_signatures.py",
            "test_errors.py",
            "test_encode_request.py",
            "test_backend.py",
            "test_prepare.py",
        ),
    ),
    "clock": Room(
        ("clock.py", "_server_time.py", "_timing.py"), ("test_clock_local.py", "test_timing*.py", "test_clock*.py")
    ),
    "explain": Room(
        ("_explain/**/*.py",),
        ("test_explain_rows*.py", "test_explain.py", "test_explain_[fim]*.py", "test_explain*.py"),  # limits take long
    ),
    "testing": Room(("testing.py",), ("test_pytest_plugin.py", "test_adapter_httpx.py", "test_secrets_shown.py")),
    "adapters": Room(("adapters/*.py",), ("test_adapter*.py",)),
    "gateway": Room(("gateway/*.py",), ("test_gateway*.py",)),
    "sandbox": Room(("sandbox/*.py",), ("sandbox/test_[adorv]*.py", "sandbox/test_*.py", "test_ccxt_sandbox.py")),
    "cli": Room(("cli/*.py",), ("test_cli.py", "test_cli_output.py", "test_verbs*.py", "test_cli*.py")),
    "demo": Room(("cli/demo/*.py",), ("test_demo*.py",)),
}


class Mutant(NamedTuple):
    room: str
    file: str  # under src/woox_fast
    line: str  # the source line, stripped
    old: str
    new: str
    start: int  # bytes of the file
    end: int
    lines: range  # that are changed, from 1

    @property
    def name(self) -> str:
        return f"{self.file}: {self.old} -> {self.new}: {self.line}"

    def rank(self, seed: int) -> bytes:
        """The sample is what ranks lowest: a change elsewhere in the code leaves it as it is."""
        return hashlib.sha256(f"{seed}{self.name}".encode()).digest()


# An operator: how it is written, and what takes its place.
OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "+"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}


def _names_encoding(text: str) -> bool:
    """Whether Python reads it, with a sign more at its end, as the name of the same encoding."""
    try:
        return bool(codecs.lookup(f"{text}~"))
    except (LookupError, ValueError):
        return False


class Finder:
    """Every place of one file that can be changed: (start, end, new text)."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self._starts = [0]
        for line in self.data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self.found: list[tuple[int, int, str]] = []
        self._visit(ast.parse(text))

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def _add(self, node: ast.expr | ast.stmt, new: str) -> None:
        self.found.append((*self.span(node), new))

    def _operator(self, left: ast.expr, right: ast.expr, operator: ast.AST) -> None:
        """Where it is written between its two operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        written, other = OPERATORS[type(operator)]
        at = self.data.find(written.encode(), start, end)
        if at >= 0:
            self.found.append((at, at + len(written), other))

    def _drop(self, parts: list[tuple[int, int]]) -> None:
        """One of several parts that commas separate, with its comma."""
        for number, (start, end) in enumerate(parts):
            if number + 1 < len(parts):
                self.found.append((start, parts[number + 1][0], ""))
            elif number:
                self.found.append((parts[number - 1][1], end, ""))

    def _visit(self, node: ast.AST) -> None:
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Import() | ast.ImportFrom() | ast.Assert():
                return
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__" | "TYPE_CHECKING")]):
                return
            case ast.JoinedStr():  # prose, but for what is put into it
                for part in node.values:
                    if isinstance(part, ast.FormattedValue):
                        self._visit(part.value)
                return
            case ast.AnnAssign():
                if node.value is not None:
                    self._visit(node.value)
                return
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for child in [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]:
                    self._visit(child)
                return
            case ast.Expr(value=ast.Constant()) | ast.Call(func=ast.Name(id="TypeVar")):
                return
            case ast.Raise():  # what it says is prose, too
                self._add(node, "pass")
                return
            case ast.Expr() | ast.AugAssign() | ast.Delete() | ast.Break() | ast.Continue():
                self._add(node, "pass")
            case ast.Return(value=ast.expr() as value) if not (
                isinstance(value, ast.Constant) and (value.value is None or value.value is False)
            ):
                self._add(value, "None")
            case ast.Compare(ops=[operator]):
                self._operator(node.left, node.comparators[0], operator)
            case ast.BoolOp():
                self._operator(node.values[0], node.values[1], node.op)
            case ast.BinOp() if type(node.op) in OPERATORS:
                self._operator(node.left, node.right, node.op)
            case ast.UnaryOp(op=ast.Not()):
                start = self.span(node)[0]
                self.found.append((start, start + len("not"), ""))
            case ast.Constant(value=bool()):
                self._add(node, str(not node.value))
            case ast.Constant(value=int() | float()):
                self._add(node, repr(node.value + 1))
            case ast.Constant(value=str()) if node.value and " " not in node.value and not _names_encoding(node.value):
                self._add(node, repr(f"{node.value}~"))
            case ast.Constant(value=bytes()) if node.value:
                self._add(node, repr(node.value + b"~"))
            case ast.Dict() if None not in node.keys:
                pairs = zip(node.keys, node.values, strict=True)
                self._drop([(self.span(key)[0], self.span(value)[1]) for key, value in pairs if key])
            case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Set():
                self._drop([self.span(element) for element in node.elts] if len(node.elts) > 2 else [])
            case ast.Call() if node.keywords and node.keywords[-1].arg:
                last = node.keywords[-1]
                if before := [*node.args, *(keyword.value for keyword in node.keywords[:-1])]:
                    self.found.append((self.span(before[-1])[1], self.span(last.value)[1], ""))
        for child in ast.iter_child_nodes(node):
            self._visit(child)
        if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Compare | ast.UnaryOp):
            start, end = self.span(node.test)
            self.found.append((start, end, f"not ({self.data[start:end].decode()})"))


def mutants(name: str) -> Iterator[Mutant]:
    for path in sorted({path for glob in ROOMS[name].sources for path in PACKAGE.glob(glob)}):
        finder = Finder(path.read_text("utf-8"))
        for start, end, new in finder.found:
            line = finder.data[: finder.data.find(b"\n", start)].rpartition(b"\n")[2].decode().strip()
            old = " ".join(finder.data[start:end].decode().split())
            first, last = (finder.data[:at].count(b"\n") + 1 for at in (start, end))
            file = path.relative_to(PACKAGE).as_posix()
            yield Mutant(name, file, line, old, new, start, end, range(first, last + 1))
