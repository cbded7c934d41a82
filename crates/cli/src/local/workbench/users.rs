use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use form_urlencoded::Serializer;
use serde_json::{Map, Value, json};

use super::user_list::{self, Row};
use super::{Frame, Notice, Shared, Workbench, page, run};
use crate::aws::error::AwsError;
use crate::aws::user_token_items::StoredItem;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{EpochSeconds, Kind};
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_simulator::web::{self, Menu};

const ROWS_PER_PAGE: usize = 50;

/// The fields that become text attributes of the same name.
const TEXTS: [&str; 6] = ["name", "external_id", "email", "phone", "organization", "role"];

#[derive(Template)]
#[template(path = "workbench/users.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    found: Found,
    problem: Option<AwsError>,
    form: UserForm,
    form_problem: Option<Problem>,
}

#[derive(Template)]
#[template(path = "workbench/user.html")]
struct EditPage {
    menu: Menu,
    frame: Frame,
    title: String,
    form: UserForm,
    form_problem: Option<Problem>,
}

/// The rows of one page of a search.
#[derive(Default)]
struct Found {
    query: String,
    rows: Vec<Row>,
    /// The first row has the number 1.
    first: usize,
    count: usize,
    total: usize,
}

impl Found {
    fn of(all: &[Row], query: &str, page: usize) -> Self {
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let token_hash = user_list::hash(query);
        let found: Vec<&Row> = all.iter().filter(|row| row.matches(&words, token_hash.as_ref())).collect();
        let page = page.min(found.len().saturating_sub(1) / ROWS_PER_PAGE);
        let rows = found.iter().skip(page * ROWS_PER_PAGE).take(ROWS_PER_PAGE);
        Self {
            query: query.to_owned(),
            rows: rows.map(|row| Row::clone(row)).collect(),
            first: page * ROWS_PER_PAGE + 1,
            count: found.len(),
            total: all.len(),
        }
    }

    fn last(&self) -> usize {
        self.first + self.rows.len() - 1
    }

    /// The address of the page that many pages away; `None` if there is no such page.
    fn link(&self, distance: isize) -> Option<String> {
        let page = (self.first / ROWS_PER_PAGE).checked_add_signed(distance)?;
        (page * ROWS_PER_PAGE < self.count).then(|| address(&self.query, page))
    }

    fn here(&self) -> String {
        address(&self.query, self.first / ROWS_PER_PAGE)
    }
}

fn address(query: &str, page: usize) -> String {
    let query = Serializer::new(String::new()).append_pair("q", query).append_pair("page", &page.to_string()).finish();
    format!("/users?{query}")
}

pub(super) async fn list(State(workbench): Shared, RawQuery(query): RawQuery) -> Response {
    page(StatusCode::OK, &workbench.users_page(&query.unwrap_or_default(), UserForm::empty(), None).await)
}

pub(super) async fn add(State(workbench): Shared, body: String) -> Response {
    let form = UserForm::read(body.as_bytes());
    match workbench.users.add(&form).await {
        Ok(added) => workbench.redirect("/users", Ok(added)).into_response(),
        Err(problem) => page(StatusCode::UNPROCESSABLE_ENTITY, &workbench.users_page("", form, Some(problem)).await),
    }
}

pub(super) async fn change(State(workbench): Shared, body: String) -> Redirect {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    let changed = workbench.users.change(&field("token_hash"), &field("change")).await;
    workbench.redirect(&back(&body), changed)
}

pub(super) async fn edit(State(workbench): Shared, RawQuery(query): RawQuery) -> Response {
    let key = web::field(query.unwrap_or_default().as_bytes(), "key").unwrap_or_default();
    match workbench.users.item(&key).await {
        Ok(item) => page(StatusCode::OK, &workbench.edit_page(UserForm::of(item), None).await),
        Err(problem) => workbench.redirect("/users", Err(problem)).into_response(),
    }
}

pub(super) async fn save(State(workbench): Shared, body: String) -> Response {
    let form = UserForm::read(body.as_bytes());
    match workbench.users.save(&form).await {
        Ok(saved) => workbench.redirect("/users", Ok(saved)).into_response(),
        Err(problem) => page(StatusCode::UNPROCESSABLE_ENTITY, &workbench.edit_page(form, Some(problem)).await),
    }
}

pub(super) async fn delete(State(workbench): Shared, body: String) -> Redirect {
    let key = web::field(body.as_bytes(), "token_hash").unwrap_or_default();
    workbench.redirect(&back(&body), workbench.users.delete(&key).await)
}

/// Undoes the last deletion.
pub(super) async fn restore(State(workbench): Shared) -> Redirect {
    workbench.redirect("/users", workbench.users.restore().await)
}

/// Runs a flow as the user of an item.
pub(super) async fn run(State(workbench): Shared, headers: HeaderMap, body: String) -> Response {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    match workbench.users.token_for_run(&field("token_hash")).await {
        Ok(token) => {
            let form = [("user_token", token), ("kind", field("kind"))];
            let form = Serializer::new(String::new()).extend_pairs(form).finish();
            run::run(State(workbench), headers, form).await
        }
        Err(problem) => workbench.redirect("/users", Err(problem)).into_response(),
    }
}

/// The page of users that the form names.
fn back(form: &str) -> String {
    let page = web::field(form.as_bytes(), "back").filter(|page| page.starts_with("/users?"));
    page.unwrap_or_else(|| "/users".to_owned())
}

impl Workbench {
    async fn users_page(&self, query: &str, form: UserForm, form_problem: Option<Problem>) -> Page {
        let field = |name| web::field(query.as_bytes(), name).unwrap_or_default();
        let (found, problem) = match self.users.all().await {
            Ok(rows) => (Found::of(&rows, field("q").trim(), field("page").parse().unwrap_or_default()), None),
            Err(problem) => (Found::default(), Some(problem)),
        };
        Page { menu: self.menu("/users"), found, problem, form, form_problem, frame: self.frame().await }
    }

    async fn edit_page(&self, form: UserForm, form_problem: Option<Problem>) -> EditPage {
        let title = [form.get("name"), form.get("external_id")].into_iter().find(|name| !name.is_empty());
        let title = title.unwrap_or("User").to_owned();
        EditPage { menu: self.menu("/users"), title, form, form_problem, frame: self.frame().await }
    }
}

/// The form that adds or edits a user: the names and values that were entered.
pub(super) struct UserForm(Vec<(String, String)>);

impl UserForm {
    pub(super) fn empty() -> Self {
        Self::read(b"email_verified=true&audience=sdk&audience=messaging&audience=sso")
    }

    pub(super) fn read(form: &[u8]) -> Self {
        let fields = form_urlencoded::parse(form);
        Self(fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// The form with what is stored. Fields without an input of their own are JSON in `more`.
    pub(super) fn of(item: StoredItem) -> Self {
        let mut form = vec![("key".to_owned(), item.token_hash().to_owned())];
        let mut add = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
        let is_record = item.is_user_record();
        let (fields, _) = item.into_fields();
        if !is_record && !fields.contains_key("audiences") {
            for kind in Kind::ALL {
                add("audience", kind.name());
            }
        }
        let mut more = Map::new();
        for (name, value) in fields {
            let texts: Option<Vec<&str>> = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
            match (&*name, &value, texts) {
                ("token_hash", ..) => {}
                (_, Value::String(text), _) if TEXTS.contains(&&*name) => add(&name, text),
                ("email_verified" | "suspended", Value::Bool(is_set), _) => add(&name, &is_set.to_string()),
                ("expires_at", Value::Number(at), _) if at.is_u64() => {
                    add("expires_at", &at.to_string());
                    add("lifetime", "unchanged");
                }
                ("tags", _, Some(tags)) => add("tags", &tags.join(", ")),
                ("audiences", _, Some(names)) if names.iter().all(|name| Kind::parse(name).is_some()) => {
                    for name in names {
                        add("audience", name);
                    }
                }
                _ => {
                    more.insert(name, value);
                }
            }
        }
        if !more.is_empty() {
            add("more", &output::in_json(&more));
        }
        Self(form)
    }

    /// The value of a field; empty if there is no such field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub(super) fn is_for(&self, kind: Kind) -> bool {
        self.0.iter().any(|(name, value)| name == "audience" && value == kind.name())
    }

    /// Whether the form is that of a user record.
    pub(super) fn is_record(&self) -> bool {
        self.get("key").starts_with(ExternalId::RECORD_KEY_START)
    }

    pub(super) fn is_edit(&self) -> bool {
        !self.get("key").is_empty()
    }

    /// The minute at which the stored token expires.
    pub(super) fn expires(&self) -> Option<String> {
        self.get("expires_at").parse().ok().map(|at| output::minute(EpochSeconds(at)))
    }

    /// The fields to store. Empty ones become absent claims, so that Zendesk does not change these fields.
    pub(super) fn fields(&self, now: EpochSeconds) -> Result<Map<String, Value>, Problem> {
        let more = Some(self.get("more")).filter(|more| !more.is_empty());
        let more = more.map_or(Ok(Map::new()), serde_json::from_str);
        let mut fields = more.map_err(|error| Problem(format!("the other fields are not a JSON object: {error}")))?;
        let texts = TEXTS.into_iter().filter(|name| !self.get(name).is_empty());
        fields.extend(texts.map(|name| (name.to_owned(), json!(self.get(name)))));
        fields.insert("email_verified".to_owned(), json!(self.get("email_verified") == "true"));
        if self.is_edit() {
            fields.insert("suspended".to_owned(), json!(self.get("suspended") == "true"));
        }
        let tags: Vec<_> = self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if !tags.is_empty() {
            fields.insert("tags".to_owned(), json!(tags));
        }
        let audiences: Vec<_> = Kind::ALL.into_iter().filter(|kind| self.is_for(*kind)).map(Kind::name).collect();
        let is_record = self.is_record();
        if audiences.is_empty() && !is_record && !fields.contains_key("audiences") {
            return Err(Problem("choose at least one flow for the token".into()));
        }
        if !audiences.is_empty() && (is_record || audiences.len() < Kind::ALL.len()) {
            fields.insert("audiences".to_owned(), json!(audiences));
        }
        let lifetime = self.get("lifetime");
        let kept = self.get("expires_at").parse().ok().filter(|_| lifetime == "unchanged").map(EpochSeconds);
        if let Some(at) = lifetime.parse().ok().map(|seconds| now.plus(seconds)).or(kept) {
            fields.insert("expires_at".to_owned(), json!(at));
        }
        Ok(fields)
    }
}
