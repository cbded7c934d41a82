//! The pages that a browser shows. The template engine escapes every value but the JWT.

use askama::Template;
use lambda_http::{Body, Request, Response};

use super::brand::Brand;
use super::return_to::ZendeskHosts;
use super::texts::{Notice, Texts};
use crate::jwt::signing::Jwt;
use crate::jwt::{Jti, sso};
use crate::outcome::Outcome;
use crate::web;

/// How much of Zendesk's message an administrator gets, in characters. Anyone can write it into the address.
const MAX_MESSAGE_CHARACTERS: usize = 300;

/// How much of the request id a customer gets, in bytes. The log line of the request has the whole id.
const REFERENCE_BYTES: usize = 8;

/// What all pages have in common. Every page needs a `nonce` of its own.
pub(super) struct Frame<'a> {
    pub texts: &'static Texts,
    pub brand: &'a Brand,
    pub nonce: Jti,
}

/// What a page has in addition if something is wrong: a reference, and a closed part for administrators.
pub(super) struct Help<'a> {
    reference: &'a str,
    explanation: &'a str,
    zendesk_says: String,
    code: Option<&'a str>,
    password_url: String,
    bypass_url: String,
}

impl<'a> Help<'a> {
    /// Help with `explanation`, in English, for administrators.
    pub(super) fn new(request: &'a Request, zendesk: &ZendeskHosts, explanation: &'a str) -> Self {
        let request_id = web::request_id(request);
        Self {
            reference: request_id.get(..REFERENCE_BYTES).unwrap_or(request_id),
            explanation,
            zendesk_says: String::new(),
            code: None,
            password_url: zendesk.address(sso::PASSWORD_SIGN_IN),
            bypass_url: zendesk.address(sso::SSO_BYPASS),
        }
    }

    /// Adds the outcome's code. A refused user must not learn the reason.
    pub(super) fn with_code(self, code: &'a str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Adds the beginning of Zendesk's message.
    pub(super) fn with_message(self, message: &str) -> Self {
        let end = message.char_indices().nth(MAX_MESSAGE_CHARACTERS).map(|(end, _)| end);
        let zendesk_says = end.map_or_else(|| message.to_owned(), |end| format!("{}…", &message[..end]));
        Self { zendesk_says, ..self }
    }
}

/// The page that posts the JWT to Zendesk, by script or by its button.
///
/// The browser itself must post the form: Zendesk sets the session cookie in the answer, so a fetch, a post by a
/// server and an iframe do not sign anyone in.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    frame: &'a Frame<'a>,
    title: &'a str,
    text: &'a str,
    jwt_endpoint: &'a str,
    jwt: &'a str,
    fields: &'a [(&'static str, String)],
    help: Option<Help<'a>>,
}

/// A page that says what happened.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: &'a Frame<'a>,
    notice: &'a Notice,
    button: Option<(&'a str, &'a str)>,
    retry_after: Option<&'static str>,
    help: Option<Help<'a>>,
}

/// The form with which a browser signs in at Zendesk.
pub(super) struct SignInForm<'a> {
    pub jwt_endpoint: &'a str,
    pub jwt: &'a Jwt,
    /// The fields that go to Zendesk with the JWT.
    pub fields: &'a [(&'static str, String)],
    /// The sources of the policy `form-action`.
    pub form_action: &'a str,
}

/// The page that signs the browser in at Zendesk. With `help`, it waits for a click.
pub(super) fn sign_in(
    outcome: &Outcome,
    frame: &Frame<'_>,
    text: &str,
    form: &SignInForm<'_>,
    help: Option<Help<'_>>,
) -> Response<Body> {
    let (title, text) = match help {
        Some(_) => (frame.texts.sign_in_loop.title, frame.texts.sign_in_loop.text),
        None => (frame.texts.signing_in, text),
    };
    let SignInForm { jwt_endpoint, fields, form_action, .. } = *form;
    let page = SignIn { frame, title, text, jwt_endpoint, jwt: form.jwt.as_str(), fields, help };
    respond(outcome, &page, frame, form_action)
}

/// A page that says what happened. `button` is a link with label and address.
pub(super) fn message(
    outcome: &Outcome,
    frame: &Frame<'_>,
    notice: &Notice,
    button: Option<(&str, &str)>,
    help: Option<Help<'_>>,
) -> Response<Body> {
    let retry_after = matches!(outcome, Outcome::Unavailable(_)).then_some(web::RETRY_AFTER_SECONDS);
    respond(outcome, &Message { frame, notice, button, retry_after, help }, frame, "'none'")
}

fn respond(outcome: &Outcome, page: &impl Template, frame: &Frame<'_>, form_action: &str) -> Response<Body> {
    let nonce = frame.nonce.as_str();
    let logo = frame.brand.logo.as_ref().map(|logo| format!(" img-src {};", logo.origin)).unwrap_or_default();
    let content_security_policy = format!(
        "default-src 'none';{logo} script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    // Rendering fails only if the `Display` of a value fails; none of ours does.
    web::page(outcome, page.render().unwrap_or_default(), &content_security_policy)
}
