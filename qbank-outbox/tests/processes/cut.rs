//! The connection to Postgres ends exactly at a COMMIT: before it, after it, or meanwhile.

use qbank_outbox::{BlockingPostgres, Intent, Store};

use crate::behaviour::invoice;
use crate::part::Limits;
use crate::process::Ended;
use crate::proxy::{Cut, Proxy};
use crate::server::Database;
use crate::setup::Setup;

/// A proxy before the database of this setup, and its URL.
fn proxy(setup: &Setup<Database>) -> (Proxy, String) {
    let proxy = Proxy::start(setup.place.server.socket());
    let url = format!("postgres://postgres@127.0.0.1:{}/{}", proxy.port(), setup.place.name);
    (proxy, url)
}

fn workers_whose_commits_are_lost_double_nothing(part: &str) {
    const ROWS: u32 = 80;
    let Some(setup) = Setup::<Database>::new() else { return };
    let (proxy, url) = proxy(&setup);
    setup.enqueue(0..ROWS);
    // Every second one of them, of which worker it may be.
    proxy.plan(Cut::ALL.repeat(6).into_iter().flat_map(|cut| [None, Some(cut)]));
    let limits = Limits { concurrency: 2, ..Limits::LONG };
    let workers =
        [1, 2].map(|_| setup.start(setup.command(part, limits).env("OUTBOX_STORE", &url)));
    for worker in workers {
        assert_eq!(worker.wait(), Ended::Well);
    }
    assert_eq!(proxy.left(), 0, "there were too few commits");
    setup.all_paid(usize::try_from(ROWS).unwrap());
    // A turn that is repeated finds what was committed: nothing was even sent twice.
    assert_eq!(setup.count("outbox WHERE claims <> 1 OR sends <> 1"), 0);
    setup.chains_hold();
}

#[test]
fn workers_whose_commits_are_lost_double_nothing_with_threads() {
    workers_whose_commits_are_lost_double_nothing("worker");
}

#[test]
fn workers_whose_commits_are_lost_double_nothing_with_tokio() {
    workers_whose_commits_are_lost_double_nothing("tokio worker");
}

#[test]
fn what_is_enqueued_again_after_a_lost_commit_is_there_once() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let (proxy, url) = proxy(&setup);
    let mut store = BlockingPostgres::connect(&url).unwrap();
    for (n, cut) in (0..).zip(Cut::ALL) {
        let invoices: Vec<Intent> = (n * 20..(n + 1) * 20).map(invoice).collect();
        proxy.plan([Some(cut)]);
        let lost = store.enqueue(&invoices).unwrap_err();
        assert!(lost.is_unavailable(), "{cut:?}: {lost}");
        let again = store.enqueue(&invoices).unwrap();
        match cut {
            Cut::Before => assert!(again.iter().all(|it| it.new)),
            Cut::After => assert!(again.iter().all(|it| !it.new)),
            Cut::Meanwhile => assert!(again.iter().all(|it| it.new == again[0].new)),
        }
    }
    setup.work();
    setup.all_paid(60);
    setup.chains_hold();
}
