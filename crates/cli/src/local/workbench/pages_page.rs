use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};
use lambda_http::Body;

use super::super::demo;
use super::{Frame, Notice, Shared, page};
use zendesk_jwt::config::Environment;
use zendesk_jwt::handlers::sso_redirect::{self, brand::Brand};
use zendesk_jwt::jwt::{Clock, SystemClock};
use zendesk_jwt_simulator::web::{self, Menu};

/// The names of the variables, as fields of a form.
const FIELDS: [(&str, &str); 4] = [
    ("BRAND_NAME", "Acme"),
    ("BRAND_LOGO_URL", "https://www.example.com/logo.svg"),
    ("BRAND_COLOR", "#17494d"),
    ("SUPPORT_URL", "mailto:help@example.com"),
];

/// A page that a browser can get from `sso-redirect`.
struct View {
    name: &'static str,
    title: &'static str,
    /// The path and query with which a browser gets this page.
    target: &'static str,
    /// The cookies of that request, in which `{user_token}` and `{now}` are replaced.
    cookies: &'static str,
}

const LOGIN: &str = "/sso/login?return_to=%2Fhc";

const VIEWS: [View; 5] = [
    View { name: "sign-in", title: "Signing in", target: LOGIN, cookies: "session={user_token}" },
    View {
        name: "sign-in-loop",
        title: "Signing in for the fourth time within a minute",
        target: LOGIN,
        cookies: "session={user_token}; __Host-zendesk-sign-ins={now}.{now}.{now}",
    },
    View { name: "signed-out", title: "Signed out", target: "/sso/logout?", cookies: "" },
    View {
        name: "refused",
        title: "Refused by your service",
        target: LOGIN,
        cookies: "__Host-zendesk-sign-ins=~{now}.{now}",
    },
    View {
        name: "error",
        title: "Refused by Zendesk",
        target: "/sso/logout?kind=error&message=Something+new",
        cookies: "",
    },
];

#[derive(Template)]
#[template(path = "workbench/pages.html")]
struct Page {
    menu: Menu,
    frame: Frame,
    /// Name, example and value of each variable.
    fields: Vec<(&'static str, &'static str, String)>,
    query: String,
    problem: String,
    languages: Vec<(&'static str, u64)>,
}

pub(super) async fn list(State(workbench): Shared, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let value = |name| web::field(query.as_bytes(), name).unwrap_or_default();
    let fields: Vec<_> = FIELDS.map(|(name, example)| (name, example, value(name))).to_vec();
    let problem = brand(&query).err().unwrap_or_default().join("\n");
    // Only the variables, encoded again: the links below hold this text.
    let pairs = fields.iter().map(|(name, _, value)| (name, value));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let (menu, frame) = (workbench.menu("/pages"), workbench.frame().await);
    let languages = sso_redirect::languages().collect();
    page(StatusCode::OK, &Page { menu, frame, fields, query, problem, languages })
}

/// The page as a browser gets it, but it neither runs its script nor changes a cookie.
pub(super) async fn view(State(workbench): Shared, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let field = |name| web::field(query.as_bytes(), name).unwrap_or_default();
    let view = VIEWS.iter().find(|view| view.name == field("page"));
    let locale_id: Option<u64> = field("locale_id").parse().ok();
    let (Some(view), Some(locale_id), Ok(brand)) = (view, locale_id, brand(&query)) else {
        return Redirect::to("/pages").into_response();
    };
    let address = format!("http://127.0.0.1{}&locale_id={locale_id}", view.target);
    let cookies = view.cookies.replace("{user_token}", demo::USER_TOKEN);
    let cookies = cookies.replace("{now}", &SystemClock.now().0.to_string());
    let request = lambda_http::http::Request::get(address).header("cookie", cookies).body(Body::Empty);
    let Ok(request) = request else { return StatusCode::BAD_REQUEST.into_response() };
    let mut response = workbench.functions.sign_in_page(brand, request).await;
    let headers = response.headers_mut();
    headers.remove(SET_COOKIE);
    let policy = headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok()).unwrap_or_default();
    let without_script = policy.split(';').filter(|directive| !directive.trim_start().starts_with("script-src"));
    if let Ok(policy) = without_script.collect::<Vec<_>>().join(";").parse() {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Reads a brand from a query, as the function does from its variables. Without any field there is no brand.
fn brand(query: &str) -> Result<Option<Brand>, Vec<String>> {
    if FIELDS.iter().all(|(name, _)| web::field(query.as_bytes(), name).is_none()) {
        return Ok(None);
    }
    let query = query.to_owned();
    let variable = move |name: &str| web::field(query.as_bytes(), name);
    Environment::read(variable, |environment| Some(environment.brand())).map(Some)
}
