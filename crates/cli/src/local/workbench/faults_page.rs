use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};

use super::super::SIGNING_KEY_MAX_AGE;
use super::super::faults::Fault;
use super::{Frame, Shared, Workbench, page};
use crate::problem::Problem;
use zendesk_jwt_simulator::web::{self, Menu};

#[derive(Template)]
#[template(path = "workbench/faults.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    signing_key_max_age: u64,
}

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
