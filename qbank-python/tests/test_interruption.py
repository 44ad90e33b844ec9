"""Cancelled, or interrupted by a signal, at any moment: key and fate are logged and noted on
the exception, what is resumed with them is booked once, and no connection is left open.
"""

from __future__ import annotations

import logging
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import anyio
import httpcore
import httpx
import pytest
from _servers import ACH, LIMIT, Bank, accepted, options, response
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect import _operations as operations
from sandbox import Sandbox, running

NOTE = re.compile(
    r"payments\.create_ach was called off: fate (\w+), idempotency_key ([0-9a-f-]{36})"
    r"(?:, resume_from (\S+))?(?:, transaction_id (\S+))?$"
)


@pytest.fixture(scope="module")
def bank() -> Iterator[Sandbox]:
    with running() as it:
        yield it


class Noted:
    """What was logged and noted of a call that was called off."""

    def __init__(self, text: str) -> None:
        match = NOTE.search(text)
        assert match is not None, text
        self.fate, self.key = match[1], match[2]
        self.first_sent = None if match[3] is None else datetime.fromisoformat(match[3])
        self.payment_id = match[4]

    @property
    def resume(self) -> dict[str, Any]:
        """What goes on with the intent."""
        resume = {} if self.first_sent is None else {"resume_from": self.first_sent}
        return {"idempotency_key": self.key, **resume}


def noted(caplog: pytest.LogCaptureFixture, thrown: BaseException) -> Noted:
    """The one thing that was logged, which the exception has as well."""
    (record,) = [it for it in caplog.records if "called off" in it.message]
    assert (record.name, record.levelno) == ("qbank_connect", logging.WARNING)
    if sys.version_info >= (3, 11):
        assert thrown.__notes__ == [f"qbank_connect: {record.message}"]
    caplog.clear()
    return Noted(record.message)


# --- Cancelled -----------------------------------------------------------------------------


class CancelledAt:
    """Awaits something, and cancels it where it is suspended for the nth time."""

    def __init__(self, awaited: Awaitable[Any], nth: int) -> None:
        self.awaited, self.nth = awaited, nth
        self.scope = anyio.CancelScope()
        self.thrown: BaseException | None = None

    async def run(self) -> Any:
        """What it gives, or nothing if it was cancelled."""
        with self.scope:
            try:
                return await self
            except BaseException as thrown:
                self.thrown = thrown
                raise
        return None

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self.awaited.__await__()
        step: Callable[[], Any] = lambda: next(inner)  # noqa: E731
        suspended = 0
        while True:
            try:
                waits_for = step()
            except StopIteration as done:
                return done.value
            suspended += 1
            if suspended == self.nth:
                self.scope.cancel()
            try:
                value = yield waits_for
            except BaseException as thrown:
                step = (lambda it: lambda: inner.throw(it))(thrown)  # type: ignore[attr-defined]
            else:
                step = (lambda it: lambda: inner.send(it))(value)  # type: ignore[attr-defined]


FAULTS = [
    {"kind": "status", "status": 503},
    {"kind": "drop_after_commit"},
    {"kind": "slow", "bytes_per_s": 2000},
]


@pytest.mark.parametrize("code", ["asyncio", "trio"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda it: it["kind"])
def test_cancelled_wherever_it_waits_a_payment_is_resumed_and_booked_once(
    bank: Sandbox, caplog: pytest.LogCaptureFixture, code: str, fault: dict[str, Any]
) -> None:
    """Connecting, asking for a token, sending, reading, and in the pause before a retry."""
    fates = set()

    async def at(nth: int) -> bool:
        bank.control(
            "POST", "/faults", {"method": "POST", "path": "/payments/ach", "times": 1, **fault}
        )
        async with AsyncQBankConnectClient(**bank.options()) as client:
            paying = CancelledAt(client.payments.create_ach(request=bank.ach), nth)
            paid = await paying.run()
            if paying.scope.cancel_called and paid is None:
                assert paying.thrown is not None
                note = noted(caplog, paying.thrown)
                fates.add(note.fate)
                if note.fate == "in_progress":
                    await client.payments.get(note.payment_id)
                else:
                    assert (note.first_sent is None) == (note.fate == "never_sent")
                    await client.payments.create_ach(request=bank.ach, **note.resume)
                assert len(bank.entries(note.key)) == 1
            return not paying.scope.cancel_called

    nth = 1
    while not anyio.run(at, nth, backend=code):
        nth += 1
        assert nth < 500
    assert nth > 5
    # A retry of what was booked is a conflict, which is followed.
    followed = {"in_progress"} if fault["kind"] == "drop_after_commit" else set()
    assert fates == {"never_sent", "unknown", *followed}


@pytest.mark.parametrize("code", ["asyncio", "trio"])
@pytest.mark.parametrize("tokens", [True, False], ids=["with-token-request", "sending"])
def test_a_cancelled_call_leaves_no_connection_open(
    caplog: pytest.LogCaptureFixture, code: str, tokens: bool
) -> None:
    asked, leave = threading.Event(), threading.Event()

    def silent(*_: Any) -> None:
        asked.set()
        leave.wait(LIMIT)

    async def main() -> None:
        with Bank(silent, token=silent) as it:
            more = {} if tokens else {"token": "t"}
            async with AsyncQBankConnectClient(**options(it.url, **more)) as client:
                thrown: list[BaseException] = []

                async def run() -> None:
                    try:
                        await client.payments.create_ach(request=ACH)
                    except BaseException as cancelled:
                        thrown.append(cancelled)
                        raise

                async with anyio.create_task_group() as group:
                    group.start_soon(run)
                    await anyio.to_thread.run_sync(asked.wait)
                    group.cancel_scope.cancel()
                leave.set()
                # While the client is still open.
                await anyio.to_thread.run_sync(it.wait_closed)
                assert noted(caplog, thrown[0]).fate == ("never_sent" if tokens else "unknown")

    anyio.run(main, backend=code)


# --- Interrupted ---------------------------------------------------------------------------


class Interrupting(httpcore.NetworkBackend):
    """A network where the nth thing that is done raises, before or after it was done."""

    def __init__(self, nth: int, before: bool) -> None:
        self._backend = httpcore.SyncBackend()
        self.left, self.before = nth, before

    def doing(self, does: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        if self.left == 0 and self.before:
            raise KeyboardInterrupt
        done = None
        try:
            done = does(*args, **kwargs)
        finally:
            if self.left == 0:
                if isinstance(done, httpcore.NetworkStream):
                    done.close()
                raise KeyboardInterrupt
        return done

    def connect_tcp(self, *args: Any, **kwargs: Any) -> Any:
        return InterruptedStream(self, self.doing(self._backend.connect_tcp, *args, **kwargs))


class InterruptedStream(httpcore.NetworkStream):
    """A connection of it."""

    def __init__(self, backend: Interrupting, stream: httpcore.NetworkStream) -> None:
        self._backend, self._stream = backend, stream

    def read(self, *args: Any, **kwargs: Any) -> Any:
        return self._backend.doing(self._stream.read, *args, **kwargs)

    def write(self, *args: Any, **kwargs: Any) -> Any:
        return self._backend.doing(self._stream.write, *args, **kwargs)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Network(httpx.HTTPTransport):
    """HTTP over such a network."""

    def __init__(self, backend: Interrupting) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(network_backend=backend, max_connections=1)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("fault", FAULTS[:2], ids=lambda it: it["kind"])
def test_interrupted_at_whatever_the_network_does_a_payment_is_resumed_and_booked_once(
    bank: Sandbox, caplog: pytest.LogCaptureFixture, fault: dict[str, Any], before: bool
) -> None:
    """Resumed over the one connection that there may be: none is left in use."""
    fates = set()
    for nth in range(1, 100):
        bank.control(
            "POST", "/faults", {"method": "POST", "path": "/payments/ach", "times": 1, **fault}
        )
        with httpx.Client(transport=Network(Interrupting(nth, before))) as http:
            client = QBankConnectClient(**bank.options(), httpx_client=http)
            try:
                client.payments.create_ach(request=bank.ach)
                break
            except KeyboardInterrupt as interrupt:
                note = noted(caplog, interrupt)
            fates.add(note.fate)
            if note.fate == "in_progress":
                client.payments.get(note.payment_id)
            else:
                client.payments.create_ach(request=bank.ach, **note.resume)
            assert len(bank.entries(note.key)) == 1
    assert nth > 8
    # A retry of what was booked is a conflict, which is followed.
    followed = {"in_progress"} if fault["kind"] == "drop_after_commit" else set()
    assert fates == {"never_sent", "unknown", *followed}


# A runner of the tests may ignore the signal, and its children with it.
PROGRAM = f"""
import logging, signal, sys
from qbank_connect import QBankConnectClient

signal.signal(signal.SIGINT, signal.default_int_handler)
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(name)s %(message)s")
url, backoff = sys.argv[1:]
client = QBankConnectClient(token="t", base_url=url, backoff=float(backoff), eager=False)
client.payments.create_ach(request={ACH!r})
"""


class Program:
    """A program that pays, in a process of its own, so that it can get a signal."""

    def __init__(self, url: str, backoff: float = 0.001) -> None:
        command = [sys.executable, "-c", PROGRAM, url, str(backoff)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []

    def wait_for_line(self, part: str) -> None:
        """Until it has logged that."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if part in line:
                return
        raise AssertionError("".join(self.lines))

    def interrupt(self) -> Noted:
        """What it leaves behind after an interrupt."""
        self.process.send_signal(signal.SIGINT)
        _, rest = self.process.communicate(timeout=LIMIT)
        assert self.process.returncode in (-signal.SIGINT, 130)
        text = "".join(self.lines) + rest
        (logged,) = [
            it for it in text.splitlines() if it.startswith("qbank_connect ") and "off" in it
        ]
        assert "KeyboardInterrupt" in rest
        if sys.version_info >= (3, 11):
            assert f"qbank_connect: {logged.removeprefix('qbank_connect ')}" in rest
        return Noted(logged)


def test_a_signal_while_it_connects() -> None:
    # Nobody accepts: the place in its queue is taken.
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        program = Program(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        program.wait_for_line("connect_tcp.started")
        note = program.interrupt()
    # An attempt that is called off counts as maybe sent.
    assert note.fate == "unknown"
    assert note.first_sent is not None


def test_a_signal_in_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = Program(f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1)
            assert program.interrupt().fate == "unknown"


def test_a_signal_while_it_waits_for_a_response() -> None:
    arrived, leave = threading.Event(), threading.Event()

    def silent(*_: Any) -> None:
        arrived.set()
        leave.wait(LIMIT)

    with Bank(silent) as bank:
        program = Program(bank.url)
        assert arrived.wait(LIMIT)
        note = program.interrupt()
        leave.set()
        assert note.fate == "unknown"
        assert note.key == bank.requests[0].key
        assert note.first_sent is not None
        bank.wait_closed()


def test_a_signal_inside_a_response() -> None:
    arrived, leave = threading.Event(), threading.Event()

    def half(request: Any, connection: socket.socket) -> None:
        connection.sendall(accepted(request, connection).replace(b"length: 0", b"length: 9"))
        arrived.set()
        leave.wait(LIMIT)

    with Bank(half) as bank:
        program = Program(bank.url)
        program.wait_for_line("receive_response_body.started")
        note = program.interrupt()
        leave.set()
        assert note.fate == "unknown"
        assert note.key == bank.requests[0].key
        bank.wait_closed()


def test_a_signal_in_the_pause_before_a_retry() -> None:
    with Bank(lambda *_: response(503)) as bank:
        program = Program(bank.url, backoff=1000)
        program.wait_for_line("qbank_connect payments.create_ach: response, status 503")
        note = program.interrupt()
        assert note.fate == "unknown"
        assert note.key == bank.requests[0].key
        bank.wait_closed()


def test_an_interrupt_after_the_response_says_that_it_was_accepted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    with Bank() as bank, QBankConnectClient(**options(bank.url, token="t")) as client:
        operation = replace(operations.create_ach(request=ACH), read=interrupted)
        with pytest.raises(KeyboardInterrupt) as raised:
            client._call(operation)
        note = noted(caplog, raised.value)
        assert (note.fate, note.key) == ("accepted", bank.requests[0].key)
