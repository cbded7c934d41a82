//! A token that is about to be stored: how long and for what it counts, and its only appearance.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use serde::Serialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::view::{TokenView, profile};
use crate::aws::user_token_items::StoredItem;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, Kind, NoRandomness, SystemClock};
use zendesk_jwt::user::UserToken;

/// What every token that the tool makes begins with, so that scanners find one that has leaked.
pub(crate) const PREFIX: &str = "zjwt_";

/// How long a token counts unless the operator says otherwise, in days.
const DEFAULT_DAYS: u64 = 30;

/// For what and how long a new token counts.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Token")]
pub(crate) struct TokenOptions {
    /// A kind of JWT that the token may be exchanged for; may be repeated. Without it: all three
    #[arg(
        long = "audience",
        value_name = "KIND",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)),
    )]
    audiences: Vec<String>,

    /// How long the token counts, such as 12h or 30d [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = lifetime, conflicts_with = "no_expiry")]
    expires_in: Option<Duration>,

    /// Let the token count until it is revoked
    #[arg(long)]
    no_expiry: bool,
}

impl TokenOptions {
    /// Puts the attributes of the token among the fields of an item. What is not said there and here expires.
    pub(crate) fn add_to(&self, fields: &mut Map<String, Value>) {
        if !self.audiences.is_empty() {
            // In order and each once, as a set is stored.
            let audiences: BTreeSet<_> = self.audiences.iter().collect();
            fields.insert("audiences".into(), json!(audiences));
        }
        if self.no_expiry {
            fields.remove("expires_at");
        } else if self.expires_in.is_some() || !fields.contains_key("expires_at") {
            let lifetime = self.expires_in.unwrap_or(Duration::from_hours(24 * DEFAULT_DAYS));
            fields.insert("expires_at".into(), json!(SystemClock.now().plus(lifetime.as_secs())));
        }
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if lifetime < Duration::from_secs(1) {
        return Err("a token counts for a second at least".into());
    }
    Ok(lifetime)
}

/// A new token: 256 random bits in lower-case hex behind [`PREFIX`], which no cookie, form or shell changes.
pub(crate) fn random() -> Result<Zeroizing<String>, Problem> {
    let mut bits = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(bits.as_mut()).map_err(|_| Problem(NoRandomness.to_string()))?;
    let digits = Zeroizing::new(hex::encode(bits.as_slice()));
    Ok(Zeroizing::new(format!("{PREFIX}{}", digits.as_str())))
}

/// The key under which a token that [`random`] made is stored.
pub(crate) fn hash(token: &str) -> String {
    // No new token is empty or too long.
    UserToken::parse(token).map(|token| token.hash()).unwrap_or_default()
}

/// A token that was made and is stored.
#[derive(Serialize)]
struct Issued<'a> {
    token: &'a str,
    #[serde(flatten)]
    stored: TokenView,
    profile: Map<String, Value>,
}

/// Prints a token that was made and is stored as `item`: the token on standard output and the rest beside it.
pub(crate) fn show(token: &str, item: &StoredItem, as_json: bool) -> Result<(), Problem> {
    let stored = TokenView::of(item);
    let token_hash = stored.token_hash.clone();
    if !as_json {
        output::note(&format!("Stored as the SHA-256 {token_hash}; expires: {}.", stored.expiry()));
        for sentence in stored.sentences() {
            output::note(&format!("  {sentence}"));
        }
        output::note("The token itself is shown this once:");
    }
    let text = if as_json {
        Zeroizing::new(output::in_json(&Issued { token, stored, profile: profile(item) }))
    } else {
        Zeroizing::new(token.to_owned())
    };
    output::try_line(&text).map_err(|error| {
        Problem(format!(
            "the token is stored but could not be printed ({error}): `zendesk-jwt token revoke --hash {token_hash}`, \
             and issue another"
        ))
    })
}
