//! What every sandbox starts with: one client and its funded accounts.

use qbank_proto::AccountId;
use uuid::Uuid;

/// The client id that the sandbox knows.
pub const CLIENT_ID: &str = "sandbox";
/// The secret of [`CLIENT_ID`]. It guards play money; everybody may know it.
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// Signs webhooks whose registration names no secret of its own.
pub const WEBHOOK_SECRET: &str = "sandbox-webhook-secret";

/// A checking account with 250,000.00.
pub const OPERATING: AccountId = account(1);
/// A checking account with 40,000.00.
pub const PAYROLL: AccountId = account(2);
/// A treasury account with 1,000,000.00.
pub const TREASURY: AccountId = account(3);
/// A savings account with 75,500.25.
pub const SAVINGS: AccountId = account(4);
/// A closed, empty checking account: payments from and to it are refused.
pub const CLOSED: AccountId = account(5);
/// Stands in the ledger for everybody who is paid by ACH; not an account of the client.
pub const ACH_CLEARING: AccountId = account(0x0a01);
/// Stands in the ledger for everybody who is paid by wire; not an account of the client.
pub const WIRE_CLEARING: AccountId = account(0x0a02);

const fn account(n: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(0xacc0_0000_0000_4000_8000_0000_0000_0000 | n))
}
