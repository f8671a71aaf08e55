"""Programs that are no part of this hub, and how to speak to them: installed outside the repository, run for a test.

Each has a process group and a log of its own, and none outlives its context.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.hubprocess import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE = Path(os.environ.get("LIVE_CACHE") or Path(tempfile.gettempdir()) / "feedhub-live")
"""Where installs stay, so that a second run is quick."""
STOP_SECONDS = 20


class Program:
    """One program while its context lasts; its children end with it."""

    def __init__(self, command: list[str], *, cwd: Path, **environ: str) -> None:
        self._command, self._cwd, self._environ = command, cwd, environ
        self.log = cwd / f"{Path(command[0]).name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=os.environ | self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> None:
        """Wait until it is up. Fails with what it printed, at once if it has ended."""

        def is_up() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self._said()
            return condition()

        wait_for(is_up, seconds=seconds, why=self._said)

    def _said(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]


class Site:
    """A web server on 127.0.0.1, asked on one connection a request; it keeps the cookie that it was given."""

    def __init__(self, port: int, **headers: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            told = {"Content-Type": "application/json"} | self.headers | headers
            connection.request(method, path, sent, told)
            answer = connection.getresponse()
            if cookie := answer.headers.get("Set-Cookie"):
                self.headers["Cookie"] = cookie.partition(";")[0]
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request that must succeed; answers its JSON, None for an empty body."""
        status, _, answer = self.ask(method, path, body, **headers)
        assert status in range(200, 300), f"{method} {path}: {status} {answer[:2000]!r}"
        return json.loads(answer) if answer else None

    def upload(self, path: str, field: str, name: str, content: str) -> Any:
        """Send a JSON file as a form does (RFC 7578)."""
        mark = "the-end-of-the-file"
        head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        body = f"--{mark}\r\n{head}Content-Type: application/json\r\n\r\n{content}\r\n--{mark}--\r\n"
        return self.call(
            "POST", path, body.encode(), **{"Content-Type": f"multipart/form-data; boundary={mark}"}
        )

    def answers(self, path: str) -> bool:
        """Whether it serves `path` yet."""
        with suppress(OSError, http.client.HTTPException):
            return self.ask("GET", path)[0] == 200
        return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def need(program: str, how: str) -> str:
    """Where a program is. Fails with a sentence if it is nowhere."""
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is missing, which this test runs: {how}", pytrace=False)
    return found


def installed(name: str, install: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache; `install` fills it once, and one that failed half-way is not believed."""
    folder = CACHE / name
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix=f"{name}-") as unfinished:
            install(Path(unfinished))
            Path(unfinished).rename(folder)
    return folder


def run(command: list[str], cwd: Path) -> None:
    """Run a command to its end. Fails with what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{(done.stdout + done.stderr)[-6000:]}"
