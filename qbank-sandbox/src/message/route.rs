//! Paths: which operation a request asks for, and the scope that it needs.

use http::Method;
use qbank_proto::Scope;

use crate::message::error::ApiError;

/// Where the API lives; the version is in the path.
pub(crate) const BASE: &str = "/v1";

/// An operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Token,
    Accounts,
    Balance,
    Transactions,
    Ach,
    Wire,
    Payment,
    Transfer,
    Issue,
    Exceptions,
}

impl Route {
    /// The operation, and the id in its path if it has one.
    pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Result<(Self, &'a str), ApiError> {
        let (route, id) = Self::of_path(path)
            .ok_or_else(|| ApiError::not_found("ERR_REQ_003", "There is nothing at this path."))?;
        if method.as_str() != route.method() {
            return Err(ApiError::method_not_allowed(route.method()));
        }
        Ok((route, id))
    }

    fn of_path(path: &str) -> Option<(Self, &str)> {
        let path = path.strip_prefix(BASE)?.strip_prefix('/')?;
        let route = match path {
            "token" => Self::Token,
            "accounts" => Self::Accounts,
            "transactions" => Self::Transactions,
            "payments/ach" => Self::Ach,
            "payments/wire" => Self::Wire,
            "transfers" => Self::Transfer,
            "positivepay/issues" => Self::Issue,
            "positivepay/exceptions" => Self::Exceptions,
            _ => {
                let (parent, id) = path.rsplit_once('/')?;
                return match parent {
                    "balances" => Some((Self::Balance, id)),
                    "payments" => Some((Self::Payment, id)),
                    _ => None,
                };
            }
        };
        Some((route, ""))
    }

    fn method(self) -> &'static str {
        if self.is_write() || self == Self::Token { "POST" } else { "GET" }
    }

    /// Whether it needs an idempotency key.
    pub(crate) fn is_write(self) -> bool {
        matches!(self, Self::Ach | Self::Wire | Self::Transfer | Self::Issue)
    }

    /// The scope that the token must have; none for the token itself.
    pub(crate) fn scope(self) -> Option<Scope> {
        Some(match self {
            Self::Token => return None,
            Self::Accounts => Scope::AccountsRead,
            Self::Balance => Scope::BalancesRead,
            Self::Transactions => Scope::TransactionsRead,
            Self::Ach => Scope::PaymentsAchWrite,
            Self::Wire => Scope::PaymentsWireWrite,
            Self::Payment => Scope::PaymentsRead,
            Self::Transfer => Scope::TransfersWrite,
            Self::Issue => Scope::PositivePayIssuesWrite,
            Self::Exceptions => Scope::PositivePayExceptionsRead,
        })
    }
}
