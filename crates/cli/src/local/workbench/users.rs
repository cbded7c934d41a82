use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use form_urlencoded::Serializer;
use serde_json::{Map, Value, json};

use super::user_form::UserForm;
use super::user_list::{self, Row};
use super::{Frame, Notice, Shared, Workbench, page, run};
use crate::aws::user_token_items::{StoredItem, UserTokenItem};
use crate::aws::user_token_table::{Change, Changed};
use crate::problem::Problem;
use crate::users::new_token;
use zendesk_jwt::jwt::{Clock, Kind, SystemClock};
use zendesk_jwt::user::ExternalId;
use zendesk_jwt_rules::user_values::Remark;
use zendesk_jwt_simulator::web::{self, Menu};

const ROWS_PER_PAGE: usize = 50;

/// The lifetime of a token that the workbench makes for a run, in seconds.
const RUN_LIFETIME: u64 = 60 * 60;

#[derive(Template)]
#[template(path = "workbench/users.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    found: Found,
    problem: Option<String>,
    form: UserForm,
    form_problem: Option<String>,
}

#[derive(Template)]
#[template(path = "workbench/user.html")]
struct EditPage {
    menu: Menu,
    frame: Frame,
    title: String,
    form: UserForm,
    form_problem: Option<String>,
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

pub(super) async fn list(State(workbench): Shared, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default().as_bytes();
    page(StatusCode::OK, &workbench.users_page(query, UserForm::empty(), None).await)
}

pub(super) async fn add(State(workbench): Shared, body: String) -> Response {
    let form = UserForm::read(body.as_bytes());
    match workbench.add(&form).await {
        Ok((token, warnings)) => {
            let text = format!("{} is added{}", form.get("name"), sentences(&warnings));
            workbench.notify(Notice::Added { text, token });
            Redirect::to("/users").into_response()
        }
        Err(problem) => {
            let shown = workbench.users_page(b"", form, Some(problem.to_string())).await;
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}

pub(super) async fn change(State(workbench): Shared, body: String) -> Redirect {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    workbench.notify_of(workbench.change(&field("token_hash"), &field("change")).await);
    back(&body)
}

pub(super) async fn edit(State(workbench): Shared, uri: Uri) -> Response {
    let key = web::field(uri.query().unwrap_or_default().as_bytes(), "key").unwrap_or_default();
    match workbench.item(&key).await {
        Ok(item) => page(StatusCode::OK, &workbench.edit_page(UserForm::of(item), None).await),
        Err(problem) => workbench.to_users(Err(problem)),
    }
}

pub(super) async fn save(State(workbench): Shared, body: String) -> Response {
    let form = UserForm::read(body.as_bytes());
    match workbench.save(&form).await {
        Ok(done) => workbench.to_users(Ok(done)),
        Err(problem) => {
            page(StatusCode::UNPROCESSABLE_ENTITY, &workbench.edit_page(form, Some(problem.to_string())).await)
        }
    }
}

pub(super) async fn delete(State(workbench): Shared, body: String) -> Redirect {
    let key = web::field(body.as_bytes(), "token_hash").unwrap_or_default();
    let deleted = workbench.delete(&key).await;
    workbench.notify(deleted.map_or_else(Notice::Failed, Notice::Deleted));
    back(&body)
}

/// Undoes the last deletion.
pub(super) async fn restore(State(workbench): Shared) -> Response {
    workbench.to_users(workbench.restore().await)
}

/// Runs a flow as the user of an item.
pub(super) async fn run(State(workbench): Shared, headers: HeaderMap, body: String) -> Response {
    let field = |name| web::field(body.as_bytes(), name).unwrap_or_default();
    match workbench.token_for_run(&field("token_hash")).await {
        Ok(token) => {
            let form = [("user_token", token), ("kind", field("kind"))];
            let form = Serializer::new(String::new()).extend_pairs(form).finish();
            run::run(State(workbench), headers, form).await
        }
        Err(problem) => workbench.to_users(Err(problem)),
    }
}

/// To the page of users that the form names.
fn back(form: &str) -> Redirect {
    let page = web::field(form.as_bytes(), "back").filter(|page| page.starts_with("/users?"));
    Redirect::to(page.as_deref().unwrap_or("/users"))
}

impl Workbench {
    /// Back to the users, with a notice.
    fn to_users(&self, result: Result<String, Problem>) -> Response {
        self.notify_of(result);
        Redirect::to("/users").into_response()
    }

    async fn users_page(&self, query: &[u8], form: UserForm, form_problem: Option<String>) -> Page {
        let field = |name| web::field(query, name).unwrap_or_default();
        let (found, problem) = match self.users.all().await {
            Ok(rows) => (Found::of(&rows, field("q").trim(), field("page").parse().unwrap_or_default()), None),
            Err(problem) => (Found::default(), Some(problem.to_string())),
        };
        Page { menu: self.menu("/users"), found, problem, form, form_problem, frame: self.frame().await }
    }

    async fn edit_page(&self, form: UserForm, form_problem: Option<String>) -> EditPage {
        let title = [form.get("name"), form.get("external_id")].into_iter().find(|name| !name.is_empty());
        let title = title.unwrap_or("User").to_owned();
        EditPage { menu: self.menu("/users"), title, form, form_problem, frame: self.frame().await }
    }

    async fn item(&self, key: &str) -> Result<StoredItem, Problem> {
        let gone = || Problem("this user is not in the table any more".into());
        self.users.table.get(key).await?.ok_or_else(gone)
    }

    async fn add(&self, form: &UserForm) -> Result<(String, Vec<Remark>), Problem> {
        let token = new_token::random()?;
        let mut fields = form.fields(SystemClock.now())?;
        fields.insert("token".to_owned(), json!(*token));
        let item = UserTokenItem::from_json(fields)?;
        let warnings = item.warnings().to_vec();
        self.users.tokens.lock().insert(item.token_hash().to_owned(), token.to_string());
        self.users.table.put_for_its_user(item).await?;
        Ok((token.to_string(), warnings))
    }

    /// Stores the edited fields of an item, and removes the others that the form can show.
    async fn save(&self, form: &UserForm) -> Result<String, Problem> {
        let item = self.item(form.get("key")).await?;
        let (old, _) = item.clone().into_fields();
        let mut new = form.fields(SystemClock.now())?;
        // A flag that is not stored leaves the decision to the provider's ID token.
        new.retain(|name, value| old.contains_key(name) || *value != json!(false));
        new.insert("external_id".to_owned(), old.get("external_id").cloned().unwrap_or_default());
        let removed: Vec<_> = old.keys().filter(|name| *name != "token_hash" && !new.contains_key(*name)).collect();
        let change = Change::default().set(new)?;
        let change = removed.into_iter().try_fold(change, |change, name| change.remove(name))?;
        let (name, warnings) = (self.name(change.preview(&item)?), sentences(change.warnings()));
        self.apply(item, &change).await?;
        Ok(format!("{name} is changed{warnings}."))
    }

    /// Makes a change of a user, and returns the user's name.
    async fn apply(&self, item: StoredItem, change: &Change) -> Result<String, Problem> {
        let user = item.external_id().ok_or_else(|| Problem("this item has no external id".into()))?;
        match self.users.table.change(item.token_hash(), &user, change).await? {
            Changed::NoSuchItem => Err(Problem("this user is not in the table any more".into())),
            Changed::Yes | Changed::No => Ok(self.name(item)),
        }
    }

    fn name(&self, item: StoredItem) -> String {
        Row::of(item, &self.users.tokens.lock()).name
    }

    /// Makes a change, and describes it.
    async fn change(&self, token_hash: &str, name: &str) -> Result<String, Problem> {
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
        let name = self.apply(self.item(token_hash).await?, &change?).await?;
        Ok(format!("{name} {done}."))
    }

    async fn delete(&self, key: &str) -> Result<String, Problem> {
        let item = self.item(key).await?;
        self.users.table.delete(key, item.external_id().as_ref()).await?;
        *self.users.deleted.lock() = Some(item.clone());
        Ok(format!("{} is deleted.", self.name(item)))
    }

    async fn restore(&self) -> Result<String, Problem> {
        let deleted = self.users.deleted.lock().take();
        let item = deleted.ok_or_else(|| Problem("no deletion is left to undo".into()))?;
        let name = self.name(item.clone());
        match self.users.table.restore(item).await? {
            Changed::Yes => Ok(format!("{name} is in the table again.")),
            Changed::No | Changed::NoSuchItem => Err(Problem(format!("{name} was stored again in the meantime"))),
        }
    }

    /// A user token for the item. The table has only a hash, so it may be a new token for the same user.
    async fn token_for_run(&self, key: &str) -> Result<String, Problem> {
        let known = self.users.tokens.lock().get(key).cloned();
        if let Some(token) = known.clone().filter(|token| user_list::hash(token).as_deref() == Some(key)) {
            return Ok(token);
        }
        let (mut fields, _) = self.item(key).await?.into_fields();
        let token = known.map_or_else(|| new_token::random().map(|token| token.to_string()), Ok)?;
        let end = SystemClock.now().plus(RUN_LIFETIME);
        let stored = fields.get("expires_at").and_then(Value::as_u64).filter(|at| *at < end.0);
        fields.remove("token_hash");
        let own = [("token", json!(token)), ("expires_at", json!(stored.unwrap_or(end.0)))];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.users.table.put_for_its_user(UserTokenItem::with_copied(own, fields)?).await?;
        let mut tokens = self.users.tokens.lock();
        tokens.extend([(user_list::hash(&token).unwrap_or_default(), token.clone()), (key.to_owned(), token.clone())]);
        Ok(token)
    }
}

fn sentences(warnings: &[Remark]) -> String {
    warnings.iter().fold(String::new(), |text, warning| format!("{text}. Warning: {warning}"))
}
