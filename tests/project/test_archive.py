"""The source archive contains no credentials except the published example, and the pins are up to date."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from helpers.oracle import KEY, SECRET
from packaging.markers import default_environment
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[2]
# Patterns of credentials by issuer, and of assignments in general.
CREDENTIALS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "GitHub": r"\b(gh[pousr]_|github_pat_)\w{20,}",
    "PyPI": r"\bpypi-[A-Za-z0-9_-]{30,}",
    "in a URL": r"://[^\s/\"'<>{}@:]+:(?!topsecret)[^\s/\"'<>{}@]{8,}@",
    "assigned": r"(?i)(secret|password|passwd|token|api_?key)\w*[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9+/]{24,}",
}
FILES = re.compile(r"(^|/)(\.env|\.netrc|\.pypirc|\.npmrc|id_(rsa|ed25519)|.*\.(pem|key|p12|pfx|keystore))$")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Return the text of every file in the source archive, and in a checkout also of the CI files."""
    folder = tmp_path_factory.mktemp("archive")
    code = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, folder], cwd=REPOSITORY, check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        texts = {
            member.name.partition("/")[2]: files.extractfile(member).read().decode("latin-1")
            for member in files.getmembers()
            if member.isfile()
        }
    for file in (*REPOSITORY.glob(".ci/*"), *REPOSITORY.glob(".github/**/*.y*ml"), *REPOSITORY.glob(".git*")):
        if file.is_file():
            texts[str(file.relative_to(REPOSITORY))] = file.read_text()
    return texts


def find_credentials(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of every match of CREDENTIALS, except the published example."""
    found = [(kind, match[0]) for kind, pattern in CREDENTIALS.items() for match in re.finditer(pattern, text)]
    return [(kind, match) for kind, match in found if SECRET not in match and KEY not in match]


def test_archive_contains_no_credentials(published):
    assert {"README.md", "Makefile", "src/_sign.pyx", "tests/conftest.py", "requirements/test.txt"} <= set(published)
    assert [name for name in published if FILES.search(name)] == []
    found = {name: find_credentials(text) for name, text in published.items()}
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_are_found(kind):
    """Control. The credentials are split, so that the test above does not find it in this file."""
    letters = "aB3" * 20
    made_up = {
        "private key": "-----BEGIN RSA PRIVATE" + " KEY-----",
        "GitHub": "ghp_" + letters,
        "PyPI": "pypi-" + letters,
        "in a URL": "https://me:" + "hunter22@example.org",
        "assigned": "WOOX_API_SECRET=" + letters,
    }
    assert kind in [found for found, _ in find_credentials(f"x {made_up[kind]} y")]


def test_pins_satisfy_the_extras():
    """If not, run `make lock`. pip itself demands a hash for every pin."""
    locked = "".join((REPOSITORY / "requirements" / f"{name}.txt").read_text() for name in ("test", "lint"))
    pins: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", locked, re.MULTILINE):
        pins.setdefault(name, []).append(version)
    built_with = re.search(r"^requires = (\[.*\])$", (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert built_with is not None
    asked = [Requirement(each) for each in re.findall(r'"([^"]+)"', built_with[1])]
    for extra in "test", "lint", "requests", "httpx", "aiohttp", "ccxt", "gateway", "sandbox", "cli":
        here = {**default_environment(), "extra": extra}
        every = map(Requirement, importlib.metadata.requires("woox-fast") or [])
        asked += [each for each in every if each.marker and each.marker.evaluate(here) and each.name != "woox-fast"]
    assert len(asked) > 15
    for each in asked:
        assert all(version in each.specifier for version in pins[each.name]), (each, pins[each.name])
