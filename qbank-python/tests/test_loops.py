"""One async client in several event loops, as a client of a module and ``asyncio.run`` have it:
connections belong to the loop that they were made in.
"""

from __future__ import annotations

import gc
import threading
from datetime import datetime, timezone
from typing import Any

import anyio
import pytest
from _servers import ACH, LIMIT, Bank, options, pay, response, unused_port
from qbank_connect import AsyncQBankConnectClient
from qbank_connect.errors import QBankError, QBankInvalidRequestError

CODE = pytest.mark.parametrize("code", ["asyncio", "trio"])
# Who ends a loop without closing what was opened in it is told so when it is collected.
LEFT_OPEN = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def run(code: str, main: Any, *arguments: Any) -> Any:
    """In an event loop of its own."""
    return anyio.run(main, *arguments, backend=code)


@CODE
@LEFT_OPEN
def test_in_a_second_loop_it_pays_with_one_attempt_and_the_same_token(code: str) -> None:
    with Bank() as bank:
        client = AsyncQBankConnectClient(**options(bank.url, max_retries=0))
        for _ in range(3):
            assert run(code, pay, client).attempts == 1
        assert [it.connection for it in bank.requests] == [1, 2, 3]
        assert len(bank.tokens) == 1
        # What belonged to the loops before is let go of.
        gc.collect()
        bank.wait(lambda: len(bank._open) == 1)
        run(code, client.close)
    gc.collect()


@CODE
def test_two_loops_at_once_keep_their_connections(code: str) -> None:
    with Bank() as bank:
        client = AsyncQBankConnectClient(**options(bank.url, token="t", max_retries=0))
        turn = threading.Barrier(2, timeout=LIMIT)

        async def three_times() -> None:
            for _ in range(3):
                await anyio.to_thread.run_sync(turn.wait)
                await pay(client)
            await client._http.aclose()

        other = threading.Thread(target=run, args=(code, three_times))
        other.start()
        run(code, three_times)
        other.join(LIMIT)
        over = [it.connection for it in bank.requests]
        assert sorted(over) == [1, 1, 1, 2, 2, 2]


@CODE
def test_once_closed_it_stays_closed_in_any_loop(code: str) -> None:
    async def used_and_closed(client: AsyncQBankConnectClient) -> None:
        async with client:
            await client.payments.create_ach(request=ACH)

    with Bank() as bank:
        client = AsyncQBankConnectClient(**options(bank.url))
        run(code, used_and_closed, client)
        with pytest.raises(QBankError, match="closed") as raised:
            run(code, pay, client)
        assert raised.value.fate == "never_sent"
        assert len(bank.requests) == 1


@CODE
@LEFT_OPEN
def test_a_list_is_read_in_a_second_loop_as_well(code: str) -> None:
    async def read(client: AsyncQBankConnectClient) -> int:
        async with client.transactions.stream() as items:
            return len([it async for it in items])

    with Bank(lambda *_: response(200, b"[]")) as bank:
        client = AsyncQBankConnectClient(**options(bank.url, max_retries=0))
        assert [run(code, read, client) for _ in range(2)] == [0, 0]
        run(code, client.close)
    gc.collect()


@CODE
@pytest.mark.parametrize("resumed", [True, False])
def test_a_proxy_that_is_wrong_by_then_is_named(
    code: str, resumed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent before stays unknown."""
    client = AsyncQBankConnectClient(
        **options(f"https://127.0.0.1:{unused_port()}/v1", token="t", max_retries=0)
    )
    with pytest.raises(QBankError):
        run(code, pay, client)
    monkeypatch.setattr(client, "_urls", ["https://bank.example/v1"])
    monkeypatch.setenv("HTTPS_PROXY", "socks9://proxy.example")
    key, now = "1f0f9c3e-2a4b-4c5d-8e6f-7a8b9c0d1e2f", datetime.now(timezone.utc)
    more = {"idempotency_key": key, "resume_from": now} if resumed else {}

    async def pay_again() -> None:
        await pay(client, **more)

    with pytest.raises(QBankInvalidRequestError, match="HTTPS_PROXY must be a URL") as raised:
        run(code, pay_again)
    assert raised.value.field == "HTTPS_PROXY"
    assert raised.value.fate == ("unknown" if resumed else "never_sent")
    assert ("nothing was sent" in str(raised.value)) is not resumed
