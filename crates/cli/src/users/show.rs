//! `zendesk-jwt user show`, `token show` and `token list`: what is stored, and what each flow answers by the functions' own
//! rules.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::arguments::{OneUser, Place, Selection, TOKEN_JSON, no_such_token};
use crate::aws::fields::{in_order, is_about_the_token, nearest, shape};
use crate::aws::user_token_items::StoredItem;
use crate::id_token::claims;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, EpochSeconds, InvalidUser, Kind, SystemClock};
use zendesk_jwt::outcome::{Dependency, Outcome, Refused};
use zendesk_jwt::user::{ExternalId, UserTokenRecord, UserTokenRefusal};
use zendesk_jwt_rules::id_token::IdToken;
use zendesk_jwt_rules::{Audience, ConfigurationName};

/// The help of [`show_user`].
pub(super) const USER_HELP: &str = "A field with different values in the user's tokens is listed with each value. A \
    token of the last second may be missing.\n\n\
    JSON: `profile`, which all tokens hold; `differences`: `field` and `values`, each with `value` (absent: not \
    stored) and `token_hashes`; `tokens`, as in `token list`; and `record`, the user record, if there is one.\n\n\
    Exit status: 0 when the user is shown, 1 when nothing is stored or it cannot be read, 2 on a usage error.";

/// The help of [`list`].
pub(super) fn list_help() -> String {
    format!(
        "The column of a flow shows `signs`, or the code that the function logs for a refusal. A token of the last \
         second may be missing.\n\n\
         JSON: an array of {TOKEN_JSON}.\n\n\
         Exit status: 0 when the user has tokens, 1 when not or when they cannot be read, 2 on a usage error."
    )
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!(
    "Of an ID token the command shows issuer, subject and expiry, which are not verified, and the user record of the \
     subject. With another mapping of `external_id`, `user show` shows the record.\n\n\
     JSON: `profile`, {TOKEN_JSON}. The code is the one that the function logs. Of an ID token: `id_token` and \
     `record`.\n\n\
     Exit status: 0 when the token is shown, 1 when there is none or it cannot be read, 2 on a usage error."
))]
pub(crate) struct ShowToken {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct User {
    #[serde(flatten)]
    comparison: Comparison,
    tokens: Vec<TokenView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
}

/// A user record.
#[derive(Serialize)]
struct Record {
    #[serde(flatten)]
    fields: Map<String, Value>,
    /// The attribute that makes the functions refuse the user with 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<&'static str>,
}

impl Record {
    fn of(item: &StoredItem) -> Self {
        let mut fields = item.json();
        fields.remove("token_hash");
        Self { fields, malformed: item.malformed_in_record() }
    }

    fn text(&self) -> String {
        let malformed = self.malformed.map(|attribute| {
            format!("\n\nThe functions cannot read the attribute {attribute}: `user put --record` replaces the record.")
        });
        let table = fields_table(self.fields.clone());
        format!("The user record, which overrides the user's ID tokens:\n\n{table}{}", malformed.unwrap_or_default())
    }
}

pub(super) async fn show_user(user: &OneUser) -> Result<ExitCode, Problem> {
    let table = user.place.user_tokens.table().await?;
    let (items, record) = (table.of_user(&user.external_id).await?, table.user_record(&user.external_id).await?);
    if items.is_empty() && record.is_none() {
        return Err(user.unknown(&table).await);
    }
    let record = record.as_ref().map(Record::of);
    let shown = User { comparison: Comparison::of(&items), tokens: views(&items), record };
    if user.place.json { output::json(&shown) } else { output::line(&shown.text()) }?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn list(user: &OneUser) -> Result<ExitCode, Problem> {
    let (_, items) = user.tokens().await?;
    let views = views(&items);
    if user.place.json { output::json(&views) } else { output::line(&table(&views)) }?;
    Ok(ExitCode::SUCCESS)
}

impl ShowToken {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (table, token_hash, token) = self.selection.find(&self.place.user_tokens).await?;
        if let Some(item) = table.get(&token_hash).await? {
            let token = TokenView::with_profile(&item);
            if self.place.json { output::json(&token) } else { output::line(&text(&token, &item)) }?;
            return Ok(ExitCode::SUCCESS);
        }
        let id_token = token.and_then(|token| IdToken::read(token.as_str())).ok_or_else(no_such_token)?;
        let record = match ExternalId::parse(&id_token.subject) {
            Some(user) => table.user_record(&user).await?.map(|record| Record::of(&record)),
            None => None,
        };
        if self.place.json {
            let IdToken { issuer, subject, expires_at, .. } = &id_token;
            let shown = json!({"issuer": issuer, "subject": subject, "expires_at": expires_at});
            output::json(&json!({"id_token": shown, "record": record}))?;
        } else {
            let record =
                record.as_ref().map_or_else(|| "There is no user record for the subject.".into(), Record::text);
            output::line(&format!("{}\n\n{record}", id_token_text(&id_token)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn id_token_text(token: &IdToken) -> String {
    let expiry = match token.expires_at {
        None => "not a whole number of seconds".into(),
        Some(at) if at <= SystemClock.now() => output::minute(at) + ", which is past",
        Some(at) => output::minute(at),
    };
    let rows = [("issuer", &token.issuer), ("subject", &token.subject), ("expires", &expiry)];
    let rows = rows.map(|(claim, value)| vec![claim.to_owned(), output::escaped(value)]);
    let kind = if token.is_access_token {
        "This is an access token, and the functions accept ID tokens only"
    } else {
        "This is an ID token, not an opaque token: the functions accept it if IDENTITY_PROVIDERS names its issuer"
    };
    format!("{kind}. `idp check` verifies it.\n\n{}", output::table(&["claim", "value"], rows.into()))
}

fn text(token: &TokenView, item: &StoredItem) -> String {
    let mut fields = item.json();
    // The hash has its own line, which stays whole on a narrow terminal.
    fields.remove("token_hash");
    if let Some(expires_at) = fields.get_mut("expires_at") {
        *expires_at = token.expiry().into();
    }
    let answers: Vec<_> = token.sentences().chain(token.misspelt()).collect();
    format!("user token {}\n\n{}\n\n{}", token.token_hash, fields_table(fields), answers.join("\n"))
}

fn fields_table(fields: Map<String, Value>) -> String {
    let row = |(field, value): (String, Value)| vec![output::escaped(&field), output::visible(&value)];
    output::table(&["field", "value"], in_order(fields).into_iter().map(row).collect())
}

impl User {
    fn text(&self) -> String {
        let record = self.record.as_ref().map(Record::text);
        if self.tokens.is_empty() {
            return format!("{}\n\nNo token is stored for this user.", record.unwrap_or_default());
        }
        let mut parts = vec![fields_table(self.comparison.profile.clone())];
        if !self.comparison.differences.is_empty() {
            let rows = self.comparison.differences.iter().flat_map(Difference::rows).collect();
            let differing = output::table(&["field", "value", output::TOKEN_HASHES], rows);
            let advice = "`user update` makes them the same.";
            parts.extend(["The user's tokens differ:".into(), differing, advice.into()]);
        }
        parts.push(table(&self.tokens));
        parts.extend(record);
        parts.join("\n\n")
    }
}

/// Where the items of one user hold the same profile, and where they differ.
#[derive(Serialize)]
pub(super) struct Comparison {
    /// The fields with the same value in all items.
    pub(super) profile: Map<String, Value>,
    pub(super) differences: Vec<Difference>,
}

/// A field and its different values.
#[derive(Serialize)]
pub(super) struct Difference {
    pub(super) field: String,
    values: Vec<ValueOf>,
}

/// A value and the items that hold it.
#[derive(Serialize)]
struct ValueOf {
    /// `None` if the field is not stored, which differs from a stored null.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    token_hashes: Vec<String>,
}

impl Comparison {
    pub(super) fn of(items: &[StoredItem]) -> Self {
        let profiles: Vec<_> = items.iter().map(|item| (item.token_hash(), profile(item))).collect();
        let fields: BTreeSet<&String> = profiles.iter().flat_map(|(_, profile)| profile.keys()).collect();
        let mut comparison = Self { profile: Map::new(), differences: Vec::new() };
        for field in fields {
            let mut values: Vec<ValueOf> = Vec::new();
            for (token_hash, profile) in &profiles {
                let (value, token_hash) = (profile.get(field), (*token_hash).to_owned());
                match values.iter_mut().find(|known| known.value.as_ref() == value) {
                    Some(known) => known.token_hashes.push(token_hash),
                    None => values.push(ValueOf { value: value.cloned(), token_hashes: vec![token_hash] }),
                }
            }
            match values.as_mut_slice() {
                [ValueOf { value: Some(value), .. }] => {
                    comparison.profile.insert(field.clone(), value.take());
                }
                _ => comparison.differences.push(Difference { field: field.clone(), values }),
            }
        }
        comparison
    }
}

impl Difference {
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.values.iter().map(|ValueOf { value, token_hashes }| {
            let value = value.as_ref().map_or_else(|| "(not stored)".into(), output::visible);
            vec![output::escaped(&self.field), value, token_hashes.join(" ")]
        })
    }
}

/// What is stored about a token.
#[derive(Serialize)]
pub(super) struct TokenView {
    /// The token itself, which only its issuer sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Zeroizing<String>>,
    /// What the item holds about its user, unless the profile is shown elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Map<String, Value>>,
    pub(super) token_hash: String,
    audiences: Value,
    expires_at: Value,
    suspended: Value,
    flows: [FlowAnswer; 3],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    misspelt: Vec<Misspelt>,
}

/// An attribute that no function reads, and the field that it most likely means.
#[derive(Serialize)]
struct Misspelt {
    attribute: String,
    field: &'static str,
}

impl TokenView {
    pub(super) fn of(item: &StoredItem) -> Self {
        let fields = item.json();
        let unknown = fields.keys().filter(|name| shape(name).is_none());
        let misspelt = unknown.filter_map(|name| Some(Misspelt { attribute: name.clone(), field: nearest(name)? }));
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        Self {
            token: None,
            profile: None,
            token_hash: item.token_hash().to_owned(),
            audiences: field("audiences"),
            expires_at: field("expires_at"),
            suspended: Some(field("suspended")).filter(|stored| !stored.is_null()).unwrap_or(Value::Bool(false)),
            flows: FlowAnswer::all(item, &field("audiences")),
            misspelt: misspelt.collect(),
        }
    }

    pub(super) fn with_profile(item: &StoredItem) -> Self {
        Self { profile: Some(profile(item)), ..Self::of(item) }
    }

    /// A sentence for each attribute that no function reads but that looks like a field.
    fn misspelt(&self) -> impl Iterator<Item = String> {
        self.misspelt.iter().map(|Misspelt { attribute, field }| {
            let (attribute, hash) = (output::escaped(attribute), output::short_hash(&self.token_hash));
            format!("No function reads the attribute `{attribute}` of {hash}: is `{field}` meant?")
        })
    }

    pub(super) fn expiry(&self) -> String {
        match (&self.expires_at, self.expires_at.as_u64()) {
            (Value::Null, _) => "never".into(),
            (_, Some(seconds)) => output::minute(EpochSeconds(seconds)),
            (value, None) => output::visible(value),
        }
    }

    /// A sentence for each flow.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        self.flows.iter().map(FlowAnswer::sentence)
    }
}

/// The tokens of a user. The token that is good for the longest time comes first.
fn views(items: &[StoredItem]) -> Vec<TokenView> {
    let mut views: Vec<_> = items.iter().map(TokenView::of).collect();
    let until = |view: &TokenView| std::cmp::Reverse(view.expires_at.as_u64().unwrap_or(u64::MAX));
    views.sort_by_key(|view| (until(view), view.token_hash.clone()));
    views
}

fn table(views: &[TokenView]) -> String {
    let row = |view: &TokenView| {
        let own = [view.token_hash.clone(), view.expiry()];
        own.into_iter().chain(view.flows.iter().map(FlowAnswer::cell)).collect()
    };
    let header = [output::TOKEN_HASHES, "expires", "sdk", "messaging", "sso"];
    let table = output::table(&header, views.iter().map(row).collect());
    let misspelt: Vec<_> = views.iter().flat_map(TokenView::misspelt).collect();
    if misspelt.is_empty() { table } else { format!("{table}\n\n{}", misspelt.join("\n")) }
}

/// What an item holds about its user.
fn profile(item: &StoredItem) -> Map<String, Value> {
    item.json().into_iter().filter(|(field, _)| !is_about_the_token(field)).collect()
}

/// What one flow answers.
#[derive(Serialize)]
struct FlowAnswer {
    kind: Kind,
    signs: bool,
    /// The only configurations that the token is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configurations: Vec<ConfigurationName>,
    /// The code of a refusal in the function's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl FlowAnswer {
    fn all(item: &StoredItem, audiences: &Value) -> [Self; 3] {
        let record = item.record();
        let audiences = audiences.as_array().into_iter().flatten().filter_map(Value::as_str);
        let audiences: Vec<_> = audiences.filter_map(Audience::parse).collect();
        Kind::ALL.map(|kind| {
            let narrowed = audiences.iter().filter_map(|audience| audience.configuration_of(kind).cloned());
            let configurations: Vec<_> = narrowed.filter(|_| !audiences.contains(&kind.into())).collect();
            let (code, reason) = refusal(record.as_ref(), kind, configurations.first()).unzip();
            Self { kind, signs: code.is_none(), configurations, code, reason }
        })
    }

    fn cell(&self) -> String {
        match (self.code, self.configurations.as_slice()) {
            (Some(code), _) => code.replace('_', " "),
            (None, []) => "signs".to_owned(),
            (None, names) => {
                let names: Vec<_> = names.iter().map(ConfigurationName::as_str).collect();
                format!("signs for {}", names.join(", "))
            }
        }
    }

    fn sentence(&self) -> String {
        match &self.reason {
            None => format!("{} {}", self.kind, self.cell()),
            Some(reason) => format!("{} refuses: {reason}", self.kind),
        }
    }
}

/// The code and the reason if a flow refuses the token.
fn refusal(
    record: Result<&UserTokenRecord, &&'static str>,
    kind: Kind,
    configuration: Option<&ConfigurationName>,
) -> Option<(&'static str, String)> {
    let record = match record {
        Ok(record) => record,
        Err(attribute) => {
            let reason = "has a type or value that is not allowed; `user update` replaces it";
            return Some((Dependency::StoredItem.code(), format!("the attribute {attribute} {reason}")));
        }
    };
    let checked = record.check(kind, configuration, SystemClock.now()).map_err(Outcome::from);
    let outcome = checked.and_then(|()| Ok(claims(&record.user, kind).map(drop)?)).err()?;
    Some((outcome.facts().code, reason(&outcome)))
}

/// Why a flow refuses a token, and what to do.
fn reason(outcome: &Outcome) -> String {
    let reason = match outcome {
        Outcome::Refused(Refused::UserToken(refusal)) => match refusal {
            UserTokenRefusal::Expired => "the token has expired; `token issue` makes a new one",
            UserTokenRefusal::Suspended => "the user is suspended; `user resume` ends the suspension",
            UserTokenRefusal::WrongAudience => "the token is for other kinds of JWT",
        },
        Outcome::Refused(Refused::User(InvalidUser::EmailUnverified)) => {
            "the e-mail address is not verified; once the user has proven it, run `user update --email-verified`"
        }
        Outcome::Refused(Refused::User(InvalidUser::Missing(claim))) => {
            return format!("the profile has no {claim}, which Zendesk requires; `user update` adds it");
        }
        other => return other.detail().unwrap_or(other.facts().explanation.into()).into_owned(),
    };
    reason.to_owned()
}
