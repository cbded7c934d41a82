//! `POST /messaging/jwt`: the company's site or app gets the JWT that logs its visitor in to messaging.

use std::process::ExitCode;

use zendesk_jwt::flows::messaging_token::MessagingToken;
use zendesk_jwt::lambda;

fn main() -> ExitCode {
    lambda::run("messaging-token", |environment| Some(environment.messaging()), MessagingToken::new)
}
