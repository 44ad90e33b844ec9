"""Plays every scenario of qbank-conformance over every client of HTTP and every event loop:

    cargo build -p qbank-conformance --example play
    python tests/conformance_all.py ../target/debug/examples/play

To start Python for each of them would take longer than all the rest: one process has imported
the package, and plays each scenario in a fork of itself. The program that ``play`` runs only
hands over what it is given.

    conformance_all.py PLAY [CLIENT/CODE …]   the exit code is 1 where a scenario is not met
    conformance_all.py relay SOCKET CLIENT CODE
"""

import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

VARIANTS = [
    f"{client}/{code}"
    for client in ("own", "httpx", "httpx2")
    for code in ("sync", "asyncio", "trio")
]
# A scenario takes 30 s at most.
LIMIT = 40


def relay(path: str, client: str, code: str) -> None:
    """Has the process at the socket play what is on standard input."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(f"{client} {code}\n{sys.stdin.read()}".encode())
        connection.shutdown(socket.SHUT_WR)
        sys.stdout.write(_all(connection).decode())


def serve(listener: socket.socket) -> None:
    """Plays what comes, each in a process of its own, until standard input ends."""
    import httpx2  # noqa: F401 (before the forks)
    import trio  # noqa: F401

    # Not by its own name: a task has it in its own, and the secret of the scenarios begins so.
    path = Path(__file__).with_name("conformance.py")
    outcome = runpy.run_path(str(path), run_name="player")["outcome"]
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            try:
                first, document = _all(connection).decode().split("\n", 1)
                connection.sendall(outcome(document, *first.split(" ")).encode())
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(0)
        connection.close()
        _reap()


def main(play: str, variants: list[str]) -> int:
    """Plays the variants one after the other."""
    unmet = 0
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "socket")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(16)
        command = [sys.executable, __file__, "serve", str(listener.fileno())]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])
        listener.close()
        try:
            for variant in variants or VARIANTS:
                client, code = variant.split("/")
                program = [sys.executable, "-IS", __file__, "relay", path, client, code]
                print(f"\n{variant}", flush=True)
                unmet |= subprocess.run([play, "httpx", *program], check=False).returncode
        finally:
            server.communicate()
    return unmet


def _all(connection: socket.socket) -> bytes:
    connection.settimeout(LIMIT)
    return b"".join(iter(lambda: connection.recv(65536), b""))


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    if sys.argv[1] == "relay":
        relay(*sys.argv[2:])
    elif sys.argv[1] == "serve":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
