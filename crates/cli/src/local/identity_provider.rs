//! A demo OpenID provider, with users to choose instead of passwords. It shows the whole way of an ID token.
//!
//! One public client, authorization code with PKCE (RFC 7636), and ES256 with a key that is new at each start.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parking_lot::Mutex;
use serde_json::{Value, json};
use url::Url;

use super::company::{LOGIN, cookie, redirect, removed};
use super::demo;
use crate::id_token::Verdict;
use zendesk_jwt::idp::{self, KeySet};
use zendesk_jwt::jwt::{Clock as _, EpochSeconds, JtiSource as _, RandomJti, SystemClock};
use zendesk_jwt_simulator::web::{self, Menu, Reach};

/// The client that may use the provider: the demo company's site, or a site that you develop on this machine.
pub(super) const CLIENT_ID: &str = "demo-site";

/// The path of the issuer.
const PATH: &str = "/idp";

pub(super) const AUTHORIZE: &str = "/idp/authorize";

pub(super) const END_SESSION: &str = "/idp/end-session";

/// As long as most providers' ID tokens, in seconds.
const LIFETIME: u64 = 3600;

/// In seconds. RFC 6749, section 4.1.2, allows ten minutes at most.
const CODE_LIFETIME: u64 = 60;

/// The provider's own session, with which the next log-in needs no click.
const SESSION_COOKIE: &str = "identity_provider";

/// Authorization requests may lead to every port of this machine.
const LOOPBACK: &str = "http://127.0.0.1:* http://localhost:*";

pub(super) struct IdentityProvider {
    pub(crate) issuer: String,
    /// The member of `IDENTITY_PROVIDERS` with which the functions take its ID tokens.
    pub(crate) trusted: idp::IdentityProvider,
    key: EncodingKey,
    header: Header,
    /// The set of the key's public half.
    key_set: Value,
    grants: Mutex<HashMap<String, Grant>>,
}

/// What a code stands for.
struct Grant {
    subject: String,
    request: Authorization,
    expires_at: EpochSeconds,
}

type Shared = State<Arc<IdentityProvider>>;

pub(super) fn router(provider: &Arc<IdentityProvider>) -> Router {
    Router::new()
        .route("/idp/.well-known/openid-configuration", get(discovery))
        .route("/idp/jwks", get(jwks))
        .route(AUTHORIZE, get(authorize).post(authorize))
        .route("/idp/token", post(token))
        .route(END_SESSION, get(end_session))
        .with_state(Arc::clone(provider))
}

impl IdentityProvider {
    /// A provider with a new key at `own_url`.
    pub(crate) fn new(own_url: &Url) -> Result<Self, Box<dyn Error>> {
        let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        let key = EncodingKey::from_ec_der(private.as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256)?);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let header = Header { kid: jwk.common.key_id.clone(), ..Header::new(Algorithm::ES256) };
        let issuer = String::from(own_url.join(PATH)?);
        // All three flows, so that the demo shows them. Without `audiences`, the Support SDK would be off.
        let configuration =
            json!([{"issuer": issuer, "audience": CLIENT_ID, "audiences": ["sdk", "messaging", "sso"]}]).to_string();
        let trusted = idp::parse(&configuration).ok().and_then(|mut providers| providers.pop());
        let trusted = trusted.ok_or("its own address cannot be an issuer")?;
        Ok(Self { issuer, trusted, key, header, key_set: json!({"keys": [jwk]}), grants: Mutex::default() })
    }

    /// What the functions do with a token, as an ID token of this provider.
    pub(crate) fn verdict(&self, token: &str) -> Option<Verdict> {
        let keys = KeySet::parse(self.key_set.to_string().as_bytes()).ok()?;
        Some(Verdict::on(token, &self.trusted, &keys, SystemClock.now()))
    }

    /// An ID token of a demo user; `None` if there is no such user.
    pub(crate) fn id_token(&self, subject: &str, nonce: Option<&str>) -> Option<String> {
        let user = demo::identity_provider_users().into_iter().find(|user| user.subject == subject)?;
        let EpochSeconds(now) = SystemClock.now();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "azp": CLIENT_ID, "sub": subject, "iat": now, "exp": now + LIFETIME,
            "name": user.name, "email": user.email, "email_verified": user.email_verified,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        jsonwebtoken::encode(&self.header, &claims, &self.key).ok()
    }

    /// The redirect that brings a new code to the client, and keeps the user's session here.
    fn grant(&self, request: Authorization, subject: String) -> Response {
        let (now, session) = (SystemClock.now(), cookie(SESSION_COOKIE, subject.clone(), PATH));
        let Ok(code) = RandomJti.next() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let mut target = request.redirect_uri.clone();
        target.query_pairs_mut().append_pair("code", code.as_str()).append_pair("iss", &self.issuer);
        if let Some(state) = &request.state {
            target.query_pairs_mut().append_pair("state", state);
        }
        let grant = Grant { subject, request, expires_at: now.plus(CODE_LIFETIME) };
        let mut grants = self.grants.lock();
        grants.retain(|_, grant| grant.expires_at > now);
        grants.insert(code.as_str().to_owned(), grant);
        redirect([session], target.as_str())
    }

    /// The ID token for a code, which is good for one attempt.
    pub(crate) fn redeem(&self, code: &str, code_verifier: &str, redirect_uri: &str) -> Option<String> {
        let grant = self.grants.lock().remove(code)?;
        let Grant { subject, request, expires_at } = grant;
        let is_valid = expires_at > SystemClock.now()
            && Url::parse(redirect_uri).is_ok_and(|uri| uri == request.redirect_uri)
            && request.code_challenge == code_challenge(code_verifier);
        is_valid.then(|| self.id_token(&subject, request.nonce.as_deref())).flatten()
    }
}

/// RFC 7636, section 4.2, method `S256`.
pub(super) fn code_challenge(code_verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, code_verifier.as_bytes()))
}

/// A request for a code (OpenID Connect Core 1.0, section 3.1.2.1).
struct Authorization {
    redirect_uri: Url,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: String,
    /// Whether the user must choose, despite a session.
    asks_for_login: bool,
}

impl Authorization {
    fn parse(query: &str) -> Result<Self, &'static str> {
        let field = |name| web::field(query.as_bytes(), name);
        let is = |name, expected| field(name).as_deref() == Some(expected);
        let redirect_uri = field("redirect_uri").and_then(|uri| Url::parse(&uri).ok()).filter(is_on_this_machine);
        if !is("client_id", CLIENT_ID) {
            return Err("the client_id must be demo-site");
        }
        if !is("response_type", "code") || !field("scope").is_some_and(|scope| scope.split(' ').any(|s| s == "openid"))
        {
            return Err("the response_type must be code, and the scope must contain openid");
        }
        if !is("code_challenge_method", "S256") {
            return Err("the request needs PKCE: a code_challenge with the code_challenge_method S256");
        }
        Ok(Self {
            redirect_uri: redirect_uri.ok_or("the redirect_uri must be an http address of 127.0.0.1 or localhost")?,
            state: field("state"),
            nonce: field("nonce"),
            code_challenge: field("code_challenge").ok_or("the code_challenge is missing")?,
            asks_for_login: field("prompt").is_some_and(|prompt| prompt != "none"),
        })
    }
}

fn is_on_this_machine(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
}

async fn discovery(State(provider): Shared) -> Response {
    let issuer = &provider.issuer;
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end-session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    web::json(StatusCode::OK, &document)
}

async fn jwks(State(provider): Shared) -> Response {
    web::json(StatusCode::OK, &provider.key_set)
}

#[derive(Template)]
#[template(path = "identity_provider/log_in.html")]
struct LogIn {
    menu: Menu,
    query: String,
}

/// Shows the users to choose from. After the choice, or if the browser has a session here, it returns to the client.
async fn authorize(State(provider): Shared, RawQuery(query): RawQuery, headers: HeaderMap, form: Bytes) -> Response {
    let query = query.unwrap_or_default();
    let authorization = match Authorization::parse(&query) {
        Ok(authorization) => authorization,
        Err(problem) => {
            let problem = format!("The demo identity provider cannot log you in: {problem}.");
            return (StatusCode::BAD_REQUEST, problem).into_response();
        }
    };
    let session = web::cookie(&headers, SESSION_COOKIE).filter(|_| !authorization.asks_for_login);
    if let Some(subject) = web::field(&form, "user").or(session) {
        return provider.grant(authorization, subject);
    }
    let menu = Menu { site: "Demo identity provider", current: AUTHORIZE, links: Vec::new(), sites: Vec::new() };
    let page = LogIn { menu, query };
    web::page(StatusCode::OK, &page, Reach { form_action: LOOPBACK, ..Reach::default() })
}

/// OpenID Connect Core 1.0, section 3.1.3.
async fn token(State(provider): Shared, form: Bytes) -> Response {
    let field = |name| web::field(&form, name).unwrap_or_default();
    let id_token = if field("client_id") == CLIENT_ID && field("grant_type") == "authorization_code" {
        let id_token = provider.redeem(&field("code"), &field("code_verifier"), &field("redirect_uri"));
        id_token.ok_or("invalid_grant")
    } else {
        Err("unauthorized_client")
    };
    let (status, answer) = match id_token {
        // There is no user info to get with the access token, but the protocol requires one.
        Ok(id_token) => (
            StatusCode::OK,
            json!({"token_type": "Bearer", "access_token": "none", "expires_in": LIFETIME, "id_token": id_token}),
        ),
        Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error})),
    };
    ([(CACHE_CONTROL, "no-store")], web::json(status, &answer)).into_response()
}

/// OpenID Connect RP-Initiated Logout 1.0.
async fn end_session(RawQuery(query): RawQuery) -> Response {
    let target = web::field(query.unwrap_or_default().as_bytes(), "post_logout_redirect_uri");
    let target = target.and_then(|uri| Url::parse(&uri).ok());
    let target = target.filter(is_on_this_machine).map_or_else(|| LOGIN.to_owned(), String::from);
    redirect([removed(SESSION_COOKIE, PATH)], &target)
}
