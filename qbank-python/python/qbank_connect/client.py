"""The client for ordinary (blocking) code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

from . import _operations as operations
from ._client import OPTIONS, BaseClient, supplied
from ._drive import Ask, Authorize, Driving, Send, Supplied
from ._httpx import exchange
from ._method import Resource, hides_frames, method, prepare_method, raw_method
from ._operations import OnConflict, Operation, RequestOptions
from ._prepared import Sends
from ._response import RawResponse
from ._stream import OnUnreadable, TransactionStream
from .environment import QBankConnectEnvironment
from .models import Day, Id, Token

T = TypeVar("T")


class QBankConnectClient(BaseClient):
    """A client of the bank. Threads may share it; its calls share one token.

    ``client_id`` and ``client_secret``, or a ``token`` (a string, or a function that gives
    one). The token is fetched at once, unless ``eager`` is false. Times are in seconds:
    ``timeout`` of each attempt, ``deadline`` of all attempts together. ``on_conflict`` says
    what to do where the bank has a payment with this key in process: ``follow_own`` (the
    default) follows it if it can only be this one, ``follow`` always, ``report`` raises
    ``QBankIdempotencyConflict``.

    An ``httpx_client`` brings its own proxies, certificates, hooks and mocks; it is not closed
    by this one. Its redirects, its ``auth``, its timeouts, its cookies and its own
    ``Authorization``, ``Idempotency-Key`` and ``Content-Type`` are not used. Give it no
    transport that resends: ``fate`` and ``attempts`` would be wrong. What a hook or a transport
    of it raises, if it is no error of a connection, ends the call and is raised as it is; key
    and fate are logged, and noted on it. A response whose head comes byte by byte is bounded by
    ``timeout`` for each read, not in all. After a fork one that was used before is refused.

    No time bounds the look-up of a host's name, nor a ``token`` function, which must not call
    this client.

    Raises ``QBankInvalidRequestError`` for a wrong option, and what the bank says to the
    credentials.
    """

    __slots__ = (
        "accounts",
        "balances",
        "payments",
        "positive_pay",
        "transactions",
        "transfers",
    )
    _closes = ("close", "httpx.Client")

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
        self.accounts = Accounts(self)
        self.balances = Balances(self)
        self.transactions = Transactions(self)
        self.payments = Payments(self)
        self.transfers = Transfers(self)
        self.positive_pay = PositivePay(self)
        if self._eager:
            try:
                self.authenticate()
            except BaseException:
                self.close()
                raise

    @hides_frames
    def authenticate(self, *, request_options: RequestOptions | None = None) -> Token:
        """Fetches a token now, if there is none that is fresh. Gives what is known of it."""
        return self._call(operations.authenticate(request_options=request_options)).data

    def close(self) -> None:
        """Closes the connections, but not those of a given ``httpx_client``."""
        if self._given_http is None:
            self._http.close()

    def __enter__(self) -> QBankConnectClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _own_http(urls: list[str]) -> Any:
        # Imports httpx, which who gives a client has imported already.
        from . import _own_http

        return _own_http.Client(urls)

    def _call(self, operation: Operation[T]) -> RawResponse[T]:
        woken = threading.Event()
        return self._run(self._make(operation, woken.set).drive(), woken)

    def _prepare(self, operation: Operation[T]) -> Prepared[T]:
        return Prepared(self, operation, *self._intent(operation))

    def _run(self, driving: Driving[T], woken: threading.Event) -> RawResponse[T]:
        try:
            ask = next(driving)
            while True:
                ask = driving.send(self._do(ask, woken))
        except StopIteration as done:
            reply: RawResponse[T] = done.value
            return reply
        except BaseException as thrown:
            # An interrupt: the driver says what is known. Its own errors it raises again.
            driving.throw(thrown)
            raise

    def _do(self, ask: Ask, woken: threading.Event) -> Any:
        if isinstance(ask, Send):
            return exchange(self._http, ask)
        if isinstance(ask, Authorize):
            return self._supply()
        woken.wait(ask.seconds)
        woken.clear()
        return None

    def _supply(self) -> Supplied:
        try:
            return Supplied(supplied(self._supplier() if self._supplier else None))
        except Exception as thrown:
            return Supplied({"message": str(thrown) or type(thrown).__name__}, thrown)


class Prepared(Generic[T]):
    """A write whose key and body are known before it is sent: write them down, then send it.
    Threads may share it: it is sent once. It may be sent again as it is where that sent nothing
    (``never_sent``); after anything else only with ``resume_from``, the moment of the first
    send, as ``send(**error.resume)`` has it.
    """

    __slots__ = ("_client", "_operation", "_sends", "body", "idempotency_key")

    def __init__(
        self, client: QBankConnectClient, operation: Operation[T], key: str, body: bytes
    ) -> None:
        self._client = client
        self._operation = operation
        self.idempotency_key: str = key
        self.body: bytes = body
        """What every attempt sends."""
        self._sends = Sends(operation, key)

    @hides_frames
    def send(
        self, *, idempotency_key: Id | None = None, resume_from: datetime | None = None
    ) -> T:
        """Sends it. A key that is given has to be its own."""
        return self.send_raw(idempotency_key=idempotency_key, resume_from=resume_from).data

    @hides_frames
    def send_raw(
        self, *, idempotency_key: Id | None = None, resume_from: datetime | None = None
    ) -> RawResponse[T]:
        """The same; gives all that is known of the response."""
        with self._sends.one(idempotency_key, resume_from) as operation:
            return self._client._call(operation)

    def __repr__(self) -> str:
        return f"Prepared({self._operation.title}, idempotency_key={self.idempotency_key!r})"


class Accounts(Resource):
    """Accounts."""

    __slots__ = ()
    list = method(operations.list_accounts)

    @property
    def with_raw_response(self) -> RawAccounts:
        """The same, with all that is known of the response."""
        return RawAccounts(self._client)


class RawAccounts(Resource):
    """Accounts, with all that is known of the response."""

    __slots__ = ()
    list = raw_method(operations.list_accounts)


class Balances(Resource):
    """Balances."""

    __slots__ = ()
    get = method(operations.get_balance)

    @property
    def with_raw_response(self) -> RawBalances:
        """The same, with all that is known of the response."""
        return RawBalances(self._client)


class RawBalances(Resource):
    """Balances, with all that is known of the response."""

    __slots__ = ()
    get = raw_method(operations.get_balance)


class Transactions(Resource):
    """Transactions."""

    __slots__ = ()
    list = method(operations.list_transactions)

    def stream(
        self,
        *,
        account_id: Id | None = None,
        posted_since: Day | None = None,
        on_unreadable: OnUnreadable | None = None,
        request_options: RequestOptions | None = None,
    ) -> TransactionStream:
        """All transactions, one after the other while they arrive, in the memory of one.

        An item that cannot be read does not end the list: ``on_unreadable`` gets its error, or
        the first such error is raised at the end. Close it, or use ``with``, to leave early. A
        list that ends too early raises after everything before that; ``offset`` says where.
        The deadline counts until the last item, the time between two items included.
        """
        operation = operations.stream_transactions(
            account_id=account_id, posted_since=posted_since, request_options=request_options
        )
        woken = threading.Event()
        made = self._client._make(operation, woken.set)
        return TransactionStream(
            made, lambda: self._client._run(made.drive(), woken), on_unreadable
        )

    @property
    def with_raw_response(self) -> RawTransactions:
        """The same, with all that is known of the response."""
        return RawTransactions(self._client)


class RawTransactions(Resource):
    """Transactions, with all that is known of the response."""

    __slots__ = ()
    list = raw_method(operations.list_transactions)


class Payments(Resource):
    """Payments: ACH and wires."""

    __slots__ = ()
    create_ach = method(operations.create_ach)
    create_wire = method(operations.create_wire)
    get = method(operations.get_payment)
    get_payment_status = method(operations.get_payment)
    wait = method(operations.wait_for_payment)
    prepare_ach = prepare_method(operations.create_ach)
    prepare_wire = prepare_method(operations.create_wire)

    @property
    def with_raw_response(self) -> RawPayments:
        """The same, with all that is known of the response."""
        return RawPayments(self._client)


class RawPayments(Resource):
    """Payments, with all that is known of the response."""

    __slots__ = ()
    create_ach = raw_method(operations.create_ach)
    create_wire = raw_method(operations.create_wire)
    get = raw_method(operations.get_payment)
    get_payment_status = raw_method(operations.get_payment)
    wait = raw_method(operations.wait_for_payment)


class Transfers(Resource):
    """Transfers between accounts of one's own."""

    __slots__ = ()
    create = method(operations.create_transfer)
    prepare = prepare_method(operations.create_transfer)

    @property
    def with_raw_response(self) -> RawTransfers:
        """The same, with all that is known of the response."""
        return RawTransfers(self._client)


class RawTransfers(Resource):
    """Transfers, with all that is known of the response."""

    __slots__ = ()
    create = raw_method(operations.create_transfer)


class PositivePay(Resource):
    """Checks: those that were issued, and those that were not paid."""

    __slots__ = ()
    create_issue = method(operations.create_issue)
    prepare_issue = prepare_method(operations.create_issue)
    exceptions = method(operations.list_exceptions)

    @property
    def with_raw_response(self) -> RawPositivePay:
        """The same, with all that is known of the response."""
        return RawPositivePay(self._client)


class RawPositivePay(Resource):
    """Checks, with all that is known of the response."""

    __slots__ = ()
    create_issue = raw_method(operations.create_issue)
    exceptions = raw_method(operations.list_exceptions)
