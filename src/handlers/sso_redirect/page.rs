//! The pages that a browser shows. The template engine escapes every value.

use askama::Template;
use lambda_http::{Body, Response};
use url::Url;

use super::return_to::ZendeskHosts;
use crate::jwt::signing::Jwt;
use crate::jwt::{Jti, sso};
use crate::outcome::Outcome;
use crate::web;
use zendesk_jwt_rules::zendesk_errors::ZendeskError;

/// The page that posts the JWT to Zendesk, by script or by its button.
///
/// The browser itself must post the form: Zendesk sets the session cookie in the answer, so a fetch, a post by a
/// server and an iframe do not sign anyone in.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    jwt_endpoint: &'a str,
    jwt: &'a str,
    fields: &'a [(&'static str, String)],
    waits_for_click: bool,
    bypass_url: &'a str,
    nonce: &'a str,
}

/// The message with which Zendesk refused a sign-in, and what to do.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    code: &'a str,
    title: &'a str,
    message: &'a str,
    for_the_user: &'a str,
    for_the_administrator: &'a str,
    bypass_url: &'a str,
    request_id: &'a str,
    nonce: &'a str,
}

/// A page that says what happened.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    login_url: Option<&'a str>,
    nonce: &'a str,
}

/// The page that signs the browser in at Zendesk. `fields` go into the form with the JWT. `form_action` holds the
/// sources of that policy. Every page needs a `nonce` of its own.
pub(super) fn sign_in(
    outcome: &Outcome,
    jwt: &Jwt,
    fields: &[(&'static str, String)],
    zendesk: &ZendeskHosts,
    form_action: &str,
    nonce: &Jti,
) -> Response<Body> {
    let page = SignIn {
        jwt_endpoint: &zendesk.address(sso::ENDPOINT),
        jwt: jwt.as_str(),
        fields,
        waits_for_click: matches!(outcome, Outcome::SignInLoop),
        bypass_url: &zendesk.address(sso::NORMAL_SIGN_IN),
        nonce: nonce.as_str(),
    };
    respond(outcome, &page, nonce, form_action)
}

/// The page for a browser that Zendesk sent here with an error message.
pub(super) fn zendesk_error(
    error: &'static ZendeskError,
    message: &str,
    request_id: &str,
    zendesk: &ZendeskHosts,
    nonce: &Jti,
) -> Response<Body> {
    let page = ErrorPage {
        code: error.code,
        title: error.title,
        message,
        for_the_user: error.for_the_user,
        for_the_administrator: error.for_the_administrator,
        bypass_url: &zendesk.address(sso::NORMAL_SIGN_IN),
        request_id,
        nonce: nonce.as_str(),
    };
    respond(&Outcome::ReturnedByZendesk(error), &page, nonce, "'none'")
}

/// A page that says how the request ended, with a link to the login page if there is one.
pub(super) fn message(
    outcome: &Outcome,
    title: &str,
    text: &str,
    login_url: Option<&Url>,
    nonce: &Jti,
) -> Response<Body> {
    let login_url = login_url.map(Url::as_str);
    respond(outcome, &Message { title, text, login_url, nonce: nonce.as_str() }, nonce, "'none'")
}

fn respond(outcome: &Outcome, page: &impl Template, nonce: &Jti, form_action: &str) -> Response<Body> {
    let nonce = nonce.as_str();
    let content_security_policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    // Rendering fails only if the `Display` of a value fails; all values are strings.
    web::page(outcome, page.render().unwrap_or_default(), &content_security_policy)
}
