//! `/sso/login` and `/sso/logout`: signs the user's browser in to Zendesk, and ends the session afterwards.

use std::process::ExitCode;

use zendesk_jwt::config::Environment;
use zendesk_jwt::handlers::sso_redirect::SsoRedirect;
use zendesk_jwt::runtime;

fn main() -> ExitCode {
    runtime::run("sso-redirect", Environment::sso, SsoRedirect::new)
}
