"""The sandbox bank as another process: `qbank sandbox`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

PROGRAM = os.environ.get("QBANK_PROGRAM") or str(
    Path(__file__).parents[2] / "target" / "debug" / "qbank"
)
OPERATING = "acc00000-0000-4000-8000-000000000001"
PAYROLL = "acc00000-0000-4000-8000-000000000002"


class Sandbox:
    """A running sandbox bank, and its control surface."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.base_url = ready["base_url"]
        self._control_url = ready["control_url"]
        self.environment = {
            **os.environ,
            "QBANK_BASE_URL": self.base_url,
            "QBANK_CLIENT_ID": ready["client_id"],
            "QBANK_CLIENT_SECRET": ready["client_secret"],
        }

        self.ach = {
            "source_account_id": OPERATING,
            "destination_account_id": PAYROLL,
            "amount": "1.50",
        }
        """A payment between its accounts."""

    def options(self, **more: Any) -> dict[str, Any]:
        """What a client needs for it."""
        credentials = {
            "client_id": self.environment["QBANK_CLIENT_ID"],
            "client_secret": self.environment["QBANK_CLIENT_SECRET"],
        }
        return {
            "base_url": self.base_url,
            "backoff": 0.001,
            "eager": False,
            **credentials,
            **more,
        }

    def entries(self, key: str) -> list[dict[str, Any]]:
        """What was booked for an intent."""
        entries = self.control("GET", "/ledger")["entries"]
        return [it for it in entries if it["intentKey"] == key]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = httpx.request(method, self._control_url + path, json=body, trust_env=False)
        response.raise_for_status()
        return response.json() if response.content else None

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs Python as a reader of the guide would, against this bank."""
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


@contextmanager
def running() -> Iterator[Sandbox]:
    """A sandbox bank while it is needed."""
    command = [PROGRAM, "sandbox", "--addr", "127.0.0.1:0"]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        pytest.fail(f"{PROGRAM} does not run ({error}); QBANK_PROGRAM names another")
    with process:
        try:
            assert process.stdout is not None
            yield Sandbox(json.loads(process.stdout.readline()))
        finally:
            process.terminate()
