"""The sandbox bank in the process of a test: no server, no socket, no sleeping.

    >>> from qbank_connect.testing import SandboxBank
    >>> bank = SandboxBank()
    >>> client = bank.client()
    >>> bank.inject("drop_after_commit", path="/payments/ach")  # the response is lost
    >>> payment = client.payments.create_ach(
    ...     request={
    ...         "source_account_id": bank.operating,
    ...         "destination_account_id": bank.payroll,
    ...         "amount": "1000.50",
    ...     }
    ... )
    >>> [entry.amount for entry in bank.entries()]  # paid once
    [Decimal('1000.50')]
    >>> bank.advance(24 * 60 * 60)  # a day later it has settled
    >>> client.payments.get(payment.payment_id).status
    'P_COMPLETED'

The client, its retries and its errors are the real ones; faults come to it as what httpx
raises. The bank is that of ``qbank sandbox``, with its accounts and its settlement days.

Two clocks run. The bank's begins at ``start`` and moves by ``advance`` and by the faults
``delay`` and ``slow`` alone, so a test gives the same result on any day. The client's are the
system's: what it waits for (the pause before a retry, a ``Retry-After``, the polls of
``payments.wait``) takes real time. ``SandboxBank.client`` keeps its own pauses short; call
``advance`` before ``payments.wait``, which else polls until its deadline. A delay that is
longer than the client's timeout is a timeout at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType
from typing import Any, Literal

import anyio.lowlevel
import httpx
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from . import _core
from .async_client import AsyncQBankConnectClient
from .client import QBankConnectClient

__all__ = [
    "Delivery",
    "FaultKind",
    "Ledger",
    "LedgerAccount",
    "LedgerEntry",
    "ReceivedRequest",
    "SandboxBank",
    "SandboxTransport",
]

FaultKind = Literal[
    "refuse",
    "drop_after_commit",
    "truncate",
    "delay",
    "status",
    "html",
    "garbage",
    "slow",
    "revoke_token",
    "in_flight",
]

# What is no host of the world (RFC 2606).
_BASE_URL = "https://sandbox.example/v1"
_EMPTY_PROMISE = 64


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class LedgerAccount(_Shown):
    """An account in the ledger: one of a client, or one that stands for the world outside."""

    account_id: str
    name: str
    balance: Decimal
    """In dollars."""


class LedgerEntry(_Shown):
    """A movement of money. An intent has at most one, however often it is sent."""

    entry_id: str
    intent_key: str
    """The idempotency key that it was made under."""
    kind: str
    """``ach``, ``wire`` or ``transfer``."""
    amount: Decimal
    """In dollars."""
    from_account: str = Field(alias="from")
    to_account: str = Field(alias="to")
    payment_id: str | None = None
    reversal_id: str | None = None
    """The reversal that gave the money back, if the bank rejected the payment later."""


class Ledger(_Shown):
    """The ledger as it is now."""

    accounts: list[LedgerAccount]
    entries: list[LedgerEntry]
    total: Decimal
    """The sum of all balances, in dollars: it never changes."""

    def balance(self, account_id: str) -> Decimal:
        """What is on an account, in dollars. Raises ``KeyError`` for one that there is not."""
        return {it.account_id: it.balance for it in self.accounts}[account_id]


class ReceivedRequest(BaseModel):
    """A request that arrived at the bank, those for tokens included."""

    model_config = ConfigDict(frozen=True)

    method: str
    path: str
    query: str | None = None
    idempotency_key: str | None = None
    body_sha256: str
    """In hexadecimal: the same for the same bytes."""
    status: int | None = None
    """Of the response, even if that was lost; ``None`` if the request was not read."""
    fault: str | None = None
    """The fault that it met."""


@dataclass(frozen=True)
class Delivery:
    """A webhook as it arrives at a receiver: for ``verify_webhook``, or for the test client of
    a web framework.
    """

    headers: dict[str, str]
    body: bytes = field(repr=False)
    payment_id: str
    event_id: str
    """The signed one: the same in each attempt."""
    attempt: int
    """From one on."""


class SandboxBank:
    """A bank with accounts, for one test. Threads and tasks may share it.

    The same ``seed`` gives the same ids. The clock begins at ``start``, by default on Monday,
    2026-01-05, 14:00 UTC; days without settlement are weekends and holidays of the Federal
    Reserve. Tokens are valid for ``token_lifetime`` seconds of that clock.

    Raises ``ValueError`` for a ``start`` without a time zone and for numbers out of range.
    """

    client_id: str = _core.Bank.CLIENT_ID
    client_secret: str = _core.Bank.CLIENT_SECRET
    webhook_secret: str = _core.Bank.WEBHOOK_SECRET
    """Signs the deliveries."""
    base_url: str = _BASE_URL

    operating: str
    """A checking account with 250,000.00."""
    payroll: str
    """A checking account with 40,000.00."""
    treasury: str
    """A treasury account with 1,000,000.00."""
    savings: str
    """A savings account with 75,500.25."""
    closed: str
    """A closed account: payments from it and to it are refused."""

    def __init__(
        self, seed: int = 1, *, start: datetime | None = None, token_lifetime: float = 3600
    ) -> None:
        if not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise ValueError("seed must be a whole number from 0 to 2**64 - 1")
        unix = None
        if start is not None:
            if start.utcoffset() is None:
                raise ValueError("start must be a datetime with a time zone")
            unix = _seconds("the unix time of start", start.timestamp())
        self._core = _core.Bank(seed, unix, _seconds("token_lifetime", token_lifetime))
        self._reachable = True

    # --- Clients ---------------------------------------------------------------------------

    def client(self, **options: Any) -> QBankConnectClient:
        """A client of this bank: the options are those of ``QBankConnectClient``.

        Unless they say otherwise it has the credentials of the sandbox, a ``backoff`` of a
        millisecond and a ``poll_interval`` of ten.

        >>> SandboxBank().client(max_retries=0).accounts.list()[0].account_name
        'Operating'
        """
        http = httpx.Client(transport=self.transport(), trust_env=False)
        return QBankConnectClient(**self._options(http, options))

    def async_client(self, **options: Any) -> AsyncQBankConnectClient:
        """The same for async code.

        >>> import asyncio
        >>> async def first() -> str:
        ...     async with SandboxBank().async_client() as client:
        ...         return (await client.accounts.list())[0].account_name
        >>> asyncio.run(first())
        'Operating'
        """
        http = httpx.AsyncClient(transport=self.transport(), trust_env=False)
        return AsyncQBankConnectClient(**self._options(http, options))

    def transport(self, library: ModuleType = httpx) -> SandboxTransport:
        """This bank as the transport of an ``httpx.Client`` or an ``httpx.AsyncClient``,
        whatever the host of a URL is. ``library`` is ``httpx2`` for a client of that.

        >>> http = httpx.Client(transport=SandboxBank().transport())
        >>> http.get("https://any.example/v1/accounts").status_code
        401
        """
        return SandboxTransport(self, library)

    def _options(self, http: Any, options: dict[str, Any]) -> dict[str, Any]:
        ours: dict[str, Any] = {"httpx_client": http, "backoff": 0.001, "poll_interval": 0.01}
        if options.get("environment") is None:
            ours["base_url"] = self.base_url
        if options.get("token") is None:
            ours |= {"client_id": self.client_id, "client_secret": self.client_secret}
        return ours | options

    # --- What goes wrong -------------------------------------------------------------------

    def inject(
        self,
        kind: FaultKind,
        *,
        method: str | None = None,
        path: str | None = None,
        times: int = 1,
        ms: int | None = None,
        status: int | None = None,
        retry_after: int | str | None = None,
        location: str | None = None,
        bytes_per_s: int | None = None,
    ) -> None:
        """Makes the next ``times`` requests fail: those with this ``method`` to this ``path``
        (``/payments/ach``; ``/payments/*`` for all below it), by default whatever comes next, a
        request for a token included.

        =====================  ============================================================
        ``refuse``             the connection closes before the request is read
        ``drop_after_commit``  the bank does it, and the response is lost
        ``truncate``           the bank does it, and the response ends in its middle
        ``delay``              the bank does it, and responds ``ms`` later
        ``status``             the response is ``status`` (with ``retry_after`` in seconds,
                               ``location``), and the bank does nothing
        ``html``               the bank does it, and the response is the page of a proxy
        ``garbage``            the bank does it, and the response cannot be read
        ``slow``               the bank does it, and the body comes at ``bytes_per_s``
        ``revoke_token``       the token is invalid from now on: 401
        ``in_flight``          409, as if a request with this key were in process
        =====================  ============================================================

        ``set_reachable`` is for connections that cannot be made. Raises ``ValueError`` for what
        is no fault.

        >>> bank = SandboxBank()
        >>> client = bank.client(max_retries=1)
        >>> bank.inject("status", status=503, retry_after=0, path="/accounts")
        >>> client.accounts.with_raw_response.list().attempts
        2
        """
        given = {
            "kind": kind,
            "method": method,
            "path": path,
            "times": times,
            "ms": ms,
            "status": status,
            "retry_after": retry_after,
            "location": location,
            "bytes_per_s": bytes_per_s,
        }
        fault = {name: value for name, value in given.items() if value is not None}
        self.control("POST", "/faults", fault)

    def clear_faults(self) -> None:
        """Forgets the faults that are left."""
        self.control("DELETE", "/faults")

    def set_reachable(self, reachable: bool) -> None:
        """Takes the network away, or gives it back: without it no connection can be made, and
        nothing is sent. A client that is ``eager`` needs it when it is made.
        """
        self._reachable = reachable

    # --- Time and webhooks -----------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The bank's clock (UTC)."""
        return datetime.fromtimestamp(self._core.now(), timezone.utc)

    @property
    def today(self) -> date:
        """The bank's day (UTC), for an ``effective_date``."""
        return self.now.date()

    def advance(self, by: float | timedelta) -> None:
        """Moves the bank's clock by so many seconds, through its batches.

        A payment by ACH settles at 09:00 UTC on the next bank day. Tokens grow old as well: the
        client meets a 401, and fetches another one.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._core.advance(_seconds("by", seconds))

    def deliveries(self) -> list[Delivery]:
        """The webhooks that are due, each once: they count as received.

        >>> from qbank_connect import verify_webhook
        >>> bank = SandboxBank()
        >>> with bank.client() as client:
        ...     payment = client.payments.create_ach(
        ...         request={
        ...             "source_account_id": bank.operating,
        ...             "destination_account_id": bank.payroll,
        ...             "amount": 5,
        ...         }
        ...     )
        >>> bank.advance(timedelta(days=1))
        >>> [delivery] = bank.deliveries()
        >>> verify_webhook(delivery.body, delivery.headers, bank.webhook_secret).data.status
        'P_COMPLETED'
        """
        due: list[Delivery] = []

        def receive(delivery: Delivery) -> int:
            due.append(delivery)
            return 200

        self.deliver(receive)
        return due

    def deliver(self, receive: Callable[[Delivery], int]) -> None:
        """Hands the webhooks that are due to a receiver, which returns the status of its
        response. What it does not take with exactly 200 is due again 1 s later, then 5 s, 30 s
        and so on: ``advance``. What it raises is raised here.
        """

        def received(
            headers: list[tuple[str, str]], body: bytes, payment: str, event: str, attempt: int
        ) -> int:
            return receive(Delivery(dict(headers), body, payment, event, attempt))

        self._core.deliver(received)

    # --- What became of it -----------------------------------------------------------------

    def ledger(self) -> Ledger:
        """Accounts, entries and their total.

        >>> bank = SandboxBank()
        >>> bank.ledger().balance(bank.operating)
        Decimal('250000.00')
        """
        return Ledger.model_validate(self.control("GET", "/ledger"))

    def entries(self) -> list[LedgerEntry]:
        """The movements of money, in order."""
        return self.ledger().entries

    def requests(self) -> list[ReceivedRequest]:
        """The requests that arrived, in order, those for tokens included."""
        return [ReceivedRequest.model_validate(it) for it in self.control("GET", "/requests")]

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the control surface of the sandbox (``/_sandbox``) responds, as objects of JSON:
        for what has no method here, such as checks that are presented.

        Raises ``ValueError`` with its message for what it refuses.

        >>> SandboxBank().control("GET", "/faults")
        []
        """
        content = b"" if body is None else json.dumps(body).encode()
        url = f"https://sandbox.example/_sandbox{path}"
        status, _, raw, _ = self._core.handle(method, url, [], content)
        response = json.loads(raw) if raw else None
        if status >= 400:
            raise ValueError(str(response["message"]) if response else f"status {status}")
        return response

    def __repr__(self) -> str:
        return f"SandboxBank(now={self.now.isoformat()})"


for _name, _id in _core.Bank.accounts:
    setattr(SandboxBank, _name, _id)


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A bank as the transport of a client of httpx: see ``SandboxBank.transport``."""

    def __init__(self, bank: SandboxBank, library: ModuleType = httpx) -> None:
        self._bank = bank
        # Whose responses and exceptions the client expects.
        self._library: Any = library

    def handle_request(self, request: Any) -> Any:
        """The response of the bank."""
        status, headers, parts = self._handle(request, request.read())
        return self._library.Response(status, headers=headers, content=parts)

    async def handle_async_request(self, request: Any) -> Any:
        """The response of the bank."""
        body = await request.aread()
        await anyio.lowlevel.checkpoint()
        status, headers, parts = self._handle(request, body)
        return self._library.Response(status, headers=headers, content=_async(parts))

    def _handle(
        self, request: Any, body: bytes
    ) -> tuple[int, list[tuple[str, str]], Iterator[bytes]]:
        bank, library = self._bank, self._library
        if not bank._reachable:
            raise library.ConnectError("the sandbox bank is not reachable")
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
        ]
        status, headers, content, fault = bank._core.handle(
            request.method, str(request.url), pairs, body
        )
        kind, number = fault or ("", 0.0)
        parts, size = iter([content] if content else []), len(content)
        if kind == "close":
            raise library.RemoteProtocolError("Server disconnected without sending a response.")
        if kind == "delay":
            self._delay(request, number)
        elif kind == "truncate":
            size = size or _EMPTY_PROMISE
            parts = self._truncated(content[: len(content) // 2], size)
        elif kind == "slow":
            parts = self._slowly(request, content, int(number))
        return status, [*headers, ("content-length", str(size))], parts

    def _delay(self, request: Any, seconds: float) -> None:
        limit = request.extensions.get("timeout", {}).get("read")
        if limit is not None and seconds > limit:
            self._bank.advance(limit)
            raise self._library.ReadTimeout("The read operation timed out")
        self._bank.advance(seconds)

    def _truncated(self, half: bytes, size: int) -> Iterator[bytes]:
        if half:
            yield half
        raise self._library.RemoteProtocolError(
            "peer closed connection without sending complete message body "
            f"(received {len(half)} bytes, expected {size})"
        )

    def _slowly(self, request: Any, content: bytes, rate: int) -> Iterator[bytes]:
        """About ten parts a second, as far as the time of the exchange goes. Only clients of
        ours have one: httpx bounds each read, of which none is long.
        """
        deadline = request.extensions.get("qbank_deadline")
        left = None if deadline is None else deadline - time.monotonic()
        size = max(rate // 10, 1)
        for at in range(0, len(content), size):
            part = content[at : at + size]
            takes = len(part) / rate
            if left is not None:
                left -= takes
                if left < 0:
                    self._bank.advance(max(left + takes, 0.0))
                    raise self._library.ReadTimeout("The read operation timed out")
            self._bank.advance(takes)
            yield part


async def _async(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _seconds(name: str, value: float) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Up to the year 9999.
    if not number or not 0 <= value < 253_370_764_800:
        raise ValueError(f"{name} must be a number of seconds from 0")
    return float(value)
