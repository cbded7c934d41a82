//! What each of the three flows would answer to a stored token, by the flows' own rules.

use serde::Serialize;

use crate::aws::user_token_items::StoredItem;
use zendesk_jwt::jwt::messaging::MessagingClaims;
use zendesk_jwt::jwt::sdk::SdkClaims;
use zendesk_jwt::jwt::sso::{CustomRole, SsoClaims};
use zendesk_jwt::jwt::{EpochSeconds, InvalidUser, Jti, Kind};
use zendesk_jwt::outcome::{Outcome, Refused};
use zendesk_jwt::user::{UserTokenRecord, UserTokenRefusal};

/// What one flow would answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FlowAnswer {
    /// `sdk`, `messaging` or `sso`.
    kind: &'static str,
    /// Whether it would sign a JWT.
    signs: bool,
    /// Why not: the outcome's code in the function's log and metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The same for a person, with what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl FlowAnswer {
    /// The answers of all three flows at `now`.
    pub(crate) fn all(item: &StoredItem, now: EpochSeconds) -> [Self; 3] {
        let record = item.record();
        Kind::ALL.map(|kind| {
            let record = record.as_ref().map_err(|attribute| Refused::ItemMalformed { attribute });
            Self::of(kind, record.and_then(|record| signs(record, kind, now)))
        })
    }

    fn of(kind: Kind, answer: Result<(), Refused>) -> Self {
        let refused = answer.err();
        Self {
            kind: kind.name(),
            signs: refused.is_none(),
            code: refused.map(|refused| Outcome::from(refused).facts().code),
            reason: refused.map(reason),
        }
    }

    /// A word or two for a table's cell.
    pub(crate) fn cell(&self) -> String {
        self.code.map_or_else(|| "signs".to_owned(), |code| code.replace('_', " "))
    }

    /// A sentence.
    pub(crate) fn sentence(&self) -> String {
        match &self.reason {
            None => format!("{} signs", self.kind),
            Some(reason) => format!("{} refuses: {reason}", self.kind),
        }
    }
}

fn signs(record: &UserTokenRecord, kind: Kind, now: EpochSeconds) -> Result<(), Refused> {
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
        Refused::UserToken(UserTokenRefusal::Suspended) => "the user is suspended; `user resume` ends it".into(),
        Refused::UserToken(UserTokenRefusal::WrongAudience) => "the token is for other kinds of JWT".into(),
        Refused::User(InvalidUser::EmailUnverified) => {
            "the e-mail address is not verified; `user update --email-verified`, once the user has proven it".into()
        }
        Refused::User(InvalidUser::Missing(claim)) => {
            format!("the profile has no {claim}, which Zendesk requires; `user update` adds it")
        }
        Refused::ItemMalformed { attribute } => {
            format!("the attribute {attribute} has a type or value that it cannot have; `user update` replaces it")
        }
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
