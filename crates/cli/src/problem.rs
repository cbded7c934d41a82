//! How a subcommand fails.

use std::process::ExitCode;

use zendesk_jwt_rules::Kind;

use crate::output;

/// One sentence that says what went wrong and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Problem(pub(crate) String);

/// Runs a subcommand's work to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Problem(format!("the process cannot start: {error}")))?.block_on(work)
}

/// The status of a call that clap takes and that is wrong all the same, which is clap's own; says what is wrong.
pub(crate) fn called_wrongly(advice: &str) -> ExitCode {
    output::note(&format!("zendesk-jwt: {advice}"));
    ExitCode::from(2)
}

/// For clap: the kind of that name.
pub(crate) fn kind(name: &str) -> Result<Kind, String> {
    Kind::parse(name).ok_or_else(|| "it is sdk, messaging or sso".to_owned())
}
