//! Any sequence of rows of the table: the join, the number of sends, one key
//! and one body.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use qbank_proto::{ConflictPolicy, ErrorKind, Fate};

use crate::bed::*;
use crate::ladder::{Row, Rung, model, rows};

const MOST_RETRIES: usize = 5;

fn script() -> impl Strategy<Value = Vec<Row>> {
    vec(select(rows()), MOST_RETRIES + 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_write_comes_to_the_join_of_its_attempts(
        script in script(),
        max_retries in 0..=MOST_RETRIES,
        resume in any::<bool>(),
    ) {
        let (rung, sends) = model(&script, max_retries, resume);
        let mut bed = Bed::new().bank(script.iter().map(|row| row.act.clone()));
        let mut options = if resume { resumed(60) } else { options() };
        options.max_retries = u32::try_from(max_retries).ok();
        options.timeout = Some(secs(1));
        options.on_conflict = Some(ConflictPolicy::Report);
        let started = bed.now.mono;
        let (fate, attempts) = match bed.send_with(ach(), options) {
            Ok(reply) => (reply.fate, reply.attempts.to_vec()),
            Err(error) => (error.fate(), error.attempts().to_vec()),
        };
        prop_assert_eq!(fate.as_str(), rung.name());
        prop_assert_eq!((attempts.len(), bed.sent.len()), (sends, sends));
        prop_assert!(bed.now.mono - started <= secs(180));
        bed.one_intent();
        for (attempt, row) in attempts.iter().zip(&script) {
            prop_assert_eq!(attempt.fate.as_str(), row.rung.name());
        }
    }

    #[test]
    fn following_only_ever_raises_the_fate_or_brings_the_banks_own_record(
        script in script(),
        look in select(vec![
            record("ACH", "1000.50", "P_CREATED"),
            record("ACH", "1000.50", "P_FAILED"),
            record("ACH", "1.00", "P_FAILED"),
            refuses(404),
            refuses(403),
            reset(),
            lost(),
        ]),
    ) {
        let (rung, _) = model(&script, MOST_RETRIES, false);
        let mut bed = Bed::new().bank(script.iter().map(|row| row.act.clone()));
        // A follow takes its looks from the end of the script.
        if let Some(at) = script.iter().position(|row| row.rung == Rung::InProgress) {
            bed.bank.truncate(at + 1);
            bed.always = Some(look);
        }
        let mut options = retries(u32::try_from(MOST_RETRIES).unwrap());
        options.timeout = Some(secs(1));
        match bed.send_with(ach(), options) {
            Ok(reply) => prop_assert_eq!(reply.followed, rung == Rung::InProgress),
            Err(error) if error.kind() == ErrorKind::PaymentFailed => {
                prop_assert_eq!(error.fate(), Fate::Refused);
                prop_assert_eq!(rung, Rung::InProgress);
            }
            Err(error) => prop_assert_eq!(error.fate().as_str(), rung.name()),
        }
        bed.one_intent();
    }

    #[test]
    fn a_call_ends_by_its_deadline_and_a_grace_whatever_happens(
        script in script(),
        tokens in vec(select(vec![
            good_token("t"), token_for("t", "0"), token_for("t", "1"), says(503), says(429),
            reset(), lost(), says(200).body("<html>"), says(401).json(r#"{"error":"invalid_client"}"#),
            says(503).header("retry-after", "40"),
        ]), 6),
        deadline in 1_u64..400,
        timeout in 1_u64..90,
        max_retries in 0_u32..9,
    ) {
        let mut bed = Bed::new().tokens(tokens).bank(script.iter().map(|row| row.act.clone()));
        bed.always = Some(refuses(503).header("retry-after", "11"));
        let mut options = retries(max_retries);
        options.deadline = Some(secs(deadline));
        options.timeout = Some(secs(timeout));
        let started = bed.now.mono;
        let outcome = bed.send_with(ach(), options);
        prop_assert!(bed.now.mono - started <= secs(deadline + 5));
        let sends = bed.sent.iter().filter(|sent| sent.method == "POST").count();
        prop_assert!(sends <= 1 + max_retries as usize);
        if sends > 0 {
            bed.one_intent();
        }
        let join = script.iter().take(sends).map(|row| row.rung).max();
        if let Err(error) = outcome
            && error.kind() != ErrorKind::PaymentFailed
            && sends <= script.len()
        {
            // What ran out of time is unknown, whatever was scripted for it.
            let lowest = join.map_or("never_sent", Rung::name);
            let ran_out = error.fate() == Fate::Unknown;
            prop_assert!(error.fate().as_str() == lowest || ran_out, "{} {}", error, lowest);
        }
    }
}
