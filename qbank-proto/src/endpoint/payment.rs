//! `GET /payments/{paymentId}`: the bank's record of a payment.

use http::Method;

use super::{ApiResponse, Endpoint, Payment, Read};
use crate::json::{DecodeError, Reading};
use crate::resource::{PaymentStatus, Signs};
use crate::types::{PaymentId, Scope};

/// Reads one payment.
#[derive(Debug, Clone, Copy)]
pub struct GetPayment {
    /// Which payment.
    pub payment_id: PaymentId,
}

impl GetPayment {
    /// Reads this payment.
    pub const fn new(payment_id: PaymentId) -> Self {
        Self { payment_id }
    }
}

impl Endpoint for GetPayment {
    type Effect = Read;
    type Output = Payment;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/payments/{paymentId}";
    const SCOPE: Option<Scope> = Some(Scope::PaymentsRead);

    fn target(&self, url: &mut String) {
        url.push_str("/payments/");
        self.payment_id.append_to(url);
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Payment, DecodeError> {
        read(self.payment_id, response, Reading::Strict)
    }
}

/// Reads the payment that is followed or waited for: only its id is essential.
#[derive(Debug)]
pub(crate) struct FollowPayment(pub(crate) PaymentId);

impl Endpoint for FollowPayment {
    type Effect = Read;
    type Output = Payment;

    const METHOD: Method = GetPayment::METHOD;
    const PATH: &'static str = GetPayment::PATH;
    const SCOPE: Option<Scope> = GetPayment::SCOPE;

    fn target(&self, url: &mut String) {
        GetPayment::new(self.0).target(url);
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Payment, DecodeError> {
        read(self.0, response, Reading::Lenient)
    }
}

fn read(
    asked: PaymentId,
    response: &ApiResponse<'_>,
    how: Reading,
) -> Result<Payment, DecodeError> {
    let document = response.document()?;
    let record = document.object()?;
    let payment = Payment::of(&record, how)?;
    if payment.payment_id != asked {
        return Err(DecodeError::about_another("paymentId"));
    }
    // A record with a state of a payment may say why it failed.
    let has_state =
        payment.status.as_ref().is_some_and(|it| !matches!(it, PaymentStatus::Other(_)));
    response.no_problem(&if has_state { Signs::default() } else { record.signs() })?;
    Ok(payment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, target};
    use crate::json::DecodeErrorKind;
    use crate::resource::PaymentType;
    use crate::types::Money;

    const ID: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

    #[test]
    fn wire_vector() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        assert_eq!(target(&endpoint), format!("/payments/{ID}"));
        let body = format!(
            r#"{{"paymentId":"{ID}","type":"ACH","amount":1000.50,"status":"P_PROCESSING",
                "creationDate":"2026-01-05T09:00:00.000Z","completionDate":null,
                "timestamp":"2026-01-05T09:00:00.123Z","actor":"client",
                "request_id":"9d2f6a51-1111-4222-8333-444455556666","extra":{{"deep":[1]}}}}"#
        );
        let payment = read(&endpoint, 200, &body).unwrap();
        assert_eq!(payment.payment_type, Some(PaymentType::Ach));
        assert_eq!(payment.amount, Some(Money::from_cents(100_050)));
        assert_eq!(payment.status, Some(PaymentStatus::Processing));
        assert!(!payment.is_final());
        assert_eq!(
            serde_json::to_string(&payment).unwrap(),
            format!(
                r#"{{"paymentId":"{ID}","type":"ACH","amount":1000.50,"status":"P_PROCESSING","creationDate":"2026-01-05T09:00:00Z","timestamp":"2026-01-05T09:00:00.123Z","actor":"client","request_id":"9d2f6a51-1111-4222-8333-444455556666"}}"#
            )
        );
    }

    #[test]
    fn only_the_id_is_essential() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        let odd = format!(
            r#"{{"payment_id":"{ID}","amount":"much","creationDate":"yesterday","status":"P_NEW","type":7}}"#
        );
        let error = read(&endpoint, 200, &odd).unwrap_err();
        assert_eq!(error.path(), "type");
        let payment = read(&FollowPayment(endpoint.payment_id), 200, &odd).unwrap();
        assert_eq!(payment.status, Some(PaymentStatus::Other("P_NEW".into())));
        assert_eq!(payment.amount, None);
        assert_eq!(payment.creation_date, None);
        for body in ["{}", r#"{"paymentId":7}"#, r#"{"paymentId":"x"}"#, "[]", "null", "", "<html>"]
        {
            assert!(read(&endpoint, 200, body).is_err(), "{body}");
        }
    }

    #[test]
    fn an_error_under_a_success_is_no_payment() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        let body = format!(r#"{{"paymentId":"{ID}","error_code":"ERR_CORE_01"}}"#);
        assert_eq!(read(&endpoint, 200, &body).unwrap_err().kind(), &DecodeErrorKind::Problem);
        assert!(read(&FollowPayment(endpoint.payment_id), 200, &body).is_err());
    }

    #[test]
    fn a_record_with_a_state_may_say_why() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        for more in
            [r#""error_code":"R01""#, r#""error":"","errors":{}"#, r#""title":"a","detail":"b""#]
        {
            let body = format!(r#"{{"paymentId":"{ID}","status":"P_FAILED",{more}}}"#);
            assert!(read(&endpoint, 200, &body).unwrap().failed(), "{body}");
            assert!(read(&FollowPayment(endpoint.payment_id), 200, &body).unwrap().failed());
        }
        let empty = format!(r#"{{"paymentId":"{ID}","error":"","errors":{{}},"error_code":""}}"#);
        assert!(read(&endpoint, 200, &empty).is_ok());
    }

    #[test]
    fn both_spellings_of_a_member_are_no_obstacle() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        let twice = ["", "source", "destination", "from", "to"].map(|which| match which {
            "" => r#""accountId":"x","account_id":"y","issueId":"x","issue_id":"y""#.to_owned(),
            which => format!(r#""{which}AccountId":"x","{which}_account_id":"y""#),
        });
        let body = format!(r#"{{"paymentId":"{ID}",{}}}"#, twice.join(","));
        assert!(read(&endpoint, 200, &body).is_ok(), "{body}");
    }

    #[test]
    fn a_response_about_another_payment_is_an_error() {
        let other: PaymentId = "11111111-8f0e-4a8e-9a54-6b7c1d2e3f40".parse().unwrap();
        let body = format!(r#"{{"paymentId":"{ID}"}}"#);
        assert!(read(&GetPayment::new(other), 200, &body).is_err());
    }
}
