"""Cuts frames out of tracebacks: their variables are headers and bodies, and what reports a
traceback may report them.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from ._faults import STACK, grouped, innermost, root


def frameless(thrown: BaseException, outer: BaseException | None) -> BaseException:
    """Without the frames of the HTTP library and ours: their variables are headers and bodies,
    and what reports a traceback may report them. What an event hook raised keeps its own.
    """
    for one in _all_of(thrown, outer):
        raised_below = innermost(one.__traceback__) in STACK
        one.__traceback__ = None if raised_below else _pruned(one.__traceback__)
    return thrown


def pruned(thrown: BaseException) -> BaseException:
    """The same of what is no error of ours: an interrupt, a cancellation, or an exception of
    the application that a call let through. A mistake in this package keeps its frames.
    """
    if not isinstance(thrown, Exception) or innermost(thrown.__traceback__) != "qbank_connect":
        for one in _all_of(thrown, None):
            tb = one.__traceback__
            # What the application handled is its own: it was caught in a frame of it.
            if tb is not None and root(tb.tb_frame) in STACK:
                one.__traceback__ = _pruned(tb)
    return thrown


def _all_of(thrown: BaseException, outer: BaseException | None) -> Iterator[BaseException]:
    """It, its causes, its contexts and its parts, but not what was being handled before."""
    seen: list[BaseException | None] = [None, outer]
    todo: list[BaseException | None] = [thrown]
    while todo:
        one = todo.pop()
        if one is None or any(one is it for it in seen):
            continue
        seen.append(one)
        todo += [one.__cause__, one.__context__, *grouped(one)]
        yield one


def _pruned(tb: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of the HTTP library and ours."""
    frames = []
    while tb is not None:
        if root(tb.tb_frame) not in STACK:
            frames.append(tb)
        tb = tb.tb_next
    left: TracebackType | None = None
    for one in reversed(frames):
        left = TracebackType(left, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return left
