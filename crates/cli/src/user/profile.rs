//! A user's profile on the command line: an option for every field that the contract has on users.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// What is stored on the user. What the options do not name is not stored, or stays as it is.
#[derive(clap::Args, Serialize)]
#[command(next_help_heading = "Profile")]
pub(crate) struct ProfileOptions {
    /// The full name; the Support SDK and SSO require it
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,

    /// The e-mail address. It counts as unverified unless --email-verified comes with it
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,

    /// The user has proven that the e-mail address is theirs; Zendesk takes your word for it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,

    /// The phone number (E.164), such as +15555550100
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,

    /// Zendesk's number of an end user's language
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<i64>,

    /// Zendesk's number of an agent's language
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    locale_id: Option<i64>,

    /// The name of an organization
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,

    /// Comma-separated names; overwrites the user's organizations in Zendesk
    #[arg(long, value_name = "NAMES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    organizations: Option<String>,

    /// The external id of an organization; wins over its name
    #[arg(long, value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<String>,

    /// Comma-separated external ids; overwrites the user's organizations in Zendesk
    #[arg(long, value_name = "IDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_ids: Option<String>,

    /// A tag; may be repeated. All of the user's tags in Zendesk are replaced
    #[arg(long = "tag", value_name = "TAG")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,

    /// No tags, which removes all that the user has in Zendesk
    #[arg(long, conflicts_with = "tags")]
    #[serde(skip)]
    no_tags: bool,

    /// The address of a picture
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_photo_url: Option<String>,

    /// `end_user`, `agent` or `admin`; changes the role in Zendesk
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,

    /// Zendesk's number of a custom role, for agents
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_id: Option<i64>,

    /// A custom field, as JSON (null clears it) or else as text, so 'code="0150"' is text; may be repeated, and replaces
    /// all that are stored
    #[arg(long = "user-field", value_name = "KEY=VALUE", value_parser = user_field)]
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_object")]
    user_fields: Vec<(String, Value)>,
}

impl ProfileOptions {
    /// The fields that were given, as JSON for [`UserTokenItem::from_json`](crate::aws::user_token_items::UserTokenItem).
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(self) else {
            return Map::new();
        };
        if self.no_tags {
            fields.insert("tags".into(), json!([]));
        }
        if self.email.is_some() {
            // That the address before was verified says nothing about this one.
            fields.entry("email_verified").or_insert(Value::Bool(false));
        }
        fields
    }
}

impl fmt::Debug for ProfileOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileOptions(…)")
    }
}

fn user_field(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("a custom field is KEY=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((key.to_owned(), value))
}

fn as_object<S: Serializer>(fields: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(key, value)| (key, value)))
}

#[cfg(test)]
mod tests {
    use clap::Args as _;
    use zendesk_jwt::user::Profile;

    use super::*;

    #[test]
    fn every_claim_has_an_option() {
        let command = ProfileOptions::augment_args(clap::Command::new("user"));
        let options: Vec<_> = command.get_arguments().map(|option| option.get_id().as_str()).collect();
        for claim in ["name", "email", "email_verified"].iter().chain(Profile::NAMES) {
            assert!(options.contains(claim), "no option for {claim}");
        }
        assert_eq!(options.len(), 3 + Profile::NAMES.len() + ["no_tags"].len(), "{options:?}");
    }
}
