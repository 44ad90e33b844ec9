//! A list is read while it arrives, in virtual time.

use std::time::Duration;

use qbank_proto::endpoint::ListTransactions;
use qbank_sandbox::BankFault;

use crate::{async_client, bank, client};

#[test]
fn a_slow_list_arrives_item_by_item() {
    let bank = bank();
    let client = client(&bank);
    bank.inject(BankFault::slow(100).on("/transactions"));
    let list = client.transactions().list(ListTransactions::new()).stream().unwrap();
    let arrivals: Vec<Duration> = list.map(|item| item.map(|_| bank.now().mono).unwrap()).collect();
    assert_eq!(arrivals.len(), 4);
    assert!(arrivals.windows(2).all(|pair| pair[0] < pair[1]), "{arrivals:?}");
}

#[test]
fn a_torn_list_gives_what_came_before_the_error() {
    let bank = bank();
    bank.inject(BankFault::truncate().on("/transactions"));
    let list = client(&bank).transactions().list(ListTransactions::new()).stream().unwrap();
    let items: Vec<_> = list.collect();
    assert!(items.len() > 1);
    assert!(items.iter().rev().skip(1).all(Result::is_ok));
    assert!(items.last().unwrap().as_ref().unwrap_err().offset().is_some());
}

#[tokio::test]
async fn an_async_list_waits_in_virtual_time() {
    let bank = bank();
    let client = async_client(&bank);
    bank.inject(BankFault::slow(100).on("/transactions"));
    let mut list = client.transactions().list(ListTransactions::new()).stream().await.unwrap();
    let mut items = 0;
    while let Some(item) = list.next().await {
        item.unwrap();
        items += 1;
    }
    assert_eq!(items, 4);
    assert!(bank.now().mono > Duration::from_secs(5));
}
