//! Tokens that the tool makes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::show::TokenView;
use crate::aws::user_token_items::{StoredItem, is_user_record};
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, NoRandomness, SystemClock};
use zendesk_jwt_rules::{Audience, ConfigurationName};

/// The start of every token that the tool makes, so that scanners find a leaked one.
const PREFIX: &str = "zjwt_";

const DEFAULT_DAYS: u64 = 30;
const MAX_LIFETIME: Duration = Duration::from_hours(100 * 366 * 24);

/// What a token is for, and how long it is good.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Token")]
pub(super) struct TokenOptions {
    /// What the token may be exchanged for: sdk, messaging or sso, or one of them for one configuration only, such as
    /// sso:legacy; may be repeated [default: all three]
    #[arg(long = "audience", value_name = "AUDIENCE", value_delimiter = ',', value_parser = audience)]
    audiences: Vec<Audience>,

    /// How long the token is good, such as 12h or 30d [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = lifetime, allow_hyphen_values = true)]
    expires_in: Option<Duration>,

    /// Make a token that does not expire
    #[arg(long, conflicts_with = "expires_in")]
    no_expiry: bool,
}

impl TokenOptions {
    /// Adds the attributes of the token to the fields of an item. Without an expiry in either, the default applies; a
    /// user record never has one.
    pub(super) fn add_to(&self, fields: &mut Map<String, Value>) {
        if !self.audiences.is_empty() {
            let audiences: BTreeSet<_> = self.audiences.iter().map(Audience::to_string).collect();
            fields.insert("audiences".into(), json!(audiences));
        }
        let has_default = !fields.contains_key("expires_at") && !is_user_record(fields);
        let default = has_default.then(|| Duration::from_hours(24 * DEFAULT_DAYS));
        if self.no_expiry {
            fields.remove("expires_at");
        } else if let Some(lifetime) = self.expires_in.or(default) {
            fields.insert("expires_at".into(), json!(SystemClock.now().plus(lifetime.as_secs())));
        }
    }
}

fn audience(text: &str) -> Result<Audience, String> {
    let expected = ConfigurationName::EXPECTED;
    Audience::parse(text).ok_or_else(|| {
        format!("give sdk, messaging or sso, or one with a configuration, such as sso:legacy. Its name has {expected}")
    })
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text).map_err(|_| "give a number and a unit, such as 12h or 30d")?;
    if lifetime < Duration::from_secs(1) {
        return Err("a token is good for at least a second".into());
    }
    if lifetime > MAX_LIFETIME {
        return Err("a token expires within 100 years; --no-expiry makes one that never expires".into());
    }
    Ok(lifetime)
}

/// A new token: [`PREFIX`] and 256 random bits in hex, which no cookie, form or shell changes.
pub(crate) fn random() -> Result<Zeroizing<String>, Problem> {
    let mut bits = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(bits.as_mut()).map_err(|_| Problem(NoRandomness.to_string()))?;
    let digits = Zeroizing::new(hex::encode(bits.as_slice()));
    Ok(Zeroizing::new(format!("{PREFIX}{}", digits.as_str())))
}

pub(super) fn has_token(fields: &Map<String, Value>) -> bool {
    fields.contains_key("token") || fields.contains_key("token_hash")
}

/// Adds a new token to the fields of an item without one, and returns it.
pub(super) fn add_if_missing(fields: &mut Map<String, Value>) -> Result<Option<Zeroizing<String>>, Problem> {
    if has_token(fields) {
        return Ok(None);
    }
    let token = random()?;
    fields.insert("token".into(), token.as_str().into());
    Ok(Some(token))
}

/// Prints a new token, which is stored as `item`: only the token on standard output, unless as JSON.
pub(super) fn show(token: Zeroizing<String>, item: &StoredItem, as_json: bool) -> Result<(), Problem> {
    let mut stored = TokenView::with_profile(item);
    let token_hash = item.token_hash();
    let text = if as_json {
        stored.token = Some(token);
        Zeroizing::new(output::in_json(&stored))
    } else {
        output::note(&format!("Stored as the SHA-256 {token_hash}; expires: {}.", stored.expiry()));
        stored.sentences().for_each(|sentence| output::note(&format!("  {sentence}")));
        output::note("This is the only time that the token is shown:");
        token
    };
    output::try_line(&text).map_err(|error| {
        Problem(format!(
            "the token is stored, but printing it failed ({error}): run `zendesk-jwt token revoke --hash \
             {token_hash}`, and issue another"
        ))
    })
}
