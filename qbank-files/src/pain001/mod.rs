//! ISO 20022 pain.001: a customer's credit transfers, read as a stream.
//!
//! ```text
//! Document / CstmrCdtTrfInitn / GrpHdr                   NbOfTxs, CtrlSum of all
//!                             / PmtInf …                 NbOfTxs, CtrlSum, debtor, day
//!                                    / CdtTrfTxInf …     one payment
//! ```

mod control;
mod debtor;
mod elements;
mod lines;
mod transfer;

use std::collections::VecDeque;
use std::io::BufRead;

use qbank_proto::AccountId;

use crate::error::RowError;
use crate::payment::Payment;
pub(crate) use transfer::path_of;

use control::{Control, Counted};
use debtor::{Debtor, SoleAccount};
use elements::{Elements, Step};
use transfer::Transfer;

const GROUP: &str = "GrpHdr";
const INFORMATION: &str = "PmtInf";
const TRANSFER: &str = "PmtInf/CdtTrfTxInf";

/// Reads a message payment by payment.
pub(crate) struct Pain001<R> {
    elements: Elements<R>,
    from: Option<AccountId>,
    row: u64,
    ended: bool,
    group: Control,
    all: Counted,
    debtor: Debtor,
    sole_account: SoleAccount,
    transfer: Option<Transfer>,
    errors: VecDeque<RowError>,
}

impl<R: BufRead> Pain001<R> {
    pub(crate) fn new(input: R, from: Option<AccountId>) -> Self {
        Self {
            elements: Elements::new(input),
            from,
            row: 0,
            ended: false,
            group: Control::default(),
            all: Counted::default(),
            debtor: Debtor::default(),
            sole_account: SoleAccount::default(),
            transfer: None,
            errors: VecDeque::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Result<Payment, RowError>> {
        loop {
            if let Some(error) = self.errors.pop_front() {
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            match self.elements.next() {
                Ok(Step::Open { currency }) => self.open(currency),
                Ok(Step::Close { text }) => {
                    let payment = self.close(text);
                    self.elements.leave();
                    if let Some(payment) = payment {
                        return Some(Ok(payment));
                    }
                }
                Ok(Step::End) => {
                    self.ended = true;
                    self.end();
                }
                Err(error) => {
                    self.ended = true;
                    self.errors.push_back(error);
                }
            }
        }
    }

    fn open(&mut self, currency: Option<String>) {
        match self.elements.path() {
            INFORMATION => self.debtor = Debtor::default(),
            TRANSFER => self.transfer = Some(Transfer::new(self.elements.line())),
            path => {
                let inner = path.strip_prefix(TRANSFER).and_then(|it| it.strip_prefix('/'));
                if let (Some(inner), Some(transfer)) = (inner, &mut self.transfer) {
                    transfer.open(inner, currency);
                }
            }
        }
    }

    fn close(&mut self, text: String) -> Option<Payment> {
        let line = self.elements.line();
        let path = self.elements.path();
        if path == TRANSFER {
            return self.transfer();
        }
        if path == INFORMATION {
            let counted = self.debtor.counted;
            self.debtor.control.compare(INFORMATION, counted, &mut self.errors);
            return None;
        }
        let below = |parent: &str| path.strip_prefix(parent).and_then(|it| it.strip_prefix('/'));
        if let Some(inner) = below(TRANSFER) {
            if let Some(transfer) = &mut self.transfer {
                transfer.close(inner, text);
            }
        } else if let Some(inner) = below(INFORMATION) {
            self.debtor.close(inner, text, line, &mut self.errors);
        } else if let Some(inner) = below(GROUP) {
            self.group.close(GROUP, inner, &text, line, &mut self.errors);
        }
        None
    }

    fn transfer(&mut self) -> Option<Payment> {
        let transfer = self.transfer.take()?;
        self.row += 1;
        self.debtor.counted.add(transfer.money());
        self.all.add(transfer.money());
        let account = self.sole_account.check(&self.debtor, transfer.line);
        let payment = account
            .map_err(|error| vec![error])
            .and_then(|source| transfer.payment(self.row, &self.debtor, source, self.from));
        payment.map_err(|errors| self.errors.extend(errors)).ok()
    }

    fn end(&mut self) {
        if !self.group.has_count() {
            let message = "is missing: a message says how many payments it has";
            let error = RowError {
                column: Some("GrpHdr/NbOfTxs".to_owned()),
                ..RowError::of_file(message)
            };
            self.errors.push_back(error);
        }
        self.group.compare(GROUP, self.all, &mut self.errors);
        if self.row == 0 && self.errors.is_empty() {
            self.errors.push_back(RowError::of_file("the message has no payment"));
        }
    }
}
