//! `zendesk-jwt user show`, `token show` and `token list`: what is stored, and what each flow answers by the functions' own
//! rules.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::arguments::{OneUser, Place, token_json};
use super::selection::{Selection, no_such_token};
use crate::aws::fields::{in_order, is_about_the_token, nearest, shape};
use crate::aws::user_token_items::StoredItem;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{Clock, EpochSeconds, InvalidUser, Jti, Kind, SystemClock};
use zendesk_jwt::outcome::{Dependency, Outcome, Refused};
use zendesk_jwt::user::{UserTokenRecord, UserTokenRefusal};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A field with different values in the user's tokens is listed with each value. A token of the last \
    second may be missing.\n\n\
    JSON: `profile`, which all tokens hold; `differences`: `field` and `values`, each with `value` (absent: not stored) \
    and `token_hashes`; and `tokens`, as in `token list`.\n\n\
    Exit status: 0 when the user is shown, 1 when nothing is stored or it cannot be read, 2 on a usage error."
)]
pub(crate) struct ShowUser {
    #[command(flatten)]
    user: OneUser,
}

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "The column of a flow shows `signs`, or the code that the function logs for a refusal. A token of the last second \
     may be missing.\n\n\
     JSON: an array of ",
    token_json!(),
    ".\n\nExit status: 0 when the user has tokens, 1 when not or when they cannot be read, 2 on a usage error."
))]
pub(crate) struct List {
    #[command(flatten)]
    user: OneUser,
}

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "JSON: `profile`, ",
    token_json!(),
    ". The code is the one that the function logs.\n\n\
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
}

impl ShowUser {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (_, items) = self.user.items().await?;
        let user = User { comparison: Comparison::of(&items), tokens: views(&items) };
        if self.user.place.json { output::json(&user) } else { output::line(&user.text()) }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (_, items) = self.user.items().await?;
        let views = views(&items);
        if self.user.place.json { output::json(&views) } else { output::line(&table(&views)) }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ShowToken {
    pub(super) async fn run(&self) -> Result<ExitCode, Problem> {
        let (table, token_hash) = self.selection.find(&self.place).await?;
        let item = table.get(&token_hash).await?.ok_or_else(no_such_token)?;
        let token = TokenView::with_profile(&item);
        if self.place.json { output::json(&token) } else { output::line(&text(&token, item)) }?;
        Ok(ExitCode::SUCCESS)
    }
}

fn text(token: &TokenView, item: StoredItem) -> String {
    let mut fields = item.into_json();
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
        let profile = fields_table(self.comparison.agreed.clone());
        let tokens = table(&self.tokens);
        if self.comparison.differing.is_empty() {
            return format!("{profile}\n\n{tokens}");
        }
        let rows = self.comparison.differing.iter().flat_map(Difference::rows).collect();
        let differing = output::table(&["field", "value", output::TOKEN_HASHES], rows);
        let advice = "`user update` makes them the same.";
        format!("{profile}\n\nThe user's tokens differ:\n\n{differing}\n\n{advice}\n\n{tokens}")
    }
}

/// Where the items of one user hold the same profile, and where they differ.
#[derive(Serialize)]
pub(super) struct Comparison {
    /// The fields with the same value in all items.
    #[serde(rename = "profile")]
    pub(super) agreed: Map<String, Value>,
    #[serde(rename = "differences")]
    pub(super) differing: Vec<Difference>,
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
        let mut comparison = Self { agreed: Map::new(), differing: Vec::new() };
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
                    comparison.agreed.insert(field.clone(), value.take());
                }
                _ => comparison.differing.push(Difference { field: field.clone(), values }),
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
        let mut fields = item.clone().into_json();
        let unknown = fields.keys().filter(|name| shape(name).is_none());
        let mut misspelt: Vec<_> =
            unknown.filter_map(|name| Some(Misspelt { attribute: name.clone(), field: nearest(name)? })).collect();
        misspelt.sort_by(|one, other| one.attribute.cmp(&other.attribute));
        let mut field = |name: &str| fields.remove(name).unwrap_or_default();
        Self {
            token: None,
            profile: None,
            token_hash: item.token_hash().to_owned(),
            audiences: field("audiences"),
            expires_at: field("expires_at"),
            suspended: match field("suspended") {
                Value::Null => Value::Bool(false),
                stored => stored,
            },
            flows: FlowAnswer::all(item, SystemClock.now()),
            misspelt,
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
    item.clone().into_json().into_iter().filter(|(field, _)| !is_about_the_token(field)).collect()
}

/// What one flow answers.
#[derive(Serialize)]
struct FlowAnswer {
    kind: &'static str,
    signs: bool,
    /// The code of a refusal in the function's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl FlowAnswer {
    fn all(item: &StoredItem, now: EpochSeconds) -> [Self; 3] {
        let record = item.record();
        let refusal = |kind| match &record {
            Ok(record) => {
                let refused = check(record, kind, now).err()?;
                Some((Outcome::from(refused).facts().code, reason(refused)))
            }
            Err(attribute) => Some((
                Dependency::StoredItem.code(),
                format!("the attribute {attribute} has a type or value that is not allowed; `user update` replaces it"),
            )),
        };
        Kind::ALL.map(|kind| {
            let (code, reason) = refusal(kind).unzip();
            Self { kind: kind.name(), signs: code.is_none(), code, reason }
        })
    }

    fn cell(&self) -> String {
        self.code.map_or_else(|| "signs".to_owned(), |code| code.replace('_', " "))
    }

    fn sentence(&self) -> String {
        match &self.reason {
            None => format!("{} signs", self.kind),
            Some(reason) => format!("{} refuses: {reason}", self.kind),
        }
    }
}

fn check(record: &UserTokenRecord, kind: Kind, now: EpochSeconds) -> Result<(), Refused> {
    record.check(kind, now).map_err(Refused::UserToken)?;
    let user = &record.user;
    let jti = Jti::from_bits([0; 16]);
    let claims = match kind {
        Kind::Sdk => SdkClaims::of(user, now, jti).map(drop),
        Kind::Messaging => MessagingClaims::of(user, now).map(drop),
        Kind::Sso => SsoClaims::of(user, now, jti, CustomRole::Optional).map(drop),
    };
    claims.map_err(Refused::User)
}

fn reason(refused: Refused) -> String {
    match refused {
        Refused::UserToken(UserTokenRefusal::Expired) => "the token has expired; `token issue` makes a new one".into(),
        Refused::UserToken(UserTokenRefusal::Suspended) => {
            "the user is suspended; `user resume` ends the suspension".into()
        }
        Refused::UserToken(UserTokenRefusal::WrongAudience) => "the token is for other kinds of JWT".into(),
        Refused::User(InvalidUser::EmailUnverified) => {
            "the e-mail address is not verified; once the user has proven it, run `user update --email-verified`".into()
        }
        Refused::User(InvalidUser::Missing(claim)) => {
            format!("the profile has no {claim}, which Zendesk requires; `user update` adds it")
        }
        Refused::IdToken(invalid) => invalid.to_string(),
        // The outcome explains itself.
        Refused::User(InvalidUser::LegacyAgent | InvalidUser::TeamMember)
        | Refused::NotSignedIn
        | Refused::SourceAddressNotAllowed
        | Refused::UserTokenUnknown => {
            let outcome = Outcome::from(refused);
            outcome.detail().unwrap_or(outcome.facts().explanation.into()).into_owned()
        }
    }
}
