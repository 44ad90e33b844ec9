//! An error answer: what the library makes of a refusal.

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::CreateAch;
use qbank_proto::http::Response;
use qbank_proto::{Call, Error, IdempotencyKey, Session, WriteOptions};

use crate::Failure;
use crate::call::{ENTROPY, drive, json};

/// The bank's standard error.
pub fn answer() -> Result<Response<Bytes>, Failure> {
    json(
        422,
        br#"{"message":"The source account is closed","error_code":"ERR_ACC_001","request_id":"5d2f9a34-1c7b-4e6d-8a90-3b4c5d6e7f80"}"#,
    )
}

/// A call from its key to its error.
pub fn ours(
    session: &Session,
    payment: CreateAch,
    answer: Response<Bytes>,
) -> Result<Error, Failure> {
    let key = IdempotencyKey::from_entropy(ENTROPY.key);
    let call = Call::new(session, payment, WriteOptions::new(key), ENTROPY.jitter);
    drive(call, [answer])?.err().ok_or_else(|| "it was not refused".into())
}
