"""The types of the package, as the type checkers of its users read them. What is not installed
is skipped; CI has both.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import qbank_connect

HERE = Path(__file__).parent / "typing"
MARKED = [
    number
    for number, line in enumerate((HERE / "wrong.py").read_text().splitlines(), 1)
    if line.endswith("# wrong")
]


def mypy(*files: str) -> tuple[set[int], str]:
    """The lines with errors."""
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--enable-error-code=truthy-bool"]
    parent = Path(qbank_connect.__file__).parents[1]
    # mypy finds what is installed, and refuses to be told where that is.
    path = {} if parent.name == "site-packages" else {"MYPYPATH": str(parent)}
    done = subprocess.run(
        [*command, *files], cwd=HERE, env=os.environ | path, capture_output=True, text=True
    )
    return {int(it) for it in re.findall(r":(\d+): error:", done.stdout)}, done.stdout


def pyright(*files: str) -> tuple[set[int], str]:
    """The lines with errors."""
    program = Path(sys.executable).with_name("basedpyright")
    if not program.exists() and shutil.which("basedpyright") is None:
        pytest.skip("no basedpyright")
    command = [str(program), "--outputjson", "--pythonpath", sys.executable, "--level", "error"]
    done = subprocess.run([*command, *files], cwd=HERE, capture_output=True, text=True)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {it["range"]["start"]["line"] + 1 for it in found}, done.stdout


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_program_that_uses_every_method_has_no_errors(checker: object) -> None:
    assert callable(checker)
    lines, output = checker("sample.py")
    assert lines == set(), output


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_each_wrong_line_is_an_error_and_no_other(checker: object) -> None:
    assert callable(checker)
    lines, output = checker("wrong.py")
    assert sorted(set(MARKED) - lines) == [], output
    assert sorted(lines - set(MARKED)) == [], output


def test_the_sample_uses_every_method_of_both_clients() -> None:
    from qbank_connect import async_client, client

    sample = (HERE / "sample.py").read_text()
    for module in (client, async_client):
        for resource in vars(module).values():
            if isinstance(resource, type) and resource.__module__ == module.__name__:
                for name in vars(resource):
                    if not name.startswith("_"):
                        assert f".{name}" in sample or f"{name}:" in sample, name
