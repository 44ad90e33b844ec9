//! What a reader found of one payment, and the checks that are the same for every format.

use chrono::NaiveDate;
use qbank_proto::endpoint::{Beneficiary, CreateAch, CreateWire, Destination, Recipient};
use qbank_proto::{AccountId, Amount};

use crate::error::RowError;
use crate::payment::{Kind, Original, Payment, Request};
use crate::value;

/// A part of a payment, which each format names in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    PaymentId,
    Kind,
    Source,
    Destination,
    RecipientName,
    BankId,
    AccountNumber,
    Amount,
    EffectiveDate,
    Reference,
}

/// A value, or what is wrong with it.
pub(crate) type Read<T> = Result<T, String>;

/// One payment as it was read. An empty text is one that is missing.
pub(crate) struct Draft<'a> {
    pub(crate) payment_id: &'a str,
    pub(crate) kind: Read<Kind>,
    pub(crate) source: Read<Option<AccountId>>,
    pub(crate) destination: Read<Option<AccountId>>,
    pub(crate) recipient_name: &'a str,
    pub(crate) bank_id: &'a str,
    pub(crate) account_number: &'a str,
    pub(crate) amount: Read<Amount>,
    pub(crate) effective_date: Read<Option<NaiveDate>>,
    pub(crate) reference: &'a str,
}

/// Where a row stands, and what its columns are called.
pub(crate) struct Place<'a> {
    pub(crate) row: u64,
    pub(crate) line: u64,
    pub(crate) name: &'a dyn Fn(Field) -> String,
}

/// The mistakes of one row.
struct Mistakes<'a> {
    place: &'a Place<'a>,
    found: Vec<RowError>,
}

impl Mistakes<'_> {
    fn add(&mut self, field: Field, message: impl Into<String>) {
        self.found.push(RowError::new(self.place.line, (self.place.name)(field), message));
    }

    fn take<T>(&mut self, field: Field, read: Read<T>) -> Option<T> {
        read.map_err(|message| self.add(field, message)).ok()
    }
}

impl Draft<'_> {
    /// The payment, or all that is wrong with it. A row that names no source account gets `from`.
    pub(crate) fn build(
        self,
        place: &Place<'_>,
        from: Option<AccountId>,
        original: Original,
    ) -> Result<Payment, Vec<RowError>> {
        let mut mistakes = Mistakes { place, found: Vec::new() };
        mistakes.take(Field::PaymentId, value::payment_id(self.payment_id));
        let kind = mistakes.take(Field::Kind, self.kind);
        let source = mistakes.take(Field::Source, self.source);
        let source = source.and_then(|source| {
            let source = source.or(from);
            if source.is_none() {
                mistakes
                    .add(Field::Source, "names no account that pays: fill it in, or use --from");
            }
            source
        });
        let payee = Payee {
            kind,
            destination: self.destination,
            name: self.recipient_name,
            bank_id: self.bank_id,
            account_number: self.account_number,
        };
        let payee = payee.destination(&mut mistakes);
        let amount = mistakes.take(Field::Amount, self.amount);
        let day = mistakes.take(Field::EffectiveDate, self.effective_date);
        mistakes.take(Field::Reference, value::unreadable(self.reference));
        if kind == Some(Kind::Wire) && self.reference.trim().is_empty() {
            mistakes.add(Field::Reference, "is missing: a wire needs one");
        }

        let (Some(kind), Some(source), Some(payee), Some(amount), Some(day), true) =
            (kind, source, payee, amount, day, mistakes.found.is_empty())
        else {
            return Err(mistakes.found);
        };
        let request = match (kind, payee) {
            (Kind::Wire, Destination::Recipient(to)) => Request::Wire(CreateWire::new(
                source,
                Beneficiary::new(to.name, to.bank_id, to.account_number),
                amount,
                self.reference,
            )),
            (_, payee) => {
                let mut ach = CreateAch::new(source, payee, amount);
                ach.effective_date = day;
                ach.reference_id =
                    Some(self.reference).filter(|it| !it.is_empty()).map(ToOwned::to_owned);
                Request::Ach(ach)
            }
        };
        if let Err(error) = request.check() {
            let field = match error.input_field() {
                Some("recipient name" | "beneficiary name") => Field::RecipientName,
                Some("reference id" | "reference code") => Field::Reference,
                Some("account number") => Field::AccountNumber,
                _ => Field::PaymentId,
            };
            mistakes.add(field, error.input_rule().unwrap_or("is not what the bank takes"));
            return Err(mistakes.found);
        }
        Ok(Payment {
            row: place.row,
            line: place.line,
            payment_id: self.payment_id.to_owned(),
            request,
            effective_date: day,
            original,
        })
    }
}

/// Who is paid, as it was read.
struct Payee<'a> {
    kind: Option<Kind>,
    destination: Read<Option<AccountId>>,
    name: &'a str,
    bank_id: &'a str,
    account_number: &'a str,
}

impl Payee<'_> {
    fn destination(self, mistakes: &mut Mistakes<'_>) -> Option<Destination> {
        let is_blank = |text: &str| text.trim().is_empty();
        let elsewhere = !(is_blank(self.bank_id) && is_blank(self.account_number));
        let account = mistakes.take(Field::Destination, self.destination)?;
        if let Some(account) = account {
            if self.kind == Some(Kind::Wire) {
                let rule = "a wire goes to another bank: give name, routing number and account \
                            number instead";
                mistakes.add(Field::Destination, rule);
                return None;
            }
            if elsewhere {
                let rule = "is given beside an account at another bank: only one of the two is \
                            paid";
                mistakes.add(Field::Destination, rule);
                return None;
            }
            return Some(account.into());
        }
        if !elsewhere && is_blank(self.name) {
            let rule = "nobody to pay: give an account id here, or name, routing number and \
                        account number";
            mistakes.add(Field::Destination, rule);
            return None;
        }
        if is_blank(self.name) {
            mistakes.add(Field::RecipientName, "is missing");
        }
        let bank = mistakes.take(Field::BankId, value::routing_number(self.bank_id));
        let number =
            mistakes.take(Field::AccountNumber, value::account_number(self.account_number));
        number.filter(|()| !is_blank(self.name))?;
        Some(Recipient::new(self.name, bank?, self.account_number).into())
    }
}
