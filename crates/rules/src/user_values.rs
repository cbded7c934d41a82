//! What each claim about a user can be: one function per claim.
//!
//! A refusal is a value that Zendesk refuses, or one that would mix up users. A warning is a value that Zendesk
//! ignores or changes. The functions themselves accept what is stored ([`user`](crate::user)): stored users
//! keep working, and the operator's tool applies these rules before it stores a value.
//!
//! Source: *Enabling JWT single sign-on*, JWT attributes; *Anatomy of a JWT request*; for external ids
//! *Authenticating end users in messaging*. Zendesk does not document its checks of e-mail addresses and tags:
//! those rules come from the field.

use std::fmt;

use serde_json::{Map, Value};
use time::Date;
use time::format_description::well_known::Iso8601;
use url::{Host, Url};

use crate::text::{invisible, is_missing_value, is_rounded_number};
use crate::user::{EmailAddress, ExternalId};

/// What an attribute of a stored user can be, for an error message.
#[must_use]
pub fn allowed(attribute: &str) -> &'static str {
    match attribute {
        "external_id" => "your own stable id of the user, 1 to 255 characters",
        "name" => "the full name",
        "email" => "one e-mail address of at most 254 bytes, such as demo@example.com",
        "email_verified" | "suspended" => "true or false",
        "audiences" => "`sdk`, `messaging` and `sso`, or some of them; `sso:legacy` is for one configuration only",
        "expires_at" => "whole seconds since 1970",
        "phone" => "a number in E.164 form, such as +14155550100",
        "remote_photo_url" => "a public https URL",
        "role" => "`end_user`, `agent` or `admin`",
        "custom_role_id" => "Zendesk's number of a custom role",
        _ => "a value of the type in docs/user-tokens.md",
    }
}

/// The result of a check. The text continues a sentence that begins with the name of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Zendesk takes the value as it is.
    Good,
    /// Zendesk ignores or changes the value.
    Warning(&'static str),
    /// Zendesk refuses the value, or the value would mix up users.
    Refusal(&'static str),
}

use Verdict::{Good, Refusal, Warning};

impl Verdict {
    /// What is wrong and what is allowed; `None` for a good value.
    #[must_use]
    pub const fn problem(self) -> Option<&'static str> {
        match self {
            Good => None,
            Warning(problem) | Refusal(problem) => Some(problem),
        }
    }
}

/// A claim whose value is not good. `Display` says what is allowed, and shows no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The claim, for a custom field `user_fields.KEY`.
    pub claim: String,
    /// Never [`Verdict::Good`].
    pub verdict: Verdict,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.claim, self.verdict.problem().unwrap_or_default())
    }
}

/// Checks every claim of a user, given as JSON with Zendesk's names. Null and values of another type are not checked.
#[must_use]
pub fn check(claims: &Map<String, Value>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut add = |claim: String, verdict| {
        if verdict != Good {
            remarks.push(Remark { claim, verdict });
        }
    };
    for (claim, value) in claims {
        match value {
            Value::Object(fields) if claim == "user_fields" => {
                fields.iter().for_each(|(key, value)| add(format!("user_fields.{key}"), user_field(value)));
            }
            value => add(claim.clone(), check_one(claim, value)),
        }
    }
    let is_filled = |claim: &str| claims.get(claim).is_some_and(|value| !value.is_null() && value != "");
    if is_filled("organization") && is_filled("organization_id") {
        add("organization".into(), Warning("is ignored, since `organization_id` wins: give one of them"));
    }
    if is_filled("custom_role_id") && claims.get("role").is_some_and(|role| role != "agent") {
        add("custom_role_id".into(), Warning("is ignored, since `role` is not `agent`: give both, or neither"));
    }
    remarks
}

fn check_one(claim: &str, value: &Value) -> Verdict {
    match (claim, value) {
        ("tags", Value::Array(tags)) => first_bad(tags.iter().filter_map(Value::as_str).map(tag)),
        ("locale" | "locale_id" | "custom_role_id", Value::Number(id)) if id.as_i64().is_none_or(|id| id < 1) => {
            Warning("is not a number that Zendesk gives: look it up in Zendesk, for example 1 for English")
        }
        (_, Value::String(text)) => match claim {
            // An empty id counts as absent, which only the reader of the whole user can judge.
            "external_id" if text.is_empty() => Good,
            "external_id" => external_id(text),
            "name" => name(text),
            "email" => email(text),
            "phone" => phone(text),
            "organization" => organization(text),
            "organization_id" => organization_id(text),
            "organizations" | "organization_ids" => organization_list(text),
            "remote_photo_url" => remote_photo_url(text),
            "role" => role(text),
            _ => Good,
        },
        _ => Good,
    }
}

/// Checks the company's own id of a user.
pub(crate) fn external_id(text: &str) -> Verdict {
    if text.trim().is_empty() {
        Refusal("is empty: give your own stable id of the user, 1 to 255 characters")
    } else if ExternalId::is_too_long(text) {
        Refusal("is longer than 255 characters: give a shorter id, such as your own user number")
    } else if text.contains(|character| invisible(character).is_some()) {
        Refusal("has an invisible character: give the id without it, since Zendesk compares every character")
    } else if is_missing_value(text) {
        Refusal("is a word for a missing value, and would be the same id for many users: give each user's own id")
    } else if is_rounded_number(text) {
        Refusal("is a number that a spreadsheet has rounded: export the column as text, with all digits")
    } else if EmailAddress::parse(text).is_some() {
        Warning("looks like an e-mail address, which may change: give your own id of the user, which never changes")
    } else if is_phone(text) {
        Warning("looks like a phone number, which may change: give your own id of the user, which never changes")
    } else if text.trim() != text {
        Warning("has white space around it: give the id without it, since Zendesk compares every character")
    } else {
        Good
    }
}

/// Checks a full name.
fn name(text: &str) -> Verdict {
    if text.trim().is_empty() {
        Warning("is empty, and Support SDK and SSO refuse a user without a name: give the full name")
    } else {
        plain_text(text)
    }
}

/// Checks an e-mail address: one address, without `mailto:`, name or brackets.
pub(crate) fn email(text: &str) -> Verdict {
    let (local, domain) = text.rsplit_once('@').unwrap_or_default();
    let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let is_label = |label: &str| {
        let is_inner = |character: char| character.is_alphanumeric() || character == '-' || !character.is_ascii();
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(is_inner)
    };
    if text.is_empty() {
        Warning("is empty, and Support SDK and SSO refuse a user without an address: give the address")
    } else if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
        Refusal("begins with `mailto:`: send the address alone, such as `demo@example.com`")
    } else if text.contains(|character| invisible(character).is_some()) {
        Refusal("has an invisible character: send the address without it")
    } else if EmailAddress::parse(text).is_none() {
        Refusal("is not one e-mail address: send `local@domain` alone, without name or brackets")
    } else if !is_quoted && local.contains(['@', '"', '(', ')', '[', ']', '\\', ':']) {
        Refusal("is not one e-mail address: it has a second `@`, a quotation mark, a bracket or a colon")
    } else if !is_quoted && (local.starts_with('.') || local.ends_with('.') || local.contains("..")) {
        Refusal("has a full stop in a place where no address has one: send `local@domain`")
    } else if !domain.split('.').all(is_label) {
        Refusal("has a domain that cannot exist: send `local@domain` with letters, digits, `-` and `.`")
    } else if !domain.contains('.') {
        Warning("has a domain without a full stop, which cannot receive mail from Zendesk: check the address")
    } else {
        Good
    }
}

/// Checks a phone number: ITU-T E.164, `+` and 7 to 15 digits, the first of them not 0.
pub(crate) fn phone(text: &str) -> Verdict {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_e164 = (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_e164 || text.is_empty() {
        Good
    } else {
        Warning("is not in E.164 form: send `+`, country code and number, digits only, such as `+14155550100`")
    }
}

/// Checks the name of an organization.
fn organization(text: &str) -> Verdict {
    if is_json(text) { Warning("looks like JSON: send the name alone") } else { plain_text(text) }
}

/// Checks the external id of an organization.
fn organization_id(text: &str) -> Verdict {
    if is_json(text) {
        Warning("looks like JSON: send the external id alone")
    } else if text.contains(',') {
        Warning("has a comma: send one external id here, and several in `organization_ids`")
    } else if is_rounded_number(text) {
        Warning("is a number that a spreadsheet has rounded: export the column as text, with all digits")
    } else {
        plain_text(text)
    }
}

/// Checks `organizations` and `organization_ids`: one string with commas between the entries.
pub(crate) fn organization_list(text: &str) -> Verdict {
    if is_json(text) {
        Warning("looks like JSON: send one string with commas between the entries, such as `A,B`")
    } else if !text.contains(',') && text.contains([';', '|', '\n', '\t']) {
        Warning("has other separators than commas: send one string such as `A,B`")
    } else if text.contains(',') && text.split(',').any(|entry| entry.trim().is_empty()) {
        Warning("has an empty entry: send one string such as `A,B`")
    } else {
        first_bad(text.split(',').map(|entry| plain_text(entry.trim())))
    }
}

/// Checks one tag. Zendesk splits or changes a tag with white space or a comma.
fn tag(text: &str) -> Verdict {
    if text.trim().is_empty() {
        Warning("has an empty tag: leave the tag out")
    } else if text.contains(|character: char| character.is_whitespace() || character == ',') {
        Warning("has a tag with white space or a comma: Zendesk's tags are single words, such as `big_fish`")
    } else if is_json(text) {
        Warning("has a tag that looks like JSON: give each tag alone")
    } else {
        plain_text(text)
    }
}

/// Checks the URL of a picture, which Zendesk fetches itself.
pub(crate) fn remote_photo_url(text: &str) -> Verdict {
    if text.is_empty() {
        return Good;
    }
    let Some(url) = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http")) else {
        return Warning("is not an absolute `https` URL: send one that everyone can open");
    };
    if text.contains(|character: char| character.is_whitespace() || invisible(character).is_some()) {
        return Warning("has white space or an invisible character: send the URL without it");
    }
    let is_public = match url.host() {
        Some(Host::Domain(domain)) => {
            domain.contains('.') && ![".local", ".internal", ".localhost"].iter().any(|end| domain.ends_with(end))
        }
        Some(Host::Ipv4(address)) => !address.is_private() && !address.is_loopback() && !address.is_link_local(),
        Some(Host::Ipv6(address)) => !address.is_loopback() && !address.is_unique_local(),
        None => false,
    };
    if !is_public || !url.username().is_empty() || url.password().is_some() {
        return Warning("is not public: Zendesk fetches the picture, so send a URL that everyone can open");
    }
    Good
}

/// Checks a role. `user` is the word of the Support SDK's documentation for an end user.
fn role(text: &str) -> Verdict {
    match text {
        "end_user" | "agent" | "admin" | "" => Good,
        "user" => Warning("is `user`, which SSO does not know: give `end_user`, `agent` or `admin`"),
        _ => Refusal("is unknown: give `end_user`, `agent` or `admin`, or leave it out for an end user"),
    }
}

/// Checks the value of a custom field. Zendesk silently ignores a value that it cannot use.
fn user_field(value: &Value) -> Verdict {
    match value {
        Value::String(text) if is_unreadable_date(text) => {
            Warning("is not a date that Zendesk can read, which fails silently: send a date such as `2026-11-30`")
        }
        Value::String(text) if is_json(text) => Warning("looks like JSON: send the value alone"),
        Value::String(text) => plain_text(text),
        Value::Object(_) | Value::Array(_) => {
            Warning("is a list or an object: send text, a number, true, false or null")
        }
        _ => Good,
    }
}

fn first_bad(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().find(|verdict| *verdict != Good).unwrap_or(Good)
}

/// What is unusual in any text.
fn plain_text(text: &str) -> Verdict {
    // Persian, Indian scripts and emoji need joiners.
    let is_odd = |character| invisible(character).is_some() && !matches!(character, '\u{200c}' | '\u{200d}');
    if text.contains(is_odd) {
        Warning("has an invisible character: give the text without it")
    } else if is_missing_value(text) {
        Warning("is a word for a missing value: leave the claim out, or send null to clear it")
    } else if text.trim() != text {
        Warning("has white space around it: give the text without it")
    } else {
        Good
    }
}

fn is_json(text: &str) -> bool {
    let text = text.trim();
    [('[', ']'), ('{', '}')].into_iter().any(|(opening, closing)| text.starts_with(opening) && text.ends_with(closing))
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    digits.len() >= 7 && digits.chars().all(|letter| letter.is_ascii_digit() || " -()".contains(letter))
}

/// Whether a text is a date in another form than `yyyy-mm-dd`, or a date that does not exist.
pub(crate) fn is_unreadable_date(text: &str) -> bool {
    is_date_in_another_form(text) || is_impossible_date(text)
}

/// Whether a text has day, month and year, but is not `yyyy-mm-dd`.
fn is_date_in_another_form(text: &str) -> bool {
    let numbers: Vec<&str> = text.splitn(4, ['/', '.', '-']).collect();
    let lengths: Vec<usize> = numbers.iter().map(|number| number.len()).collect();
    let is_date = matches!(lengths.as_slice(), [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4]);
    let is_numeric = numbers.concat().bytes().all(|digit| digit.is_ascii_digit());
    is_date && is_numeric && !is_iso_date(text)
}

fn is_iso_date(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([4, 2, 2]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
}

/// Whether a date in the right form has a month or a day that does not exist.
fn is_impossible_date(text: &str) -> bool {
    let date = text.split('T').next().unwrap_or_default();
    is_iso_date(date) && Date::parse(date, &Iso8601::DATE).is_err()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_refused(verdict: Verdict) -> bool {
        matches!(verdict, Refusal(_))
    }

    fn is_warned_of(verdict: Verdict) -> bool {
        matches!(verdict, Warning(_))
    }

    #[test]
    fn an_external_id_that_would_mix_up_users_is_refused() {
        for id in ["", " ", "undefined", "null", "None", "NULL", "NaN", "#N/A", "#REF!", "N/A", "1.2E+11", "1,2E+11"] {
            assert!(is_refused(external_id(id)), "{id}");
        }
        for id in ["demo\u{200b}-1", "\u{feff}demo-1", "demo-1\n", &"x".repeat(256)] {
            assert!(is_refused(external_id(id)), "{id:?}");
        }
    }

    #[test]
    fn an_external_id_that_may_change_is_warned_of() {
        for id in ["demo@example.com", "+14155550100", "+1 (415) 555-0100", " demo-1"] {
            assert!(is_warned_of(external_id(id)), "{id}");
        }
        for id in ["demo-1", "1", "0000", "4155550100", "5f0e1d2c", "Müller", "12E5", &"é".repeat(255)] {
            assert_eq!(external_id(id), Good, "{id}");
        }
    }

    #[test]
    fn an_e_mail_value_that_zendesk_refuses_is_refused() {
        for address in [
            "mailto:demo@example.com",
            "MAILTO:demo@example.com",
            "demo@home@example.com",
            "demo@@example.com",
            "demo",
            "Demo <demo@example.com>",
            "a@example.com,b@example.com",
            "demo@example.com\u{200b}",
            "\u{feff}demo@example.com",
            "\"demo@example.com\"",
            "demo..user@example.com",
            ".demo@example.com",
            "demo@example..com",
            "demo@example.com.",
            "demo@-example.com",
            "demo@exa_mple.com",
            "demo@example.com/",
            &format!("{}@example.com", "x".repeat(254)),
        ] {
            assert!(is_refused(email(address)), "{address}");
        }
        for address in ["demo@example.com", "Demo.User+tag@EXAMPLE.com", "\"a@b\"@example.com", "o'neil@exämple.org"] {
            assert_eq!(email(address), Good, "{address}");
        }
        assert!(is_warned_of(email("demo@localhost")));
    }

    #[test]
    fn a_phone_number_that_is_not_e164_is_warned_of() {
        for number in ["+1234567", "+14155550100", "+123456789012345", ""] {
            assert_eq!(phone(number), Good, "{number}");
        }
        for number in ["0151 2345678", "+0151234567", "+1 415 555 0100", "4155550100", "+1-415", "1.4E+10", "null"] {
            assert!(is_warned_of(phone(number)), "{number}");
        }
    }

    #[test]
    fn a_picture_that_zendesk_cannot_fetch_is_warned_of() {
        for url in ["https://example.com/me.png", "http://cdn.example.org/1?size=2", ""] {
            assert_eq!(remote_photo_url(url), Good, "{url}");
        }
        for url in [
            "/me.png",
            "me.png",
            "www.example.com/me.png",
            "data:image/png;base64,AAAA",
            "ftp://example.com/me.png",
            "https://localhost/me.png",
            "https://10.0.0.1/me.png",
            "https://intranet/me.png",
            "https://demo:secret@example.com/me.png",
            "https://example.com/my photo.png",
        ] {
            assert!(is_warned_of(remote_photo_url(url)), "{url}");
        }
    }

    #[test]
    fn organizations_are_names_with_commas_between_them() {
        for list in ["A", "A,B", "A, B", ""] {
            assert_eq!(organization_list(list), Good, "{list}");
        }
        for list in [r#"["A","B"]"#, "A;B", "A|B", "A,,B", ",A", "{}", "null"] {
            assert!(is_warned_of(organization_list(list)), "{list}");
        }
        assert!(is_warned_of(organization_id("1,2")) && is_warned_of(organization("[\"A\"]")));
        assert_eq!(organization("Demo, Inc."), Good);
    }

    #[test]
    fn dates_in_another_form_and_dates_that_do_not_exist_are_warned_of() {
        for date in ["29/02/2024", "2/29/2024", "29.02.2024", "2024/02/29", "2024-2-29", "2026-13-01", "2026-02-29"] {
            assert!(is_warned_of(user_field(&json!(date))), "{date}");
        }
        for value in [json!("2024-02-29"), json!("2024-02-29T10:00:00Z"), json!("free"), json!(3), json!(null)] {
            assert_eq!(user_field(&value), Good, "{value}");
        }
        for value in [json!("undefined"), json!([1]), json!({"a": 1}), json!("[\"a\"]")] {
            assert!(is_warned_of(user_field(&value)), "{value}");
        }
    }

    #[test]
    fn every_remark_says_what_is_allowed_and_shows_no_value() {
        let claims = json!({
            "external_id": "canary\u{200b}", "name": "null", "email": "mailto:canary@example.com", "phone": "canary",
            "locale": 0, "organization": "[canary]", "organization_id": "canary,canary", "organizations": "[\"canary\"]",
            "tags": ["big canary"], "remote_photo_url": "canary", "role": "canary", "custom_role_id": -1,
            "user_fields": {"since": "1/2/2024"},
        });
        let remarks = check(claims.as_object().unwrap());
        let claims: Vec<_> = remarks.iter().map(|remark| remark.claim.as_str()).collect();
        for claim in ["external_id", "name", "email", "phone", "locale", "organizations", "tags", "user_fields.since"] {
            assert!(claims.contains(&claim), "{claim} is not in {claims:?}");
        }
        for remark in remarks {
            let text = remark.to_string();
            assert!(text.contains(": ") && !text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn a_user_with_every_claim_in_order_gets_no_remark() {
        let claims = json!({
            "external_id": "demo-1", "name": "Demo User", "email": "demo@example.com", "phone": "+14155550100",
            "locale": 1, "locale_id": 8, "organization": "Demo", "organizations": "A,B", "organization_ids": "1,2",
            "tags": ["big_fish"], "remote_photo_url": "https://example.com/me.png", "role": "agent",
            "custom_role_id": 7, "user_fields": {"plan": "free", "since": "2024-02-29", "nickname": null},
        });
        assert_eq!(check(claims.as_object().unwrap()), []);
        let empty = json!({"phone": "", "organization": "", "tags": [], "remote_photo_url": "", "role": null});
        assert_eq!(check(empty.as_object().unwrap()), []);
    }
}
