//! The pages a browser sees. The template engine escapes every value by itself.

use askama::Template;
use lambda_http::{Body, Response};

use super::return_to::{ReturnTo, ZendeskHosts};
use crate::http;
use crate::jwt::UniqueId;
use crate::jwt::signing::Jwt;
use crate::outcome::Outcome;

/// The page that posts the JWT to Zendesk: by itself, or by its button where scripts are off.
///
/// It must be a form that the browser posts: Zendesk signs in whoever brings the JWT, so fetch, a
/// server-side post and an iframe would all sign in nobody.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    jwt_endpoint: &'a str,
    jwt: &'a str,
    return_to: Option<&'a str>,
    nonce: &'a str,
}

/// A page that says what happened.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    nonce: &'a str,
}

/// The page that signs the browser in at Zendesk. `nonce` is used for this page only.
pub(super) fn sign_in(
    jwt: &Jwt,
    return_to: Option<&ReturnTo>,
    hosts: &ZendeskHosts,
    nonce: &UniqueId,
) -> Response<Body> {
    let page = SignIn {
        jwt_endpoint: &hosts.jwt_endpoint(),
        jwt: jwt.as_str(),
        return_to: return_to.map(ReturnTo::as_str),
        nonce: nonce.as_str(),
    };
    respond(&Outcome::Signed, &page, nonce, &hosts.form_action())
}

/// A page that says how the request ended.
pub(super) fn message(outcome: &Outcome, title: &str, text: &str, nonce: &UniqueId) -> Response<Body> {
    respond(outcome, &Message { title, text, nonce: nonce.as_str() }, nonce, "'none'")
}

fn respond(outcome: &Outcome, page: &impl Template, nonce: &UniqueId, form_action: &str) -> Response<Body> {
    let nonce = nonce.as_str();
    let content_security_policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    // Rendering fails only when a value's own `Display` fails, and these are strings.
    http::page(outcome, page.render().unwrap_or_default(), &content_security_policy)
}
