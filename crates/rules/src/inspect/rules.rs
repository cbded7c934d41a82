//! The table of rules: statement, kinds, severity, source and check of each rule.
//!
//! Sources: "SDK" is *Building a dedicated JWT endpoint for the Support SDK*, "Messaging" is
//! *Authenticating end users in messaging* with its developer guide, "SSO" is *Enabling JWT single
//! sign-on*, "Anatomy" is *Anatomy of a JWT request*; "field" marks what was seen but is not documented.

use self::Check::{Say, Value, When};
use super::claims::Need;
use super::facts::{Facts, joined};
use super::{Severity, Subject, claims, signature, times, token};
use crate::Kind;
use crate::user::ExternalId;
use crate::user_values::{self, Verdict};

const EVERY: &[Kind] = &[Kind::Sdk, Kind::Messaging, Kind::Sso];
const SDK: &[Kind] = &[Kind::Sdk];
const MESSAGING: &[Kind] = &[Kind::Messaging];
const SSO: &[Kind] = &[Kind::Sso];
/// The two kinds that carry a whole profile, `iat` and `jti`.
const PROFILE: &[Kind] = &[Kind::Sdk, Kind::Sso];

/// How to find a broken rule. The result is a sentence that says what is wrong and what to do.
enum Check {
    /// The sentence; `None` if the JWT follows the rule.
    Say(fn(&Facts<'_>) -> Option<String>),
    /// The sentence if the test is true.
    When(fn(&Facts<'_>) -> bool, &'static str),
    /// The problems that the rules for values find in the claims; of a Rejected rule, only a refusal counts.
    Value(&'static [&'static str], fn(&str) -> Verdict),
}

macro_rules! rules {
    ($($name:ident: $code:literal, $subject:ident, $severity:ident, $kinds:ident,
       $statement:literal, $source:literal, $check:expr;)+) => {
        /// A rule for Zendesk's JWTs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule {
            $(#[doc = $statement] $name,)+
        }

        impl Rule {
            /// Every rule, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// A stable name in `snake_case`, for programs.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What the rule is about.
            #[must_use]
            pub const fn subject(self) -> Subject {
                match self { $(Self::$name => Subject::$subject),+ }
            }

            /// The effect of a broken rule.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),+ }
            }

            /// The kinds of JWT that the rule is for.
            #[must_use]
            pub const fn kinds(self) -> &'static [Kind] {
                match self { $(Self::$name => $kinds),+ }
            }

            /// The rule itself, in one line.
            #[must_use]
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$name => $statement),+ }
            }

            /// The place in Zendesk's documentation or in an RFC.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Self::$name => $source),+ }
            }

            const fn check(self) -> Check {
                match self { $(Self::$name => $check),+ }
            }
        }
    };
}

rules! {
    BareToken: "bare_token", Token, Rejected, EVERY,
        "A JWT stands alone: without quotes, white space, `Bearer` or a JSON object around it.",
        "RFC 7515 §7.1", Say(token::bare);
    ThreeParts: "three_parts", Token, Rejected, EVERY,
        "A JWT has three parts, header, payload and signature, with full stops between them.",
        "RFC 7515 §7.1", Say(token::three_parts);
    Base64Url: "base64url", Encoding, Rejected, EVERY,
        "Each part is base64url without padding.",
        "RFC 7515 §2", Say(token::base64url);
    HeaderObject: "header_object", Encoding, Rejected, EVERY,
        "The header is a JSON object in UTF-8.",
        "RFC 7515 §4", Say(token::header_object);
    ClaimsObject: "claims_object", Encoding, Rejected, EVERY,
        "The payload is a JSON object of claims in UTF-8.",
        "RFC 7519 §4", Say(token::claims_object);

    Algorithm: "algorithm", Header, Rejected, EVERY,
        "`alg` in the header is `HS256`; RS256 and ES256 are refused.",
        "SDK, JSON web token response; Messaging, Creating a JWT token; SSO, JWT algorithm", Say(token::algorithm);
    Type: "type", Header, Rejected, EVERY,
        "`typ` in the header is `JWT`.",
        "Messaging, Creating a JWT token; SSO, JWT algorithm", Say(token::token_type);
    KeyId: "key_id", Header, Rejected, MESSAGING,
        "`kid` in the header is the Key ID of the signing key.",
        "Messaging, Creating a JWT token", Say(token::key_id);

    RightKind: "right_kind", Claims, Rejected, EVERY,
        "Support SDK, messaging and SSO tokens are not interchangeable.",
        "Messaging, Creating a JWT token; SDK, Make sure you're not using SSO JWT", Say(claims::right_kind);
    RequiredClaims: "required_claims", Claims, Rejected, EVERY,
        "The required claims are present, not empty, and strings where strings belong.",
        "SDK, JSON web token response; Messaging, Creating a JWT token; SSO, JWT attributes",
        Say(|facts| claims::misshapen(facts, Need::Required));
    KeysLowerCase: "keys_lower_case", Claims, Ignored, EVERY,
        "Claim names have Zendesk's spelling: lower case, with `_` between words.",
        "SDK, JSON web token response; SSO, JWT attributes", Say(claims::misspelt);
    KnownClaims: "known_claims", Claims, Ignored, EVERY,
        "Zendesk reads every claim in this kind of JWT.",
        "SSO, JWT attributes; Messaging, Creating a JWT token", Say(claims::unknown);

    WholeSeconds: "whole_seconds", Claims, Rejected, EVERY,
        "`iat` and `exp` are whole numbers, not strings or fractions.",
        "SDK, JSON web token response; Anatomy, IAT; Messaging, Creating a JWT token", Say(times::whole_seconds);
    NotMilliseconds: "not_milliseconds", Claims, Rejected, EVERY,
        "`iat` and `exp` count seconds since 1970, not milliseconds.",
        "SDK, JSON web token response; Messaging, Creating a JWT token; SSO, JWT attributes", Say(times::not_milliseconds);
    IatFresh: "iat_fresh", Claims, Rejected, PROFILE,
        "`iat` is within 3 minutes of Zendesk's clock, either side.",
        "SSO, JWT attributes; for the Support SDK the window is not published", Say(times::iat_fresh);
    ExpAhead: "exp_ahead", Claims, Rejected, EVERY,
        "`exp` lies in the future.",
        "Messaging, Creating a JWT token; RFC 7519 §4.1.4", Say(times::exp_ahead);
    ExpShort: "exp_short", Claims, Advice, MESSAGING,
        "`exp` is set and near: a leaked JWT is valid until then.",
        "Messaging, Creating a JWT token", Say(times::exp_short);

    ScopeUser: "scope_user", Claims, Rejected, MESSAGING,
        "`scope` is exactly `user`, in lower case.",
        "Messaging, Creating a JWT token", When(|facts| facts.text("scope").is_some_and(|scope| scope != "user"),
        "`scope` is not `user`: send exactly that word, in lower case.");
    ExternalIdLength: "external_id_length", Claims, Rejected, MESSAGING,
        "`external_id` is 1 to 255 characters long.",
        "Messaging, Creating a JWT token", When(|facts| facts.text("external_id").is_some_and(ExternalId::is_too_long),
        "`external_id` is longer than 255 characters: send a shorter id, such as your own user number.");
    ExternalIdStable: "external_id_stable", Claims, Advice, EVERY,
        "`external_id` is your own id of the user and never changes: not an e-mail address, a phone number or `undefined`.",
        "Messaging, Creating a JWT token", Value(&["external_id"], user_values::external_id);
    EmailVerified: "email_verified", Claims, Ignored, MESSAGING,
        "`email` counts only when `email_verified` is the boolean `true`.",
        "Messaging, Email verification", Say(claims::email_verified);
    EmailAddress: "email_address", Claims, Rejected, PROFILE,
        "`email` is one e-mail address.",
        "SSO: user creation fails (field)", Value(&["email"], user_values::email);
    MessagingEmail: "messaging_email", Claims, Ignored, MESSAGING,
        "`email` is one e-mail address, or absent.",
        "Messaging, Email verification", Say(claims::messaging_email);
    JtiUnguessable: "jti_unguessable", Claims, Advice, PROFILE,
        "`jti` has 128 or more random bits, is new in each JWT, and is not made from e-mail address or time.",
        "Anatomy, JTI; SSO, JWT attributes", Say(claims::jti_unguessable);

    EndUsersOnly: "end_users_only", Claims, Rejected, SDK,
        "The Support SDK accepts end users only, not agents or admins.",
        "field: 403 from Zendesk", When(|facts| matches!(facts.text("role"), Some("agent" | "admin")),
        "`role` is that of a team member, and the Support SDK is for end users: refuse team members at your endpoint.");
    Role: "role", Claims, Ignored, SSO,
        "`role` is `end_user`, `agent` or `admin`; it changes the stored role.",
        "SSO, JWT attributes", When(|facts| !matches!(facts.text("role"), None | Some("end_user" | "agent" | "admin")),
        "`role` is unknown: send `end_user`, `agent` or `admin`, or leave it out for an end user.");
    CustomRoleNeedsAgent: "custom_role_needs_agent", Claims, Ignored, SSO,
        "`custom_role_id` counts only with `role` = `agent`.",
        "SSO, JWT attributes", When(|facts| facts.is_set("custom_role_id") && facts.text("role") != Some("agent"),
        "`custom_role_id` is set but `role` is not `agent`: send both, or neither.");
    AgentNeedsCustomRole: "agent_needs_custom_role", Claims, Advice, SSO,
        "On Enterprise plans, an agent has a `custom_role_id`; without it Zendesk makes a near-admin \"Legacy Agent\".",
        "field: comments on SSO", When(|facts| facts.text("role") == Some("agent") && !facts.is_set("custom_role_id"),
        "`role` is `agent` without `custom_role_id`, which makes a near-admin \"Legacy Agent\" on Enterprise plans: send the id of a custom role there.");
    OptionalClaims: "optional_claims", Claims, Ignored, EVERY,
        "Optional claims have the type that Zendesk documents; `tags` replaces all tags, `organizations` and `organization_ids` overwrite, null in `user_fields` clears.",
        "SSO, JWT attributes; Anatomy, Optional properties",
        Say(|facts| claims::misshapen(facts, Need::Optional));
    OneOrganization: "one_organization", Claims, Ignored, PROFILE,
        "A JWT has `organization` or `organization_id`, not both; the id wins over the name.",
        "SSO, JWT attributes", When(|facts| facts.is_set("organization") && facts.is_set("organization_id"),
        "`organization` and `organization_id` are both set, and the id wins: send one of them.");
    OrganizationLists: "organization_lists", Claims, Ignored, PROFILE,
        "`organizations` and `organization_ids` are one string each, with commas between the entries.",
        "SSO, JWT attributes", Value(&["organizations", "organization_ids"], user_values::organization_list);
    Phone: "phone", Claims, Ignored, SSO,
        "`phone` is in E.164 form, such as `+14155550100`.",
        "SSO, JWT attributes", Value(&["phone"], user_values::phone);
    PhotoUrl: "photo_url", Claims, Ignored, PROFILE,
        "`remote_photo_url` is a public `http` or `https` URL.",
        "SSO, JWT attributes; Anatomy, Remote photo URL", Value(&["remote_photo_url"], user_values::remote_photo_url);
    UserFieldDates: "user_field_dates", Claims, Ignored, PROFILE,
        "Dates in `user_fields` are `yyyy-mm-dd`, with or without a time after it.",
        "SSO, JWT attributes; Anatomy, User fields", Say(claims::user_field_dates);

    SecretWhole: "secret_whole", Secret, Rejected, EVERY,
        "The secret is complete, not its redacted display (9 characters for the Support SDK, 6 for messaging).",
        "SDK, Verify the shared secret; Messaging, Generating a signing key", Say(signature::secret_whole);
    SecretRaw: "secret_raw", Secret, Rejected, EVERY,
        "The secret is the text from Admin Center and nothing else: no quotes, white space, name or JSON around it.",
        "field", Say(signature::secret_raw);
    SecretPrivate: "secret_private", Secret, Rejected, EVERY,
        "The secret is nowhere in the JWT: not as its third part, not as `kid`, not among the claims.",
        "RFC 7515 §10.1", Say(signature::secret_kept_private);
    Signature: "signature", Signature, Rejected, EVERY,
        "The signature is HMAC-SHA256 of header and payload under the raw text of the secret.",
        "SDK, Verify the shared secret; RFC 7515 §5.2", Say(signature::verifies);
}

impl Rule {
    /// What is wrong and what to do; `None` if the JWT follows the rule.
    pub(super) fn broken(self, facts: &Facts<'_>) -> Option<String> {
        match self.check() {
            Say(say) => say(facts),
            When(is_broken, message) => is_broken(facts).then(|| message.to_owned()),
            Value(claims, check) => joined(claims.iter().filter_map(|claim| {
                let verdict = check(facts.text(claim)?);
                let is_broken = self.severity() < Severity::Rejected || matches!(verdict, Verdict::Refusal(_));
                verdict.problem().filter(|_| is_broken).map(|problem| format!("`{claim}` {problem}"))
            })),
        }
    }
}
