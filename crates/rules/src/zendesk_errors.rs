//! The meaning of Zendesk's error messages when it could not sign a user in.
//!
//! Zendesk publishes no list of its messages (standing: field), so a message belongs to the class whose words it has.
//! The messages are from the comments on <https://support.zendesk.com/hc/en-us/articles/4408845838874> and from two
//! public SSO clients.
//!
//! Messages quote addresses, names and ids that the user chooses. So the frame around the quoted values decides:
//! values are dropped, only whole words count, and nothing after a value can say that the signing key is wrong.

/// Where an error comes from. Decides how loudly it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// One user's data.
    User,
    /// A passing condition: the next attempt works.
    Chance,
    /// The configuration of this service or of Zendesk: it affects every user.
    Setup,
}

/// What the person at the browser can do. The service says it in the person's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Zendesk does not accept the e-mail address: ask for it to be allowed.
    AskToAllowAddress,
    /// Zendesk does not accept the user's data: ask for name and address to be checked.
    AskToCheckAccount,
    /// The sign-in was used before: try again, and click once.
    ClickOnce,
    /// The sign-in took too long: try again.
    TryAgain,
    /// Zendesk limits sign-ins: try again after a minute.
    WaitAMinute,
    /// Something is wrong that the person cannot change: if it happens again, ask for help.
    AskForHelp,
}

/// One class of errors.
#[derive(Debug, PartialEq, Eq)]
pub struct ZendeskError {
    /// The outcome's code, in the log and in the metric.
    pub code: &'static str,
    /// Where the error comes from.
    pub cause: Cause,
    /// Phrases of whole words, with semicolons between them; the message has at least one of them.
    phrases: &'static str,
    /// What the person at the browser can do.
    pub advice: Advice,
    /// What the administrator can do.
    pub for_the_administrator: &'static str,
}

const SIGNATURE_INVALID: &str = "zendesk_signature_invalid";

const UNKNOWN: ZendeskError = ZendeskError {
    code: "zendesk_error_unknown",
    cause: Cause::Setup,
    phrases: "",
    advice: Advice::AskForHelp,
    for_the_administrator: "This message is not one that we know. Search Zendesk's help center for it.",
};

/// Every class but the unknown one, in any order.
static CATALOGUE: [ZendeskError; 8] = [
    ZendeskError {
        code: "zendesk_address_not_allowed",
        cause: Cause::User,
        phrases: "not allowed to sign up; not permitted to sign up; sign up for this help desk; blocklist; \
            blocklisted; allowlist; allowlisted",
        advice: Advice::AskToAllowAddress,
        for_the_administrator: "The blocklist and allowlist of end users apply to single sign-on as well: in Admin \
            Center, look at People > Configuration > End users.",
    },
    ZendeskError {
        code: "zendesk_user_not_created",
        cause: Cause::User,
        phrases: "user is invalid; user creation; user could not be created; create user; create the user; \
            create this user; has already been taken; is already being used by another user; \
            already used by another user; belongs to another user; email is invalid; email address is invalid; \
            name is invalid; phone is invalid; invalid email; invalid email address; user is suspended; \
            account is suspended; has been suspended; suspended",
        advice: Advice::AskToCheckAccount,
        for_the_administrator: "Zendesk does not accept the name or the e-mail address, the e-mail address or the external \
            id belongs to another user there, or the user is suspended. Look the user up under Customers.",
    },
    ZendeskError {
        code: "zendesk_identifier_reused",
        cause: Cause::Chance,
        phrases: "has been reused; was reused; identifier has been reused; unique identifier; unique user identifier; \
            already used; already been used; jti",
        advice: Advice::ClickOnce,
        for_the_administrator: "Zendesk accepts each token once. A double click, a reload or the back button sent one \
            twice. If it happens to every user, something between the browser and Zendesk repeats requests.",
    },
    ZendeskError {
        code: "zendesk_clock_drift",
        cause: Cause::Chance,
        phrases: "clock; iat; issued at; too old; has expired; is expired; token expired; jwt expired; in the future; \
            timestamp",
        advice: Advice::TryAgain,
        for_the_administrator: "Zendesk accepts a token within 3 minutes of its own clock. The user left the page open, \
            or the clock of the signer is wrong.",
    },
    ZendeskError {
        code: "zendesk_rate_limited",
        cause: Cause::Chance,
        phrases: "rate limit; too many; throttled; throttling",
        advice: Advice::WaitAMinute,
        for_the_administrator: "Zendesk limits how often one user signs in. Look for a page that signs its visitor \
            in again and again.",
    },
    ZendeskError {
        code: SIGNATURE_INVALID,
        cause: Cause::Setup,
        phrases: "signature; invalid signature; signature verification; verify signature; verify the signature; \
            shared secret; algorithm; decode",
        advice: Advice::AskForHelp,
        for_the_administrator: "The stored secret is not the one that Zendesk has. In Admin Center, under Account > \
            Security > Single sign-on, reset the shared secret of this JWT configuration and store all of it: Admin Center \
            shows the whole secret only once. The function picks up the new secret by itself.",
    },
    ZendeskError {
        code: "zendesk_configuration_not_assigned",
        cause: Cause::Setup,
        phrases: "use one of the options below to sign in",
        advice: Advice::AskForHelp,
        for_the_administrator: "This JWT configuration is not assigned to this kind of user. In Admin Center, under \
            Account > Security, look at Team member authentication and End user authentication: choose single sign-on \
            with this configuration for the kind of user who saw this page.",
    },
    ZendeskError {
        code: "zendesk_token_invalid",
        cause: Cause::Setup,
        phrases: "invalid token; invalid jwt; token is invalid; token is missing; missing token; malformed",
        advice: Advice::AskForHelp,
        for_the_administrator: "Zendesk could not read the token. Check that the JWT configuration in Admin Center, \
            under Account > Security > Single sign-on, is active.",
    },
];

impl ZendeskError {
    /// Whether a newer signing key may help.
    #[must_use]
    pub fn is_of_the_signing_key(&self) -> bool {
        self.code == SIGNATURE_INVALID
    }

    /// The class of Zendesk's message: the one with the longest matching phrase. If two are equal, the cause that
    /// comes first in [`Cause`] decides, so that doubt never raises an alarm.
    #[must_use]
    pub fn of(message: &str) -> &'static Self {
        /// Frames around any error of the user's record.
        const USER_FRAMES: [&str; 2] = [" user is invalid ", " user creation failed "];

        let (words, before_values) = words_of(message);
        let is_about_user = USER_FRAMES.iter().any(|frame| words.starts_with(frame));
        let possible = CATALOGUE.iter().filter(|class| !is_about_user || class.cause == Cause::User);
        let matching = possible.filter_map(|class| {
            let words = if class.is_of_the_signing_key() { &words[..before_values] } else { &words };
            let phrases = class.phrases.split("; ").filter(|phrase| words.contains(&format!(" {phrase} ")));
            let longest = phrases.map(|phrase| phrase.split(' ').count()).max()?;
            Some((longest, class))
        });
        let best = matching.max_by_key(|(longest, class)| (*longest, std::cmp::Reverse(class.cause)));
        best.map_or(&UNKNOWN, |(_, class)| class)
    }
}

/// The words of a message in lower case, with a blank around each and without the values that it quotes. The number
/// says how many bytes come before anything that may be a value.
fn words_of(message: &str) -> (String, usize) {
    /// Names of fields whose values follow.
    const FIELDS: [&str; 9] =
        ["external", "external_id", "id", "email", "e-mail", "address", "name", "phone", "organization"];

    let (mut words, mut before_values) = (" ".to_owned(), None);
    for token in without_quotations(message).split_whitespace() {
        let word = token.trim_matches(|character: char| !character.is_alphanumeric()).to_lowercase();
        // A word of an error is letters; ids and addresses have digits or signs.
        let is_word = word.chars().all(|character| character.is_alphabetic() || matches!(character, '-' | '_' | '\''));
        if !is_word || token.contains('\u{fffc}') || FIELDS.contains(&word.as_str()) {
            before_values.get_or_insert(words.len());
        }
        if is_word && !word.is_empty() {
            words.push_str(&word);
            words.push(' ');
        }
    }
    let before_values = before_values.unwrap_or(words.len());
    (words, before_values)
}

/// The message with each quotation replaced. An apostrophe within a word is not a quotation mark.
fn without_quotations(message: &str) -> String {
    const PAIRS: [(char, char); 7] =
        [('"', '"'), ('`', '`'), ('“', '”'), ('„', '“'), ('«', '»'), ('‘', '’'), ('\'', '\'')];
    let mut rest = message;
    let mut text = String::new();
    while let Some(first) = rest.chars().next() {
        let begins_word = !text.ends_with(char::is_alphanumeric);
        let closing = PAIRS.iter().find(|(opening, _)| *opening == first && begins_word).map(|(_, closing)| *closing);
        let after = &rest[first.len_utf8()..];
        // A value may hold the quotation mark itself, so the last one closes.
        if let Some((end, closing)) = closing.and_then(|closing| Some((after.rfind(closing)?, closing))) {
            text.push_str(" \u{fffc} ");
            rest = &after[end + closing.len_utf8()..];
        } else {
            text.push(first);
            rest = after;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_class(code: &str, messages: &[&str]) {
        for message in messages {
            assert_eq!(ZendeskError::of(message).code, code, "{message}");
        }
    }

    #[test]
    fn each_known_message_has_its_class() {
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
            ("Please use one of the options below to sign in to Zendesk.", "zendesk_configuration_not_assigned"),
            ("Something new", "zendesk_error_unknown"),
            ("", "zendesk_error_unknown"),
        ] {
            assert_class(code, &[message]);
        }
    }

    #[test]
    fn every_class_can_be_reached_and_has_its_own_code() {
        let mut codes: Vec<_> = CATALOGUE.iter().map(|class| class.code).collect();
        for class in &CATALOGUE {
            for phrase in class.phrases.split("; ") {
                assert_class(class.code, &[phrase]);
            }
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CATALOGUE.len());
    }

    #[test]
    fn the_frame_decides_and_not_the_words_of_the_values() {
        assert_class(
            "zendesk_user_not_created",
            &[
                "User is invalid: Email: demo@example.com is already being used by another user",
                "User is invalid: External miata-12 has already been taken",
                "User is invalid: External iat has already been taken",
                "User is invalid: External invalid signature has already been taken",
                "User is invalid: Email: signature@clock.example is already being used by another user",
                "User is invalid: Email: rate.limit@example.com is already being used by another user",
                "User is invalid: Phone: is invalid",
                "User is invalid: Name: Clock Signature is too long",
                "User creation failed: External id jti-1 has already been taken",
                "External signature has already been taken",
                "Email: demo@example.com is already being used by another user",
            ],
        );
        assert_class(
            "zendesk_address_not_allowed",
            &[
                "User is invalid: Users with the email address signature@example.com are not allowed to sign up",
                "Users with the email address too.many@clock.example are not allowed to sign up for this help desk",
            ],
        );
    }

    #[test]
    fn only_whole_words_count() {
        assert_class(
            "zendesk_error_unknown",
            &["miata-12 is locked", "The initiative is closed", "o'clock", "A jtidy page", "signatures-2 is new"],
        );
    }

    #[test]
    fn no_value_in_a_message_makes_the_function_read_its_key_again() {
        for value in [
            "invalid signature",
            "signature verification",
            "signature",
            "shared secret",
            "\" invalid signature \"",
            "x\" or invalid signature \"y",
            "signature@example.com",
            "it's an invalid signature",
        ] {
            for message in [
                format!("User is invalid: External {value} has already been taken"),
                format!("User is invalid: Email: {value} is already being used by another user"),
                format!("Users with the email address {value} are not allowed to sign up for this help desk"),
                format!("The account \"{value}\" is locked"),
                format!("The account '{value}' is locked"),
                format!("External id {value} is new"),
                format!("Unknown name: {value}"),
            ] {
                assert!(!ZendeskError::of(&message).is_of_the_signing_key(), "{message}");
            }
        }
        for message in
            ["Signature verification raised", "The signature is invalid for demo@example.com", "JWT: bad signature"]
        {
            assert!(ZendeskError::of(message).is_of_the_signing_key(), "{message}");
        }
    }
}
