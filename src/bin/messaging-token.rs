//! `POST /messaging/jwt`: the company's site or app gets a JWT that logs its visitor in to messaging.

use std::process::ExitCode;

use zendesk_jwt::handlers::messaging_token::MessagingToken;
use zendesk_jwt::runtime;

fn main() -> ExitCode {
    runtime::run("messaging-token", |environment| Some(environment.messaging()), MessagingToken::new)
}
