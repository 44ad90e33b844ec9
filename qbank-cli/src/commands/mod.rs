//! What each command does: one file per group of commands, as on the command line. The
//! top of the program: it uses every other room, and no room uses it.

mod manual;
mod outbox;
mod payments;
mod positive_pay;
mod reads;
mod reconcile;
mod run;
mod sandbox;
mod token;
mod transfers;
mod webhooks;
mod write;

use crate::args::{
    AccountsCommand, BalancesCommand, Command, PaymentsCommand, PositivePayCommand,
    TransactionsCommand, TransfersCommand, WebhooksCommand,
};
use crate::failure::{Failure, Submitted};
use crate::input;
use crate::output::Printer;
use crate::settings::{Given, Settings};
use crate::signals::Interrupts;

/// What every command gets.
pub(crate) struct Context<'a> {
    /// What the global options come to.
    pub(crate) global: &'a Settings,
    pub(crate) printer: &'a Printer,
    pub(crate) interrupts: Interrupts,
}

pub(crate) fn run(command: Command, settings: &Settings, printer: &Printer) -> Result<(), Failure> {
    // They move no real money: a signal ends them as it ends any program.
    match &command {
        Command::Demo => return crate::demo::run(settings),
        Command::Completions { shell } => return manual::completions(*shell),
        Command::Man { dir } => return manual::man(dir.as_deref()),
        _ => {}
    }
    let resumed = command.write().filter(|write| write.resume);
    let resumed = resumed.map(|write| Submitted {
        key: write.idempotency_key,
        first_sent: write.first_sent,
        attempts: 0,
    });
    let context = Context {
        global: settings,
        printer,
        interrupts: Interrupts::listen(printer.clone(), resumed)?,
    };
    let number = command.account_number_file().map(ToOwned::to_owned);
    let number = number.map(|value| Given { value, name: "--account-number-file" });
    for Given { value, name } in settings.secret_files().into_iter().chain(number) {
        if input::others_can_read(&value) {
            printer.warning(&format!(
                "{name}: {} can be read by every user of this machine; `chmod 600` it",
                value.display()
            ));
        }
    }
    match command {
        Command::Token { reveal } => token::token(&context, reveal),
        Command::Accounts(AccountsCommand::List) => reads::accounts(&context),
        Command::Balances(BalancesCommand::Get { account }) => reads::balance(&context, account),
        Command::Transactions(TransactionsCommand::List { account, posted_since }) => {
            reads::transactions(&context, account, posted_since)
        }
        Command::Payments(PaymentsCommand::Ach(ach)) => payments::ach(&context, ach),
        Command::Payments(PaymentsCommand::Wire(wire)) => payments::wire(&context, wire),
        Command::Payments(PaymentsCommand::Get { payment }) => payments::get(&context, payment),
        Command::Payments(PaymentsCommand::Wait { payment }) => payments::wait(&context, payment),
        Command::Transfers(TransfersCommand::Create(transfer)) => {
            transfers::create(&context, &transfer)
        }
        Command::PositivePay(PositivePayCommand::Issue(issue)) => {
            positive_pay::issue(&context, issue)
        }
        Command::PositivePay(PositivePayCommand::Exceptions) => reads::exceptions(&context),
        Command::Reconcile(args) => reconcile::reconcile(&context, &args),
        Command::Run(mut args) => {
            let limits = settings.limits();
            args.max_row = args.max_row.or(limits.max_row.map(Into::into));
            args.max_total = args.max_total.or(limits.max_total.map(Into::into));
            run::run(&context, &args)
        }
        Command::Outbox(outbox) => outbox::run(&context, &outbox),
        Command::Webhooks(WebhooksCommand::Verify(verify)) => webhooks::verify(&context, &verify),
        Command::Webhooks(WebhooksCommand::Listen(args)) => webhooks::listen(&context, &args),
        Command::Webhooks(WebhooksCommand::Trigger(args)) => webhooks::trigger(&context, &args),
        Command::Webhooks(WebhooksCommand::Resend(args)) => webhooks::resend(&context, &args),
        Command::Sandbox(sandbox) => sandbox::serve(&context, &sandbox),
        Command::Demo | Command::Completions { .. } | Command::Man { .. } => Ok(()),
    }
}
