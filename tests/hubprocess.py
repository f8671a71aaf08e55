"""A whole hub in real processes, as `feedhub up` runs it, for tests that publish, read and kill."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from redis import Redis

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 30
NEVER = (ConnectionError, TimeoutError, http.client.HTTPException, OSError)


class HubProcess:
    """`feedhub up` on one data directory. A context manager: nothing is left when it ends."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        self.folder = folder
        self._options = options
        self.log = folder.parent / f"{folder.name}.log"
        self._settings = {f"FEEDHUB_{key.upper()}": value for key, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("FEEDHUB_")} | self._settings
        command = [
            sys.executable,
            "-m",
            "hub",
            "up",
            "--port",
            "0",
            "--data",
            str(self.folder),
            *self._options,
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        wait_for(self._announced, seconds=START_SECONDS, why=self.read_log)

    def stop(self) -> None:
        """Stop cleanly; kill what does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    def kill(self) -> None:
        """SIGKILL `up` itself; its children follow by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _announced(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.read_log()
        return bool(self.told) and self.told.get("pid") == self._process.pid

    @property
    def told(self) -> dict[str, Any]:
        """What `up` left for commands: address and tokens."""
        with suppress(OSError, ValueError):
            told: dict[str, Any] = json.loads((self.folder / "hub.json").read_text())
            return told
        return {}

    def read_log(self) -> str:
        """The end of its log, without the polls."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([line for line in lines if "method=GET" not in line][-60:])

    # ---- speaking to it ------------------------------------------------------------------------------------------

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(urlsplit(self.told["url"]).netloc, timeout=15)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def publish(self, body: Any, **headers: str) -> Any:
        """POST /publish; answers the JSON of a 202."""
        told = {"Authorization": f"Bearer {self.told['publish_token']}", "Content-Type": "application/json"}
        status, _, answer = self.ask("POST", "/publish", json.dumps(body), **(told | headers))
        assert status == 202, answer
        return json.loads(answer)

    def publish_until_acknowledged(self, body: Any, *, seconds: float = 20) -> Any:
        """Repeat a hook as a good CMS does, until it is answered 2xx."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.publish(body)
            except (*NEVER, AssertionError):
                assert time.monotonic() < deadline, self.read_log()
                time.sleep(0.05)

    def get(self, path: str) -> bytes:
        """GET a 200; b'' for anything else, also when nobody answers just now."""
        with suppress(*NEVER):
            status, _, body = self.ask("GET", path)
            return body if status == 200 else b""
        return b""

    def api(self, path: str) -> Any:
        status, _, body = self.ask("GET", path, Authorization=f"Bearer {self.told['admin_token']}")
        assert status == 200, body
        return json.loads(body)

    def reconcile(self, *options: str) -> str:
        """Run `feedhub reconcile` in a shell of its own; answers what it prints."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("FEEDHUB_")}
        command = [sys.executable, "-m", "hub", "reconcile", "--data", str(self.folder), *options]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def redis_url(self) -> str:
        """The embedded server's address."""
        socket = next(
            p for p in (self.folder / "valkey.sock", self.folder / "run" / "valkey.sock") if p.exists()
        )
        return f"unix://{quote(str(socket))}?db=0"

    def redis(self) -> Any:
        """A client on the embedded server."""
        return Redis.from_url(self.redis_url)

    # ---- its processes -------------------------------------------------------------------------------------------

    def children(self, name: str = "") -> list[int]:
        """Process ids of the children whose command line has `name`: front, regenerate, distribute, valkey."""
        return [pid for pid, command in _children_of(self.pid) if name in command]

    def kill_child(self, name: str) -> int:
        """SIGKILL one of our own children; answers its pid."""
        wait_for(lambda: bool(self.children(name)), why=self.read_log)
        pid = self.children(name)[0]
        os.kill(pid, signal.SIGKILL)
        return pid


def wait_for(condition: Any, *, seconds: float = 20, why: Any = None) -> None:
    """Poll a condition; fail with `why()` if it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why() if why else "the condition did not come true in time"
        time.sleep(0.02)


def _children_of(parent: int) -> Iterator[tuple[int, str]]:
    """Direct children with their command lines, by `ps` where there is no /proc."""
    if Path("/proc/self/stat").exists():
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent and fields[0] != "Z":
                    command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    yield int(stat.parent.name), command
        return
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    for line in listing.stdout.splitlines():
        pid, ppid, command = line.split(None, 2)
        if int(ppid) == parent:
            yield int(pid), command


def entry(number: int, *, category: str = "World", title: str = "", **fields: Any) -> dict[str, Any]:
    """A publish event; higher numbers are newer."""
    minute = f"2026-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"
    return {
        "type": "entry.published",
        "entry": {
            "id": f"https://site.test/{number}",
            "url": f"https://site.test/{number}",
            "title": title or f"Article {number}",
            "content_html": f"<p>Text of article {number}.</p>",
            "date_published": minute,
            "categories": [{"name": category}],
            **fields,
        },
    }
