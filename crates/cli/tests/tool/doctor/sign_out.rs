//! Remote logout URLs.

use super::*;

fn query(request: &Request, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The report on a remote logout URL with these answers.
fn answering(answers: impl Fn(&Request, String) -> Answer + Send + Sync + 'static) -> Diagnosis {
    let server = BrokenServer::http(move |request| match request.path.as_str() {
        "/bye" => answers(request, query(request, "message").unwrap_or_default()),
        _ => answer(401, "text/html", "Sign in first"),
    });
    let url = server.url("/bye");
    Diagnosis::of(&server.url("/sso"), "", &["--kind", "sso", "--logout-url", &url])
}

fn page(body: String) -> Answer {
    answer(200, "text/html", body)
}

#[test]
fn a_page_that_shows_the_message_escaped_passes() {
    let diagnosis = answering(|_, message| page(escaped(&message)));
    for id in ["sign-out", "error-page", "error-escaped"] {
        assert_eq!(diagnosis.state(id), "pass", "{:#}", diagnosis.report);
    }
}

#[test]
fn a_redirect_passes() {
    let diagnosis =
        answering(|_, _| with_header(answer(302, "text/plain", ""), "location", "https://www.example.com/"));
    assert_eq!(diagnosis.ids("fail"), [""; 0]);
}

#[test]
fn a_page_that_does_not_escape_the_message_is_reported() {
    answering(|_, message| page(message)).fails(&["error-escaped"], &["Escape"]);
}

#[test]
fn an_address_that_does_not_answer_is_reported() {
    answering(|_, _| answer(404, "text/plain", ""))
        .fails(&["sign-out", "error-page"], &["404", "Account > Security > Single sign-on"]);
    answering(|_, message| if message.is_empty() { page(message) } else { answer(500, "text/plain", "") })
        .fails(&["error-page"], &["500", "could not sign in"]);
}

#[test]
fn a_page_that_does_not_show_the_message_is_reported() {
    answering(|_, _| page("Goodbye".into())).warns(&["error-page"], &["does not show the message"]);
}

#[test]
fn an_address_with_a_fragment_is_reported() {
    let server = BrokenServer::http(|request| page(escaped(&query(request, "message").unwrap_or_default())));
    let url = server.url("/bye#x");
    let diagnosis = Diagnosis::of(&server.url("/sso"), "", &["--kind", "sso", "--logout-url", &url]);
    diagnosis.warns(&["error-page"], &["#"]);
}
