//! What a token allows.

use crate::types::open_enum;

open_enum! {
    /// An OAuth scope. A token without the scope that an operation needs gets 403.
    pub enum Scope {
        /// List accounts.
        AccountsRead = "accounts.read",
        /// Read balances.
        BalancesRead = "balances.read",
        /// List transactions.
        TransactionsRead = "transactions.read",
        /// Read payments; also needed to follow a conflict.
        PaymentsRead = "payments.read",
        /// Create ACH payments.
        PaymentsAchWrite = "payments.ach.write",
        /// Create wire payments.
        PaymentsWireWrite = "payments.wire.write",
        /// Move money between own accounts.
        TransfersWrite = "transfers.write",
        /// Report issued checks.
        PositivePayIssuesWrite = "positivepay.issues.write",
        /// Read positive pay exceptions.
        PositivePayExceptionsRead = "positivepay.exceptions.read",
    }
}

impl Scope {
    /// Every scope that the bank documents.
    pub const ALL: [Self; 9] = [
        Self::AccountsRead,
        Self::BalancesRead,
        Self::TransactionsRead,
        Self::PaymentsRead,
        Self::PaymentsAchWrite,
        Self::PaymentsWireWrite,
        Self::TransfersWrite,
        Self::PositivePayIssuesWrite,
        Self::PositivePayExceptionsRead,
    ];
}
