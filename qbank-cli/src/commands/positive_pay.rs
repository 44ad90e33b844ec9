//! `qbank positive-pay`.

use qbank_proto::endpoint::CreateCheckIssue;
use qbank_proto::{IssueId, Scope};

use super::{Context, write};
use crate::args::CheckIssue;
use crate::client;
use crate::failure::Failure;

pub(crate) fn issue(context: &Context<'_>, args: CheckIssue) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::PositivePayIssuesWrite])?;
    let key = write::key(&client, &args.write);
    // Made from the key, so that a resumed issue has the same body.
    let issue_id = args.issue_id.unwrap_or_else(|| IssueId::from_uuid(key.as_uuid()));
    let issue = CreateCheckIssue::new(
        issue_id,
        args.account,
        args.check_number,
        args.amount,
        args.issue_date,
    );
    let pending = client.positive_pay().create_issue(issue);
    context.printer.one(&write::submit(context, &client, key, &args.write, pending)?);
    Ok(())
}
