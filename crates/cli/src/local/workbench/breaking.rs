//! Breaking things on purpose: what each does, what Zendesk and the user see, and what the logs say.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::SIGNING_KEY_MAX_AGE;
use super::super::breakage::Breakage;
use super::Workbench;
use super::page::{Fields, Frame, Notice, Shared, page, see_other};
use super::prose::Prose;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "workbench/break.html")]
struct Page {
    frame: Frame,
    breakages: Vec<Described>,
    signing_key_max_age: u64,
}

/// A breakage in words.
pub(super) struct Described {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) is_on: bool,
    is: Prose<&'static str>,
    seen: Prose<&'static str>,
    logged: Prose<&'static str>,
    /// Whether functions that have a good key go on with it.
    is_of_the_signing_key: bool,
}

impl Described {
    pub(crate) fn new(breakage: Breakage, is_on: bool) -> Self {
        let [title, is, seen, logged] = words(breakage);
        Self {
            name: breakage.name(),
            title,
            is_on,
            is: Prose(is),
            seen: Prose(seen),
            logged: Prose(logged),
            is_of_the_signing_key: matches!(breakage, Breakage::RedactedSecrets | Breakage::SecretsManagerDown),
        }
    }
}

/// Title, what is broken, what Zendesk and the user see, what the logs say.
const fn words(breakage: Breakage) -> [&'static str; 4] {
    match breakage {
        Breakage::RedactedSecrets => [
            "Redacted secrets",
            "Secrets Manager holds what Admin Center shows of each shared secret after the first time: its beginning, 9 characters for the Support SDK and 6 for the others.",
            "Nothing, as long as a function has a good key: it goes on signing with that. A function without one, as after a cold start, answers 503: nobody is refused, and everybody can try again.",
            "While a good key is in use: `signed`, a growing `signing_key_age_seconds`, `signing_key_failure` is `signing_key_refused`, and an ERROR line that names the screen in Admin Center. Without one: `signing_key_refused`, with the same advice as `detail`.",
        ],
        Breakage::ClockAhead => [
            "Clock 10 minutes ahead",
            "The functions' clock is 10 minutes ahead of Zendesk's.",
            "SSO and Support SDK tokens say that they were signed in the future: Zendesk refuses them. The browser comes back with an error, the app's user is not signed in. Messaging tokens have no `iat`: they work, and live 10 minutes longer than they should.",
            "`signed`, as if all were well: only the line's `timestamp` is ahead. For SSO Zendesk's error then comes back through the remote logout URL, and the log classes it, as `zendesk_clock_drift` for instance.",
        ],
        Breakage::EmailUnverified => [
            "Demo User's e-mail address is not verified",
            "The first demo user's item in the table says `email_verified` false.",
            "No Support SDK or SSO token is made, since Zendesk would take our word for the address: the app and the browser are refused. Messaging goes on without the address: agents see the name, but no verified e-mail.",
            "`email_unverified` at INFO, status 401, with the hash of the external id. Messaging: `signed`.",
        ],
        Breakage::DynamoDbDown => [
            "DynamoDB is down",
            "Every call to DynamoDB is answered with 500, the operator's tool's as well.",
            "503 with `Retry-After`: an outage, and never a refusal, so that no app forgets its user. Browsers get a page that says that sign-in is not available.",
            "`user_tokens_unavailable` at ERROR, with the cause as `detail` and some 100 ms more in `lookup_ms`, since the calls are tried three times.",
        ],
        Breakage::SecretsManagerDown => [
            "Secrets Manager is down",
            "Every call to Secrets Manager is answered with 500, the operator's tool's as well.",
            "Nothing, as long as a function has a good key: it goes on signing with that. A function without one, as after a cold start, answers 503: nobody is refused, and everybody can try again.",
            "While a good key is in use: `signed`, a growing `signing_key_age_seconds`, and `signing_key_failure` is `signing_key_unavailable`. Without one: `signing_key_unavailable` at ERROR, with the cause as `detail`.",
        ],
    }
}

/// All switches.
pub(super) async fn list(State(workbench): Shared) -> Response {
    let mut breakages = Vec::new();
    for breakage in Breakage::ALL {
        breakages.push(Described::new(breakage, workbench.switches.is_on(breakage).await));
    }
    let frame = workbench.frame("/break").await;
    page(StatusCode::OK, &Page { frame, breakages, signing_key_max_age: SIGNING_KEY_MAX_AGE })
}

/// Turns one switch.
pub(super) async fn switch(State(workbench): Shared, body: String) -> Response {
    let fields = Fields::read(&body);
    if let Some(breakage) = Breakage::parse(fields.get("what")) {
        let is_on = fields.get("on") == "true";
        let done = if is_on { "Broken" } else { "Mended" };
        let turned = workbench.switches.set(breakage, is_on).await;
        let title = words(breakage)[0];
        workbench.leave(Notice::of(turned.map(|()| format!("{done}: {title}."))));
    }
    see_other("/break")
}

/// Turns all switches off, and starts the functions anew so that none still waits before it reads its key.
pub(super) async fn mend(State(workbench): Shared) -> Response {
    let mended = workbench.mend().await;
    workbench.leave(Notice::of(mended));
    see_other("/break")
}

/// Gives each function its next cold start.
pub(super) async fn start_anew(State(workbench): Shared) -> Response {
    workbench.functions.start_anew();
    let text = "The functions start anew: the next request of each is a cold start.".to_owned();
    workbench.leave(Notice::of(Ok(text)));
    see_other("/break")
}

impl Workbench {
    async fn mend(&self) -> Result<String, Problem> {
        for breakage in self.switches.on().await {
            self.switches.set(breakage, false).await?;
        }
        self.functions.start_anew();
        Ok("Everything is mended, and the functions start anew.".to_owned())
    }
}
