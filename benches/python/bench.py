"""Processor time of a call in Python: ours, bare httpx doing the same, and a peer SDK's call of the
same shape. Also the memory of a streamed list, and what importing the package takes.

    python bench.py [--quick]

Prints `sample FIGURE WHO VALUE` lines with tabs between. Rounds are interleaved; processor time is
that of this process alone, all threads.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import tracemalloc
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from kard import AsyncKardApi, KardApi
from kard.users import UserRequestAttributes, UserRequestDataUnion_User

from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect.models import AchPaymentRequest

QUICK = "--quick" in sys.argv
ROUNDS, CALLS, IN_FLIGHT = (3, 100, 64) if QUICK else (15, 400, 64)
ITEMS = 100_000 if QUICK else 1_000_000
ACCOUNT = "acc00000-0000-4000-8000-000000000001"
PAYEE = "acc00000-0000-4000-8000-000000000002"
REQUEST = AchPaymentRequest(
    source_account_id=ACCOUNT, destination_account_id=PAYEE, amount="1000.50"
)
MEMBERS = {"source_account_id": ACCOUNT, "destination_account_id": PAYEE, "amount": 1000.50}
USER = UserRequestDataUnion_User(
    id="1234567890", attributes=UserRequestAttributes(enrolled_rewards=[])
)


def sample(figure: str, who: str, value: float) -> None:
    print(f"sample\t{figure}\t{who}\t{value}", flush=True)


def written() -> tuple[dict[str, str], bytes]:
    """What one has to write by hand for a payment."""
    headers = {
        "Authorization": "Bearer a-token",
        "Idempotency-Key": str(uuid.uuid4()),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
    }
    return headers, json.dumps(MEMBERS).encode()


def read(response: httpx.Response) -> None:
    """What one has to read by hand of the response to a payment."""
    assert response.status_code == 202
    payment = response.json()
    assert response.headers["location"].endswith(payment["paymentId"])


READ = {"Authorization": "Bearer a-token", "Accept-Encoding": "identity"}


def sync_calls(base: str) -> dict[tuple[str, str], Callable[[], object]]:
    ours = QBankConnectClient(client_id="id", client_secret="secret", base_url=f"{base}/v1")
    bare = httpx.Client(timeout=60)
    over_given = QBankConnectClient(
        client_id="id",
        client_secret="secret",
        base_url=f"{base}/v1",
        httpx_client=httpx.Client(timeout=60),
    )
    peer = KardApi(base_url=base, token=lambda: "a-token")

    def post() -> None:
        headers, body = written()
        read(bare.post(f"{base}/v1/payments/ach", content=body, headers=headers))

    def get() -> None:
        response = bare.get(f"{base}/v1/balances/{ACCOUNT}", headers=READ)
        assert response.status_code == 200 and response.json()["accountId"] == ACCOUNT

    return {
        ("post", "ours"): lambda: ours.payments.create_ach(request=REQUEST),
        ("post", "floor"): post,
        ("post", "peer"): lambda: peer.users.create("issuer", data=[USER]),
        ("get", "ours"): lambda: ours.balances.get(ACCOUNT),
        ("get", "floor"): get,
        ("get", "peer"): lambda: peer.users.get("issuer", "1234567890"),
        # Over an httpx client of the application, with the floor once more.
        ("given.post", "ours"): lambda: over_given.payments.create_ach(request=REQUEST),
        ("given.post", "floor"): post,
        ("given.get", "ours"): lambda: over_given.balances.get(ACCOUNT),
        ("given.get", "floor"): get,
    }


def async_calls(base: str) -> dict[tuple[str, str], Callable[[], Awaitable[object]]]:
    ours = AsyncQBankConnectClient(
        client_id="id", client_secret="secret", base_url=f"{base}/v1"
    )
    bare = httpx.AsyncClient(timeout=60)
    peer = AsyncKardApi(base_url=base, token=lambda: "a-token")

    async def post() -> None:
        headers, body = written()
        read(await bare.post(f"{base}/v1/payments/ach", content=body, headers=headers))

    async def get() -> None:
        response = await bare.get(f"{base}/v1/balances/{ACCOUNT}", headers=READ)
        assert response.status_code == 200 and response.json()["accountId"] == ACCOUNT

    return {
        ("post", "ours"): lambda: ours.payments.create_ach(request=REQUEST),
        ("post", "floor"): post,
        ("post", "peer"): lambda: peer.users.create("issuer", data=[USER]),
        ("get", "ours"): lambda: ours.balances.get(ACCOUNT),
        ("get", "floor"): get,
        ("get", "peer"): lambda: peer.users.get("issuer", "1234567890"),
    }


def microseconds(began: float, calls: int) -> float:
    return (time.process_time() - began) / calls * 1e6


def measure_sync(base: str) -> None:
    calls = sync_calls(base)
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for (what, who), call in calls.items():
            began = time.process_time()
            for _ in range(CALLS):
                call()
            sample(f"python.sync.{what}", who, microseconds(began, CALLS))


async def measure_async(base: str) -> None:
    calls = async_calls(base)
    for call in calls.values():
        await call()

    async def some(call: Callable[[], Awaitable[object]]) -> None:
        for _ in range(CALLS // IN_FLIGHT + 1):
            await call()

    for _ in range(ROUNDS):
        for (what, who), call in calls.items():
            began = time.process_time()
            await asyncio.gather(*(some(call) for _ in range(IN_FLIGHT)))
            made = IN_FLIGHT * (CALLS // IN_FLIGHT + 1)
            sample(f"python.async.{what}", who, microseconds(began, made))


def measure_streaming(base: str) -> None:
    with QBankConnectClient(
        client_id="id", client_secret="secret", base_url=f"{base}/v1", timeout=600, deadline=900
    ) as client:
        # The first items make what is made once.
        stream = client.transactions.stream()
        for _ in range(2000):
            next(stream)
        tracemalloc.start()
        for _ in range(2000):
            next(stream)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        count = 4000
        for count, _ in enumerate(stream, 4001):
            if count == ITEMS // 10:
                # Tracing is slow: a tenth of the list is traced, twice as much would show.
                traced = tracemalloc.get_traced_memory()[1] - before
                sample("python.stream.tenth", "ours", traced / 2**20)
                tracemalloc.stop()
                peak = resident()
        assert count == ITEMS, count
        sample("python.stream.growth", "ours", (resident() - peak) / 2**20)
        began = time.process_time()
        assert sum(1 for _ in client.transactions.stream()) == ITEMS
        sample("python.stream.item", "ours", microseconds(began, ITEMS))


def resident() -> int:
    """The peak of what this process has in memory, in bytes."""
    text = Path("/proc/self/status").read_text()
    return next(int(it.split()[1]) * 1024 for it in text.splitlines() if it[:6] == "VmHWM:")


def measure_import() -> None:
    for _ in range(3 if QUICK else 9):
        for who, module in [
            ("ours", "qbank_connect"),
            ("floor", "httpx, pydantic"),
            ("peer", "kard"),
        ]:
            code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
            if who == "peer":
                # It imports its parts when they are first used.
                code = code.replace(
                    "; print", "; from kard import KardApi; from kard.users import *; print"
                )
            ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
            sample("python.import", who, float(ran.stdout) * 1000)


def main() -> None:
    command = [sys.executable, str(Path(__file__).with_name("bank.py")), str(ITEMS)]
    bank = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert bank.stdout is not None
        base = f"http://127.0.0.1:{int(bank.stdout.readline())}"
        measure_sync(base)
        asyncio.run(measure_async(base))
        measure_streaming(base)
        measure_import()
    finally:
        assert bank.stdin is not None
        bank.stdin.close()
        bank.wait(10)


main()
