"""Are there known vulnerabilities in what test and lint install? For `make lint`.

pip-audit asks PyPI, else OSV. Where neither answers, one line says that it was not done; a vulnerability is exit
status 1. Before that the control: one that a server of ours knows must be found.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

REQUIREMENTS = sorted((Path(__file__).parent.parent / "requirements").glob("*.txt"))
TIMEOUT_S = "10"
CONTROL = {"vulns": [{"id": "CONTROL-1", "summary": "made up", "affected": [], "modified": "2020-01-01T00:00:00Z"}]}


class Answer(NamedTuple):
    """Of each package, as `name version`: the vulnerabilities that are known. Then the packages nothing is known of."""

    known: dict[str, list[str]]
    unknown: list[str]


def audit(*service: str) -> Answer | None:
    """What a service, as pip-audit's options name it, answers; None if it does not."""
    files = [option for file in REQUIREMENTS for option in ("--requirement", file)]
    command = [sys.executable, "-m", "pip_audit", *files, "--require-hashes", "--disable-pip", "--timeout", TIMEOUT_S]
    options = ["--progress-spinner", "off", "--format", "json", *service]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        return None
    answer = Answer({}, [])
    for package in json.loads(done.stdout)["dependencies"]:
        if "skip_reason" in package:
            answer.unknown.append(package["name"])
        else:
            answer.known[f"{package['name']} {package['version']}"] = [each["id"] for each in package["vulns"]]
    return answer


class Knowing(http.server.BaseHTTPRequestHandler):
    """An OSV service that knows of one vulnerability, in `requests`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = json.dumps(CONTROL if asked["package"]["name"] == "requests" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        pass


def check_control() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Knowing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answer = audit("-s", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query")
        server.shutdown()
    assert answer is not None
    assert [found for found in answer.known.values() if found] == [["CONTROL-1"]], answer


def main() -> int:
    check_control()
    answers = {name: audit("-s", name) for name in ("pypi", "osv")}
    name, answer = max(answers.items(), key=lambda each: len(each[1].known) if each[1] else 0)
    if answer is None or not answer.known:
        print("audit: not done, as neither PyPI's nor OSV's data on vulnerabilities can be had here")
        return 0
    vulnerable = {package: found for package, found in answer.known.items() if found}
    for package, found in vulnerable.items():
        print(f"audit: {package}: {', '.join(found)}; `make lock` takes newer releases")
    unknown = f"; not known there: {', '.join(answer.unknown)}" if answer.unknown else ""
    print(f"audit: {len(vulnerable)} of {len(answer.known)} packages have a vulnerability known to {name}{unknown}")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
