//! `return_to` against known payloads for open redirects: hosts that look like ours, parsers that disagree, double
//! encodings.

use crate::support::{Kind, Request, Setup, html, users};
use url::{Host, Url};
use zendesk_jwt::handlers::sso_redirect::{ReturnTo, ZendeskHosts};

fn payloads() -> Vec<String> {
    serde_json::from_str(include_str!("open_redirects.json")).unwrap()
}

#[test]
fn every_known_payload_is_rejected_as_return_to() {
    let origin = Url::parse("https://acme.zendesk.com").unwrap();
    let hosts = ZendeskHosts::new(origin, vec![Host::parse("help.example.com").unwrap()]);

    let payloads = payloads();
    assert!(payloads.len() >= 200, "{}", payloads.len());
    for payload in payloads {
        assert_eq!(ReturnTo::parse(&payload, &hosts), None, "{payload:?}");
    }
}

#[test]
fn sign_in_continues_without_the_payload_and_the_log_reports_it() {
    let service = Setup::of(Kind::SsoRedirect).env("SESSION_COOKIE", "session").start();
    service.aws.put_user("token", &users::demo());

    for payload in payloads().iter().step_by(10) {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", payload).finish();
        let reply = service.reply(&Request::get(&format!("/sso/login?{query}")).cookie("session", "token"));
        assert_eq!(reply.answer.status, 200, "{payload:?}");
        let fields = html::hidden_fields(&reply.answer.body);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["jwt"], "{payload:?}");
        assert!(reply.logs.contains(r#""return_to_dropped":1"#), "{}", reply.logs);
    }
}
