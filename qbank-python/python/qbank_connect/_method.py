"""Methods of the clients, from the functions of `_operations`: each has their arguments and
their docstring, and differs in what it returns.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from ._frames import pruned
from ._operations import Operation
from ._response import RawResponse
from .errors import QBankError, without_frames

if TYPE_CHECKING:
    from .async_client import AsyncPrepared, AsyncQBankConnectClient
    from .client import Prepared, QBankConnectClient

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


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


def hides_frames(method: F) -> F:
    """Raises its errors without the frames below, and forgets what it was given: what reports
    a traceback may report the variables of its frames, which hold account numbers and tokens.
    """

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except QBankError as error:
            raise without_frames(error) from error.__cause__
        except BaseException as thrown:
            raise pruned(thrown)  # noqa: B904
        finally:
            del args, kwargs

    @functools.wraps(method)
    async def async_call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await method(*args, **kwargs)
        except QBankError as error:
            raise without_frames(error) from error.__cause__
        except BaseException as thrown:
            raise pruned(thrown)  # noqa: B904
        finally:
            del args, kwargs

    return cast("F", async_call if inspect.iscoroutinefunction(method) else call)


def _like(operation: Callable[..., Any], result: str = "{}") -> Callable[[F], F]:
    """Gives a method the name, the docstring and the arguments of an operation."""

    def decorate(method: F) -> F:
        method = hides_frames(method)
        functools.update_wrapper(method, operation)
        signature = inspect.signature(operation)
        itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        returned = signature.return_annotation.removeprefix("Operation[").removesuffix("]")
        signature = signature.replace(
            parameters=[itself, *signature.parameters.values()],
            return_annotation=result.format(returned),
        )
        # What `help` and `inspect.signature` show.
        vars(method)["__signature__"] = signature
        return method

    return decorate


def method(operation: Callable[P, Operation[T]]) -> Callable[Concatenate[Resource, P], T]:
    """A method that returns the result."""

    @_like(operation)
    def call(self: Resource, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._client._call(operation(*args, **kwargs)).data

    return call


def raw_method(
    operation: Callable[P, Operation[T]],
) -> Callable[Concatenate[Resource, P], RawResponse[T]]:
    """A method that returns the result and all that is known about it."""

    @_like(operation, "RawResponse[{}]")
    def call(self: Resource, /, *args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        return self._client._call(operation(*args, **kwargs))

    return call


def prepare_method(
    operation: Callable[P, Operation[T]],
) -> Callable[Concatenate[Resource, P], Prepared[T]]:
    """A method that returns a write whose key and body are known before it is sent."""

    @_like(operation, "Prepared[{}]")
    def call(self: Resource, /, *args: P.args, **kwargs: P.kwargs) -> Prepared[T]:
        return self._client._prepare(operation(*args, **kwargs))

    return call


def async_method(
    operation: Callable[P, Operation[T]],
) -> Callable[Concatenate[AsyncResource, P], Coroutine[Any, Any, T]]:
    """An async method that returns the result."""

    @_like(operation)
    async def call(self: AsyncResource, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return (await self._client._call(operation(*args, **kwargs))).data

    return call


def async_raw_method(
    operation: Callable[P, Operation[T]],
) -> Callable[Concatenate[AsyncResource, P], Coroutine[Any, Any, RawResponse[T]]]:
    """An async method that returns the result and all that is known about it."""

    @_like(operation, "RawResponse[{}]")
    async def call(self: AsyncResource, /, *args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        return await self._client._call(operation(*args, **kwargs))

    return call


def async_prepare_method(
    operation: Callable[P, Operation[T]],
) -> Callable[Concatenate[AsyncResource, P], AsyncPrepared[T]]:
    """A method that returns a write whose key and body are known before it is sent."""

    @_like(operation, "AsyncPrepared[{}]")
    def call(self: AsyncResource, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPrepared[T]:
        return self._client._prepare(operation(*args, **kwargs))

    return call
