//! What each command does: one file per group of commands, as on the command line. The
//! top of the program: it uses every other room, and no room uses it.

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
    AccountsCommand, BalancesCommand, Cli, Command, Global, PaymentsCommand, PositivePayCommand,
    TransactionsCommand, TransfersCommand, WebhooksCommand,
};
use crate::failure::{Failure, Submitted};
use crate::input;
use crate::output::Printer;
use crate::signals::Interrupts;

/// What every command gets.
pub(crate) struct Context<'a> {
    pub(crate) global: &'a Global,
    pub(crate) printer: &'a Printer,
    pub(crate) interrupts: Interrupts,
}

pub(crate) fn run(cli: Cli, printer: &Printer) -> Result<(), Failure> {
    // It moves no real money: a signal ends it as it ends any program.
    if matches!(cli.command, Command::Demo) {
        return crate::demo::run(&cli.global);
    }
    let resumed = cli.command.write().filter(|write| write.resume);
    let resumed = resumed.map(|write| Submitted {
        key: write.idempotency_key,
        first_sent: write.first_sent,
        attempts: 0,
    });
    let context = Context {
        global: &cli.global,
        printer,
        interrupts: Interrupts::listen(printer.clone(), resumed)?,
    };
    // A variable that cannot be read is an error where it is used.
    let key = input::path("QBANK_CLIENT_KEY_FILE").ok().flatten();
    let key = key.filter(|_| cli.global.client_key_file.is_none());
    let key = key.as_deref().map(|path| ("QBANK_CLIENT_KEY_FILE", path));
    for (option, path) in cli.secret_files().chain(key) {
        if input::others_can_read(path) {
            printer.warning(&format!(
                "{option}: {} can be read by every user of this machine; `chmod 600` it",
                path.display()
            ));
        }
    }
    match cli.command {
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
        Command::Run(args) => run::run(&context, &args),
        Command::Outbox(outbox) => outbox::run(&context, &outbox),
        Command::Webhooks(WebhooksCommand::Verify(verify)) => webhooks::verify(&context, &verify),
        Command::Webhooks(WebhooksCommand::Listen(args)) => webhooks::listen(&context, &args),
        Command::Webhooks(WebhooksCommand::Trigger(args)) => webhooks::trigger(&context, &args),
        Command::Webhooks(WebhooksCommand::Resend(args)) => webhooks::resend(&context, &args),
        Command::Sandbox(sandbox) => sandbox::serve(&context, &sandbox),
        Command::Demo => Ok(()),
    }
}
