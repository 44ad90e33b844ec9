"""The two Python blocks of the bank's own integration guide, which lie in `guide`, run as they
are: only the values of their placeholders are given. The bank is `qbank sandbox`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox import OPERATING, Sandbox, running

GUIDE = Path(__file__).parent / "guide"
RECIPIENT = '{"name": "Jane Doe", "bank_id": "021000021", "account_number": "12345678"}'


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


def guide(**given: str) -> str:
    """Both blocks, one after the other, with values for the placeholders."""
    text = "\n".join((GUIDE / name).read_text() for name in ("client.py", "ach.py"))
    values = {
        '"YOUR_CLIENT_ID"': '"sandbox"',
        '"YOUR_CLIENT_SECRET"': '"sandbox-secret"',
        'source_account_id="..."': f'source_account_id="{OPERATING}"',
        "recipient_details={...}": f"recipient_details={RECIPIENT}",
        **given,
    }
    for placeholder, value in values.items():
        assert text.count(placeholder) == 1, placeholder
        text = text.replace(placeholder, value)
    return text


def test_the_guides_payment_is_accepted_although_its_day_has_passed(sandbox: Sandbox) -> None:
    done = sandbox.run("-c", guide())
    assert done.stderr == ""
    assert done.stdout == "Payment request accepted. Status: P_CREATED\n"
    [entry] = sandbox.control("GET", "/ledger")["entries"]
    assert (entry["amount"], entry["from"]) == ("1000.50", OPERATING)

    # A day that has passed asks for nothing: it settles on the next bank day.
    sandbox.control("POST", "/advance", {"seconds": 5 * 24 * 60 * 60})
    payment = sandbox.control("GET", f"/payments/{entry['paymentId']}")
    assert payment["status"] == "P_COMPLETED"


def test_the_guides_conflict_prints_what_the_bank_says_of_it(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/faults", {"kind": "in_flight", "path": "/payments/ach"})
    done = sandbox.run("-c", guide())
    assert done.stderr == ""
    before, _, detail = done.stdout.partition(": ")
    assert before == "Conflict detected. Checking transaction status"
    assert "process" in detail


def test_the_guides_missing_scope_prints_its_advice(sandbox: Sandbox) -> None:
    done = sandbox.run("-c", guide(**{'"payments.ach.write", ': ""}))
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
    done = sandbox.run("-c", guide(**{placeholder: placeholder}))
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert sandbox.control("GET", "/ledger")["entries"] == []


def blocks(text: str) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_quick_start_of_the_readme_prints_what_it_says(sandbox: Sandbox) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    program = blocks(readme)[0]
    port = sandbox.base_url.removesuffix("/v1").rpartition(":")[2]
    assert program.count("8080") == 1
    done = sandbox.run("-c", program.replace("8080", port))
    assert done.stderr == ""
    assert f"prints `{done.stdout.strip()}`" in readme


def test_the_guides_code_in_the_readme_runs_as_well(sandbox: Sandbox) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    [program] = [it for it in blocks(readme) if "YOUR_CLIENT_ID" in it]
    for placeholder, value in {
        "YOUR_CLIENT_ID": "sandbox",
        "YOUR_CLIENT_SECRET": "sandbox-secret",
        '"..."': f'"{OPERATING}"',
    }.items():
        assert program.count(placeholder) == 1
        program = program.replace(placeholder, value)
    done = sandbox.run("-c", program)
    assert done.stdout == "Payment request accepted. Status: P_CREATED\n"


def test_every_python_block_of_the_readme_can_be_compiled() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for block in blocks(readme):
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        compile(block.replace("…", "..."), "README.md", "exec", flags)
