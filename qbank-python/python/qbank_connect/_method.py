"""Methods of the clients, from the functions of `_operations`: each has their arguments and their
docstring, and differs in what it gives.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from ._operations import Operation
from ._response import RawResponse

if TYPE_CHECKING:
    from .async_client import AsyncPrepared, AsyncQBankConnectClient
    from .client import Prepared, QBankConnectClient

P = ParamSpec("P")
T = TypeVar("T")


class Resource:
    """Operations on one kind of thing."""

    __slots__ = ("_client",)

    def __init__(self, client: QBankConnectClient) -> None:
        self._client = client


class AsyncResource:
    """Operations on one kind of thing, of an async client."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncQBankConnectClient) -> None:
        self._client = client


class _Method(Generic[P, T]):
    def __init__(self, operation: Callable[P, Operation[T]]) -> None:
        self._operation = operation
        functools.update_wrapper(self, operation)

    def _bound(self, call: Callable[P, Any]) -> Callable[P, Any]:
        return functools.wraps(self._operation)(call)


class Method(_Method[P, T]):
    """Gives the result."""

    def __get__(self, resource: Resource, owner: type[Any] | None = None) -> Callable[P, T]:
        if resource is None:
            return self  # type: ignore[return-value]

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return resource._client._call(self._operation(*args, **kwargs)).data

        return self._bound(call)


class RawMethod(_Method[P, T]):
    """Gives the result and all that is known about it."""

    def __get__(
        self, resource: Resource, owner: type[Any] | None = None
    ) -> Callable[P, RawResponse[T]]:
        if resource is None:
            return self  # type: ignore[return-value]

        def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
            return resource._client._call(self._operation(*args, **kwargs))

        return self._bound(call)


class PrepareMethod(_Method[P, T]):
    """Gives a write whose key and body are known before it is sent."""

    def __get__(
        self, resource: Resource, owner: type[Any] | None = None
    ) -> Callable[P, Prepared[T]]:
        if resource is None:
            return self  # type: ignore[return-value]

        def call(*args: P.args, **kwargs: P.kwargs) -> Prepared[T]:
            return resource._client._prepare(self._operation(*args, **kwargs))

        return self._bound(call)


class AsyncMethod(_Method[P, T]):
    """Gives the result."""

    def __get__(
        self, resource: AsyncResource, owner: type[Any] | None = None
    ) -> Callable[P, Coroutine[Any, Any, T]]:
        if resource is None:
            return self  # type: ignore[return-value]

        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return (await resource._client._call(self._operation(*args, **kwargs))).data

        return self._bound(call)


class AsyncRawMethod(_Method[P, T]):
    """Gives the result and all that is known about it."""

    def __get__(
        self, resource: AsyncResource, owner: type[Any] | None = None
    ) -> Callable[P, Coroutine[Any, Any, RawResponse[T]]]:
        if resource is None:
            return self  # type: ignore[return-value]

        async def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
            return await resource._client._call(self._operation(*args, **kwargs))

        return self._bound(call)


class AsyncPrepareMethod(_Method[P, T]):
    """Gives a write whose key and body are known before it is sent."""

    def __get__(
        self, resource: AsyncResource, owner: type[Any] | None = None
    ) -> Callable[P, AsyncPrepared[T]]:
        if resource is None:
            return self  # type: ignore[return-value]

        def call(*args: P.args, **kwargs: P.kwargs) -> AsyncPrepared[T]:
            return resource._client._prepare(self._operation(*args, **kwargs))

        return self._bound(call)
