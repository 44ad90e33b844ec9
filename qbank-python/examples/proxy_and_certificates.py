"""A proxy, a root of one's own and a client certificate (mutual TLS), through an httpx client.

    BANK_CA=bank-ca.pem BANK_CERT=client.pem BANK_KEY=client.key \
    BANK_PROXY=http://proxy.example:3128 python proxy_and_certificates.py
"""

from __future__ import annotations

import os
import ssl

import httpx
from qbank_connect import QBankConnectClient


# ANCHOR: http
def http() -> httpx.Client:
    """What the bank's network wants."""
    # Without `cafile`: the roots of the system.
    context = ssl.create_default_context(cafile=os.environ.get("BANK_CA"))
    if "BANK_CERT" in os.environ:
        context.load_cert_chain(os.environ["BANK_CERT"], os.environ.get("BANK_KEY"))
    # `trust_env=False`: no proxy but this one, whatever HTTPS_PROXY says.
    return httpx.Client(verify=context, proxy=os.environ.get("BANK_PROXY"), trust_env=False)


# ANCHOR_END: http


def main() -> None:
    """Shows the accounts."""
    with (
        http() as own,
        QBankConnectClient(
            client_id=os.environ["QBANK_CLIENT_ID"],
            client_secret=os.environ["QBANK_CLIENT_SECRET"],
            scopes=["accounts.read"],
            httpx_client=own,
        ) as client,
    ):
        for account in client.accounts.list():
            print(account.account_id, account.account_name)


if __name__ == "__main__":
    main()
