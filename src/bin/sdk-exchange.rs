//! `POST /sdk/jwt`: Zendesk's servers exchange a user token for a Support SDK JWT.

use std::process::ExitCode;

use zendesk_jwt::handlers::sdk_exchange::SdkExchange;
use zendesk_jwt::runtime;

fn main() -> ExitCode {
    runtime::run("sdk-exchange", |environment| Some(environment.sdk()), SdkExchange::new)
}
