//! The options for a user's profile: one for each field that the table has about users.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// The fields that the operator gave.
#[derive(Serialize, clap::Args)]
#[command(next_help_heading = "Profile")]
pub(super) struct ProfileOptions {
    /// The full name; the Support SDK and SSO require it
    #[arg(long)]
    name: Option<String>,

    /// The e-mail address. It counts as unverified without --email-verified
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// The user has proven that the address is theirs; Zendesk trusts you in this
    #[arg(long, value_name = "BOOL", value_parser = flag, num_args = 0..=1, default_missing_value = "true")]
    email_verified: Option<bool>,

    /// The phone number (E.164), such as +15555550100
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,

    /// Zendesk's number of an end user's language
    #[arg(long, value_name = "NUMBER", value_parser = whole_number)]
    locale: Option<i64>,

    /// Zendesk's number of an agent's language
    #[arg(long, value_name = "NUMBER", value_parser = whole_number)]
    locale_id: Option<i64>,

    /// The name of an organization
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,

    /// Names between commas; they replace the user's organizations in Zendesk
    #[arg(long, value_name = "NAMES")]
    organizations: Option<String>,

    /// The external id of an organization. It wins over the name
    #[arg(long, value_name = "ID")]
    organization_id: Option<String>,

    /// External ids between commas; they replace the user's organizations
    #[arg(long, value_name = "IDS")]
    organization_ids: Option<String>,

    /// A tag; may be repeated. The tags replace all that the user has in Zendesk
    #[arg(long = "tag", value_name = "TAG")]
    tags: Option<Vec<String>>,

    /// The address of a picture
    #[arg(long, value_name = "URL")]
    remote_photo_url: Option<String>,

    /// `end_user`, `agent` or `admin`. It changes the role in Zendesk
    #[arg(long)]
    role: Option<String>,

    /// Zendesk's number of a custom role, for agents
    #[arg(long, value_name = "NUMBER", value_parser = whole_number)]
    custom_role_id: Option<i64>,

    /// A custom field; may be repeated. The fields replace all that are stored. A value that is JSON is taken as such, so
    /// 'code="0150"' is text, and null clears the field in Zendesk
    #[arg(long = "user-field", value_name = "KEY=VALUE", value_parser = user_field)]
    #[serde(skip)]
    user_fields: Option<Vec<(String, Value)>>,

    /// No tags, which removes all that the user has in Zendesk
    #[arg(long, conflicts_with = "tags")]
    #[serde(skip)]
    no_tags: bool,
}

impl ProfileOptions {
    /// The fields as JSON. A new e-mail address comes with `email_verified`, so that it never inherits `true`.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(self) else { return Map::new() };
        fields.retain(|_, value| !value.is_null());
        let user_fields = self.user_fields.as_ref().map(|fields| fields.iter().cloned().collect());
        fields.extend(user_fields.map(|value| ("user_fields".to_owned(), value)));
        if self.no_tags {
            fields.insert("tags".into(), Value::Array(Vec::new()));
        }
        if self.email.is_some() {
            fields.entry("email_verified").or_insert(Value::Bool(false));
        }
        fields
    }
}

fn flag(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "the value must be true or false")
}

fn whole_number(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "the value must be a whole number")
}

fn user_field(text: &str) -> Result<(String, Value), &'static str> {
    let (key, value) = text.split_once('=').ok_or("a custom field is KEY=VALUE")?;
    Ok((key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

impl fmt::Debug for ProfileOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileOptions(…)")
    }
}
