use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};

use super::super::SIGNING_KEY_MAX_AGE;
use super::super::faults::Fault;
use super::{Frame, Shared, Workbench, page};
use crate::problem::Problem;
use zendesk_jwt_simulator::web::{self, Menu, Prose};

#[derive(Template)]
#[template(path = "workbench/faults.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    signing_key_max_age: u64,
}

const GOOD_KEY_STAYS: &str = "Nothing, as long as a function has a good key: the function continues to use it. A function without a key, as after a cold start, answers 503: no user is refused, and everyone can try again.";

impl Fault {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::RedactedSecrets => "Redacted secrets",
            Self::ClockAhead => "Clock 10 minutes ahead",
            Self::EmailUnverified => "Demo User's e-mail address is not verified",
            Self::DynamoDbDown => "DynamoDB is down",
            Self::SecretsManagerDown => "Secrets Manager is down",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::RedactedSecrets => {
                "Secrets Manager holds what Admin Center shows of a shared secret after the first time: the first 9 characters for the Support SDK, and the first 6 for the others."
            }
            Self::ClockAhead => "The functions' clock is 10 minutes ahead of the real time.",
            Self::EmailUnverified => "The first demo user's item in the table has `email_verified` false.",
            Self::DynamoDbDown => "DynamoDB answers every request with 500, including requests of the tool.",
            Self::SecretsManagerDown => {
                "Secrets Manager answers every request with 500, including requests of the tool."
            }
        }
    }

    /// What Zendesk and the user see.
    const fn effect(self) -> &'static str {
        match self {
            Self::RedactedSecrets | Self::SecretsManagerDown => GOOD_KEY_STAYS,
            Self::ClockAhead => {
                "Zendesk refuses SSO and Support SDK tokens, because `iat` is in the future. The browser returns with an error, and the app's user is not signed in. Messaging tokens have no `iat`: they work, and they live 10 minutes longer."
            }
            Self::EmailUnverified => {
                "The functions sign no Support SDK or SSO token, because Zendesk would trust the address. Messaging works without the address: agents see the name, but no verified e-mail address."
            }
            Self::DynamoDbDown => {
                "503 with `Retry-After`: an outage does not look like a refusal, so no app forgets its user. Browsers get a page that says that sign-in is not available."
            }
        }
    }

    const fn logs(self) -> &'static str {
        match self {
            Self::RedactedSecrets => {
                "With a good key: `signed`, a growing `signing_key_age_seconds`, `signing_key_failure` is `signing_key_refused`, and an ERROR line names the screen in Admin Center. Without a key: `signing_key_refused`, with the same advice as `detail`."
            }
            Self::ClockAhead => {
                "`signed`, as usual; only the line's `timestamp` is ahead. For SSO, Zendesk reports the error to the remote logout URL, and the log has a code for it, such as `zendesk_clock_drift`."
            }
            Self::EmailUnverified => {
                "`email_unverified` at INFO, status 401, with the hash of the external id. Messaging: `signed`."
            }
            Self::DynamoDbDown => {
                "`user_tokens_unavailable` at ERROR, with the cause as `detail`, and about 100 ms more in `lookup_ms`, because the functions try three times."
            }
            Self::SecretsManagerDown => {
                "With a good key: `signed`, a growing `signing_key_age_seconds`, and `signing_key_failure` is `signing_key_unavailable`. Without a key: `signing_key_unavailable` at ERROR, with the cause as `detail`."
            }
        }
    }

    const fn concerns_signing_key(self) -> bool {
        matches!(self, Self::RedactedSecrets | Self::SecretsManagerDown)
    }
}

pub(super) async fn list(State(workbench): Shared) -> Response {
    let (menu, frame) = (workbench.menu("/faults"), workbench.frame().await);
    page(StatusCode::OK, &Page { menu, frame, signing_key_max_age: SIGNING_KEY_MAX_AGE })
}

pub(super) async fn switch(State(workbench): Shared, body: String) -> Redirect {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    if let Some(fault) = Fault::parse(&field("fault")) {
        let is_on = field("on") == "true";
        let done = if is_on { "Fault set" } else { "Fault reset" };
        let result = workbench.faults.set(fault, is_on).await;
        workbench.notify_of(result.map(|()| format!("{done}: {}.", fault.title())));
    }
    Redirect::to("/faults")
}

pub(super) async fn reset(State(workbench): Shared) -> Redirect {
    workbench.notify_of(workbench.reset_all().await);
    Redirect::to("/faults")
}

pub(super) async fn cold_start(State(workbench): Shared) -> Redirect {
    workbench.functions.cold_start();
    workbench.notify_of(Ok("The next request of each function is a cold start.".to_owned()));
    Redirect::to("/faults")
}

impl Workbench {
    /// The cold start makes the functions read their keys at once.
    async fn reset_all(&self) -> Result<String, Problem> {
        for fault in self.faults.on().await {
            self.faults.set(fault, false).await?;
        }
        self.functions.cold_start();
        Ok("All faults are reset. The next request of each function is a cold start.".to_owned())
    }
}
