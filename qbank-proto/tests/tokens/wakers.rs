//! Wakers are the application's: dropping one may drop a call of the same session.

use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use qbank_proto::endpoint::GetBalance;
use qbank_proto::{
    Call, CallOptions, Config, Credentials, Environment, Machine, Now, Session, Step,
};

use crate::bed;

/// A task that its waker owns.
struct Owner {
    _call: Mutex<Call<GetBalance>>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

fn call(session: &Session) -> Call<GetBalance> {
    let account = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
    Call::new(session, GetBalance::new(account), CallOptions::new(), 1)
}

#[test]
fn dropping_a_waker_that_owns_a_follower_does_not_lock_the_session_twice() {
    let credentials = Credentials::client("id", "secret");
    let session = Session::new(Config::new(Environment::Production, credentials)).unwrap();
    let now = Now { mono: bed::secs(1), unix: bed::secs(1_800_000_000) };
    let mut leader = call(&session);
    let Step::Send(_token_request) = leader.poll(now, Waker::noop()) else {
        panic!("the first call leads");
    };
    let mut owned = call(&session);
    assert!(matches!(owned.poll(now, Waker::noop()), Step::Wait(_)));
    let task = Waker::from(Arc::new(Owner { _call: Mutex::new(owned) }));
    let mut follower = call(&session);
    assert!(matches!(follower.poll(now, &task), Step::Wait(_)));
    drop(task);
    // Replaces the waker, which drops the call that it owns.
    assert!(matches!(follower.poll(now, Waker::noop()), Step::Wait(_)));
    assert_eq!(session.waiting(), 1);
}
