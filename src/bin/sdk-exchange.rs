//! `POST /sdk/jwt`: Zendesk's servers exchange a user token for a Support SDK JWT.

use std::process::ExitCode;

use zendesk_jwt::flows::sdk_exchange::SdkExchange;
use zendesk_jwt::lambda;

fn main() -> ExitCode {
    lambda::run("sdk-exchange", |environment| Some(environment.sdk()), SdkExchange::new)
}
