//! The commands that only read lists and balances.

use qbank_proto::chrono::NaiveDate;
use qbank_proto::endpoint::ListTransactions;
use qbank_proto::{AccountId, OpenList, Scope};

use super::Context;
use crate::client;
use crate::failure::Failure;

pub(crate) fn accounts(context: &Context<'_>) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::AccountsRead])?;
    let call = client.accounts().list().call();
    context.printer.list(&context.interrupts.drive(&client, call)?);
    Ok(())
}

pub(crate) fn balance(context: &Context<'_>, account: AccountId) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::BalancesRead])?;
    let call = client.balances().get(account).call();
    context.printer.one(&context.interrupts.drive(&client, call)?);
    Ok(())
}

pub(crate) fn transactions(
    context: &Context<'_>,
    account: Option<AccountId>,
    posted_since: Option<NaiveDate>,
) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::TransactionsRead])?;
    let mut filter = ListTransactions::new();
    filter.account_id = account;
    filter.posted_since = posted_since;
    let opening = client.call(OpenList(filter)).call();
    let streamed = context.printer.streamed();
    context.interrupts.stream::<ListTransactions, _>(&client, opening, &streamed)
}

pub(crate) fn exceptions(context: &Context<'_>) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::PositivePayExceptionsRead])?;
    let call = client.positive_pay().exceptions().call();
    context.printer.list(&context.interrupts.drive(&client, call)?);
    Ok(())
}
