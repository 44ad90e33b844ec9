//! One credit transfer: one payment.

use qbank_proto::{AccountId, Amount, Money};

use crate::draft::{Draft, Field, Place};
use crate::error::RowError;
use crate::payment::{Kind, Original, Payment};
use crate::value;

use super::TRANSFER;
use super::debtor::Debtor;

/// How many lines of remittance information are kept.
const MOST_REMITTANCE: usize = 2000;

/// One `CdtTrfTxInf`.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) line: u64,
    id: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    bank: Option<String>,
    has_bic: bool,
    name: Option<String>,
    account: Option<String>,
    remittance: Option<String>,
    service: ServiceType,
    errors: Vec<RowError>,
}

/// Sets a value that was not set before.
pub(super) fn once(to: &mut Option<String>, text: String) -> bool {
    let is_first = to.is_none();
    if is_first {
        *to = Some(text);
    }
    is_first
}

impl Transfer {
    pub(super) const fn new(line: u64) -> Self {
        Self {
            line,
            id: None,
            amount: None,
            currency: None,
            bank: None,
            has_bic: false,
            name: None,
            account: None,
            remittance: None,
            service: ServiceType { level: None, instrument: None },
            errors: Vec::new(),
        }
    }

    fn wrong(&mut self, path: &str, message: &str) {
        // Mistakes of one payment are few, or it is no payment.
        if self.errors.len() < 20 {
            self.errors.push(RowError::new(self.line, format!("{TRANSFER}/{path}"), message));
        }
    }

    /// Takes an element that opens, by its path below.
    pub(super) fn open(&mut self, path: &str, currency: Option<String>) {
        match path {
            "Amt/InstdAmt" => self.currency = currency,
            "Amt/EqvtAmt" => self.wrong(path, "is converted: give InstdAmt in USD"),
            "IntrmyAgt1" | "IntrmyAgt2" | "IntrmyAgt3" => {
                self.wrong(path, "is an intermediary bank, which the bank's API does not take");
            }
            "ChqInstr" => self.wrong(path, "asks for a check: only credit transfers are made"),
            _ => {}
        }
    }

    /// Takes an element that closes, by its path below.
    pub(super) fn close(&mut self, path: &str, text: String) {
        let to = match path {
            "PmtId/EndToEndId" => &mut self.id,
            "Amt/InstdAmt" => &mut self.amount,
            "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId" => &mut self.bank,
            "Cdtr/Nm" => &mut self.name,
            "CdtrAcct/Id/Othr/Id" => &mut self.account,
            "CdtrAcct/Id/IBAN" => {
                let message = "is an IBAN: give the account number in Othr/Id";
                return self.wrong(path, message);
            }
            "CdtrAcct/Ccy" => {
                if text != "USD" {
                    self.wrong(path, "must be USD: only dollars are paid");
                }
                return;
            }
            "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd" => {
                if text != "USABA" {
                    self.wrong(path, "must be USABA: MmbId is a routing number");
                }
                return;
            }
            "CdtrAgt/FinInstnId/BIC" | "CdtrAgt/FinInstnId/BICFI" => {
                self.has_bic = true;
                return;
            }
            "RmtInf/Ustrd" => return self.remit(&text),
            _ => {
                if let Err(message) = self.service.close(path, &text) {
                    self.wrong(path, &message);
                }
                return;
            }
        };
        if !once(to, text) {
            self.wrong(path, "is given twice");
        }
    }

    fn remit(&mut self, text: &str) {
        let remittance = self.remittance.get_or_insert_default();
        if remittance.len() + text.len() < MOST_REMITTANCE {
            if !remittance.is_empty() {
                remittance.push(' ');
            }
            remittance.push_str(text);
        }
    }

    /// What control sums add up.
    pub(super) fn money(&self) -> Option<Money> {
        self.amount.as_deref()?.parse().ok()
    }

    fn amount(&self) -> Result<Amount, String> {
        let amount = value::amount(self.amount.as_deref().unwrap_or_default())?;
        match self.currency.as_deref() {
            Some("USD") => Ok(amount),
            Some(_) => Err("must be in USD: only dollars are paid".to_owned()),
            None => Err("names no currency: Ccy=\"USD\" is needed".to_owned()),
        }
    }

    pub(super) fn payment(
        mut self,
        row: u64,
        debtor: &Debtor,
        source: Option<AccountId>,
        from: Option<AccountId>,
    ) -> Result<Payment, Vec<RowError>> {
        if self.id.as_deref() == Some("NOTPROVIDED") {
            self.wrong("PmtId/EndToEndId", "is NOTPROVIDED: each payment needs an id of its own");
        }
        if self.bank.is_none() && self.has_bic {
            let message = "is missing: a BIC alone does not name a bank's routing number";
            self.wrong("CdtrAgt/FinInstnId/ClrSysMmbId/MmbId", message);
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let account = self.account.as_deref().unwrap_or_default();
        // An id in place of an account number, without a bank, is an account of the bank's own.
        let own = if self.bank.is_none() { account.parse().ok() } else { None };
        let amount = self.amount();
        let id = self.id.as_deref().unwrap_or_default();
        let draft = Draft {
            payment_id: id,
            kind: Ok(self.service.kind().or(debtor.service.kind()).unwrap_or(Kind::Ach)),
            source: Ok(source),
            destination: Ok(own),
            recipient_name: self.name.as_deref().unwrap_or_default(),
            bank_id: self.bank.as_deref().unwrap_or_default(),
            account_number: if own.is_some() { "" } else { account },
            amount,
            effective_date: debtor.day.clone().transpose(),
            reference: id,
        };
        let place = Place { row, line: self.line, name: &path_of };
        draft.build(&place, from, Original::Pain001 { remittance: self.remittance.clone() })
    }
}

pub(crate) fn path_of(field: Field) -> String {
    let path = match field {
        Field::PaymentId | Field::Reference => "PmtId/EndToEndId",
        Field::Kind => "PmtTpInf",
        Field::Source => return "PmtInf/DbtrAcct/Id".to_owned(),
        Field::Destination | Field::AccountNumber => "CdtrAcct/Id/Othr/Id",
        Field::RecipientName => "Cdtr/Nm",
        Field::BankId => "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId",
        Field::Amount => "Amt/InstdAmt",
        Field::EffectiveDate => return "PmtInf/ReqdExctnDt".to_owned(),
    };
    format!("{TRANSFER}/{path}")
}

/// `PmtTpInf`: whether it is ACH or a wire. A payment's own comes before that of its `PmtInf`.
#[derive(Debug, Default)]
pub(super) struct ServiceType {
    level: Option<Kind>,
    instrument: Option<Kind>,
}

impl ServiceType {
    /// The local instrument is more exact than the service level.
    const fn kind(&self) -> Option<Kind> {
        match self.instrument {
            Some(kind) => Some(kind),
            None => self.level,
        }
    }

    /// Takes an element, if it is of `PmtTpInf`.
    pub(super) fn close(&mut self, path: &str, text: &str) -> Result<(), String> {
        match path {
            "PmtTpInf/SvcLvl/Cd" | "PmtTpInf/SvcLvl/Prtry" => match text {
                "NURG" => self.level = Some(Kind::Ach),
                "URGP" => self.level = Some(Kind::Wire),
                _ => return Err("must be NURG (paid by ACH) or URGP (paid by wire)".to_owned()),
            },
            "PmtTpInf/LclInstrm/Cd" | "PmtTpInf/LclInstrm/Prtry" => match text {
                "PPD" | "CCD" | "ACH" => self.instrument = Some(Kind::Ach),
                "WIRE" => self.instrument = Some(Kind::Wire),
                _ => return Err("must be PPD, CCD or ACH (paid by ACH) or WIRE".to_owned()),
            },
            _ => {}
        }
        Ok(())
    }
}
