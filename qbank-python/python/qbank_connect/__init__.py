"""QBank Connect: accounts, balances, payments, transfers and positive pay of the bank's API.

A payment is made once, whatever is retried; each result and each error says what became of the
money (``fate``)::

    from qbank_connect import QBankConnectClient
    from qbank_connect.errors import QBankError
    from qbank_connect.models import AchPaymentRequest

    with QBankConnectClient(client_id="…", client_secret="…") as client:
        request = AchPaymentRequest(
            source_account_id="…", destination_account_id="…", amount="1000.50"
        )
        try:
            payment = client.payments.create_ach(request=request)
        except QBankError as error:
            if error.fate == "unknown":  # it may have happened: the same key, later
                payment = client.payments.create_ach(request=request, **error.resume)

Deciding is done by the core that all languages share; HTTP is done by httpx.
"""

from .async_client import AsyncQBankConnectClient
from .client import QBankConnectClient
from .environment import QBankConnectEnvironment
from .errors import QBankError
from .webhooks import verify_webhook

__all__ = [
    "AsyncQBankConnectClient",
    "QBankConnectClient",
    "QBankConnectEnvironment",
    "QBankError",
    "verify_webhook",
]
