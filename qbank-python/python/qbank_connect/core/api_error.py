"""The base of every error that a response, or the lack of one, leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An error of an API, by its response.

    ``status_code``, ``headers`` and ``body`` are those of the last response; ``status_code``
    and ``headers`` are ``None`` where there was none.
    """

    # Not in `__dict__`: what logs an object's members would print a response.
    __slots__ = ("_evidence", "_raw")

    _evidence: Mapping[str, Any]
    _raw: bytes

    @property
    def status_code(self) -> int | None:
        """The status of the last response."""
        status: int | None = self._evidence.get("status")
        return status

    @property
    def headers(self) -> dict[str, str] | None:
        """The headers of the last response, by name in lower case."""
        headers = self._evidence.get("headers")
        return None if headers is None else headers_of(headers)

    @property
    def raw(self) -> bytes:
        """The body of the last response, as it came. Never one of the token endpoint."""
        return self._raw

    @property
    def body(self) -> Any:
        """The body of the last response: JSON as objects, else text, or ``None``."""
        if not self._raw:
            return None
        try:
            return json.loads(self._raw)
        except (ValueError, RecursionError):
            # Not JSON, or nested too deeply.
            return self._raw.decode("utf-8", "replace")


def headers_of(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Headers by name in lower case; those that came twice are one list."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers
