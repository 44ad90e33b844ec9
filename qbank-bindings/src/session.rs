//! What the calls of one client share.

use qbank_proto::{Entropy, Error as CoreError, IdempotencyKey};

use crate::call::Call;
use crate::input::{Members, Options, config};
use crate::operation::{Intent, Operation, option};
use crate::output::Error;

/// What the calls of one client share: its configuration and its token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session(qbank_proto::Session);

impl Session {
    /// Opens a session with these options, or says which of them is wrong.
    pub fn new(options: &str) -> Result<Self, Error> {
        let session = config(options).and_then(qbank_proto::Session::new);
        session.map(Self).map_err(|error| Error::named(error, option))
    }

    /// Makes a call of the operation with this name, of its request and its options, or says
    /// what is wrong with them. `random` is 24 bytes of a cryptographic generator: the key of
    /// the intent, if none was chosen, and what spreads retries.
    pub fn call(
        &self,
        operation: &str,
        request: &str,
        options: &str,
        random: &[u8],
    ) -> Result<Call, Error> {
        let operation = Operation::named(operation).map_err(Error)?;
        let made = || {
            let entropy = entropy(random)?;
            let options = Options::parse(Members::parse("options", options)?)?;
            let request = Members::parse("request", request)?;
            operation.machine(&self.0, request, options, entropy)
        };
        let made = made().map(|machine| Call::new(machine, operation));
        made.map_err(|error| wrong(error, operation, options))
    }

    /// What the call of a write sends that is made of the same, so that it can be written down
    /// first: the call then needs the key in its options. Nothing for a read.
    pub fn intent(
        &self,
        operation: &str,
        request: &str,
        options: &str,
        random: &[u8],
    ) -> Result<Option<Intent>, Error> {
        let operation = Operation::named(operation).map_err(Error)?;
        let made = || {
            let entropy = entropy(random)?;
            let options = Options::parse(Members::parse("options", options)?)?;
            let mut request = Members::parse("request", request)?;
            let fresh = IdempotencyKey::from_entropy(entropy.key);
            let intent = Intent::of(operation, &mut request, options, fresh)?;
            request.end()?;
            Ok(intent)
        };
        made().map_err(|error| wrong(error, operation, options))
    }
}

fn entropy(random: &[u8]) -> Result<Entropy, CoreError> {
    let entropy = random.try_into().map(Entropy::from_bytes);
    entropy.map_err(|_| CoreError::invalid_input("random", "must be 24 bytes"))
}

/// What is wrong before anything is sent by a call of this operation with these options.
fn wrong(error: CoreError, operation: Operation, options: &str) -> Error {
    let error = error.with_fate(operation.fate(resumes(options)));
    Error::named(error, |field| operation.member(field))
}

/// Whether the options say that an intent was perhaps sent before, however wrong they are.
fn resumes(options: &str) -> bool {
    Members::parse("options", options)
        .is_ok_and(|mut options| !matches!(options.number::<i64>("resumeFrom"), Ok(None)))
}
