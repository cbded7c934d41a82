//! How a subcommand fails.

use zendesk_jwt_rules::Kind;

/// One sentence that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Problem(pub(crate) String);

/// Runs the asynchronous work of a subcommand.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Problem(format!("the process cannot start: {error}")))?.block_on(work)
}

/// Explains a mistake in the arguments that clap cannot see, and ends the process with clap's exit status for it.
#[expect(clippy::print_stderr, reason = "a person reads this")]
pub(crate) fn usage_error(advice: &str) -> ! {
    eprintln!("zendesk-jwt: {advice}");
    std::process::exit(2)
}

/// For clap: makes a sentence of what is wrong with a value.
pub(crate) fn said<T>(parsed: Result<T, String>) -> Result<T, String> {
    parsed.map_err(|problem| format!("it {problem}"))
}

/// Reads the name of a kind for clap.
pub(crate) fn kind(name: &str) -> Result<Kind, String> {
    Kind::parse(name).ok_or_else(|| "the kind is sdk, messaging or sso".to_owned())
}
