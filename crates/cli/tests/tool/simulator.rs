//! The simulated Zendesk, as `zendesk-jwt simulate`, with endpoints whose answers each test chooses.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};
use zendesk_jwt_rules::Kind;
use zendesk_jwt_rules::inspect::{Rule, Severity, Subject};
use zendesk_jwt_rules::zendesk_errors::ZendeskError;

use crate::support::jwt::{Draft, SECRET, published, sign};
use crate::support::server::{HttpsServer, Server};
use crate::support::{Answer, Request, eventually, now};

/// Generous, since the machine may be busy.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// The key id of the drafts.
const KID: &str = "app_demo0000000000000000";

/// The secret of the named configurations.
const OTHER_SECRET: &str = "the-other-demo-secret-not-for-production";

/// A running simulator. Dropping it ends the process.
pub struct Simulator {
    child: Child,
    output: NamedTempFile,
    pub url: String,
    _keys: TempDir,
}

impl Simulator {
    /// `options` come in addition to the port and the keys.
    pub fn start(options: &[&str]) -> Self {
        let keys = TempDir::new().unwrap();
        let file = keys.path().join("keys.json");
        let other = json!({ "kid": "app_other", "secret": "another-demo-secret-not-for-production" });
        let messaging = json!([other, { "kid": KID, "secret": SECRET }]);
        let configurations = json!({ "ios": { "secret": OTHER_SECRET }, "legacy": { "secret": OTHER_SECRET } });
        let secret = json!({ "secret": SECRET, "configurations": configurations });
        std::fs::write(&file, json!({ "sdk": secret, "messaging": messaging, "sso": secret }).to_string()).unwrap();
        let output = NamedTempFile::new().unwrap();
        let stream = || -> Stdio { File::options().append(true).open(output.path()).unwrap().into() };
        let arguments = [&["simulate", "--port", "0", "--keys", file.to_str().unwrap()], options].concat();
        let mut command = Command::new(crate::support::operator::tool());
        let child = command.args(&arguments).stdin(Stdio::null()).stdout(stream()).stderr(stream()).spawn().unwrap();
        let mut simulator = Self { child, output, url: String::new(), _keys: keys };
        simulator.url = eventually("the tool shows its address", READY_WITHIN, || {
            let terminal = simulator.terminal();
            let (_, rest) = terminal.split_once("running on ")?;
            Some(rest.split_once(". ")?.0.to_owned())
        });
        simulator
    }

    /// For single sign-on only. No test sends a request to the company's addresses.
    pub fn of_sso() -> Self {
        let (login, logout) = ("https://sso.example.com/sso/login?team=1", "https://sso.example.com/sso/logout?team=1");
        Self::start(&["--sso-url", login, "--logout-url", logout])
    }

    /// For messaging only.
    fn of_messaging() -> Self {
        Self::start(&["--messaging-url", "https://auth.example.com/messaging/jwt"])
    }

    pub fn terminal(&self) -> String {
        std::fs::read_to_string(self.output.path()).unwrap()
    }

    pub fn ask(&self, request: &Request) -> Answer {
        ask(&self.url, request)
    }

    /// Posts a JWT as the browser does.
    fn post_jwt(&self, jwt: &str, return_to: Option<&str>) -> Answer {
        let fields: Vec<_> = [("jwt", jwt)].into_iter().chain(return_to.map(|value| ("return_to", value))).collect();
        self.ask(&Request::post("/access/jwt").form(&fields))
    }

    /// Signs a user in, and opens the help center in the same browser.
    fn sign_in(&self, draft: &Draft) -> Visit {
        let answer = self.post_jwt(&draft.token(), Some("/hc/en-us"));
        assert_eq!((answer.status, answer.header("location")), (302, Some("/hc/en-us")), "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = self.ask(&Request::get("/hc/en-us").header("cookie", &cookie)).body;
        Visit { cookie, page }
    }

    /// The message that the remote logout URL receives for a refused JWT.
    fn refusal(&self, jwt: &str, return_to: Option<&str>) -> String {
        let answer = self.post_jwt(jwt, return_to);
        assert_eq!(answer.status, 302, "{answer:?}");
        assert_eq!(answer.header("set-cookie"), None, "the browser is not signed in");
        message(&answer)
    }

    /// The widget's login with a JWT.
    fn widget_login(&self, jwt: &str) -> Answer {
        self.ask(&Request::post("/messaging/login").body("text/plain;charset=UTF-8", jwt))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A browser that is signed in.
struct Visit {
    cookie: String,
    page: String,
}

impl Visit {
    /// Whether the page shows this change of a field.
    fn changed(&self, field: &str, before: &str, after: &str) -> bool {
        let row = self.page.lines().find(|line| line.contains(&format!(">{field}</th>"))).unwrap_or_default();
        row.contains(&format!("\"before\">{before}</td>")) && row.contains(&format!("\"after\">{after}</td>"))
    }
}

/// Sends a request without following redirects.
pub fn ask(url: &str, request: &Request) -> Answer {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(READY_WITHIN));
    let call = ureq::http::Request::builder().method(request.method.as_str()).uri(format!(
        "{url}{}{}{}",
        request.path,
        if request.query.is_empty() { "" } else { "?" },
        request.query
    ));
    let call = request.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
    let agent: ureq::Agent = config.build().into();
    let mut answer = agent.run(call.body(request.body.clone()).unwrap()).unwrap();
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: answer.body_mut().read_to_string().unwrap(),
    }
}

/// The message in a redirect to the remote logout URL.
fn message(answer: &Answer) -> String {
    let location = url::Url::parse(answer.header("location").unwrap()).unwrap();
    assert!(location.as_str().starts_with("https://sso.example.com/sso/logout?team=1&"), "{location}");
    let value =
        |wanted: &str| location.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    assert_eq!(value("kind").as_deref(), Some("error"));
    value("message").unwrap()
}

/// A company's JWT URL with a chosen answer. It records the requests.
struct JwtUrl {
    server: Server,
    state: Arc<Mutex<(Answer, Vec<Request>)>>,
}

impl JwtUrl {
    fn answering(answer: Answer) -> Self {
        let state = Arc::new(Mutex::new((answer, Vec::new())));
        let answering = Arc::clone(&state);
        let respond = move |request: axum::extract::Request| {
            let state = Arc::clone(&answering);
            async move {
                let (parts, body) = request.into_parts();
                let target = parts.uri.path_and_query().unwrap().as_str();
                let headers = parts.headers.iter();
                let seen = Request {
                    headers: headers
                        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                        .collect(),
                    body: axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec(),
                    ..Request::new(parts.method.as_str(), target)
                };
                let mut state = state.lock().unwrap();
                state.1.push(seen);
                let response = axum::response::Response::builder().status(state.0.status);
                let headers = state.0.headers.iter();
                let response = headers.fold(response, |response, (name, value)| response.header(name, value));
                response.body(axum::body::Body::from(state.0.body.clone())).unwrap()
            }
        };
        Self { server: Server::of(axum::Router::new().fallback(respond)), state }
    }

    /// A JWT URL that answers with this JWT.
    fn giving(jwt: &str) -> Self {
        Self::answering(gives(jwt))
    }

    fn answers(&self, answer: Answer) {
        self.state.lock().unwrap().0 = answer;
    }

    fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().1.clone()
    }

    fn simulator(&self) -> Simulator {
        Simulator::start(&["--sdk-url", &format!("{}/zendesk/jwt?app=1", self.server.url())])
    }
}

fn answer(status: u16, body: &str) -> Answer {
    Answer::new(status, &[("content-type", "application/json")], body)
}

fn gives(jwt: &str) -> Answer {
    answer(200, &json!({ "jwt": jwt }).to_string())
}

/// An app's request for an access token.
fn exchange() -> Request {
    Request::post("/access/sdk/jwt").form(&[("user_token", "BD2F35A7621")])
}

/// A valid draft with a new `jti`.
fn good(kind: Kind) -> Draft {
    let mut bits = [0; 16];
    aws_lc_rs::rand::fill(&mut bits).unwrap();
    let draft = Draft::good(kind);
    match kind {
        Kind::Sdk | Kind::Sso => draft.claim("iat", now()).claim("jti", hex::encode(bits)),
        Kind::Messaging => draft.claim("exp", now() + 300),
    }
}

/// Every rule for which Zendesk refuses a token of this kind, except rules about the secret.
fn refusing_rules(kind: Kind) -> impl Iterator<Item = Rule> {
    Rule::ALL.iter().copied().filter(move |rule| {
        rule.severity() == Severity::Rejected && rule.kinds().contains(&kind) && rule.subject() != Subject::Secret
    })
}

/// A token of this kind that breaks the rule.
fn bad_token(rule: Rule, kind: Kind) -> String {
    let good = good(kind);
    let is_messaging = kind == Kind::Messaging;
    let (time, required) = if is_messaging { ("exp", "external_id") } else { ("iat", "jti") };
    match rule {
        Rule::BareToken => format!("Bearer {}", good.token()),
        Rule::ThreeParts => "e30.e30".to_owned(),
        Rule::Base64Url => good.token() + "==",
        Rule::HeaderObject => sign("[]", "{}", SECRET),
        Rule::ClaimsObject => sign(r#"{"alg":"HS256","typ":"JWT"}"#, "\"{}\"", SECRET),
        Rule::Algorithm => good.header("alg", "RS256").token(),
        Rule::Type => good.without("typ").token(),
        Rule::KeyId => good.without("kid").token(),
        Rule::RightKind => self::good(if is_messaging { Kind::Sso } else { Kind::Messaging }).token(),
        Rule::RequiredClaims => good.without(required).token(),
        Rule::WholeSeconds => good.claim(time, now().to_string()).token(),
        Rule::NotMilliseconds => good.claim(time, now() * 1000).token(),
        Rule::IatFresh => good.claim("iat", now() - 600).token(),
        Rule::ExpAhead => good.claim("exp", now() - 30).token(),
        Rule::ScopeUser => good.claim("scope", "User").token(),
        Rule::ExternalIdLength => good.claim("external_id", "a".repeat(256)).token(),
        Rule::EmailAddress => good.claim("email", "demo@").token(),
        Rule::EndUsersOnly => good.claim("role", "agent").token(),
        Rule::Signature => good.signed_with("another-demo-secret").token(),
        _ => panic!("add a bad token for {rule:?}"),
    }
}

/// The codes of the rules in a JSON answer.
fn named(answer: &Answer, list: &str) -> Vec<String> {
    let answer = answer.json();
    let rules = answer[list].as_array().unwrap_or_else(|| panic!("no {list} in {answer}"));
    rules.iter().map(|rule| rule["rule"].as_str().unwrap().to_owned()).collect()
}

mod support_sdk {
    use super::*;

    #[test]
    fn the_jwt_url_gets_the_request_that_zendesk_sends() {
        let jwt_url = JwtUrl::giving(&good(Kind::Sdk).token());
        let simulator = jwt_url.simulator();
        let strange = "a b+c%=&ü\u{1F511}";

        let granted = simulator.ask(&Request::post("/access/sdk/jwt").form(&[("user_token", strange)]));
        assert_eq!(granted.status, 200, "{granted:?}");
        assert!(granted.json()["access_token"].as_str().is_some_and(|token| token.len() >= 32), "{granted:?}");

        let [request] = &jwt_url.requests()[..] else { panic!("not one request") };
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.query.as_str()),
            ("POST", "/zendesk/jwt", "app=1")
        );
        assert_eq!(request.content_type(), Some("application/x-www-form-urlencoded"));
        let fields: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
        assert_eq!(fields, [("user_token".to_owned(), strange.to_owned())]);
        assert_eq!(request.headers_named("cookie").count() + request.headers_named("authorization").count(), 0);
    }

    #[test]
    fn an_app_may_send_its_user_token_as_json() {
        let jwt_url = JwtUrl::giving(&good(Kind::Sdk).token());
        let simulator = jwt_url.simulator();
        let json = Request::post("/access/sdk/jwt").body("application/json", r#"{"user_token":"BD2F35A7621"}"#);
        assert_eq!(simulator.ask(&json).status, 200);
        assert_eq!(jwt_url.requests()[0].body, b"user_token=BD2F35A7621");

        for empty in [Request::post("/access/sdk/jwt"), Request::post("/access/sdk/jwt").form(&[("user_token", "")])] {
            let refused = simulator.ask(&empty);
            assert_eq!((refused.status, named(&refused, "violations")), (400, vec!["user_token_missing".to_owned()]));
        }
        assert_eq!(jwt_url.requests().len(), 1, "without a user token, there is no request");
    }

    #[test]
    fn a_token_that_breaks_a_rule_is_refused_with_the_name_of_the_rule() {
        let jwt_url = JwtUrl::answering(answer(200, ""));
        let simulator = jwt_url.simulator();
        for rule in refusing_rules(Kind::Sdk) {
            jwt_url.answers(gives(&bad_token(rule, Kind::Sdk)));
            let refused = simulator.ask(&exchange());

            let status = if rule == Rule::EndUsersOnly { 403 } else { 401 };
            assert_eq!(refused.status, status, "{rule:?}: {refused:?}");
            assert!(named(&refused, "violations").contains(&rule.code().to_owned()), "{rule:?}: {refused:?}");
            assert_eq!(refused.json()["access_token"], Value::Null, "{rule:?}");
        }
    }

    #[test]
    fn the_answer_names_all_violations_with_remedies() {
        let bad = good(Kind::Sdk).claim("iat", now() - 600).without("name").signed_with("another-demo-secret");
        let refused = JwtUrl::giving(&bad.token()).simulator().ask(&exchange());
        assert_eq!(named(&refused, "violations"), ["required_claims", "iat_fresh", "signature"]);
        let message = refused.json()["violations"][1]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("10 minutes ago") && message.contains("sign a new token"), "{message}");
    }

    #[test]
    fn the_access_token_comes_with_warnings_of_what_zendesk_ignores() {
        let odd = good(Kind::Sdk).claim("Phone", "+15555550100").claim("jti", "1");
        let granted = JwtUrl::giving(&odd.token()).simulator().ask(&exchange());
        assert_eq!(
            (granted.status, named(&granted, "warnings")),
            (200, vec!["keys_lower_case".into(), "jti_unguessable".into()])
        );
    }

    #[test]
    fn a_jti_works_once() {
        let jwt_url = JwtUrl::giving(&good(Kind::Sdk).token());
        let simulator = jwt_url.simulator();
        assert_eq!(simulator.ask(&exchange()).status, 200);
        let again = simulator.ask(&exchange());
        assert_eq!((again.status, named(&again, "violations")), (401, vec!["jti_reused".to_owned()]));
    }

    #[test]
    fn a_redirect_is_refused_and_not_followed() {
        let target = JwtUrl::giving(&good(Kind::Sdk).token());
        for status in [301, 302, 303, 307, 308] {
            let location = format!("{}/elsewhere", target.server.url());
            let refused =
                JwtUrl::answering(Answer::new(status, &[("location", &location)], "")).simulator().ask(&exchange());
            assert_eq!((refused.status, named(&refused, "violations")), (502, vec!["endpoint_redirects".to_owned()]));
            assert!(refused.body.contains(&status.to_string()), "{refused:?}");
        }
        assert_eq!(target.requests().len(), 0);
    }

    #[test]
    fn every_status_except_200_is_refused_and_named() {
        let jwt = json!({ "jwt": good(Kind::Sdk).token() }).to_string();
        let jwt_url = JwtUrl::answering(answer(200, &jwt));
        let simulator = jwt_url.simulator();
        for (status, answered, rule) in [
            (401, 401, "endpoint_refused"),
            (500, 502, "endpoint_status"),
            (503, 502, "endpoint_status"),
            (404, 502, "endpoint_status"),
            (403, 502, "endpoint_status"),
            (201, 502, "endpoint_status"),
        ] {
            jwt_url.answers(answer(status, &jwt));
            let refused = simulator.ask(&exchange());
            assert_eq!((refused.status, named(&refused, "violations")), (answered, vec![rule.to_owned()]));
            assert!(refused.body.contains(&format!("answered {status}")), "{refused:?}");
        }
    }

    #[test]
    fn an_answer_that_is_not_an_object_with_a_jwt_is_refused() {
        let jwt_url = JwtUrl::answering(answer(200, ""));
        let simulator = jwt_url.simulator();
        let jwt = good(Kind::Sdk).token();
        for (body, rule) in [
            (String::new(), "answer_json"),
            (jwt.clone(), "answer_json"),
            (format!("\"{jwt}\""), "answer_json"),
            (format!("[{{\"jwt\":\"{jwt}\"}}]"), "answer_json"),
            (format!("{{\"JWT\":\"{jwt}\"}}"), "answer_jwt"),
            ("{\"jwt\":null}".to_owned(), "answer_jwt"),
            ("{\"jwt\":1}".to_owned(), "answer_jwt"),
        ] {
            jwt_url.answers(answer(200, &body));
            let refused = simulator.ask(&exchange());
            assert_eq!((refused.status, named(&refused, "violations")), (502, vec![rule.to_owned()]), "{body}");
        }
    }

    #[test]
    fn a_very_long_answer_is_refused() {
        let refused = JwtUrl::answering(answer(200, &" ".repeat(1 << 20))).simulator().ask(&exchange());
        assert_eq!((refused.status, named(&refused, "violations")), (502, vec!["endpoint_unreachable".to_owned()]));
    }

    #[test]
    fn an_unreachable_endpoint_is_reported() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let simulator = Simulator::start(&["--sdk-url", &format!("http://{closed}/")]);
        let refused = simulator.ask(&exchange());
        assert_eq!((refused.status, named(&refused, "violations")), (502, vec!["endpoint_unreachable".to_owned()]));
    }

    #[test]
    fn an_untrusted_certificate_is_refused_unless_ca_file_has_its_authority() {
        let token = good(Kind::Sdk).token();
        let server = HttpsServer::of(&["localhost"], move |_| gives(&token));
        let url = format!("https://localhost:{}/", server.address().port());

        let refused = Simulator::start(&["--sdk-url", &url]).ask(&exchange());
        assert_eq!((refused.status, named(&refused, "violations")), (502, vec!["endpoint_certificate".to_owned()]));

        let authority = NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), server.certificate()).unwrap();
        let trusting =
            |url: &str| Simulator::start(&["--sdk-url", url, "--ca-file", authority.path().to_str().unwrap()]);
        assert_eq!(trusting(&url).ask(&exchange()).status, 200);
        let refused = trusting(&format!("https://127.0.0.1:{}/", server.address().port())).ask(&exchange());
        assert_eq!(named(&refused, "violations"), ["endpoint_certificate"], "for another name");
    }

    #[test]
    fn the_address_of_a_team_member_is_refused_without_a_role_in_the_token() {
        let jwt_url = JwtUrl::giving(&good(Kind::Sdk).token());
        let url = format!("{}/", jwt_url.server.url());
        let simulator = Simulator::start(&["--sdk-url", &url, "--sso-url", "https://sso.example.com/"]);
        simulator.sign_in(&good(Kind::Sso).claim("role", "agent").claim("custom_role_id", 7));
        let refused = simulator.ask(&exchange());
        assert_eq!((refused.status, named(&refused, "violations")), (403, vec!["end_users_only".to_owned()]));
    }

    #[test]
    fn the_example_of_zendesk_is_stale_and_its_claims_are_accepted() {
        let jwt_url = JwtUrl::giving(published::SDK);
        let simulator = jwt_url.simulator();
        assert_eq!(named(&simulator.ask(&exchange()), "violations"), ["iat_fresh", "signature"]);

        let claims = [
            ("email", json!("bcarroll@zendesk.com")),
            ("name", json!("bcarroll")),
            ("phone", json!("987654323456789")),
            ("tags", json!(["free_player", "big_fish"])),
            ("role", json!("user")),
            ("jti", json!("2115237907208931227")),
        ];
        let example = claims.into_iter().fold(good(Kind::Sdk), |draft, (claim, value)| draft.claim(claim, value));
        jwt_url.answers(gives(&example.token()));
        let granted = simulator.ask(&exchange());
        assert_eq!((granted.status, named(&granted, "warnings")), (200, vec!["jti_unguessable".to_owned()]));
    }

    #[test]
    fn the_terminal_shows_no_token_and_no_address() {
        let jwt_url = JwtUrl::giving(&good(Kind::Sdk).token());
        let simulator = jwt_url.simulator();
        let granted = simulator.ask(&exchange()).json();
        simulator.ask(&exchange());
        let terminal = simulator.terminal();
        assert!(terminal.contains("401 jti_reused") && terminal.contains("access token given"), "{terminal}");
        for secret in ["BD2F35A7621", SECRET, "demo@example.com", "eyJ", granted["access_token"].as_str().unwrap()] {
            assert!(!terminal.contains(secret), "{secret} in {terminal}");
        }
    }
}

/// Several apps, SSO configurations and brands.
mod several {
    use super::*;

    fn access(query: &str) -> Request {
        Request::post(&format!("/access/sdk/jwt{query}")).form(&[("user_token", "BD2F35A7621")])
    }

    #[test]
    fn each_app_has_its_own_jwt_url_and_secret() {
        let first = JwtUrl::giving(&good(Kind::Sdk).token());
        let ios = JwtUrl::giving(&good(Kind::Sdk).signed_with(OTHER_SECRET).token());
        let (first_url, ios_url) = (first.server.url(), format!("ios={}", ios.server.url()));
        let simulator = Simulator::start(&["--sdk-url", &first_url, "--sdk-url", &ios_url]);

        assert_eq!(simulator.ask(&access("")).status, 200, "the first app");
        assert_eq!(simulator.ask(&access("?app=ios")).status, 200);
        assert_eq!((first.requests().len(), ios.requests().len()), (1, 1));
        assert_eq!(simulator.ask(&access("?app=android")).status, 404);

        ios.answers(gives(&good(Kind::Sdk).token()));
        let refused = simulator.ask(&access("?app=ios"));
        assert_eq!((refused.status, named(&refused, "violations")), (401, vec!["signature".to_owned()]));
        let page = simulator.ask(&Request::post("/sdk").form(&[("app", "ios"), ("user_token", "BD2F35A7621")])).body;
        assert!(page.contains("<option value=\"ios\" selected>ios: ") && page.contains("<code>signature"), "{page}");
    }

    fn two_configurations() -> Simulator {
        let addresses = ["sso.example.com/sso/login?team=1", "sso.example.com/sso/logout?team=1"];
        let [login, logout] = addresses.map(|address| format!("https://{address}"));
        let [legacy_login, legacy_logout] = addresses.map(|address| format!("legacy=https://legacy.{address}"));
        let options = ["--sso-url", &login, "--logout-url", &logout];
        Simulator::start(&[&options[..], &["--sso-url", &legacy_login, "--logout-url", &legacy_logout]].concat())
    }

    fn location(answer: &Answer) -> String {
        assert_eq!(answer.status, 302, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    }

    #[test]
    fn the_primary_sso_is_the_default_and_visitors_can_choose() {
        let simulator = two_configurations();
        let page = simulator.ask(&Request::get("/hc")).body;
        assert!(page.contains("Primary SSO") && page.contains("Let them choose"), "{page}");
        let (_, choices) = page.split_once("id=\"choices\"").unwrap();
        let links: Vec<_> =
            choices.split("href=\"").skip(1).take(2).map(|link| link.split('"').next().unwrap()).collect();
        let buttons = ["Continue with SSO", "Continue with legacy"];
        assert!(buttons.iter().all(|button| choices.contains(button)), "{choices}");

        let leads_to = |link: &str| location(&simulator.ask(&Request::get(&link.replace("&#38;", "&"))));
        assert!(leads_to("/access/login").starts_with("https://sso.example.com/sso/login?team=1&"));
        assert!(leads_to(links[0]).starts_with("https://sso.example.com/sso/login?team=1&"));
        assert!(leads_to(links[1]).starts_with("https://legacy.sso.example.com/sso/login?team=1&"));
        assert_eq!(simulator.ask(&Request::get("/access/login?sso=other")).status, 404);
    }

    #[test]
    fn a_user_signs_out_at_the_configuration_that_signed_the_jwt() {
        let simulator = two_configurations();
        let other = good(Kind::Sso).signed_with(OTHER_SECRET);
        for (draft, start, name) in [
            (good(Kind::Sso), "https://sso.example.com/sso/logout", "without a name"),
            (other, "https://legacy.sso.example.com/sso/logout", "legacy"),
        ] {
            let visit = simulator.sign_in(&draft);
            assert!(visit.page.contains(&format!("<b id=\"configuration\">{name}</b>")), "{}", visit.page);
            let out = simulator.ask(&Request::get("/access/logout").header("cookie", &visit.cookie));
            assert!(location(&out).starts_with(start), "{out:?}");
        }
        simulator.refusal(&good(Kind::Sso).signed_with("a-secret-of-nobody-0123456789").token(), None);
    }

    #[test]
    fn a_host_mapped_brand_sends_its_id_and_full_address_and_gets_the_session() {
        let simulator = Simulator::of_sso();
        let mapped = simulator.url.replace("127.0.0.1", "localhost");
        let page = ask(&mapped, &Request::get("/hc/en-us")).body;
        assert!(page.contains("mapped to a host of your company"), "{page}");
        assert!(page.contains(&format!("<a href=\"{}/hc\">", simulator.url)), "the other brand: {page}");

        let (_, link) = page.split_once("id=\"sign-in\" href=\"").unwrap();
        let login = location(&ask(&mapped, &Request::get(link.split('"').next().unwrap())));
        let query: Vec<_> = url::Url::parse(&login).unwrap().query_pairs().into_owned().collect();
        let return_to = format!("{mapped}/hc/en-us");
        assert_eq!(query[1], ("return_to".to_owned(), return_to.clone()));
        assert_eq!(query[2], ("brand_id".to_owned(), "360000000002".to_owned()));

        let arrival = location(&simulator.post_jwt(&good(Kind::Sso).token(), Some(&return_to)));
        let path = arrival.strip_prefix(&mapped).unwrap();
        let arrived = ask(&mapped, &Request::get(path));
        assert_eq!(location(&arrived), return_to);
        let cookie = arrived.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let page = ask(&mapped, &Request::get("/hc/en-us").header("cookie", &cookie)).body;
        assert!(page.contains("Signed in as"), "{page}");
        assert_eq!(ask(&mapped, &Request::get(path)).header("set-cookie"), None, "the key works once");
    }
}

mod sso {
    use super::*;

    /// The error class that the service shows to its visitor.
    fn class(rule: Rule) -> &'static str {
        match rule {
            Rule::Algorithm | Rule::Type | Rule::Signature => "zendesk_signature_invalid",
            Rule::IatFresh | Rule::NotMilliseconds | Rule::ExpAhead => "zendesk_clock_drift",
            Rule::EmailAddress => "zendesk_user_not_created",
            _ => "zendesk_token_invalid",
        }
    }

    /// The query of a redirect to `address`.
    fn query(answer: &Answer, address: &str) -> Vec<(String, String)> {
        assert_eq!(answer.status, 302, "{answer:?}");
        let location = url::Url::parse(answer.header("location").unwrap()).unwrap();
        assert!(location.as_str().starts_with(address), "{location}");
        location.query_pairs().into_owned().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn sign_in_leads_to_the_remote_login_url_with_the_parameters_of_zendesk() {
        let simulator = Simulator::of_sso();
        let absolute = format!("{}/agent/tickets/1?a=b%20c", simulator.url);
        for (page, return_to) in [("/hc/en-us?a=b%20c", "/hc/en-us?a=b%20c"), ("/agent/tickets/1?a=b%20c", &absolute)] {
            let html = simulator.ask(&Request::get(page)).body;
            let (_, link) = html.split_once("id=\"sign-in\" href=\"").unwrap();
            let login = simulator.ask(&Request::get(link.split('"').next().unwrap()));
            let query = query(&login, "https://sso.example.com/sso/login?team=1&");

            let names: Vec<_> = query.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["team", "return_to", "brand_id", "locale_id", "timestamp"]);
            assert_eq!(query[1].1, return_to, "absolute for agents, relative for the help center");
            assert!(query[4].1.parse::<u64>().unwrap().abs_diff(now()) < 60, "seconds: {query:?}");
        }
    }

    #[test]
    fn a_good_token_signs_the_browser_in_and_redirects_to_return_to() {
        let simulator = Simulator::of_sso();
        let agents = format!("{}/agent/tickets/1", simulator.url);
        for (return_to, location) in
            [(None, "/hc"), (Some("/hc/x?a=b#c"), "/hc/x?a=b#c"), (Some(agents.as_str()), agents.as_str())]
        {
            let answer = simulator.post_jwt(&good(Kind::Sso).token(), return_to);
            assert_eq!((answer.status, answer.header("location")), (302, Some(location)), "{answer:?}");
            assert!(answer.body.contains(&format!("href=\"{location}\"")), "{answer:?}");
            assert!(answer.header("set-cookie").unwrap().contains("HttpOnly"), "{answer:?}");
        }
    }

    #[test]
    fn the_remote_logout_url_gets_the_name_of_a_broken_rule() {
        let simulator = Simulator::of_sso();
        for rule in refusing_rules(Kind::Sso) {
            let message = simulator.refusal(&bad_token(rule, Kind::Sso), Some("/hc"));
            let page = simulator.ask(&Request::get("/access/unauthenticated")).body;
            assert!(page.contains(&format!("<li class=\"bad\"><code>{}</code>", rule.code())), "{rule:?}: {page}");

            // The page names all broken rules, and the message names one.
            let code = message.rsplit_once('(').unwrap().1.trim_end_matches(')');
            let named = Rule::ALL.iter().find(|rule| rule.code() == code).unwrap();
            assert_eq!(ZendeskError::of(&message).code, class(*named), "{rule:?}: {message}");
            let is_alone = page.matches("<li class=\"bad\">").count() == 1;
            assert!(!is_alone || *named == rule, "{rule:?}: {message}");
        }
    }

    #[test]
    fn a_missing_name_or_address_makes_the_user_invalid() {
        let simulator = Simulator::of_sso();
        for claim in ["name", "email"] {
            let message = simulator.refusal(&good(Kind::Sso).without(claim).token(), None);
            assert_eq!(ZendeskError::of(&message).code, "zendesk_user_not_created", "{message}");
        }
        assert_eq!(
            ZendeskError::of(&simulator.refusal(&good(Kind::Sso).without("jti").token(), None)).code,
            "zendesk_token_invalid"
        );
    }

    #[test]
    fn a_token_works_for_three_minutes_and_once() {
        let simulator = Simulator::of_sso();
        // A busy machine needs some seconds.
        for iat in [now() - 150, now() + 175] {
            simulator.sign_in(&good(Kind::Sso).claim("iat", iat));
        }
        for iat in [now() - 185, now() + 240] {
            let message = simulator.refusal(&good(Kind::Sso).claim("iat", iat).token(), None);
            assert_eq!(ZendeskError::of(&message).code, "zendesk_clock_drift", "{message}");
        }
        let token = good(Kind::Sso);
        simulator.sign_in(&token);
        let message = simulator.refusal(&token.token(), None);
        assert_eq!(ZendeskError::of(&message).code, "zendesk_identifier_reused", "{message}");
        assert!(message.ends_with("(jti_reused)"), "{message}");
    }

    #[test]
    fn a_token_with_a_wrong_signature_does_not_use_up_its_jti() {
        let simulator = Simulator::of_sso();
        let token = good(Kind::Sso);
        simulator.refusal(&token.clone().signed_with("another-demo-secret").token(), None);
        simulator.sign_in(&token);
    }

    #[test]
    fn a_foreign_return_to_is_refused() {
        let simulator = Simulator::of_sso();
        let port = simulator.url.rsplit(':').next().unwrap();
        let other_scheme = format!("https://127.0.0.1:{port}/hc");
        for foreign in [
            "https://example.org/",
            "//example.org/hc",
            "/\\example.org",
            "http://127.0.0.1:1/hc",
            "javascript:alert(1)",
            &other_scheme,
        ] {
            let message = simulator.refusal(&good(Kind::Sso).token(), Some(foreign));
            assert!(message.ends_with("(return_to_foreign)"), "{foreign}: {message}");
        }
        let login = simulator.ask(&Request::get("/access/login?return_to=https%3A%2F%2Fexample.org"));
        assert_eq!(query(&login, "https://sso.example.com/")[1].1, "/hc", "Zendesk never sends a foreign address");
    }

    #[test]
    fn a_token_in_an_address_is_refused_as_deprecated() {
        let simulator = Simulator::of_sso();
        let answer =
            simulator.ask(&Request::get(&format!("/access/jwt?jwt={}&return_to=/hc", good(Kind::Sso).token())));
        assert_eq!((answer.status, answer.header("allow"), answer.header("set-cookie")), (405, Some("POST"), None));
        assert!(answer.body.contains("deprecated"), "{answer:?}");
    }

    #[test]
    fn only_a_form_that_the_browser_posts_signs_a_user_in() {
        let simulator = Simulator::of_sso();
        let token = good(Kind::Sso).token();
        for destination in ["empty", "iframe"] {
            let form = Request::post("/access/jwt").form(&[("jwt", &token)]).header("sec-fetch-dest", destination);
            let answer = simulator.ask(&form);
            assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{destination}");
        }
        let json = Request::post("/access/jwt").body("application/json", json!({ "jwt": token }).to_string());
        assert!(message(&simulator.ask(&json)).ends_with("(jwt_missing)"));
        let other_name = simulator.ask(&Request::post("/access/jwt").form(&[("token", &token)]));
        assert_eq!(ZendeskError::of(&message(&other_name)).code, "zendesk_token_invalid");
    }

    #[test]
    fn an_absent_claim_changes_nothing_null_clears_and_a_value_replaces() {
        let simulator = Simulator::of_sso();
        let user = good(Kind::Sso).claim("external_id", "demo-1");
        let first = user
            .clone()
            .claim("role", "agent")
            .claim("custom_role_id", 7)
            .claim("tags", json!(["red", "blue"]))
            .claim("phone", "+15555550100")
            .claim("organization", "Demo A")
            .claim("user_fields", json!({ "plan": "free", "nickname": "Demo" }));
        let first = simulator.sign_in(&first);
        assert!(first.page.contains("that Zendesk created just now"), "{}", first.page);
        assert!(first.changed("role", "end_user", "agent"), "{}", first.page);

        let fresh = good(Kind::Sso).claim("external_id", "demo-1");
        let second = fresh
            .claim("role", "end_user")
            .claim("tags", json!(["green"]))
            .claim("organization", "Demo B")
            .claim("email", "moved@example.com")
            .claim("user_fields", json!({ "nickname": null }));
        let second = simulator.sign_in(&second);
        assert!(!second.page.contains("that Zendesk created just now"), "{}", second.page);
        assert!(second.changed("email", "demo@example.com", "moved@example.com"), "the external id keeps the user");
        assert!(second.changed("role", "agent", "end_user"), "{}", second.page);
        assert!(second.changed("tags", "red, blue", "green"), "{}", second.page);
        assert!(second.changed("organizations", "Demo A", "Demo A, Demo B"), "{}", second.page);
        assert!(second.changed("user_fields.nickname", "Demo", "nothing"), "{}", second.page);
        let (_, unchanged) = second.page.split_once("id=\"unchanged\">").unwrap();
        let unchanged = unchanged.split('<').next().unwrap();
        assert!(
            unchanged.contains("phone") && unchanged.contains("user_fields.plan") && !unchanged.contains("tags"),
            "{unchanged}"
        );
    }

    #[test]
    fn a_claim_that_zendesk_ignores_changes_nothing() {
        let simulator = Simulator::of_sso();
        let odd = good(Kind::Sso)
            .claim("tags", "vip,demo")
            .claim("phone", "555-0100")
            .claim("role", "superuser")
            .claim("locale", "en-US")
            .claim("custom_role_id", 7);
        let page = simulator.sign_in(&odd).page;
        for field in ["tags", "phone", "locale", "custom_role_id", "role"] {
            assert!(!page.contains(&format!(">{field}</th>")), "{field}: {page}");
        }
        for rule in ["role", "custom_role_needs_agent", "optional_claims", "phone"] {
            assert!(page.contains(&format!("<p class=\"warn\"><code>{rule}</code>")), "{rule}: {page}");
        }
    }

    #[test]
    fn an_external_id_and_an_address_of_two_users_conflict() {
        let simulator = Simulator::of_sso();
        simulator.sign_in(&good(Kind::Sso).claim("external_id", "demo-1"));
        simulator.sign_in(&good(Kind::Sso).claim("external_id", "demo-2").claim("email", "two@example.com"));
        let clash = good(Kind::Sso).claim("external_id", "demo-1").claim("email", "two@example.com");
        let message = simulator.refusal(&clash.token(), None);
        assert_eq!(message, "User is invalid: Email: two@example.com is already being used by another user");
        assert_eq!(ZendeskError::of(&message).code, "zendesk_user_not_created", "{message}");
    }

    #[test]
    fn a_person_can_choose_a_known_error_of_zendesk_for_the_next_sign_in() {
        let simulator = Simulator::of_sso();
        let page = simulator.ask(&Request::get("/hc")).body;
        let draft = || good(Kind::Sso).claim("external_id", "demo-1");
        let (user, setup) = ("zendesk_user_not_created", "zendesk_configuration_not_assigned");
        for (offered, received, class) in [
            (
                "User is invalid: External {external_id} has already been taken",
                "User is invalid: External demo-1 has already been taken",
                user,
            ),
            (
                "User is invalid: Email: {email} is already being used by another user",
                "User is invalid: Email: demo@example.com is already being used by another user",
                user,
            ),
            ("User is invalid: Phone: is invalid", "User is invalid: Phone: is invalid", user),
            (
                "Please use one of the options below to sign in to Zendesk.",
                "Please use one of the options below to sign in to Zendesk.",
                setup,
            ),
            (
                "Users with the email address {email} are not allowed to sign up for this help desk",
                "Users with the email address demo@example.com are not allowed to sign up for this help desk",
                "zendesk_address_not_allowed",
            ),
        ] {
            assert!(page.contains(&format!("<option>{offered}</option>")), "{page}");
            let chosen = simulator.ask(&Request::post("/simulator/next-error").form(&[("message", offered)]));
            assert_eq!((chosen.status, chosen.header("location")), (303, Some("/hc")));
            assert_eq!(simulator.refusal(&draft().token(), None), received);
            assert_eq!(ZendeskError::of(received).code, class, "{received}");
            simulator.sign_in(&draft());
        }
        simulator.ask(&Request::post("/simulator/next-error").form(&[("message", "another error")]));
        simulator.sign_in(&draft());
    }

    #[test]
    fn the_next_sign_in_gets_the_answer_that_a_person_chooses() {
        let simulator = Simulator::of_sso();
        for (chosen, status, words) in [
            ("200 and a page of one link, as documented", 200, "<a href=\"/hc/en-us\">"),
            ("403 and the page of a bot check", 403, "human"),
            ("503", 503, "Down"),
            ("A redirect to another host", 302, "https://www.example.org/welcome"),
        ] {
            simulator.ask(&Request::post("/simulator/next-error").form(&[("message", chosen)]));
            let answer = simulator.post_jwt(&good(Kind::Sso).token(), Some("/hc/en-us"));
            assert_eq!((answer.status, answer.body.contains(words)), (status, true), "{chosen}: {answer:?}");
            assert_eq!(answer.header("set-cookie").is_some(), status == 200, "{answer:?}");
            simulator.sign_in(&good(Kind::Sso));
        }
    }

    #[test]
    fn the_remote_logout_url_gets_the_identity_of_the_user_who_signs_out() {
        let simulator = Simulator::of_sso();
        let visit = simulator.sign_in(&good(Kind::Sso).claim("external_id", "demo-1"));
        let out = simulator.ask(&Request::get("/access/logout").header("cookie", &visit.cookie));
        let expected =
            [("team", "1"), ("email", "demo@example.com"), ("external_id", "demo-1"), ("brand_id", "360000000001")];
        assert_eq!(query(&out, "https://sso.example.com/sso/logout?"), pairs(&expected));
        assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"), "{out:?}");
        let page = simulator.ask(&Request::get("/hc").header("cookie", &visit.cookie)).body;
        assert!(page.contains("You are not signed in"), "the session ends on the server");
    }

    #[test]
    fn without_a_remote_logout_url_zendesk_keeps_its_errors() {
        let simulator = Simulator::start(&["--sso-url", "https://sso.example.com/"]);
        let answer = simulator.post_jwt("e30", None);
        let location = answer.header("location").unwrap();
        assert!(location.starts_with("/access/unauthenticated?kind=error&message="), "{location}");
        assert!(simulator.ask(&Request::get(location)).body.contains("<code>three_parts</code>"));
    }

    #[test]
    fn a_page_for_zendesk_passwords_bypasses_single_sign_on() {
        let page = Simulator::of_sso().ask(&Request::get("/access/normal"));
        assert_eq!(page.status, 200);
        assert!(page.body.contains("password"), "{page:?}");
    }

    #[test]
    fn the_example_of_zendesk_is_stale() {
        let simulator = Simulator::of_sso();
        simulator.refusal(published::SSO, None);
        let page = simulator.ask(&Request::get("/access/unauthenticated")).body;
        for rule in ["iat_fresh", "signature"] {
            assert!(page.contains(&format!("<li class=\"bad\"><code>{rule}</code>")), "{page}");
        }
    }

    #[test]
    fn the_pages_escape_the_claims() {
        let simulator = Simulator::of_sso();
        let page = simulator.sign_in(&good(Kind::Sso).claim("name", "<script>alert(1)</script>")).page;
        assert!(!page.contains("<script>alert"), "{page}");
    }
}

mod messaging {
    use super::*;

    #[test]
    fn a_token_that_breaks_a_rule_is_refused_with_the_name_of_the_rule() {
        let simulator = Simulator::of_messaging();
        for rule in refusing_rules(Kind::Messaging) {
            let refused = simulator.widget_login(&bad_token(rule, Kind::Messaging));
            assert_eq!(refused.status, 401, "{rule:?}: {refused:?}");
            assert_eq!(refused.json()["error"]["type"], "LoginFailedError");
            assert!(named(&refused, "violations").contains(&rule.code().to_owned()), "{rule:?}: {refused:?}");
        }
    }

    #[test]
    fn the_kid_selects_the_key() {
        let simulator = Simulator::of_messaging();
        assert_eq!(simulator.widget_login(&good(Kind::Messaging).token()).status, 200);
        let other = good(Kind::Messaging).header("kid", "app_other");
        let signed = other.clone().signed_with("another-demo-secret-not-for-production").token();
        assert_eq!(simulator.widget_login(&signed).status, 200);
        assert_eq!(named(&simulator.widget_login(&other.token()), "violations"), ["signature"]);
        let unknown = simulator.widget_login(&good(Kind::Messaging).header("kid", "app_deleted").token());
        assert_eq!((unknown.status, named(&unknown, "violations")), (401, vec!["kid_unknown".to_owned()]));
    }

    #[test]
    fn an_agent_sees_only_a_verified_address() {
        let simulator = Simulator::of_messaging();
        let visitor = |draft: Draft| simulator.widget_login(&draft.token()).json()["visitor"].clone();
        let named = good(Kind::Messaging).claim("name", "Demo User").claim("email", "demo@example.com");
        let unverified = visitor(named.clone());
        assert_eq!(
            (&unverified["name"], &unverified["email"], &unverified["email_is_ignored"]),
            (&json!("Demo User"), &json!(null), &json!(true))
        );
        let verified = visitor(named.claim("email_verified", true));
        assert_eq!((&verified["email"], &verified["external_id"]), (&json!("demo@example.com"), &json!("demo-1")));
    }

    #[test]
    fn an_address_of_another_user_is_a_conflict() {
        let simulator = Simulator::of_messaging();
        let first = good(Kind::Messaging).claim("email", "demo@example.com").claim("email_verified", true);
        assert_eq!(simulator.widget_login(&first.token()).status, 200);
        assert_eq!(simulator.widget_login(&first.token()).status, 200, "messaging tokens have no jti");
        let second = first.clone().claim("external_id", "demo-2");
        let refused = simulator.widget_login(&second.token());
        assert_eq!((refused.status, named(&refused, "violations")), (409, vec!["email_conflict".to_owned()]));
        let unverified = second.claim("email_verified", false);
        assert_eq!(simulator.widget_login(&unverified.token()).status, 200, "an ignored address belongs to no user");

        let form =
            Request::post("/messaging/identities").form(&[("email", "demo@example.com"), ("external_id", "demo-3")]);
        assert_eq!(simulator.ask(&form).status, 204);
        assert_eq!(simulator.widget_login(&first.token()).status, 409, "the address belongs to another user now");
    }

    #[test]
    fn the_examples_of_zendesk_are_accepted_or_refused_as_documented() {
        let simulator = Simulator::of_messaging();
        let example = good(Kind::Messaging)
            .claim("external_id", "12345678")
            .claim("email", "janes@example.com")
            .claim("email_verified", true)
            .claim("name", "Jane Soap");
        assert_eq!(simulator.widget_login(&example.token()).status, 200);
        // The JavaScript snippet omits `scope` and `kid`, which the text requires.
        let snippet = simulator.widget_login(&example.without("scope").without("kid").token());
        assert_eq!(
            (snippet.status, named(&snippet, "violations")),
            (401, vec!["key_id".into(), "required_claims".into()])
        );
    }
}

mod pages {
    use super::*;

    #[test]
    fn a_page_of_another_origin_cannot_change_anything() {
        let simulator = Simulator::of_messaging();
        let post = |path: &str, origin: &str| {
            simulator.ask(
                &Request::post(path)
                    .form(&[("email", "demo@example.com"), ("external_id", "x")])
                    .header("origin", origin),
            )
        };
        for origin in ["https://example.org", "null"] {
            assert_eq!(post("/messaging/identities", origin).status, 403, "{origin}");
            assert_eq!(post("/messaging/login", origin).status, 403, "{origin}");
        }
        assert_eq!(post("/messaging/identities", &simulator.url).status, 204);
    }

    #[test]
    fn a_foreign_host_name_is_refused() {
        let simulator = Simulator::of_messaging();
        for (host, status) in [
            ("example.org", 421),
            ("127.0.0.1.example.org:1", 421),
            ("localhost:3001", 200),
            ("[::1]:3001", 200),
            ("127.0.0.1", 200),
        ] {
            assert_eq!(simulator.ask(&Request::get("/").header("host", host)).status, status, "{host}");
        }
    }

    #[test]
    fn every_page_loads_from_its_own_origin_only() {
        let simulator = Simulator::start(&[
            "--sdk-url",
            "http://127.0.0.1:1/",
            "--sso-url",
            "http://127.0.0.1:1/",
            "--messaging-url",
            "https://auth.example.com/jwt",
        ]);
        for page in
            ["/", "/hc", "/agent", "/sdk", "/messaging", "/access/normal", "/access/unauthenticated", "/nothing"]
        {
            let answer = simulator.ask(&Request::get(page));
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
            assert!(policy.contains("connect-src 'self' https://auth.example.com;"), "{policy}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{page}");
            assert!(!answer.body.contains("src=\"http") && !answer.body.contains("<style"), "{page}");
        }
    }
}
