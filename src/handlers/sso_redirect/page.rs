//! The pages a browser sees. The template engine escapes every value by itself.

use askama::Template;
use lambda_http::{Body, Response};

use super::return_to::ZendeskHosts;
use crate::jwt::signing::Jwt;
use crate::jwt::{Jti, sso};
use crate::outcome::Outcome;
use crate::web;
use zendesk_jwt_rules::zendesk_errors::ZendeskError;

/// The page that posts the JWT to Zendesk: by itself, or by its button where scripts are off.
///
/// It must be a form that the browser posts: Zendesk signs in whoever brings the JWT, so fetch, a
/// server-side post and an iframe would all sign in nobody.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    jwt_endpoint: &'a str,
    jwt: &'a str,
    fields: &'a [(&'static str, String)],
    is_held_back: bool,
    way_round_sso: &'a str,
    nonce: &'a str,
}

/// What Zendesk said when it could not sign somebody in, and what to do.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    code: &'a str,
    title: &'a str,
    message: &'a str,
    for_the_user: &'a str,
    for_the_administrator: &'a str,
    way_round_sso: &'a str,
    request_id: &'a str,
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

/// The page that signs the browser in at Zendesk, with the form's fields beside the JWT. It waits for a
/// click when the outcome is that it was held back. `form_action` are the sources that the browser may come to
/// with the form. `nonce` is for this page alone, as on every page.
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
        is_held_back: matches!(outcome, Outcome::SignInLoop),
        way_round_sso: &zendesk.address(sso::NORMAL_SIGN_IN),
        nonce: nonce.as_str(),
    };
    respond(outcome, &page, nonce, form_action)
}

/// The page for a browser that Zendesk sent here with `message`.
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
        way_round_sso: &zendesk.address(sso::NORMAL_SIGN_IN),
        request_id,
        nonce: nonce.as_str(),
    };
    respond(&Outcome::ReturnedByZendesk(error), &page, nonce, "'none'")
}

/// A page that says how the request ended.
pub(super) fn message(outcome: &Outcome, title: &str, text: &str, nonce: &Jti) -> Response<Body> {
    respond(outcome, &Message { title, text, nonce: nonce.as_str() }, nonce, "'none'")
}

fn respond(outcome: &Outcome, page: &impl Template, nonce: &Jti, form_action: &str) -> Response<Body> {
    let nonce = nonce.as_str();
    let content_security_policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    // Rendering fails only when a value's own `Display` fails, and these are strings.
    web::page(outcome, page.render().unwrap_or_default(), &content_security_policy)
}
