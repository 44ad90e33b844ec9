"""What both clients have in common: their options, their session, and what a fork changes."""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
import weakref
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from . import _core
from . import _values as values
from ._drive import Made
from ._operations import Operation
from ._values import Wrong, by_argument, invalid
from .environment import QBankConnectEnvironment
from .errors import Fate, QBankError, error_of, without_frames

T = TypeVar("T")
log = logging.getLogger("qbank_connect")

# After a fork the parent's connections are kept: to close them here would end its TLS.
_kept: list[Any] = []
_clients: weakref.WeakSet[BaseClient] = weakref.WeakSet()


class BaseClient:
    """Options, session, and the HTTP client."""

    _closes: ClassVar[tuple[str, str]]
    """What httpx's client of this kind closes with, and its name."""
    # Not in `__dict__`, which what logs an object's members would print.
    __slots__ = (
        "__weakref__",
        "_by_loop",
        "_eager",
        "_given_http",
        "_opened_http",
        "_opening",
        "_session",
        "_supplier",
        "_urls",
        "_used",
    )

    def __init__(self, options: dict[str, Any]) -> None:
        try:
            self._open(options)
        except QBankError as error:
            # Without the frames below, whose variables are the credentials.
            raise without_frames(error) from error.__cause__
        finally:
            options.clear()
        _clients.add(self)

    def _open(self, options: dict[str, Any]) -> None:
        try:
            self._given_http = self._http_of(options.pop("httpx_client"))
            self._eager = _flag("eager", options.pop("eager"))
            token = options.get("token")
            self._supplier = token if callable(token) else None
            given = [
                it for it in ("environment", "base_url", "token_url") if options[it] is not None
            ]
            environment = _environment(options)
            record = _record(options, environment)
        except Wrong as wrong:
            raise invalid(wrong, "never_sent") from None
        try:
            self._session = _core.Session(json.dumps(record))
            self._urls = [environment.base_url]
            if environment.token_url is not None:
                self._urls.append(environment.token_url)
            self._opening = threading.Lock()
            self._used = False
            self._by_loop: dict[Any, Any] = {}
            self._opened_http = self._given_http
            if self._opened_http is None:
                self._opened_http = self._own_http(self._urls)
        except _core.Refused as refused:
            record = by_argument(json.loads(refused.args[0]), of_client=True)
            raise error_of(record if given else _by_variable(record)) from None

    def _http_of(self, given: Any) -> Any:
        # By what it can do: httpx2 has clients as well, and tests have their own.
        closes, name = self._closes
        needed = ("build_request", "send", closes)
        if given is not None and not all(hasattr(given, it) for it in needed):
            raise Wrong("httpx_client", f"must be an {name}")
        return given

    @property
    def _http(self) -> Any:
        """What does HTTP. In the child of a fork it is made when it is needed."""
        if self._opened_http is None:
            self._open_http("never_sent")
        self._used = True
        if self._given_http is None and (loop := self._loop()) is not None:
            return self._by_loop.get(loop) or self._of_loop(loop)
        return self._opened_http

    def _open_http(self, fate: Fate) -> None:
        """Makes one in the child of a fork."""
        if self._given_http is not None:
            wrong = Wrong(
                "httpx_client",
                "was used before this process forked, and its connections are the parent's: "
                "give the child a client of its own",
            )
            raise invalid(wrong, fate)
        with self._opening:
            if self._opened_http is None:
                self._opened_http = self._renewed(fate)

    @staticmethod
    def _loop() -> Any:
        """The event loop that runs now, for a client whose connections belong to one."""
        return None

    def _of_loop(self, loop: Any) -> Any:
        """The HTTP client for an event loop: the connections of another are of no use in it."""
        with self._opening:
            known = self._by_loop
            if any(it.is_closed for it in known.values()):
                return next(it for it in known.values() if it.is_closed)
            if known:
                # What belongs to a loop that has ended cannot be closed. To let it go gives
                # its sockets back.
                for ended in [it for it in known if _has_ended(it)]:
                    del known[ended]
                self._opened_http = self._renewed("never_sent")
            known[loop] = self._opened_http
            return self._opened_http

    def _renewed(self, fate: Fate) -> Any:
        """Another HTTP client of our own, by the environment as it is now."""
        try:
            return self._own_http(self._urls)
        except _core.Refused as refused:
            record = json.loads(refused.args[0])
            field = str(record["field"])
            rule = record["message"].removeprefix(field).strip().partition(";")[0]
            raise invalid(Wrong(field, rule), fate) from None

    def _make(self, operation: Operation[T], wake: Callable[[], object]) -> Made[T]:
        """A call of the core. What is wrong with its arguments is raised at once."""
        if self._opened_http is None:
            self._open_http(operation.fate)
        try:
            return Made(self._session.call(*_arguments(operation), wake), operation)
        except _core.Refused as refused:
            raise _error(refused, operation) from None

    def _intent(self, operation: Operation[Any]) -> tuple[str, bytes]:
        """The key and the body of what a write sends."""
        try:
            intent = self._session.intent(*_arguments(operation))
        except _core.Refused as refused:
            raise _error(refused, operation) from None
        if intent is None:
            raise TypeError(f"{operation.title} sends nothing that could be written down")
        return intent

    def _after_fork(self) -> None:
        """In the child: a session and connections of its own."""
        _kept.extend([self._opened_http, *self._by_loop.values()])
        self._by_loop = {}
        self._session = self._session.fresh()
        # Another thread of the parent may have held it.
        self._opening = threading.Lock()
        if self._given_http is not None:
            if getattr(self._given_http, "is_closed", False):
                return
            if self._used:
                # Its connections would carry the bytes of two processes.
                self._opened_http = None
                return
            # The application may have used it.
            log.warning("a given httpx_client was forked: give the child a client of its own")
        elif self._opened_http is not None and not self._opened_http.is_closed:
            self._opened_http = None

    @staticmethod
    def _own_http(urls: list[str]) -> Any:
        """A client of httpx for these URLs."""
        raise NotImplementedError

    def __repr__(self) -> str:
        # It has none yet while its options are refused.
        url = next(iter(getattr(self, "_urls", ())), None)
        return f"{type(self).__name__}(base_url={url!r})"


def _has_ended(loop: Any) -> bool:
    """Whether an event loop of asyncio, or a run of trio, is over."""
    closed = getattr(loop, "is_closed", None)
    if closed is not None:
        return bool(closed())
    try:
        loop.run_sync_soon(lambda: None)
    except Exception:
        return True
    return False


def _arguments(operation: Operation[Any]) -> tuple[str, str, str, bytes]:
    # Random: a key for the intent, and what spreads retries.
    random = secrets.token_bytes(24)
    return operation.name, operation.request, json.dumps(operation.options), random


def _error(refused: _core.Refused, operation: Operation[Any]) -> QBankError:
    record = by_argument(json.loads(refused.args[0]))
    return error_of({**record, "fate": operation.fate})


def _forked() -> None:
    for client in list(_clients):
        client._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _environment(options: dict[str, Any]) -> QBankConnectEnvironment:
    environment = options.pop("environment")
    base_url, token_url = options.pop("base_url"), options.pop("token_url")
    if environment is not None:
        if base_url is not None or token_url is not None:
            given = "base_url" if base_url is not None else "token_url"
            raise Wrong(given, "must not be given with environment")
        if not isinstance(environment, QBankConnectEnvironment):
            raise Wrong("environment", "must be a QBankConnectEnvironment")
        return environment
    if base_url is None:
        default = QBankConnectEnvironment.default()
        if token_url is None:
            return default
        return QBankConnectEnvironment(default.base_url, _text("token_url", token_url))
    token_url = None if token_url is None else _text("token_url", token_url)
    return QBankConnectEnvironment(_text("base_url", base_url), token_url)


def _by_variable(record: dict[str, Any]) -> dict[str, Any]:
    """The error of a URL that was not given, named as the variable that it came from."""
    field = str(record.get("field"))
    variable = {"base_url": "QBANK_BASE_URL", "token_url": "QBANK_TOKEN_URL"}.get(field)
    if variable is None:
        return record
    message = record["message"].replace(field, variable, 1)
    return {**record, "field": variable, "message": message}


def _text(name: str, value: Any) -> str:
    try:
        return values.text(value)
    except Wrong as wrong:
        raise wrong.within(name) from None


def _flag(name: str, value: Any) -> bool:
    try:
        return values.flag(value)
    except Wrong as wrong:
        raise wrong.within(name) from None


def _bytes(value: Any) -> int:
    if values.count(value) == 0:
        raise Wrong("", "must be more than zero")
    return int(value)


_OPTIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "client_id": ("clientId", values.text),
    "client_secret": ("clientSecret", values.text),
    "token": ("accessToken", values.text),
    "scopes": ("scopes", values.scopes),
    "timeout": ("timeoutMs", values.milliseconds),
    "deadline": ("deadlineMs", values.milliseconds),
    "max_retries": ("maxRetries", values.count),
    "on_conflict": ("onConflict", values.on_conflict),
    "backoff": ("backoffMs", values.milliseconds),
    "poll_interval": ("pollIntervalMs", values.milliseconds),
    "max_key_age": ("maxKeyAgeMs", values.milliseconds),
    "max_body_bytes": ("maxBodyBytes", _bytes),
    "user_agent": ("userAgent", values.text),
}

# What a constructor hands over.
OPTIONS = frozenset(
    {*_OPTIONS, "environment", "base_url", "token_url", "httpx_client", "eager"}
)


def _record(options: dict[str, Any], environment: QBankConnectEnvironment) -> dict[str, Any]:
    _credentials(options["client_id"], options["client_secret"], options["token"])
    if callable(options["token"]):
        options["token"] = None
    record: dict[str, Any] = {}
    for name, value in options.items():
        member, read = _OPTIONS[name]
        if value is None:
            continue
        try:
            record[member] = read(value)
        except Wrong as wrong:
            raise wrong.within(name) from None
    record["baseUrl"] = environment.base_url
    if environment.token_url is not None:
        record["tokenUrl"] = environment.token_url
    return record


def _credentials(client_id: Any, client_secret: Any, token: Any) -> None:
    if token is not None:
        if client_id is not None or client_secret is not None:
            raise Wrong("token", "must not be given with client_id or client_secret")
        if not callable(token) and not isinstance(token, str):
            raise Wrong("token", "must be a string or a function")
    elif client_id is None and client_secret is None:
        raise Wrong("credentials", "must be given: client_id and client_secret, or token")
    elif client_id is None or client_secret is None:
        raise Wrong("client_id" if client_id is None else "client_secret", "is missing")


def supplied(token: Any) -> dict[str, Any]:
    """The record of what a token supplier gave: a string, or what a token endpoint says."""
    expires_in = None
    if not isinstance(token, str) and hasattr(token, "get"):
        expires_in, token = token.get("expires_in"), token.get("access_token")
    if not isinstance(token, str):
        return {"message": "it must give a string, or access_token and expires_in"}
    # A token that was read from a file ends in a newline.
    record: dict[str, Any] = {"accessToken": token.strip()}
    if isinstance(expires_in, (int, float)) and 0 <= expires_in < 2**53:
        record["expiresIn"] = int(expires_in)
    return record
