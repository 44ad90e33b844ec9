"""The same payments through procrastinate: enqueued, then worked off.

    work.py URL PORT JOBS CONCURRENCY

Prints `enqueued SECONDS`, waits for a line, works until its queue is empty, and prints
`done SECONDS`. Its async worker, aiohttp, uvloop; a job stays in its table as succeeded, as it
does by default.
"""

import asyncio
import sys
import time
import uuid

import aiohttp
import procrastinate
import uvloop

AT_ONCE = 500
SOURCE = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"
DESTINATION = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021"


def body(n: int) -> str:
    return (
        f'{{"source_account_id":"{SOURCE}","destination_account_id":"{DESTINATION}",'
        f'"amount":{n % 100 + 1}.50}}'
    )


async def main(url: str, port: str, jobs: int, concurrency: int) -> None:
    connector = procrastinate.PsycopgConnector(
        conninfo=url, min_size=concurrency + 4, max_size=concurrency + 4
    )
    app = procrastinate.App(connector=connector)
    bank = f"http://127.0.0.1:{port}/v1/payments/ach"

    async with (
        app.open_async(),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        await app.schema_manager.apply_schema_async()

        @app.task(name="pay")
        async def pay(key: str, body: str) -> None:
            headers = {
                "Authorization": "Bearer benchmark-token",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            }
            async with http.post(bank, data=body, headers=headers) as response:
                await response.read()
                if response.status != 202:
                    raise RuntimeError(f"the bank's response is {response.status}")
                uuid.UUID(response.headers["Location"].rsplit("/", 1)[-1])

        pays = [{"key": str(uuid.uuid4()), "body": body(n)} for n in range(jobs)]
        began = time.perf_counter()
        for at in range(0, jobs, AT_ONCE):
            await pay.batch_defer_async(*pays[at : at + AT_ONCE])
        print(f"enqueued {time.perf_counter() - began}", flush=True)
        sys.stdin.readline()

        began = time.perf_counter()
        await app.run_worker_async(
            wait=False, concurrency=concurrency, install_signal_handlers=False
        )
        took = time.perf_counter() - began
        left = await connector.execute_query_one_async(
            "SELECT count(*) AS left FROM procrastinate_jobs WHERE status <> 'succeeded'"
        )
        if left["left"]:
            raise RuntimeError(f"{left['left']} jobs are left")
        print(f"done {took}", flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
