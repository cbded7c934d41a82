use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value, json};

use super::super::demo;
use super::{Frame, Notice, Shared, Workbench, page};
use crate::aws::user_token_items::{InvalidItem, StoredItem, UserTokenItem};
use crate::aws::user_token_table::{Change, Changed};
use crate::problem::Problem;
use crate::users::new_token;
use zendesk_jwt::jwt::{Clock, EpochSeconds, Kind, SystemClock};
use zendesk_jwt::user::{ExternalId, UserToken};
use zendesk_jwt_rules::user_values::Remark;
use zendesk_jwt_simulator::web::{self, Menu};

/// What an item without `audiences` is good for.
const EVERY_FLOW: &str = "all three flows";

/// For more users, the tool is the better place.
const MAX_ROWS: usize = 100;

#[derive(Template)]
#[template(path = "workbench/users.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    users: Users,
    problem: Option<String>,
    new: NewUser,
    new_problem: Option<String>,
}

#[derive(Default)]
pub(super) struct Users {
    pub(crate) rows: Vec<Row>,
    /// Whether the table has more users than rows.
    pub(crate) are_cut: bool,
}

/// A user token and its user.
pub(super) struct Row {
    pub(crate) token_hash: String,
    /// The token itself, if it is one of the demo.
    pub(crate) token: Option<&'static str>,
    pub(crate) name: String,
    pub(crate) external_id: String,
    pub(crate) email: String,
    pub(crate) is_email_verified: bool,
    pub(crate) audiences: String,
    pub(crate) is_suspended: bool,
    pub(crate) is_expired: bool,
    /// The attribute that the functions cannot read.
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
            name: Some(text("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| text("external_id")),
            external_id: text("external_id"),
            email: text("email"),
            is_email_verified: fields.get("email_verified") == Some(&Value::Bool(true)),
            audiences: match audiences.as_slice() {
                [] if token_hash.starts_with(ExternalId::RECORD_KEY_START) => "those of the provider".to_owned(),
                [] => EVERY_FLOW.to_owned(),
                audiences => audiences.join(", "),
            },
            is_suspended: record.as_ref().is_ok_and(|record| record.suspended),
            is_expired: record.as_ref().is_ok_and(|record| record.expires_at.is_some_and(|at| at <= now)),
            malformed: record.err(),
            token_hash,
        }
    }

    /// What the functions do with the token, in a few words.
    pub(crate) fn summary(&self) -> String {
        let words = [
            self.malformed.map(|attribute| format!("malformed {attribute}")),
            self.is_suspended.then(|| "suspended".to_owned()),
            self.is_expired.then(|| "token expired".to_owned()),
            (!self.is_email_verified).then(|| "e-mail not verified".to_owned()),
            (self.audiences != EVERY_FLOW).then(|| format!("{} only", self.audiences)),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { EVERY_FLOW.to_owned() } else { words.join(", ") }
    }

    /// Whether this is a user record, which overrides the ID tokens of a user.
    fn is_record(&self) -> bool {
        self.token_hash.starts_with(ExternalId::RECORD_KEY_START)
    }

    fn is_refused(&self) -> bool {
        self.is_suspended || self.is_expired || self.malformed.is_some()
    }
}

pub(super) async fn list(State(workbench): Shared) -> Response {
    page(StatusCode::OK, &workbench.users_page(NewUser::empty(), None).await)
}

pub(super) async fn add(State(workbench): Shared, body: String) -> Response {
    let new = NewUser::read(body.as_bytes());
    match workbench.add(&new).await {
        Ok((token, warnings)) => {
            let warnings = warnings.iter().fold(String::new(), |text, warning| format!("{text}. Warning: {warning}"));
            let text = format!("{} is added{warnings}", new.get("name"));
            workbench.notify(Notice { text, is_failure: false, token: Some(token) });
            Redirect::to("/users").into_response()
        }
        Err(problem) => {
            let shown = workbench.users_page(new, Some(problem.to_string())).await;
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}

pub(super) async fn change(State(workbench): Shared, body: String) -> Redirect {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    workbench.notify_of(workbench.change(&field("token_hash"), &field("change")).await);
    Redirect::to("/users")
}

impl Workbench {
    async fn users_page(&self, new: NewUser, new_problem: Option<String>) -> Page {
        let (users, problem) = match self.rows().await {
            Ok(users) => (users, None),
            Err(problem) => (Users::default(), Some(problem.to_string())),
        };
        Page { menu: self.menu("/users"), users, problem, new, new_problem, frame: self.frame().await }
    }

    /// At most [`MAX_ROWS`] users, by external id.
    pub(super) async fn rows(&self) -> Result<Users, Problem> {
        let (items, more) = self.user_tokens.page(None).await.map_err(|error| Problem(error.to_string()))?;
        let now = SystemClock.now();
        let mut rows: Vec<_> = items.into_iter().map(|item| Row::of(item, now)).collect();
        rows.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        let are_cut = more.is_some() || rows.len() > MAX_ROWS;
        rows.truncate(MAX_ROWS);
        Ok(Users { rows, are_cut })
    }

    async fn add(&self, new: &NewUser) -> Result<(String, Vec<Remark>), Problem> {
        let token = new_token::random()?;
        let item = new.item(&token, SystemClock.now())?;
        let warnings = item.warnings().to_vec();
        self.user_tokens.put_for_its_user(item).await?;
        Ok((token.to_string(), warnings))
    }

    /// Makes a change, and describes it.
    async fn change(&self, token_hash: &str, name: &str) -> Result<String, Problem> {
        let invalid = |error: InvalidItem| Problem(error.to_string());
        let set = |field: &str, value: Value| Change::default().set(Map::from_iter([(field.to_owned(), value)]));
        let (change, done) = match name {
            "suspend" => (set("suspended", json!(true)), "is suspended: all flows refuse the token"),
            "resume" => (set("suspended", json!(false)), "is not suspended any more"),
            "expire" => (set("expires_at", json!(SystemClock.now())), "has an expired token now"),
            "renew" => (Change::default().remove("expires_at"), "has a token that does not expire now"),
            "verify" => (set("email_verified", json!(true)), "has a verified e-mail address now"),
            "unverify" => (set("email_verified", json!(false)), "has an unverified e-mail address now"),
            _ => return Err(Problem("this change does not exist".into())),
        };
        if name == "expire" && token_hash.starts_with(ExternalId::RECORD_KEY_START) {
            return Err(Problem("A user record never expires, because DynamoDB would delete a suspension".into()));
        }
        let change = change.map_err(invalid)?;
        let gone = || Problem("this user token is not in the table any more".into());
        let item = self.user_tokens.get(token_hash).await?.ok_or_else(gone)?;
        let user = item.external_id().ok_or_else(|| Problem("this item has no external id".into()))?;
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

/// The fields that become text attributes of the same name.
const TEXTS: [&str; 6] = ["name", "external_id", "email", "phone", "organization", "role"];

/// The form that adds a user: the names and values that were entered.
struct NewUser(Vec<(String, String)>);

impl NewUser {
    fn empty() -> Self {
        Self::read(b"email_verified=true&audience=sdk&audience=messaging&audience=sso")
    }

    fn read(form: &[u8]) -> Self {
        let fields = form_urlencoded::parse(form);
        Self(fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// The value of a field; empty if there is no such field.
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    fn is_for(&self, kind: &str) -> bool {
        self.0.iter().any(|(name, value)| name == "audience" && value == kind)
    }

    /// The item to store. Empty fields become absent claims, so that Zendesk does not change these fields.
    fn item(&self, token: &str, now: EpochSeconds) -> Result<UserTokenItem, Problem> {
        let audiences: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).filter(|kind| self.is_for(kind)).collect();
        if audiences.is_empty() {
            return Err(Problem("choose at least one flow for the token".into()));
        }
        let texts = TEXTS.into_iter().filter(|name| !self.get(name).is_empty());
        let mut item: Map<String, Value> = texts.map(|name| (name.to_owned(), json!(self.get(name)))).collect();
        item.insert("token".to_owned(), json!(token));
        item.insert("email_verified".to_owned(), json!(self.get("email_verified") == "true"));
        let tags: Vec<_> = self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if !tags.is_empty() {
            item.insert("tags".to_owned(), json!(tags));
        }
        if audiences.len() < Kind::ALL.len() {
            item.insert("audiences".to_owned(), json!(audiences));
        }
        if let Ok(seconds) = self.get("lifetime").parse() {
            item.insert("expires_at".to_owned(), json!(now.plus(seconds)));
        }
        UserTokenItem::from_json(item).map_err(|error| Problem(error.to_string()))
    }
}
