# The first block of the bank's integration guide: a client and its scopes.
from qbank_connect import QBankConnectClient
from qbank_connect.models import AchPaymentRequest
from qbank_connect.errors import QBankIdempotencyConflict, QBankPermissionDeniedError

client = QBankConnectClient(
    client_id="YOUR_CLIENT_ID",
    client_secret="YOUR_CLIENT_SECRET",
    scopes=["payments.ach.write", "balances.read"]
)
