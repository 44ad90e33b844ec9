//! What a worker counts and measures.

#![cfg(all(feature = "metrics", feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use qbank_outbox::{Intent, Sqlite, Stop, Store, Worker};
use qbank_proto::Client;
use qbank_proto::endpoint::CreateAch;
use qbank_sandbox::{BankConfig, BankFault, InProcess, OPERATING, PAYROLL};

#[test]
fn sends_lost_leases_depth_and_doubt_are_measured() {
    let bank = InProcess::new(BankConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let mut store = Sqlite::migrate(folder.path().join("outbox.db")).unwrap();
    let invoice = |n: i64| {
        let amount = format!("{n}.50").parse().unwrap();
        Intent::new(CreateAch::new(OPERATING, PAYROLL, amount)).id(format!("INV-{n}"))
    };
    store.enqueue(&(1..=5).map(invoice).collect::<Vec<_>>()).unwrap();
    store.enqueue(&[invoice(6).hold()]).unwrap();
    bank.inject(BankFault::drop_after_commit().on("/payments/ach").times(2));
    let client = Client::with_driver(bank.config(), bank.blocking()).unwrap();
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    let worker = Worker::new(client, store)
        .deadline(Duration::from_secs(5))
        .report_every(Duration::from_millis(1))
        .until_empty();
    metrics::with_local_recorder(&recorder, || worker.run(&Stop::new())).unwrap();

    let mut measured = BTreeMap::new();
    for (key, _, _, value) in snapshots.snapshot().into_vec() {
        let labels = key.key().labels().map(|it| format!("{}={}", it.key(), it.value()));
        let labels: Vec<String> = labels.collect();
        let value = match value {
            DebugValue::Counter(n) => n.to_string(),
            DebugValue::Gauge(n) => n.to_string(),
            DebugValue::Histogram(all) => format!("{} measured", all.len()),
        };
        measured.insert(format!("{}{{{}}}", key.key().name(), labels.join(",")), value);
    }
    let value = |name: &str| {
        measured.get(name).map_or_else(|| panic!("{name}: {measured:#?}"), String::as_str)
    };
    assert_eq!(value("qbank_outbox_calls_total{call=send,fate=accepted}"), "5");
    assert_eq!(value("qbank_outbox_calls_total{call=send,fate=unknown}"), "2");
    assert_eq!(value("qbank_outbox_call_seconds{call=send}"), "7 measured");
    assert_eq!(value("qbank_outbox_leases_lost_total{}"), "0");
    assert_eq!(value("qbank_outbox_paused_lanes{}"), "0");
    assert_eq!(value("qbank_outbox_rows{state=held}"), "1");
    assert_eq!(value("qbank_outbox_rows{state=queued}"), "0");
    value("qbank_outbox_oldest_unknown_seconds{}");
    value("qbank_outbox_oldest_due_seconds{}");
}
