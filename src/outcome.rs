//! The outcomes of a request: a closed set, with status, log code and severity in one `match`.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use lambda_http::http::StatusCode;
use serde::Serialize;

use crate::jwt::signing::{SigningFailed, SigningKeyProblem};
use crate::jwt::{InvalidUser, NoRandomness};
use crate::user::{InvalidIdToken, UserTokenRefusal};
use zendesk_jwt_rules::zendesk_errors::{Cause, ZendeskError};

/// How a request ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The answer holds a signed JWT.
    Signed,
    /// A CORS preflight was answered.
    Preflight,
    /// The page with the JWT waits for a click, because this browser signed in too often in a short time.
    SignInLoop,
    /// The browser's session ended.
    SignedOut,
    /// Zendesk could not sign the user in, and sent the browser back with an error.
    ReturnedByZendesk(&'static ZendeskError),
    /// The request is not valid. The answer says what the function expects.
    Malformed(Malformed),
    /// The user is refused. The answer is the same for every reason; only log and metric show the reason.
    Refused(Refused),
    /// The user could not be checked. This must never look like a refusal, after which a phone may forget its user.
    Unavailable(Unavailable),
}

/// Why a request is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The request has no user token.
    UserTokenMissing {
        /// Where the user token belongs, as a sentence for the caller.
        expected: &'static str,
    },
    /// The request has several user tokens in the same place.
    UserTokenRepeated,
    /// The form is not UTF-8.
    NotUtf8,
    /// The body or the user token is longer than 8 KiB.
    TooLarge,
    /// The route does not have this method.
    Method {
        /// The methods of the route, as in the header `Allow`.
        allow: &'static str,
    },
    /// The body is not a form.
    MediaType,
    /// The function does not have this path.
    Route,
    /// A page of an origin that is not allowed posted the form.
    ForeignOrigin,
    /// A script or a frame requests a page that must open in the browser's window.
    NotAPage,
}

/// Why a user is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The browser has no user token.
    NotSignedIn,
    /// The source address is unknown, or outside the allowed networks.
    SourceAddressNotAllowed,
    /// The user token is not stored.
    UserTokenUnknown,
    /// The stored user token is not valid here and now.
    UserToken(UserTokenRefusal),
    /// The ID token is not valid here and now.
    IdToken(InvalidIdToken),
    /// The user cannot have a JWT of this kind.
    User(InvalidUser),
}

/// What is unavailable, and why. `Display` shows the chain of causes and the remedy, for the log.
#[derive(Clone, Debug)]
pub struct Unavailable {
    /// What is unavailable.
    pub dependency: Dependency,
    /// The cause.
    pub cause: Arc<dyn Failure>,
}

impl Unavailable {
    /// `dependency` is unavailable because of `cause`.
    pub fn new(dependency: Dependency, cause: impl Failure) -> Self {
        Self { dependency, cause: Arc::new(cause) }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&causes(&*self.cause))?;
        self.cause.remedy().map_or(Ok(()), |remedy| write!(f, ". {remedy}"))
    }
}

/// An error that makes a dependency unavailable. Its chain of causes shows nothing secret or personal.
pub trait Failure: Error + Send + Sync + 'static {
    /// What the operator can do, if that is known.
    fn remedy(&self) -> Option<&str> {
        None
    }
}

impl Failure for NoRandomness {}

impl Failure for SigningFailed {}

impl Failure for SigningKeyProblem {}

/// The error and its chain of causes in one line.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", causes(cause)),
        None => error.to_string(),
    }
}

/// What every JWT depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// The table of user tokens in DynamoDB.
    UserTokens,
    /// The item in the table: an attribute of it cannot be read.
    StoredItem,
    /// The secret in Secrets Manager.
    SigningKey,
    /// The signing key: the stored value cannot be one.
    InvalidSigningKey,
    /// The keys of an identity provider.
    IdentityProvider,
    /// The random generator and the crypto library.
    Signature,
}

impl Dependency {
    /// The outcome's code. The log also names a failed refresh of the signing key by this code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UserTokens => "user_tokens_unavailable",
            Self::StoredItem => "item_malformed",
            Self::SigningKey => "signing_key_unavailable",
            Self::InvalidSigningKey => "signing_key_refused",
            Self::IdentityProvider => "identity_provider_unavailable",
            Self::Signature => "signing_failed",
        }
    }
}

/// The log level of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Nothing is wrong on our side.
    Info,
    /// Someone should correct a user's data.
    Warn,
    /// Someone should act now.
    Error,
}

/// The properties of an outcome.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The status of the answer. A refused browser may get a redirect to the login page instead.
    pub status: StatusCode,
    /// The code in the log and in the metric's dimension.
    pub code: &'static str,
    /// The log level.
    pub severity: Severity,
    /// The explanation for the caller.
    pub explanation: &'static str,
}

impl Outcome {
    /// The properties of this outcome.
    #[must_use]
    pub fn facts(&self) -> Facts {
        use Severity::{Error, Info, Warn};
        use UserTokenRefusal::{Expired, Suspended, WrongAudience};

        const REFUSED: &str = "The user token is not known or not trusted.";
        const UNAVAILABLE: &str = "The user token could not be checked. Try again shortly.";

        let facts = |status, code, severity, explanation| Facts { status, code, severity, explanation };
        match self {
            Self::Signed => facts(StatusCode::OK, "signed", Info, ""),
            Self::Preflight => facts(StatusCode::NO_CONTENT, "preflight", Info, ""),
            Self::SignInLoop => facts(StatusCode::OK, "sign_in_loop", Warn, ""),
            Self::SignedOut => facts(StatusCode::OK, "signed_out", Info, "You are signed out."),
            Self::ReturnedByZendesk(error) => {
                let severity = match error.cause {
                    Cause::Chance => Info,
                    Cause::User => Warn,
                    Cause::Setup => Error,
                };
                facts(StatusCode::OK, error.code, severity, "")
            }

            Self::Malformed(malformed) => {
                let bad_request = StatusCode::BAD_REQUEST;
                match *malformed {
                    Malformed::UserTokenMissing { expected } => {
                        facts(bad_request, "user_token_missing", Info, expected)
                    }
                    Malformed::UserTokenRepeated => facts(
                        bad_request,
                        "user_token_repeated",
                        Info,
                        "Send exactly one user token: the request has several.",
                    ),
                    Malformed::NotUtf8 => {
                        facts(bad_request, "not_utf8", Info, "Send the form as percent-encoded UTF-8.")
                    }
                    Malformed::TooLarge => facts(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "too_large",
                        Info,
                        "Send at most 8 KiB (8192 bytes). An ID token is longer if it lists many groups.",
                    ),
                    Malformed::Method { .. } => facts(
                        StatusCode::METHOD_NOT_ALLOWED,
                        "method_not_allowed",
                        Info,
                        "Use a method that the Allow header lists.",
                    ),
                    Malformed::MediaType => facts(
                        StatusCode::UNSUPPORTED_MEDIA_TYPE,
                        "media_type_unsupported",
                        Info,
                        "Send a form with the field user_token (Content-Type: application/x-www-form-urlencoded), not JSON.",
                    ),
                    Malformed::ForeignOrigin => facts(
                        StatusCode::FORBIDDEN,
                        "origin_not_allowed",
                        Info,
                        "Another site sent this form. That site is not allowed to sign you in here.",
                    ),
                    Malformed::NotAPage => facts(
                        bad_request,
                        "not_a_page",
                        Info,
                        "Open this address in the browser's window. A script or a frame cannot sign a browser in or out.",
                    ),
                    Malformed::Route => {
                        facts(StatusCode::NOT_FOUND, "route_unknown", Info, "This address does not exist.")
                    }
                }
            }

            Self::Refused(refused) => {
                let (code, severity) = match refused {
                    Refused::NotSignedIn => ("not_signed_in", Info),
                    Refused::SourceAddressNotAllowed => ("source_address_not_allowed", Info),
                    Refused::UserTokenUnknown => ("user_token_unknown", Info),
                    Refused::UserToken(Expired) => ("user_token_expired", Info),
                    Refused::UserToken(Suspended) => ("user_suspended", Info),
                    Refused::UserToken(WrongAudience) => ("audience_not_allowed", Info),
                    Refused::IdToken(invalid) => match invalid {
                        InvalidIdToken::Expired => ("id_token_expired", Info),
                        InvalidIdToken::NotYetValid => ("id_token_not_yet_valid", Info),
                        InvalidIdToken::WrongAudience => ("id_token_wrong_audience", Info),
                        InvalidIdToken::KeyUnknown => ("id_token_key_unknown", Info),
                        InvalidIdToken::SignatureWrong => ("id_token_signature_wrong", Info),
                        InvalidIdToken::Malformed(_) => ("id_token_malformed", Info),
                        InvalidIdToken::Claim(_) => ("id_token_claim_malformed", Warn),
                    },
                    Refused::User(InvalidUser::EmailUnverified) => ("email_unverified", Info),
                    Refused::User(InvalidUser::Missing(_)) => ("claim_missing", Warn),
                    Refused::User(InvalidUser::LegacyAgent) => ("legacy_agent", Warn),
                    Refused::User(InvalidUser::TeamMember) => ("team_member", Warn),
                };
                facts(StatusCode::UNAUTHORIZED, code, severity, REFUSED)
            }

            Self::Unavailable(unavailable) => {
                facts(StatusCode::SERVICE_UNAVAILABLE, unavailable.dependency.code(), Error, UNAVAILABLE)
            }
        }
    }

    /// Whether the refusals metric counts this outcome.
    #[must_use]
    pub fn refuses_a_user(&self) -> bool {
        matches!(self, Self::Refused(refused) if *refused != Refused::NotSignedIn)
    }

    /// What the log says in addition to the code: a claim, an attribute or a cause.
    #[must_use]
    pub fn detail(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Refused(
                Refused::User(InvalidUser::Missing(name)) | Refused::IdToken(InvalidIdToken::Claim(name)),
            ) => Some((*name).into()),
            Self::Refused(Refused::IdToken(InvalidIdToken::Malformed(problem))) => Some((*problem).into()),
            Self::Refused(Refused::User(InvalidUser::LegacyAgent)) => {
                Some("the agent has no custom_role_id: store one, or set REQUIRE_CUSTOM_ROLE to false".into())
            }
            Self::Refused(Refused::User(InvalidUser::TeamMember)) => {
                Some("the role is agent or admin, and Zendesk accepts only end users from the Support SDK".into())
            }
            Self::Unavailable(unavailable) => Some(unavailable.to_string().into()),
            _ => None,
        }
    }
}

impl From<Malformed> for Outcome {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Unavailable> for Outcome {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<UserTokenRefusal> for Outcome {
    fn from(refusal: UserTokenRefusal) -> Self {
        Self::Refused(Refused::UserToken(refusal))
    }
}

impl From<InvalidIdToken> for Outcome {
    fn from(invalid: InvalidIdToken) -> Self {
        Self::Refused(Refused::IdToken(invalid))
    }
}

impl From<InvalidUser> for Outcome {
    fn from(invalid: InvalidUser) -> Self {
        Self::Refused(Refused::User(invalid))
    }
}

impl From<NoRandomness> for Outcome {
    fn from(error: NoRandomness) -> Self {
        Unavailable::new(Dependency::Signature, error).into()
    }
}

impl From<SigningFailed> for Outcome {
    fn from(error: SigningFailed) -> Self {
        Unavailable::new(Dependency::Signature, error).into()
    }
}
