"""A list while it arrives: parts of the response go to the core, its items come out. The memory
is that of a part: nothing is read before the items of the last one are taken.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from typing import Any

import anyio.lowlevel

from ._drive import Made
from ._faults import fault_of
from ._response import RawResponse
from ._values import by_argument
from .errors import QBankError, error_of
from .models import Transaction, resource

OnUnreadable = Callable[[QBankError], Any]

# What comes of a part can be many times as large: of `{}` it is an error each.
_MOST = 1 << 16


class TransactionStream:
    """Transactions while they arrive: an iterator that can be closed. The request is sent when
    the first is asked for.
    """

    __slots__ = ("_items",)

    def __init__(
        self,
        made: Made[None],
        open_it: Callable[[], RawResponse[None]],
        on_unreadable: OnUnreadable | None,
    ) -> None:
        self._items = _iterate(made, open_it, _Reader(made, on_unreadable))

    def __iter__(self) -> TransactionStream:
        return self

    def __next__(self) -> Transaction:
        return next(self._items)

    def __enter__(self) -> TransactionStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the rest unread."""
        self._items.close()


class AsyncTransactionStream:
    """Transactions while they arrive: an async iterator that can be closed. The request is sent
    when the first is asked for. Use ``async with`` where the list may be left early: what was
    left open trio warns of.
    """

    __slots__ = ("_items",)

    def __init__(
        self,
        made: Made[None],
        open_it: Callable[[], Awaitable[RawResponse[None]]],
        on_unreadable: OnUnreadable | None,
    ) -> None:
        self._items = _async_iterate(made, open_it, _Reader(made, on_unreadable))

    def __aiter__(self) -> AsyncTransactionStream:
        return self

    async def __anext__(self) -> Transaction:
        return await anext(self._items)

    async def __aenter__(self) -> AsyncTransactionStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leaves the rest unread."""
        await self._items.aclose()


def _iterate(
    made: Made[None], open_it: Callable[[], RawResponse[None]], reader: _Reader
) -> Generator[Transaction, None, None]:
    open_it()
    body = made.stream
    try:
        parts = body.chunks()
        while not reader.ended:
            try:
                chunk, broken = next(parts, None), None
            except Exception as thrown:
                chunk, broken = None, thrown
            for items in reader.take(chunk, broken):
                for item in items:
                    if isinstance(item, QBankError):
                        reader.unreadable(item)
                    else:
                        yield item
    finally:
        body.close()


async def _async_iterate(
    made: Made[None], open_it: Callable[[], Awaitable[RawResponse[None]]], reader: _Reader
) -> AsyncGenerator[Transaction, None]:
    await open_it()
    body = made.stream
    try:
        while not reader.ended:
            try:
                chunk, broken = await body.next_chunk(), None
            except Exception as thrown:
                chunk, broken = None, thrown
            for items in reader.take(chunk, broken):
                for item in items:
                    if isinstance(item, QBankError):
                        taken = reader.unreadable(item)
                        if inspect.isawaitable(taken):
                            await taken
                    else:
                        yield item
                # Other tasks have a turn: a part that is here already waits for nothing.
                await anyio.lowlevel.checkpoint()
    finally:
        await body.aclose()


class _Reader:
    """What the core makes of the parts."""

    def __init__(self, made: Made[None], on_unreadable: OnUnreadable | None) -> None:
        self.made = made
        self.on_unreadable = on_unreadable
        self.ended = False
        self.first: QBankError | None = None
        """The first item that could not be read, if it was not handed over."""

    def take(
        self, chunk: bytes | None, broken: BaseException | None
    ) -> Iterator[Iterator[Transaction | QBankError]]:
        """The items that a part completes, in order, some at a time; no part is the end. Those
        that cannot be read are errors, where anyone wants them.
        """
        if chunk is None:
            self.ended = True
            why = None if broken is None else fault_of(broken, sys.exc_info()[1])[1]
            yield self._items(b"", why, broken)
            if self.first is not None:
                raise self.first
            return
        for at in range(0, len(chunk), _MOST):
            yield self._items(chunk[at : at + _MOST], None, None)

    def _items(
        self, piece: bytes, why: str | None, broken: BaseException | None
    ) -> Iterator[Transaction | QBankError]:
        record = json.loads(self.made.call.items(piece, why))
        items, taken = record["items"], 0
        for before, unreadable in record["unreadable"]:
            yield from _transactions(items[taken:before])
            taken = before
            # Of hundreds of thousands, one is enough to raise.
            if self.on_unreadable is not None or self.first is None:
                yield error_of(by_argument(unreadable))
        yield from _transactions(items[taken:])
        if record["failed"] is not None:
            self.ended = True
            raise error_of(by_argument(record["failed"])) from (broken or self.first)

    def unreadable(self, error: QBankError) -> Any:
        """Hands an error over, or keeps the first for the end."""
        if self.on_unreadable is not None:
            return self.on_unreadable(error)
        self.first = self.first or error
        return None


def _transactions(items: list[Any]) -> Iterator[Transaction]:
    return (resource(Transaction, item) for item in items)
