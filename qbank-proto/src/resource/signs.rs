//! By what an error is known that has a success's status.

use crate::json::Member;

/// The members by which an error is known.
#[derive(Default)]
pub(crate) struct Signs<'a> {
    pub(super) error_code: Member<'a>,
    pub(super) error_code_other: Member<'a>,
    pub(super) error: Member<'a>,
    pub(super) errors: Member<'a>,
    pub(super) problem_type: Member<'a>,
    pub(super) title: Member<'a>,
    pub(super) detail: Member<'a>,
    pub(super) status: Member<'a>,
}

impl Signs<'_> {
    pub(crate) fn are_of_a_problem(&self) -> bool {
        let given = |member: Member<'_>| {
            member.json().is_some_and(|it| !matches!(it, "false" | "[]" | "{}" | "\"\""))
        };
        let text = |member: Member<'_>| member.json().is_some_and(|json| json.starts_with('"'));
        // A payment's status is a text; a problem's is the number of an HTTP status.
        let status = self.status.json().filter(|json| !json.starts_with('"'));
        let failed_status =
            status.and_then(|json| json.parse().ok()).is_some_and(|it| (400..600).contains(&it));
        let names_a_problem = self.problem_type.is_string(|name| {
            name == "about:blank" || name.contains("/problems/") || name.contains("/errors/")
        });
        given(self.error_code)
            || given(self.error_code_other)
            || given(self.error)
            || given(self.errors)
            || names_a_problem
            || failed_status
            || text(self.title) && (status.is_some() || text(self.detail))
    }
}
