"""Names of types for annotations: what methods take and give, besides the models."""

from ._operations import OnConflict, RequestOptions, WriteOptions
from ._response import RawResponse
from ._stream import AsyncTransactionStream, OnUnreadable, TransactionStream
from .async_client import AsyncPrepared
from .client import Prepared
from .models import Amount, Day, Id

__all__ = [
    "Amount",
    "AsyncPrepared",
    "AsyncTransactionStream",
    "Day",
    "Id",
    "OnConflict",
    "OnUnreadable",
    "Prepared",
    "RawResponse",
    "RequestOptions",
    "TransactionStream",
    "WriteOptions",
]
