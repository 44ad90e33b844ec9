"""A bank that costs its clients nothing: a process of its own, with fixed responses.

Prints the port that it listens on, and ends when its standard input does.
"""

import asyncio
import json
import sys

ACCOUNT = "acc00000-0000-4000-8000-000000000001"
PAYMENT = "c4470eb7-d4ef-4717-be2c-cfc79c69a2cb"
USER = {"type": "user", "id": "1234567890", "attributes": {"enrolledRewards": []}}
ITEM = {
    "transactionId": PAYMENT,
    "amount": -4310.75,
    "description": "Supplier invoice 4711",
    "transaction_date": "2026-11-28T08:01:02.349Z",
    "value_date": "2026-11-30",
    "posting_date": "2026-11-29T01:00:00.000Z",
    "status": "POSTED",
    "timestamp": "2026-11-28T08:01:02.349Z",
    "actor": "sandbox",
    "request_id": "0ed4127b-4d1b-4ca4-ab72-38222fd66ff6",
}
RESPONSES = {
    "POST /v1/token": (
        "200 OK",
        "",
        {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600},
    ),
    "POST /v1/payments/ach": (
        "202 Accepted",
        f"Location: /v1/payments/{PAYMENT}\r\n",
        {"paymentId": PAYMENT, "status": "P_CREATED"},
    ),
    f"GET /v1/balances/{ACCOUNT}": (
        "200 OK",
        "",
        {
            "accountId": ACCOUNT,
            "availableBalance": 250000.0,
            "currentBalance": 250000.0,
            "currency": "USD",
        },
    ),
    "POST /v2/issuers/issuer/users": ("201 Created", "", {"data": [USER]}),
    "GET /v2/issuers/issuer/users/1234567890": ("200 OK", "", {"data": USER}),
}


def response(status: str, fields: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{fields}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


FIXED = {
    line: response(status, fields, json.dumps(body).encode())
    for line, (status, fields, body) in RESPONSES.items()
}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            length = next(
                (
                    int(it[15:])
                    for it in head.lower().split("\r\n")
                    if it[:15] == "content-length:"
                ),
                0,
            )
            await reader.readexactly(length)
            if target.startswith("/v1/transactions"):
                await stream(writer, int(sys.argv[1]))
            else:
                writer.write(FIXED[f"{method} {target}"])
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        pass  # the client is gone, or the benchmark has ended
    finally:
        writer.close()


async def stream(writer: asyncio.StreamWriter, items: int) -> None:
    one = json.dumps(ITEM).encode()
    size = items * (len(one) + 1) + 1
    writer.write(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n[".encode()
    )
    left = items
    while left > 0:
        some = min(left, 500)
        left -= some
        writer.write(b",".join([one] * some) + (b"," if left else b"]"))
        await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until the benchmark closes it.
    await asyncio.to_thread(sys.stdin.read)
    server.close()


asyncio.run(main())
