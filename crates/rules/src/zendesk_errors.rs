//! What Zendesk says when it could not sign somebody in, in patterns that a person can act on.
//!
//! Zendesk publishes no list of its messages, so they are told apart by the patterns in them; the gists come
//! from the comments on <https://support.zendesk.com/hc/en-us/articles/4408845838874>.

/// Where a class of fault has its cause, and so how loudly it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It happens, and the next try works.
    Chance,
    /// One user's data.
    User,
    /// The configuration of this service or of Zendesk: everybody meets it.
    Setup,
}

/// One class of fault. `patterns` are alternatives, each a set of patterns that must all be in the message.
#[derive(Debug, PartialEq, Eq)]
pub struct ZendeskError {
    /// The outcome's code, in the log and in the metric.
    pub code: &'static str,
    /// Where it has its cause.
    pub cause: Cause,
    patterns: &'static [&'static [&'static str]],
    /// What happened.
    pub title: &'static str,
    /// What the person at the browser can do.
    pub for_the_user: &'static str,
    /// What the administrator can do.
    pub for_the_administrator: &'static str,
}

const SIGNATURE_INVALID: &str = "zendesk_signature_invalid";

/// The catalogue, the more particular before the more general.
const CATALOGUE: [ZendeskError; 8] = [
    ZendeskError {
        code: "zendesk_address_not_allowed",
        cause: Cause::User,
        patterns: &[&["not allowed to sign up"], &["sign up", "help desk"], &["blocklist"], &["suspended", "address"]],
        title: "Zendesk does not let this e-mail address in",
        for_the_user: "Ask the people who run this site to let your e-mail address in.",
        for_the_administrator: "The blocklist and allowlist of end users apply to single sign-on as well: in Admin \
            Center, look at People > Configuration > End users.",
    },
    ZendeskError {
        code: "zendesk_identifier_reused",
        cause: Cause::Chance,
        patterns: &[&["reuse"], &["already", "used"], &["unique", "identifier"], &["jti"]],
        title: "This sign-in was used already",
        for_the_user: "Try again with the link below, and click only once.",
        for_the_administrator: "Zendesk takes each token once. A double click, a reload or the back button sent one \
            twice; if it happens to everybody, something between the browser and Zendesk repeats requests.",
    },
    ZendeskError {
        code: "zendesk_clock_drift",
        cause: Cause::Chance,
        patterns: &[
            &["clock"],
            &["iat"],
            &["issued at"],
            &["too old"],
            &["expired"],
            &["in the future"],
            &["timestamp"],
        ],
        title: "This sign-in took too long",
        for_the_user: "Try again with the link below.",
        for_the_administrator: "Zendesk takes a token within 3 minutes of its own clock. Somebody left the page \
            open, or the clock of whatever signs the tokens is wrong.",
    },
    ZendeskError {
        code: "zendesk_rate_limited",
        cause: Cause::Chance,
        patterns: &[&["rate limit"], &["too many"], &["throttl"]],
        title: "Too many sign-ins just now",
        for_the_user: "Wait a minute, then try again.",
        for_the_administrator: "Zendesk limits how often one user signs in. Look for a page that signs its visitor \
            in again and again.",
    },
    ZendeskError {
        code: SIGNATURE_INVALID,
        cause: Cause::Setup,
        patterns: &[&["signature"], &["decode"], &["shared secret"], &["algorithm"]],
        title: "Zendesk does not accept our signature",
        for_the_user: "Wait half a minute and try again. If it happens again, tell the people who run this site.",
        for_the_administrator: "The stored secret is not the one that Zendesk has. In Admin Center, under Account > \
            Security > Single sign-on, reset the shared secret of this JWT configuration and store all of it: a secret \
            that Admin Center shows later is cut off. The function reads the secret anew by itself.",
    },
    ZendeskError {
        code: "zendesk_user_not_created",
        cause: Cause::User,
        patterns: &[
            &["user", "creat"],
            &["could not", "user"],
            &["user", "invalid"],
            &["email", "invalid"],
            &["name", "invalid"],
            &["suspended"],
        ],
        title: "Zendesk could not set up this user",
        for_the_user: "Ask the people who run this site to look at your name and e-mail address.",
        for_the_administrator: "The name or e-mail address is not valid in Zendesk's eyes, the external id belongs to \
            another user there, or the user is suspended. Look the user up under Customers.",
    },
    ZendeskError {
        code: "zendesk_token_invalid",
        cause: Cause::Setup,
        patterns: &[&["invalid", "token"], &["invalid", "jwt"], &["token", "missing"], &["malformed"]],
        title: "Zendesk does not accept this sign-in",
        for_the_user: "Try again with the link below. If it happens again, tell the people who run this site.",
        for_the_administrator: "Zendesk could not read the token. Look whether the JWT configuration in Admin Center, \
            under Account > Security > Single sign-on, is still active.",
    },
    ZendeskError {
        code: "zendesk_error_unknown",
        cause: Cause::Setup,
        patterns: &[&[]],
        title: "Zendesk could not sign you in",
        for_the_user: "Try again with the link below. If it happens again, tell the people who run this site what \
            you see here.",
        for_the_administrator: "This message is not one that we know. Search Zendesk's help center for it.",
    },
];

impl ZendeskError {
    /// Whether the signing key is at fault, so that a newer one may help.
    #[must_use]
    pub fn is_of_the_signing_key(&self) -> bool {
        self.code == SIGNATURE_INVALID
    }

    /// The class that Zendesk's message belongs to.
    #[must_use]
    pub fn of(message: &str) -> &'static Self {
        const UNKNOWN: &ZendeskError = &CATALOGUE[CATALOGUE.len() - 1];
        let message = message.to_lowercase();
        let has = |fault: &&ZendeskError| {
            fault.patterns.iter().any(|patterns| patterns.iter().all(|word| message.contains(word)))
        };
        CATALOGUE.iter().find(has).unwrap_or(UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_words() {
        for (message, code) in [
            (
                "Users with the email address demo@example.com are not allowed to sign up for this help desk",
                "zendesk_address_not_allowed",
            ),
            ("The unique user identifier has been reused", "zendesk_identifier_reused"),
            ("JWT jti already used", "zendesk_identifier_reused"),
            ("User creation failed: Email is invalid", "zendesk_user_not_created"),
            ("Could not create user", "zendesk_user_not_created"),
            ("Signature verification raised", "zendesk_signature_invalid"),
            ("Invalid signature", "zendesk_signature_invalid"),
            ("The iat is too old; please check your clock", "zendesk_clock_drift"),
            ("Rate limit exceeded", "zendesk_rate_limited"),
            ("Invalid JWT token", "zendesk_token_invalid"),
            ("Something new", "zendesk_error_unknown"),
            ("", "zendesk_error_unknown"),
        ] {
            assert_eq!(ZendeskError::of(message).code, code, "{message}");
        }
    }

    #[test]
    fn every_class_can_be_reached_and_has_a_code_of_its_own() {
        let mut codes: Vec<_> = CATALOGUE.iter().map(|fault| fault.code).collect();
        for fault in &CATALOGUE {
            assert_eq!(ZendeskError::of(&fault.patterns[0].join(" ")).code, fault.code);
        }
        codes.dedup();
        assert_eq!(codes.len(), CATALOGUE.len());
    }
}
