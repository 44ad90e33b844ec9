"""Where the bank is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from . import _values as values
from ._values import Wrong, invalid


@dataclass(frozen=True)
class QBankConnectEnvironment:
    """The base URL of the bank and, if it is another one than ``{base_url}/token``, the URL of
    its token endpoint. Plain ``http`` is taken for loopback hosts only.
    """

    base_url: str
    token_url: str | None = None

    PRODUCTION: ClassVar[QBankConnectEnvironment]

    def __post_init__(self) -> None:
        _checked("base_url", values.text, self.base_url)
        if self.token_url is not None:
            _checked("token_url", values.text, self.token_url)

    @classmethod
    def sandbox(cls, port: int) -> QBankConnectEnvironment:
        """The sandbox bank (``qbank sandbox``) on a port of this machine."""
        return cls(f"http://127.0.0.1:{_checked('port', values.port, port)}/v1")

    @classmethod
    def default(cls) -> QBankConnectEnvironment:
        """Production, unless ``QBANK_BASE_URL`` and ``QBANK_TOKEN_URL`` name another bank: so a
        program that names none runs against a sandbox without a change.
        """
        base_url, token_url = _variable("QBANK_BASE_URL"), _variable("QBANK_TOKEN_URL")
        if base_url is None and token_url is None:
            return cls.PRODUCTION
        return cls(base_url or cls.PRODUCTION.base_url, token_url)


def _checked(name: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except Wrong as wrong:
        raise invalid(wrong.within(name), "never_sent") from None


def _variable(name: str) -> str | None:
    # An editor's byte order mark and a newline are no part of a URL; an empty one is not set.
    return os.environ.get(name, "").removeprefix("\ufeff").strip() or None


QBankConnectEnvironment.PRODUCTION = QBankConnectEnvironment("https://api.qbankconnect.com/v1")
