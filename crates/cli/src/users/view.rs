//! A stored token as the tool shows it, with what each flow answers by the functions' own rules.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::aws::fields::{is_about_the_token, nearest, shape};
use crate::aws::user_token_items::StoredItem;
use crate::output::{self, Detail};
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{Clock, EpochSeconds, InvalidUser, Jti, Kind, SystemClock};
use zendesk_jwt::outcome::{Dependency, Outcome, Refused};
use zendesk_jwt::user::{UserTokenRecord, UserTokenRefusal};

/// What is stored about a token.
#[derive(Serialize)]
pub(super) struct TokenView {
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

    /// A sentence for each attribute that no function reads but that looks like a field.
    pub(super) fn misspelt(&self) -> impl Iterator<Item = String> {
        self.misspelt.iter().map(|Misspelt { attribute, field }| {
            let (attribute, hash) = (output::escaped(attribute), Detail::Short.token_hash(&self.token_hash));
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
pub(super) fn views(items: &[StoredItem]) -> Vec<TokenView> {
    let mut views: Vec<_> = items.iter().map(TokenView::of).collect();
    let until = |view: &TokenView| std::cmp::Reverse(view.expires_at.as_u64().unwrap_or(u64::MAX));
    views.sort_by_key(|view| (until(view), view.token_hash.clone()));
    views
}

pub(super) fn table(views: &[TokenView]) -> String {
    let row = |view: &TokenView, detail: Detail| {
        let own = [detail.token_hash(&view.token_hash), view.expiry()];
        own.into_iter().chain(view.flows.iter().map(FlowAnswer::cell)).collect()
    };
    let table = output::table(&["token hash", "expires", "sdk", "messaging", "sso"], |detail| {
        views.iter().map(|view| row(view, detail)).collect()
    });
    let misspelt: Vec<_> = views.iter().flat_map(TokenView::misspelt).collect();
    if misspelt.is_empty() { table } else { format!("{table}\n\n{}", misspelt.join("\n")) }
}

/// What an item holds about its user.
pub(super) fn profile(item: &StoredItem) -> Map<String, Value> {
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
