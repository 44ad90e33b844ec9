"""The two Python blocks of the bank's own integration guide, which lie in `guide`, run as they are:
only the values of their placeholders are given. The bank is `qbank sandbox`, as another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

GUIDE = Path(__file__).parent / "guide"
PROGRAM = os.environ.get("QBANK_PROGRAM") or str(
    Path(__file__).parents[2] / "target" / "debug" / "qbank"
)
ACCOUNT = "acc00000-0000-4000-8000-000000000001"
RECIPIENT = '{"name": "Jane Doe", "bank_id": "021000021", "account_number": "12345678"}'


class Sandbox:
    """A sandbox bank, and its control surface."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.ready = ready

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = httpx.request(
            method, self.ready["control_url"] + path, json=body, trust_env=False
        )
        response.raise_for_status()
        return response.json()

    def run(self, program: str) -> subprocess.CompletedProcess[str]:
        """Runs a program as a reader of the guide would, against this bank."""
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "QBANK_BASE_URL": self.ready["base_url"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    try:
        process = subprocess.Popen(
            [PROGRAM, "sandbox", "--addr", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
        )
    except OSError as error:
        pytest.fail(f"{PROGRAM} does not run ({error}); QBANK_PROGRAM names another")
    with process:
        try:
            assert process.stdout is not None
            yield Sandbox(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def guide(**given: str) -> str:
    """Both blocks, one after the other, with values for the placeholders."""
    text = "\n".join((GUIDE / name).read_text() for name in ("client.py", "ach.py"))
    values = {
        '"YOUR_CLIENT_ID"': '"sandbox"',
        '"YOUR_CLIENT_SECRET"': '"sandbox-secret"',
        'source_account_id="..."': f'source_account_id="{ACCOUNT}"',
        "recipient_details={...}": f"recipient_details={RECIPIENT}",
        **given,
    }
    for placeholder, value in values.items():
        assert text.count(placeholder) == 1, placeholder
        text = text.replace(placeholder, value)
    return text


def test_the_guides_payment_is_accepted_although_its_day_has_passed(sandbox: Sandbox) -> None:
    done = sandbox.run(guide())
    assert done.stderr == ""
    assert done.stdout == "Payment request accepted. Status: P_CREATED\n"
    [entry] = sandbox.control("GET", "/ledger")["entries"]
    assert (entry["amount"], entry["from"]) == ("1000.50", ACCOUNT)

    # A day that has passed asks for nothing: it settles on the next bank day.
    sandbox.control("POST", "/advance", {"seconds": 5 * 24 * 60 * 60})
    payment = sandbox.control("GET", f"/payments/{entry['paymentId']}")
    assert payment["status"] == "P_COMPLETED"


def test_the_guides_conflict_prints_what_the_bank_says_of_it(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/faults", {"kind": "in_flight", "path": "/payments/ach"})
    done = sandbox.run(guide())
    assert done.stderr == ""
    before, _, detail = done.stdout.partition(": ")
    assert before == "Conflict detected. Checking transaction status"
    assert "process" in detail


def test_the_guides_missing_scope_prints_its_advice(sandbox: Sandbox) -> None:
    done = sandbox.run(guide(**{'"payments.ach.write", ': ""}))
    assert done.stderr == ""
    assert done.stdout == "Authentication error: Check scopes and token.\n"
    assert sandbox.control("GET", "/ledger")["entries"] == []


@pytest.mark.parametrize(
    ("placeholder", "message"),
    [
        (
            "recipient_details={...}",
            "recipient_details is a placeholder, {...}: give name, bank_id and account_number",
        ),
        ('source_account_id="..."', "source_account_id must be a uuid such as"),
        ('"YOUR_CLIENT_SECRET"', "check the client id and the client secret"),
    ],
)
def test_a_placeholder_that_is_left_is_named(
    sandbox: Sandbox, placeholder: str, message: str
) -> None:
    done = sandbox.run(guide(**{placeholder: placeholder}))
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert sandbox.control("GET", "/ledger")["entries"] == []
