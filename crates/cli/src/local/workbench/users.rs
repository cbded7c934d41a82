//! The users whom the functions know, and what an operator does to them.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::super::demo;
use super::Workbench;
use super::new_user::NewUser;
use super::page::{Fields, Frame, Notice, Shared, page, see_other};
use crate::aws::user_token_items::{InvalidItem, StoredItem};
use crate::aws::user_token_table::{Change, Changed};
use crate::problem::Problem;
use crate::users::new_token;
use zendesk_jwt::jwt::{Clock, EpochSeconds, SystemClock};
use zendesk_jwt::user::UserToken;

/// What an item without `audiences` is good for.
const EVERY_FLOW: &str = "all three flows";

/// How many users are shown; whoever has more is better served by the operator's tool.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "workbench/users.html")]
struct Page {
    frame: Frame,
    users: Users,
    problem: Option<String>,
    new: NewUser,
    new_problem: Option<String>,
}

/// The users that are shown.
#[derive(Default)]
pub(super) struct Users {
    pub(crate) rows: Vec<Row>,
    /// Whether there are more.
    pub(crate) are_cut: bool,
}

/// A user token and its user.
pub(super) struct Row {
    pub(crate) token_hash: String,
    /// The token itself where it is one of the demo's.
    pub(crate) token: Option<&'static str>,
    pub(crate) name: String,
    pub(crate) external_id: String,
    pub(crate) email: String,
    pub(crate) is_email_verified: bool,
    pub(crate) audiences: String,
    pub(crate) is_suspended: bool,
    pub(crate) is_expired: bool,
    /// The attribute that makes the functions refuse the token.
    pub(crate) malformed: Option<&'static str>,
}

impl Row {
    fn of(item: StoredItem, now: EpochSeconds) -> Self {
        let record = item.record();
        let token_hash = item.token_hash().to_owned();
        let fields = item.into_json();
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut audiences: Vec<&str> =
            fields.get("audiences").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        audiences.sort_unstable();
        Self {
            token: demo_token(&token_hash),
            token_hash,
            name: text("name"),
            external_id: text("external_id"),
            email: text("email"),
            is_email_verified: fields.get("email_verified") == Some(&Value::Bool(true)),
            audiences: if audiences.is_empty() { EVERY_FLOW.to_owned() } else { audiences.join(", ") },
            is_suspended: record.as_ref().is_ok_and(|record| record.suspended),
            is_expired: record.as_ref().is_ok_and(|record| record.expires_at.is_some_and(|at| at <= now)),
            malformed: record.err(),
        }
    }

    /// In a few words, whether the functions vouch for the user.
    pub(crate) fn standing(&self) -> String {
        let mut words = Vec::new();
        if let Some(attribute) = self.malformed {
            words.push(format!("malformed {attribute}"));
        }
        if self.is_suspended {
            words.push("suspended".to_owned());
        }
        if self.is_expired {
            words.push("token expired".to_owned());
        }
        if !self.is_email_verified {
            words.push("e-mail not verified".to_owned());
        }
        if self.audiences != EVERY_FLOW {
            words.push(format!("{} only", self.audiences));
        }
        if words.is_empty() { EVERY_FLOW.to_owned() } else { words.join(", ") }
    }

    fn is_refused(&self) -> bool {
        self.is_suspended || self.is_expired || self.malformed.is_some()
    }
}

/// The table and the form.
pub(super) async fn list(State(workbench): Shared) -> Response {
    page(StatusCode::OK, &workbench.users_page(NewUser::default(), None).await)
}

/// The list, for whoever reloads the address of its form.
pub(super) async fn to_list() -> Response {
    see_other("/users")
}

/// Adds a user, and leaves the token for the page that comes next.
pub(super) async fn add(State(workbench): Shared, body: String) -> Response {
    let new = NewUser::read(&Fields::read(&body));
    match workbench.add(&new).await {
        Ok(token) => {
            let text = format!("{} is added", new.name);
            workbench.leave(Notice { text, is_failure: false, token: Some(token) });
            see_other("/users")
        }
        Err(problem) => {
            let shown = workbench.users_page(new, Some(problem.to_string())).await;
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}

/// Suspends, resumes, expires, renews a user token, or marks its user's address as verified or not.
pub(super) async fn change(State(workbench): Shared, body: String) -> Response {
    let fields = Fields::read(&body);
    let changed = workbench.change(fields.get("token_hash"), fields.get("change")).await;
    workbench.leave(Notice::of(changed));
    see_other("/users")
}

impl Workbench {
    async fn users_page(&self, new: NewUser, new_problem: Option<String>) -> Page {
        let (users, problem) = match self.rows().await {
            Ok(users) => (users, None),
            Err(problem) => (Users::default(), Some(problem.to_string())),
        };
        Page { users, problem, new, new_problem, frame: self.frame("/users").await }
    }

    /// The users by external id, at most [`SHOWN`].
    pub(super) async fn rows(&self) -> Result<Users, Problem> {
        let (items, more) = self.user_tokens.page(None).await.map_err(|error| Problem(error.to_string()))?;
        let now = SystemClock.now();
        let mut rows: Vec<_> = items.into_iter().map(|item| Row::of(item, now)).collect();
        rows.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        let are_cut = more.is_some() || rows.len() > SHOWN;
        rows.truncate(SHOWN);
        Ok(Users { rows, are_cut })
    }

    async fn add(&self, new: &NewUser) -> Result<String, Problem> {
        let token = new_token::random()?;
        let item = new.item(&token, SystemClock.now())?;
        self.user_tokens.put_for_its_user(item).await?;
        Ok(token.to_string())
    }

    /// Makes the change of that name, and says what was done.
    async fn change(&self, token_hash: &str, name: &str) -> Result<String, Problem> {
        let invalid = |error: InvalidItem| Problem(error.to_string());
        let set = |field: &str, value: Value| Change::default().set(Map::from_iter([(field.to_owned(), value)]));
        let (change, done) = match name {
            "suspend" => (set("suspended", json!(true)), "is suspended: every flow refuses the token"),
            "resume" => (set("suspended", json!(false)), "is not suspended any more"),
            "expire" => (set("expires_at", json!(SystemClock.now())), "has a token that has expired"),
            "renew" => (Change::default().remove("expires_at"), "has a token that does not expire"),
            "verify" => (set("email_verified", json!(true)), "has an e-mail address that counts as verified"),
            "unverify" => (set("email_verified", json!(false)), "has an e-mail address that is not verified"),
            _ => return Err(Problem("there is no such change".into())),
        };
        let change = change.map_err(invalid)?;
        let gone = || Problem("this user token is not stored any more".into());
        let item = self.user_tokens.get(token_hash).await?.ok_or_else(gone)?;
        let user = item.external_id().ok_or_else(|| Problem("this item has no external id to find it by".into()))?;
        match self.user_tokens.change(token_hash, &user, &change).await? {
            Changed::NoSuchItem => Err(gone()),
            Changed::Yes | Changed::No => Ok(format!("{} {done}.", Row::of(item, SystemClock.now()).name)),
        }
    }
}

fn demo_token(token_hash: &str) -> Option<&'static str> {
    let has_hash = |token: &&str| UserToken::parse(*token).is_ok_and(|token| token.hash() == token_hash);
    demo::users().into_iter().map(|user| user.token).find(has_hash)
}
