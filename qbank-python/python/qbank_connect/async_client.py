"""The client for async code: asyncio and trio."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel

from . import _operations as operations
from ._client import OPTIONS, BaseClient, supplied
from ._drive import Ask, Authorize, Driving, Send, Supplied
from ._httpx import async_exchange
from ._method import (
    AsyncResource,
    async_method,
    async_prepare_method,
    async_raw_method,
    hides_frames,
)
from ._operations import OnConflict, Operation, RequestOptions
from ._prepared import Sends
from ._response import RawResponse
from ._stream import AsyncTransactionStream, OnUnreadable
from ._wake import AsyncWake
from .environment import QBankConnectEnvironment
from .models import Day, Id, Token

T = TypeVar("T")


class AsyncQBankConnectClient(BaseClient):
    """A client of the bank for asyncio and trio. Tasks may share it; its calls share one token.

    The options are those of ``QBankConnectClient``; a ``token`` may also be an async function,
    and ``httpx_client`` is an ``httpx.AsyncClient``. The token is fetched by ``async with``, if
    ``eager``, or by the first call.

    It may outlive an event loop: in the next one (a second ``asyncio.run``) it opens new
    connections. With a given ``httpx_client`` it cannot: that one belongs to its loop.
    """

    __slots__ = (
        "accounts",
        "balances",
        "payments",
        "positive_pay",
        "transactions",
        "transfers",
    )
    _closes = ("aclose", "httpx.AsyncClient")

    def __init__(
        self,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: Iterable[str] | None = None,
        token: str | Callable[[], Any] | None = None,
        environment: QBankConnectEnvironment | None = None,
        base_url: str | None = None,
        token_url: str | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        on_conflict: OnConflict | None = None,
        httpx_client: Any = None,
        eager: bool = True,
        backoff: float | None = None,
        poll_interval: float | None = None,
        max_key_age: float | None = None,
        max_body_bytes: int | None = None,
        user_agent: str | None = None,
    ) -> None:
        options = {name: it for name, it in locals().items() if name in OPTIONS}
        # What reports a traceback may report the variables of each frame.
        del client_secret, token
        super().__init__(options)
        self.accounts = AsyncAccounts(self)
        self.balances = AsyncBalances(self)
        self.transactions = AsyncTransactions(self)
        self.payments = AsyncPayments(self)
        self.transfers = AsyncTransfers(self)
        self.positive_pay = AsyncPositivePay(self)

    @hides_frames
    async def authenticate(self, *, request_options: RequestOptions | None = None) -> Token:
        """Fetches a token now, if there is none that is fresh. Gives what is known of it."""
        return (await self._call(operations.authenticate(request_options=request_options))).data

    async def close(self) -> None:
        """Closes the connections, but not those of a given ``httpx_client``."""
        if self._given_http is None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                await self._http.aclose()

    async def __aenter__(self) -> AsyncQBankConnectClient:
        if self._eager:
            try:
                await self.authenticate()
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @staticmethod
    def _own_http(urls: list[str]) -> Any:
        # Imports httpx, which who gives a client has imported already.
        from . import _own_http

        return _own_http.AsyncClient(urls)

    @staticmethod
    def _loop() -> Any:
        return anyio.lowlevel.current_token().native_token

    async def _call(self, operation: Operation[T]) -> RawResponse[T]:
        woken = AsyncWake()
        return await self._run(self._make(operation, woken.set).drive(), woken)

    def _prepare(self, operation: Operation[T]) -> AsyncPrepared[T]:
        return AsyncPrepared(self, operation, *self._intent(operation))

    async def _run(self, driving: Driving[T], woken: AsyncWake) -> RawResponse[T]:
        try:
            ask = next(driving)
            while True:
                ask = driving.send(await self._do(ask, woken))
        except StopIteration as done:
            reply: RawResponse[T] = done.value
            return reply
        except BaseException as thrown:
            # Cancelled: the driver says what is known. Its own errors it raises again.
            driving.throw(thrown)
            raise

    async def _do(self, ask: Ask, woken: AsyncWake) -> Any:
        if isinstance(ask, Send):
            return await async_exchange(self._http, ask)
        if isinstance(ask, Authorize):
            return await self._supply(ask.seconds)
        await woken.wait(ask.seconds)
        return None

    async def _supply(self, seconds: float) -> Supplied:
        try:
            with anyio.fail_after(seconds):
                token = self._supplier() if self._supplier else None
                return Supplied(supplied(await token if inspect.isawaitable(token) else token))
        except TimeoutError as late:
            return Supplied({"message": "the token supplier gave nothing in time"}, late)
        except Exception as thrown:
            return Supplied({"message": str(thrown) or type(thrown).__name__}, thrown)


class AsyncPrepared(Generic[T]):
    """A write whose key and body are known before it is sent: write them down, then send it.
    Tasks may share it: it is sent once. It may be sent again as it is where that sent nothing
    (``never_sent``); after anything else only with ``resume_from``, the moment of the first
    send, as ``send(**error.resume)`` has it.
    """

    __slots__ = ("_client", "_operation", "_sends", "body", "idempotency_key")

    def __init__(
        self, client: AsyncQBankConnectClient, operation: Operation[T], key: str, body: bytes
    ) -> None:
        self._client = client
        self._operation = operation
        self.idempotency_key: str = key
        self.body: bytes = body
        """What every attempt sends."""
        self._sends = Sends(operation, key)

    @hides_frames
    async def send(
        self, *, idempotency_key: Id | None = None, resume_from: datetime | None = None
    ) -> T:
        """Sends it. A key that is given has to be its own."""
        sent = await self.send_raw(idempotency_key=idempotency_key, resume_from=resume_from)
        return sent.data

    @hides_frames
    async def send_raw(
        self, *, idempotency_key: Id | None = None, resume_from: datetime | None = None
    ) -> RawResponse[T]:
        """The same; gives all that is known of the response."""
        with self._sends.one(idempotency_key, resume_from) as operation:
            return await self._client._call(operation)

    def __repr__(self) -> str:
        return (
            f"AsyncPrepared({self._operation.title}, idempotency_key={self.idempotency_key!r})"
        )


class AsyncAccounts(AsyncResource):
    """Accounts."""

    __slots__ = ()
    list = async_method(operations.list_accounts)

    @property
    def with_raw_response(self) -> AsyncRawAccounts:
        """The same, with all that is known of the response."""
        return AsyncRawAccounts(self._client)


class AsyncRawAccounts(AsyncResource):
    """Accounts, with all that is known of the response."""

    __slots__ = ()
    list = async_raw_method(operations.list_accounts)


class AsyncBalances(AsyncResource):
    """Balances."""

    __slots__ = ()
    get = async_method(operations.get_balance)

    @property
    def with_raw_response(self) -> AsyncRawBalances:
        """The same, with all that is known of the response."""
        return AsyncRawBalances(self._client)


class AsyncRawBalances(AsyncResource):
    """Balances, with all that is known of the response."""

    __slots__ = ()
    get = async_raw_method(operations.get_balance)


class AsyncTransactions(AsyncResource):
    """Transactions."""

    __slots__ = ()
    list = async_method(operations.list_transactions)

    def stream(
        self,
        *,
        account_id: Id | None = None,
        posted_since: Day | None = None,
        on_unreadable: OnUnreadable | None = None,
        request_options: RequestOptions | None = None,
    ) -> AsyncTransactionStream:
        """All transactions, one after the other while they arrive, in the memory of one.

        An item that cannot be read does not end the list: ``on_unreadable`` gets its error, or
        the first such error is raised at the end. Close it, or use ``async with``, to leave
        early. A list that ends too early raises after everything before that; ``offset`` says
        where. The deadline counts until the last item, the time between two items included.
        """
        operation = operations.stream_transactions(
            account_id=account_id, posted_since=posted_since, request_options=request_options
        )
        woken = AsyncWake()
        made = self._client._make(operation, woken.set)
        return AsyncTransactionStream(
            made, lambda: self._client._run(made.drive(), woken), on_unreadable
        )

    @property
    def with_raw_response(self) -> AsyncRawTransactions:
        """The same, with all that is known of the response."""
        return AsyncRawTransactions(self._client)


class AsyncRawTransactions(AsyncResource):
    """Transactions, with all that is known of the response."""

    __slots__ = ()
    list = async_raw_method(operations.list_transactions)


class AsyncPayments(AsyncResource):
    """Payments: ACH and wires."""

    __slots__ = ()
    create_ach = async_method(operations.create_ach)
    create_wire = async_method(operations.create_wire)
    get = async_method(operations.get_payment)
    get_payment_status = async_method(operations.get_payment)
    wait = async_method(operations.wait_for_payment)
    prepare_ach = async_prepare_method(operations.create_ach)
    prepare_wire = async_prepare_method(operations.create_wire)

    @property
    def with_raw_response(self) -> AsyncRawPayments:
        """The same, with all that is known of the response."""
        return AsyncRawPayments(self._client)


class AsyncRawPayments(AsyncResource):
    """Payments, with all that is known of the response."""

    __slots__ = ()
    create_ach = async_raw_method(operations.create_ach)
    create_wire = async_raw_method(operations.create_wire)
    get = async_raw_method(operations.get_payment)
    get_payment_status = async_raw_method(operations.get_payment)
    wait = async_raw_method(operations.wait_for_payment)


class AsyncTransfers(AsyncResource):
    """Transfers between accounts of one's own."""

    __slots__ = ()
    create = async_method(operations.create_transfer)
    prepare = async_prepare_method(operations.create_transfer)

    @property
    def with_raw_response(self) -> AsyncRawTransfers:
        """The same, with all that is known of the response."""
        return AsyncRawTransfers(self._client)


class AsyncRawTransfers(AsyncResource):
    """Transfers, with all that is known of the response."""

    __slots__ = ()
    create = async_raw_method(operations.create_transfer)


class AsyncPositivePay(AsyncResource):
    """Checks: those that were issued, and those that were not paid."""

    __slots__ = ()
    create_issue = async_method(operations.create_issue)
    prepare_issue = async_prepare_method(operations.create_issue)
    exceptions = async_method(operations.list_exceptions)

    @property
    def with_raw_response(self) -> AsyncRawPositivePay:
        """The same, with all that is known of the response."""
        return AsyncRawPositivePay(self._client)


class AsyncRawPositivePay(AsyncResource):
    """Checks, with all that is known of the response."""

    __slots__ = ()
    create_issue = async_raw_method(operations.create_issue)
    exceptions = async_raw_method(operations.list_exceptions)
