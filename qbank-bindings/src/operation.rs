//! Operations by name.

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{
    Endpoint, GetBalance, GetPayment, ListAccounts, ListCheckExceptions, Read, Write,
};
use qbank_proto::{
    Authenticate, Call, Entropy, Error, Fate, IdempotencyKey, Machine, OpenList, Reply, Session,
    WaitForPayment,
};

use crate::input::{Members, Options, ach, issue, transactions, transfer, wire};
use crate::output::Data;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateAch,
    CreateWire,
    CreateTransfer,
    CreateCheckIssue,
    GetPayment,
    WaitForPayment,
    GetBalance,
    ListAccounts,
    ListTransactions,
    StreamTransactions,
    ListCheckExceptions,
    Authenticate,
}

impl Operation {
    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "payments.createAch" => Self::CreateAch,
            "payments.createWire" => Self::CreateWire,
            "transfers.create" => Self::CreateTransfer,
            "positivePay.createIssue" => Self::CreateCheckIssue,
            "payments.get" => Self::GetPayment,
            "payments.wait" => Self::WaitForPayment,
            "balances.get" => Self::GetBalance,
            "accounts.list" => Self::ListAccounts,
            "transactions.list" => Self::ListTransactions,
            "transactions.stream" => Self::StreamTransactions,
            "positivePay.exceptions" => Self::ListCheckExceptions,
            "authenticate" => Self::Authenticate,
            _ => return Err(Error::invalid_input("operation", "is not known")),
        })
    }

    fn writes(self) -> bool {
        use Operation as O;
        matches!(self, O::CreateAch | O::CreateWire | O::CreateTransfer | O::CreateCheckIssue)
    }

    /// What is known of the money before anything is sent by this call. A resumed intent was
    /// perhaps sent before.
    pub(crate) fn fate(self, resumes: bool) -> Fate {
        match (self.writes(), resumes) {
            (false, _) => Fate::NotApplicable,
            (true, false) => Fate::NeverSent,
            (true, true) => Fate::Unknown,
        }
    }

    /// The member of a request that the core has this name for.
    pub(crate) fn member(self, field: &str) -> String {
        let party = match self {
            Self::CreateAch => "recipientDetails",
            _ => "beneficiaryDetails",
        };
        match field {
            "account number" => format!("{party}.accountNumber"),
            "beneficiary name" | "recipient name" => format!("{party}.name"),
            "to account" => "toAccountId".to_owned(),
            _ => option(field),
        }
    }

    pub(crate) fn machine(
        self,
        session: &Session,
        mut request: Members<'_>,
        options: Options,
        entropy: Entropy,
    ) -> Result<Boxed, Error> {
        let with = With { session, options, entropy };
        let given = &mut request;
        let machine = match self {
            Self::CreateAch => with.write(|_| ach(given), Data::Ach),
            Self::CreateWire => with.write(|_| wire(given), Data::Payment),
            Self::CreateTransfer => with.write(|_| transfer(given), Data::Transfer),
            Self::CreateCheckIssue => with.write(|key| issue(given, key), Data::CheckIssue),
            Self::GetPayment => {
                with.read(GetPayment::new(given.needed("paymentId")?), Data::Payment)
            }
            Self::WaitForPayment => with.wait(given),
            Self::GetBalance => {
                with.read(GetBalance::new(given.needed("accountId")?), Data::Balance)
            }
            Self::ListAccounts => with.read(ListAccounts, Data::Accounts),
            Self::ListTransactions => with.read(transactions(given)?, Data::Transactions),
            Self::StreamTransactions => {
                with.read(OpenList(transactions(given)?), |()| Data::Stream)
            }
            Self::ListCheckExceptions => with.read(ListCheckExceptions, Data::CheckExceptions),
            Self::Authenticate => with.authenticate(),
        }?;
        request.end()?;
        Ok(machine)
    }
}

/// What a write sends, to be written down before it is sent.
#[derive(Clone)]
#[non_exhaustive]
pub struct Intent {
    /// Its idempotency key.
    pub key: IdempotencyKey,
    /// The body that every attempt sends.
    pub body: Bytes,
}

impl Intent {
    /// Of the call that the same request and options make. Nothing for a read.
    pub(crate) fn of(
        operation: Operation,
        request: &mut Members<'_>,
        options: Options,
        fresh: IdempotencyKey,
    ) -> Result<Option<Self>, Error> {
        if !operation.writes() {
            return Ok(None);
        }
        let key = options.write(fresh)?.key;
        let body = match operation {
            Operation::CreateAch => ach(request)?.body(),
            Operation::CreateWire => wire(request)?.body(),
            Operation::CreateTransfer => transfer(request)?.body(),
            Operation::CreateCheckIssue => issue(request, key)?.body(),
            _ => return Ok(None),
        };
        Ok(Some(Self { key, body: body? }))
    }
}

/// Without the body, which may hold an account number.
impl std::fmt::Debug for Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intent").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A machine of any operation. [`Call::erased`] keeps it one type for most of them.
pub(crate) type Boxed = Box<dyn Machine<Output = Outcome> + Send>;
pub(crate) type Outcome = Result<Reply<Data>, Error>;

/// What every call is made with.
struct With<'a> {
    session: &'a Session,
    options: Options,
    entropy: Entropy,
}

impl With<'_> {
    fn write<E: Endpoint<Effect = Write>>(
        self,
        endpoint: impl FnOnce(IdempotencyKey) -> Result<E, Error>,
        data: fn(E::Output) -> Data,
    ) -> Result<Boxed, Error> {
        let options = self.options.write(IdempotencyKey::from_entropy(self.entropy.key))?;
        let endpoint = endpoint(options.key)?;
        Ok(Box::new(Call::erased(self.session, endpoint, options, self.entropy.jitter, data)))
    }

    fn read<E: Endpoint<Effect = Read>>(
        self,
        endpoint: E,
        data: fn(E::Output) -> Data,
    ) -> Result<Boxed, Error> {
        let options = self.options.read()?;
        Ok(Box::new(Call::erased(self.session, endpoint, options, self.entropy.jitter, data)))
    }

    fn wait(self, request: &mut Members<'_>) -> Result<Boxed, Error> {
        let id = request.needed("paymentId")?;
        let options = self.options.read()?;
        let machine = WaitForPayment::new(self.session, id, options, self.entropy.jitter);
        // The bank has accepted it before: not seeing it is not absence.
        let machine = if request.flag("accepted") { machine.accepted() } else { machine };
        Ok(Box::new(machine.map(|outcome| outcome.map(|reply| reply.map(Data::Payment)))))
    }

    fn authenticate(self) -> Result<Boxed, Error> {
        let options = self.options.read()?;
        let machine = Authenticate::new(self.session, &options, self.entropy.jitter);
        Ok(Box::new(machine.map(|outcome| outcome.map(|info| Reply::new(Data::Token(info))))))
    }
}

/// The member of the options that the core has this name for.
pub(crate) fn option(field: &str) -> String {
    match field {
        "base URL" => "baseUrl".to_owned(),
        "deadline" | "timeout" => format!("{field}Ms"),
        "first sent" => "resumeFrom".to_owned(),
        "token URL" => "tokenUrl".to_owned(),
        _ => {
            let mut words = field.split(' ');
            let mut name = words.next().unwrap_or_default().to_owned();
            for word in words {
                let (first, rest) = word.split_at(word.len().min(1));
                name.push_str(&first.to_ascii_uppercase());
                name.push_str(rest);
            }
            name
        }
    }
}
