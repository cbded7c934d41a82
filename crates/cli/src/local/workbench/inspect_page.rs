use askama::Template;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::super::demo;
use super::super::identity_provider::IdentityProvider;
use super::{Frame, Notice, Shared, Workbench, page};
use crate::id_token::Verdict;
use crate::output;
use crate::problem::Problem;
use zendesk_jwt::jwt::{Clock, JtiSource as _, Kind, RandomJti, SystemClock};
use zendesk_jwt_rules::inspect::{Expectation, Signature, find_jwt, inspect as inspect_jwt};
use zendesk_jwt_simulator::web::{self, JwtReport, Menu, Prose};

/// The JWTs that the page offers: name, title, kind if it is not an ID token, and whether Zendesk refuses it.
const EXAMPLES: [(&str, &str, Option<Kind>, bool); 9] = [
    ("sdk", "Support SDK", Some(Kind::Sdk), false),
    ("messaging", "Messaging", Some(Kind::Messaging), false),
    ("sso", "SSO", Some(Kind::Sso), false),
    ("id-token", "ID token", None, false),
    ("milliseconds", "Time in milliseconds", Some(Kind::Sso), true),
    ("late", "10 minutes old", Some(Kind::Sdk), true),
    ("no-email", "No e-mail address", Some(Kind::Sso), true),
    ("other-secret", "Another secret", Some(Kind::Messaging), true),
    ("no-algorithm", "No algorithm", Some(Kind::Sso), true),
];

#[derive(Template)]
#[template(path = "workbench/inspect.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    kind: Option<Kind>,
    jwt: String,
    /// What a person edits and signs again.
    header: String,
    claims: String,
    is_signing: bool,
    problem: Option<Problem>,
    report: Option<JwtReport>,
    /// What the functions do with an ID token.
    verdict: Option<Verdict>,
}

/// A POST, so that no address and no history holds the JWT. Every page with a JWT can post `jwt` and `kind` here.
/// The secret is in no page.
pub(super) async fn inspect(State(workbench): Shared, form: String) -> Response {
    let field = |name| web::field(form.as_bytes(), name);
    let (entered, kind) = (field("secret"), field("kind").and_then(|kind| Kind::parse(&kind)));
    let (mut header, mut claims) = (field("header").unwrap_or_default(), field("claims").unwrap_or_default());
    let example = field("example").and_then(|name| example(&name, &workbench.identity_provider));
    let mut jwt = example.or(field("jwt")).unwrap_or_default();
    let (is_signing, mut problem) = (field("sign").is_some(), None);
    if is_signing {
        let of_demo = || match workbench.demo_key(&jwt, kind) {
            Some((_, secret)) => secret,
            None => demo::shared_secret(kind.unwrap_or(Kind::Sso), None),
        };
        match signed_texts(&header, &claims, &entered.clone().unwrap_or_else(of_demo)) {
            Ok(new) => jwt = new,
            Err(error) => problem = Some(error),
        }
    }
    let demo_key = if entered.is_none() { workbench.demo_key(&jwt, kind) } else { None };
    let (kind_of_key, secret, secret_name) = match demo_key {
        Some((kind, secret)) => (Some(kind), Some(secret), "the shared secret of the demo"),
        None => (None, entered, "the secret that you entered"),
    };
    let secret = secret.as_deref().map(str::as_bytes);
    // A text area easily adds a line break.
    let expectation = Expectation { kind: kind.or(kind_of_key), secret, now: SystemClock.now().0 };
    let inspection = inspect_jwt(jwt.trim(), &expectation);
    let id_token = find_jwt(&jwt).filter(|_| inspection.id_token.is_some());
    let verdict = id_token.and_then(|found| workbench.identity_provider.verdict(&found.jwt));
    if problem.is_none() {
        header = inspection.header.as_ref().map(output::in_json).unwrap_or_default();
        claims = inspection.claims.as_ref().map(output::in_json).unwrap_or_default();
    }
    let report = (!form.is_empty() && problem.is_none()).then(|| JwtReport::new(&jwt, inspection, secret_name));
    let (menu, frame) = (workbench.menu("/inspect"), workbench.frame().await);
    page(StatusCode::OK, &Page { menu, frame, kind, jwt, header, claims, is_signing, problem, report, verdict })
}

impl Workbench {
    /// The demo's secret that has signed the JWT, or that its key id names.
    fn demo_key(&self, jwt: &str, kind: Option<Kind>) -> Option<(Kind, String)> {
        let kinds = Kind::ALL.into_iter().filter(|one| kind.is_none_or(|kind| kind == *one));
        let names = || std::iter::once(None).chain(self.functions.parts.configurations.names().map(Some));
        kinds.flat_map(|kind| names().map(move |name| (kind, name))).find_map(|(kind, name)| {
            let secret = demo::shared_secret(kind, name);
            let expectation = Expectation { kind: Some(kind), secret: Some(secret.as_bytes()), now: 0 };
            let inspection = inspect_jwt(jwt, &expectation);
            let key_id = inspection.header.and_then(|header| header.get("kid")?.as_str().map(str::to_owned));
            let is_named = kind == Kind::Messaging && key_id == Some(demo::kid(name));
            (inspection.signature == Signature::Verified || is_named).then_some((kind, secret))
        })
    }
}

/// The example of this name, which is signed now.
fn example(name: &str, provider: &IdentityProvider) -> Option<String> {
    let (.., kind, _) = EXAMPLES.into_iter().find(|(found, ..)| *found == name)?;
    let Some(kind) = kind else { return provider.id_token(demo::EXTERNAL_ID, None) };
    let now = SystemClock.now().0;
    let mut secret = demo::shared_secret(kind, None);
    let mut header = json!({"alg": "HS256", "typ": "JWT"});
    let mut claims = json!({"name": "Demo User", "email": "demo@example.com", "external_id": demo::EXTERNAL_ID});
    if kind == Kind::Messaging {
        header["kid"] = json!(demo::kid(None));
        claims["scope"] = json!("user");
        claims["email_verified"] = json!(true);
        claims["exp"] = json!(now + 300);
    } else {
        claims["iat"] = json!(now);
        claims["jti"] = json!(RandomJti.next().ok()?.as_str());
    }
    match name {
        "milliseconds" => claims["iat"] = json!(now * 1000),
        "late" => claims["iat"] = json!(now - 600),
        "no-email" => claims.as_object_mut()?.retain(|claim, _| claim != "email"),
        "other-secret" => secret.push_str("-of-another-account"),
        "no-algorithm" => header["alg"] = json!("none"),
        _ => {}
    }
    Some(signed(&header, &claims, &secret))
}

/// The JWT of a header and claims that a person wrote.
fn signed_texts(header: &str, claims: &str, secret: &str) -> Result<String, Problem> {
    let object = |part: &str, json: &str| {
        let object = serde_json::from_str::<Map<String, Value>>(json).map(Value::Object);
        object.map_err(|error| Problem(format!("the {part} must be a JSON object: {error}")))
    };
    Ok(signed(&object("header", header)?, &object("claims", claims)?, secret))
}

/// Signs with HS256, whatever the header says.
fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&hmac::Key::new(HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
