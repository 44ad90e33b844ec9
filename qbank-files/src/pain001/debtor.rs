//! The payment information: what its payments share.

use chrono::NaiveDate;
use qbank_proto::AccountId;

use crate::digest::{Digest, digest};
use crate::error::RowError;
use crate::value;

use super::INFORMATION;
use super::control::{Control, Counted};
use super::transfer::{ServiceType, once};

/// One `PmtInf`.
#[derive(Debug, Default)]
pub(super) struct Debtor {
    pub(super) control: Control,
    pub(super) counted: Counted,
    pub(super) service: ServiceType,
    account: Option<String>,
    /// The day, or that there is none, and why it cannot be read.
    pub(super) day: Option<Result<NaiveDate, String>>,
}

impl Debtor {
    /// Takes an element by its path below `PmtInf`.
    pub(super) fn close(
        &mut self,
        path: &str,
        text: String,
        line: u64,
        errors: &mut impl Extend<RowError>,
    ) {
        let mut wrong = |message: &str| {
            errors.extend([RowError::new(line, format!("{INFORMATION}/{path}"), message)]);
        };
        if self.counted.count > 0 && is_about_payments(path) {
            let message =
                "stands after a payment that it is about: it must come before CdtTrfTxInf";
            return wrong(message);
        }
        if matches!(path, "NbOfTxs" | "CtrlSum") {
            return self.control.close(INFORMATION, path, &text, line, errors);
        }
        match path {
            "PmtMtd" if text != "TRF" => wrong("must be TRF, a credit transfer"),
            "ReqdExctnDt" | "ReqdExctnDt/Dt" | "ReqdExctnDt/DtTm" if text.is_empty() => {}
            "ReqdExctnDt/DtTm" => {
                wrong("has a time of the day, which the bank's API does not take: give Dt");
            }
            "ReqdExctnDt" | "ReqdExctnDt/Dt" if self.day.is_some() => wrong("is given twice"),
            // Of `xs:date`: an offset after the day is not read.
            "ReqdExctnDt" | "ReqdExctnDt/Dt" => self.day = Some(value::day(&text)),
            "DbtrAcct/Id/Othr/Id" | "DbtrAcct/Id/IBAN" => {
                if !once(&mut self.account, text) {
                    wrong("is given twice");
                }
            }
            "DbtrAcct/Ccy" if text != "USD" => wrong("must be USD: only dollars are paid"),
            _ => {
                if let Err(message) = self.service.close(path, &text) {
                    wrong(&message);
                }
            }
        }
    }
}

fn is_about_payments(path: &str) -> bool {
    ["PmtMtd", "PmtTpInf/", "ReqdExctnDt", "DbtrAcct/"].iter().any(|it| path.starts_with(it))
}

/// Where debtors' accounts are no account ids, `--from` stands for one of them and for no other.
#[derive(Debug, Default)]
pub(super) struct SoleAccount {
    first: Option<Digest>,
}

impl SoleAccount {
    /// The account that pays, where the message names it by its id.
    pub(super) fn check(
        &mut self,
        debtor: &Debtor,
        line: u64,
    ) -> Result<Option<AccountId>, RowError> {
        let Some(account) = &debtor.account else { return Ok(None) };
        if let Ok(id) = account.parse() {
            return Ok(Some(id));
        }
        let digest = digest(account);
        if *self.first.get_or_insert(digest) == digest {
            return Ok(None);
        }
        let message = "is another account than in the payments before, and --from stands for one: \
                       give each account's id here, or a file for each account";
        Err(RowError::new(line, "PmtInf/DbtrAcct/Id", message))
    }
}
