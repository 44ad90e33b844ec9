# The second block: a payment by ACH, and the two errors that the guide handles.
ach_request = AchPaymentRequest(
    source_account_id="...",
    recipient_details={...},
    amount=1000.50,
    effective_date="2025-10-31"
)

try:
    response = client.payments.create_ach(request=ach_request)
    print(f"Payment request accepted. Status: {response.status}")
except QBankIdempotencyConflict as e:
    print(f"Conflict detected. Checking transaction status: {e.detail}")
except QBankPermissionDeniedError:
    print("Authentication error: Check scopes and token.")
