//! How a request can end: one closed set, and one `match` that gives each ending its status, code and level.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use lambda_http::http::StatusCode;

use crate::jwt::signing::{SigningFailed, SigningKeyProblem};
use crate::jwt::{NoRandomness, UnfitProfile};
use crate::user::UserTokenRefusal;
use zendesk_jwt_rules::zendesk_errors::{Cause, ZendeskError};

/// How a request ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A JWT was signed and handed over.
    Signed,
    /// A browser asked whether a page of another origin may ask for a JWT.
    Preflight,
    /// A JWT was signed, but the browser waits for a click: it was signed in too often just now.
    SignInLoop,
    /// The browser's session was ended.
    SignedOut,
    /// Zendesk sent the browser here because it could not sign it in.
    ReturnedByZendesk(&'static ZendeskError),
    /// The request is not one that the function takes; the answer says what it takes.
    Malformed(Malformed),
    /// The answer is no, and the same for every reason: only log and metric know which.
    Refused(Refused),
    /// We cannot tell yes from no. It must never look like a no: a phone may wipe its user's identity.
    Unavailable(Unavailable),
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// No user token; `expected` says where the function looks for one.
    UserTokenMissing {
        /// A sentence for the caller.
        expected: &'static str,
    },
    /// More than one user token in the same place.
    UserTokenRepeated,
    /// A form field that is not UTF-8.
    NotUtf8,
    /// A body or a user token over 8 KiB.
    TooLarge,
    /// A method that the route does not have.
    Method {
        /// Those that it has, comma-separated as in the header `Allow`.
        allow: &'static str,
    },
    /// A body that is not a form.
    MediaType,
    /// A path that the function does not have.
    Route,
    /// A form posted by a page of an origin that may not sign visitors in.
    ForeignOrigin,
    /// A script's or a frame's request for what must be a page in the browser's window.
    NotAPage,
}

/// Why the answer is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A browser that carries no user token.
    NotSignedIn,
    /// A request from an address outside of the networks that may ask, or from none that the front door reports.
    SourceAddressNotAllowed,
    /// A user token that is not stored, or no longer.
    UserTokenUnknown,
    /// A stored user token that does not count here and now.
    UserToken(UserTokenRefusal),
    /// A user for whom Zendesk takes no JWT of this kind.
    Profile(UnfitProfile),
    /// A stored item with an attribute of a type or value that the attribute cannot have.
    ItemMalformed {
        /// The attribute's name.
        attribute: &'static str,
    },
}

/// What is unavailable, and why. `Display` writes what the log shows: the chain of causes, then the remedy.
#[derive(Clone, Debug)]
pub struct Unavailable {
    /// What is unavailable.
    pub dependency: Dependency,
    /// Why.
    pub cause: Arc<dyn Failure>,
}

impl Unavailable {
    /// Without `dependency`, because of `cause`.
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

/// An error that makes something unavailable. Its chain of causes holds nothing secret or personal.
pub trait Failure: Error + Send + Sync + 'static {
    /// What an operator can do about it, where that is known.
    fn remedy(&self) -> Option<&str> {
        None
    }
}

impl Failure for NoRandomness {}

impl Failure for SigningFailed {}

impl Failure for SigningKeyProblem {}

/// An error and its chain of causes in one line.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", causes(cause)),
        None => error.to_string(),
    }
}

/// What a JWT cannot be made without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// DynamoDB gave no answer.
    UserTokens,
    /// Secrets Manager gave no secret.
    SigningKey,
    /// What Secrets Manager gave cannot be the signing key.
    InvalidSigningKey,
    /// The random generator or the crypto library failed.
    Signature,
}

impl Dependency {
    /// The code of the outcome, which also names what keeps a newer signing key from being used.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UserTokens => "user_tokens_unavailable",
            Self::SigningKey => "signing_key_unavailable",
            Self::InvalidSigningKey => "signing_key_refused",
            Self::Signature => "signing_failed",
        }
    }
}

/// How loudly an outcome is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// All is as it should be on our side.
    Info,
    /// Somebody should mend a user's data.
    Warn,
    /// Somebody should act now.
    Error,
}

/// What follows from an outcome.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The status of the answer; a browser that is refused may be sent to a login page instead.
    pub status: StatusCode,
    /// The name in the log and in the metric's dimension, in `snake_case`.
    pub code: &'static str,
    /// How loudly it is logged.
    pub severity: Severity,
    /// What the caller is told.
    pub explanation: &'static str,
}

impl Outcome {
    /// What follows from this outcome.
    #[must_use]
    pub fn facts(&self) -> Facts {
        use Severity::{Error, Info, Warn};
        use UserTokenRefusal::{Expired, Suspended, WrongAudience};

        const REFUSED: &str = "The user token is not known or not trusted.";
        const UNAVAILABLE: &str = "The user token could not be checked just now. Try again shortly.";

        let facts = |status, code, severity, explanation| Facts { status, code, severity, explanation };
        match self {
            Self::Signed => facts(StatusCode::OK, "signed", Info, ""),
            Self::Preflight => facts(StatusCode::NO_CONTENT, "preflight", Info, ""),
            Self::SignInLoop => facts(StatusCode::OK, "sign_in_loop", Warn, ""),
            Self::SignedOut => facts(StatusCode::OK, "signed_out", Info, "You are signed out."),
            Self::ReturnedByZendesk(fault) => {
                let severity = match fault.cause {
                    Cause::Chance => Info,
                    Cause::User => Warn,
                    Cause::Setup => Error,
                };
                facts(StatusCode::OK, fault.code, severity, "")
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
                        "Send exactly one user token: the request holds several.",
                    ),
                    Malformed::NotUtf8 => {
                        facts(bad_request, "not_utf8", Info, "Send the form as percent-encoded UTF-8.")
                    }
                    Malformed::TooLarge => {
                        facts(StatusCode::PAYLOAD_TOO_LARGE, "too_large", Info, "Send at most 8 KiB (8192 bytes).")
                    }
                    Malformed::Method { .. } => facts(
                        StatusCode::METHOD_NOT_ALLOWED,
                        "method_not_allowed",
                        Info,
                        "Use a method that the Allow header of this answer lists.",
                    ),
                    Malformed::MediaType => facts(
                        StatusCode::UNSUPPORTED_MEDIA_TYPE,
                        "media_type_unsupported",
                        Info,
                        "Send a form: Content-Type application/x-www-form-urlencoded with the field user_token, not JSON.",
                    ),
                    Malformed::ForeignOrigin => facts(
                        StatusCode::FORBIDDEN,
                        "origin_not_allowed",
                        Info,
                        "This form was sent by another site, which may not sign you in here.",
                    ),
                    Malformed::NotAPage => facts(
                        bad_request,
                        "not_a_page",
                        Info,
                        "Open this address in the browser's window: Zendesk signs in the browser that posts the token, \
                         so a script or a frame would sign in nobody.",
                    ),
                    Malformed::Route => {
                        facts(StatusCode::NOT_FOUND, "route_unknown", Info, "There is nothing at this address.")
                    }
                }
            }

            Self::Refused(refused) => {
                let (code, severity) = match refused {
                    Refused::NotSignedIn => ("error_response", Info),
                    Refused::SourceAddressNotAllowed => ("source_address_not_allowed", Info),
                    Refused::UserTokenUnknown => ("user_token_unknown", Info),
                    Refused::UserToken(Expired) => ("user_token_expired", Info),
                    Refused::UserToken(Suspended) => ("user_suspended", Info),
                    Refused::UserToken(WrongAudience) => ("audience_not_allowed", Info),
                    Refused::Profile(UnfitProfile::EmailUnverified) => ("email_unverified", Info),
                    Refused::Profile(UnfitProfile::Missing(_)) => ("claim_missing", Warn),
                    Refused::Profile(UnfitProfile::LegacyAgent) => ("legacy_agent", Warn),
                    Refused::ItemMalformed { .. } => ("item_malformed", Warn),
                };
                facts(StatusCode::UNAUTHORIZED, code, severity, REFUSED)
            }

            Self::Unavailable(unavailable) => {
                facts(StatusCode::SERVICE_UNAVAILABLE, unavailable.dependency.code(), Error, UNAVAILABLE)
            }
        }
    }

    /// Whether a user was told no: somebody who showed a user token, or for whom an address asked that may not.
    #[must_use]
    pub fn refuses_a_user(&self) -> bool {
        matches!(self, Self::Refused(refused) if *refused != Refused::NotSignedIn)
    }

    /// What the log says beyond the code: a claim's or attribute's name, or the cause of an outage.
    #[must_use]
    pub fn detail(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Refused(
                Refused::Profile(UnfitProfile::Missing(name)) | Refused::ItemMalformed { attribute: name },
            ) => Some((*name).into()),
            Self::Refused(Refused::Profile(UnfitProfile::LegacyAgent)) => Some(
                "role is agent without custom_role_id, which makes a near-admin: store one, or set ALLOW_LEGACY_AGENT=true"
                    .into(),
            ),
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

impl From<UnfitProfile> for Outcome {
    fn from(unfit: UnfitProfile) -> Self {
        Self::Refused(Refused::Profile(unfit))
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
