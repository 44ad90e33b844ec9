"""How another call ends an async call's wait early, whichever thread it runs in."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import anyio.lowlevel


class AsyncWake:
    """A flag that one task waits for."""

    def __init__(self) -> None:
        self._woken = False
        # Of the wait under way: who waits, and where.
        self._thread = 0
        self._loop: Any = None
        self._event: anyio.Event | None = None

    def set(self) -> None:
        """Ends the wait, or the next one."""
        self._woken = True
        event = self._event
        if event is None:
            return
        if threading.get_ident() == self._thread:
            event.set()
        else:
            # Not awaited: the thread that wakes has work of its own.
            schedule = getattr(self._loop, "call_soon_threadsafe", None)
            (schedule or self._loop.run_sync_soon)(event.set)

    async def wait(self, seconds: float) -> None:
        """Sleeps so many seconds, or until it is woken."""
        event = anyio.Event()
        self._thread = threading.get_ident()
        self._loop = anyio.lowlevel.current_token().native_token
        self._event = event
        # It may have been set before there was an event.
        if not self._woken:
            with anyio.move_on_after(seconds):
                await event.wait()
        self._event = None
        self._woken = False
