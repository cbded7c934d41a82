//! `/sso/login` and `/sso/logout`: the browser is signed in at Zendesk, and comes back when it signs out.

use std::process::ExitCode;

use zendesk_jwt::config::Environment;
use zendesk_jwt::handlers::sso_redirect::SsoRedirect;
use zendesk_jwt::runtime;

fn main() -> ExitCode {
    runtime::run("sso-redirect", Environment::sso, SsoRedirect::new)
}
