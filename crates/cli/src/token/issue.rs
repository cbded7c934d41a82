//! `zendesk-jwt token issue`.

use std::process::ExitCode;

use serde_json::{Map, Value};

use super::new::{self, TokenOptions};
use crate::account::UserTokens;
use crate::aws::user_token_items::{Shape, StoredItem, UserTokenItem};
use crate::problem::Problem;
use crate::problem::block_on;
use crate::user::profile::ProfileOptions;
use crate::user::put::{refuse_suspended, store};
use crate::user::{Comparison, external_id};
use zendesk_jwt::jwt::{Clock, SystemClock};
use zendesk_jwt::user::ExternalId;

/// The arguments of `zendesk-jwt token issue`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The profile is that of the user's other tokens, with what the options below
change in it. The token is on standard output, and all else on standard error.

JSON: `token`, `profile`, `token_hash`, `audiences` (null: all), `expires_at`
(seconds since 1970; null: never), `suspended`, and `flows`: `kind`, `signs`,
and for a refusal `code` and `reason`.

Exit status: 0 when the token was stored and printed, 1 when not, 2 when called
wrongly.")]
pub(crate) struct Arguments {
    /// Your own id of the user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: ExternalId,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    token: TokenOptions,

    #[command(flatten)]
    profile: ProfileOptions,

    #[command(flatten)]
    user_tokens: UserTokens,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    block_on(arguments.issue())
}

impl Arguments {
    async fn issue(&self) -> Result<ExitCode, Problem> {
        let table = self.user_tokens.table().await?;
        let items = table.of_user(&self.external_id).await?;
        refuse_suspended(&items)?;
        let given = self.profile.fields();
        if items.is_empty() && given.is_empty() {
            return Err(Problem(
                "no token is stored for that user, so there is no profile to copy: look at --external-id, or give \
                 the profile, with --name, --email and --email-verified for instance"
                    .into(),
            ));
        }
        let mut fields = shared_profile(&items, &given)?;
        fields.extend(given);
        fields.insert("external_id".into(), self.external_id.as_str().into());
        self.token.add_to(&mut fields);

        let token = new::random()?;
        fields.insert("token_hash".into(), new::hash(&token).into());
        let (item, _) = store(&table, UserTokenItem::from_json(fields)?).await?;
        new::show(&token, &item, self.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The profile of the user's tokens, apart from the fields that the operator gives anyway.
///
/// Nothing tells which of two profiles is the newer one, so the operator decides.
fn shared_profile(items: &[StoredItem], given: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let now = SystemClock.now();
    let counts = |item: &&StoredItem| {
        let expires_at = item.record().ok().and_then(|record| record.expires_at);
        expires_at.is_none_or(|expires_at| expires_at > now)
    };
    let counting: Vec<_> = items.iter().filter(counts).cloned().collect();
    let comparison = Comparison::of(if counting.is_empty() { items } else { &counting });
    // The company's backend may store more, which is its own business.
    let is_ours = |field: &str| Shape::of(field).is_some();
    let open = comparison.differing.iter().map(|difference| difference.field.as_str());
    let open: Vec<_> = open.filter(|field| is_ours(field) && !given.contains_key(*field)).collect();
    if !open.is_empty() {
        return Err(Problem(format!(
            "the tokens of this user differ in {}: see `user show`, and settle it with `user update`, or with an \
             option for each of them",
            open.join(", ")
        )));
    }
    Ok(comparison.agreed.into_iter().filter(|(field, _)| is_ours(field)).collect())
}
