"""SIGTERM in the middle of a job: the job ends, then the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.hubprocess import wait_for

if TYPE_CHECKING:
    from pathlib import Path

SLOW_WORKER = """
import asyncio, os
from hub.settings import load_settings
from workers.process import run_worker
from workers.rebuild import Rebuilder

build = Rebuilder.build

async def slowly(self, *arguments):
    print("job started", flush=True)
    await asyncio.sleep(1)
    built = await build(self, *arguments)
    print("job ended", flush=True)
    return built

Rebuilder.build = slowly
raise SystemExit(run_worker(load_settings(os.environ), "regenerate"))
"""


def test_a_worker_finishes_its_job_before_it_stops(tmp_path: Path, redis_url: str) -> None:
    log = tmp_path / "log"
    settings = {
        "FEEDHUB_REDIS_URL": redis_url,
        "FEEDHUB_PUBLIC_URL": "https://hub.test",
        "FEEDHUB_NAME": "drain",
    }
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-c", SLOW_WORKER], env=dict(os.environ) | settings, stdout=out, stderr=out
        )
    try:
        wait_for(lambda: "job started" in log.read_text(), why=log.read_text)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0, log.read_text()
    finally:
        worker.kill()
        worker.wait()

    assert "job ended" in log.read_text()
    assert "failed" not in log.read_text()
