//! DNS, TCP and TLS.

use super::*;
use crate::support::server::{Authority, INTERMEDIATE_URL};
use rustls::pki_types::CertificateDer;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::LazyLock;

const HOST: &str = "support.example.com";

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// An HTTPS server that refuses every token, with a certificate for `host` good between two days counted from now.
fn server(
    host: &str,
    (from, until): (i64, i64),
    chain: impl FnOnce(CertificateDer<'static>) -> Vec<CertificateDer<'static>>,
) -> BrokenServer {
    let (certificate, key) = AUTHORITY.issue(host, from, until);
    BrokenServer::https(chain(certificate), key, |_| refusal())
}

fn complete(certificate: CertificateDer<'static>) -> Vec<CertificateDer<'static>> {
    vec![certificate, AUTHORITY.intermediate.clone()]
}

/// Examines the server at the address of `HOST`, with the authority's root trusted.
fn diagnosis(server: &BrokenServer) -> Diagnosis {
    let root = file(&AUTHORITY.root_pem());
    examine(server, &["--ca-file", path(&root)])
}

fn examine(server: &BrokenServer, arguments: &[&str]) -> Diagnosis {
    let resolve = format!("{HOST}:{}:127.0.0.1", server.port());
    let arguments = [&["--resolve", resolve.as_str()], arguments].concat();
    Diagnosis::of(&server.url_at(HOST, "/sdk/jwt"), USER_TOKEN, &arguments)
}

/// The checks of the connection that ended in this state.
fn of_connection<'a>(diagnosis: &'a Diagnosis, state: &str) -> Vec<&'a str> {
    let is_of_connection = |id: &&str| diagnosis.check(id)["group"] == "connection";
    diagnosis.ids(state).into_iter().filter(is_of_connection).collect()
}

#[test]
fn a_complete_chain_passes() {
    let diagnosis = diagnosis(&server(HOST, (-1, 90), complete));
    let ids = [
        "dns",
        "tcp",
        "tls",
        "certificate-chain",
        "certificate-name",
        "certificate-dates",
        "certificate-expiry",
        "clock",
        "no-redirect",
    ];
    assert_eq!(of_connection(&diagnosis, "pass"), ids, "{:#}", diagnosis.report);
    assert_eq!(diagnosis.state("good-token"), "fail", "it was sent");
}

#[test]
fn a_missing_intermediate_certificate_is_named_with_its_address() {
    let server = server(HOST, (-1, 90), |certificate| vec![certificate]);
    let diagnosis = diagnosis(&server);
    assert_eq!(diagnosis.ids("fail"), ["certificate-chain"]);
    diagnosis.says("certificate-chain", &["not complete", "CN=Demo Intermediate", INTERMEDIATE_URL, "fullchain.pem"]);
}

#[test]
fn a_user_token_is_not_sent_to_a_server_without_a_trusted_certificate() {
    let server = server(HOST, (-1, 90), |certificate| vec![certificate]);
    let diagnosis = diagnosis(&server);

    assert_eq!(diagnosis.state("good-token"), "skip");
    assert!(diagnosis.check("good-token")["seen"].as_str().unwrap().contains("cannot be trusted"));
    let requests = server.requests();
    assert!(!requests.is_empty(), "the invented tokens were sent");
    assert!(requests.iter().all(|request| user_token(request).as_deref() != Some(USER_TOKEN)));
}

#[test]
fn a_root_that_mozilla_does_not_trust_is_named() {
    let chain = |certificate| vec![certificate, AUTHORITY.intermediate.clone(), AUTHORITY.root.clone()];
    let diagnosis = examine(&server(HOST, (-1, 90), chain), &[]);
    assert_eq!(diagnosis.ids("fail"), ["certificate-chain"]);
    diagnosis.says("certificate-chain", &["CN=Demo Root", "public certificate authority"]);
}

#[test]
fn a_self_signed_certificate_is_reported() {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let server = BrokenServer::https(vec![cert.der().clone()], signing_key, |_| refusal());
    let diagnosis = diagnosis(&server);
    assert_eq!(diagnosis.ids("fail"), ["certificate-chain"]);
    diagnosis.says("certificate-chain", &["signed by itself"]);
}

#[test]
fn a_certificate_for_another_name_is_reported() {
    let diagnosis = diagnosis(&server("www.example.org", (-1, 90), complete));
    assert_eq!(diagnosis.ids("fail"), ["certificate-name"]);
    diagnosis.says("certificate-name", &["www.example.org", HOST, "subject alternative names"]);
}

#[test]
fn an_expired_or_future_certificate_is_the_only_finding() {
    for (days, seen) in [((-30, -2), "expired on"), ((2, 30), "is good from")] {
        let diagnosis = diagnosis(&server(HOST, days, complete));
        assert_eq!(diagnosis.ids("fail"), ["certificate-dates"], "{:#}", diagnosis.report);
        diagnosis.says("certificate-dates", &[seen]);
        assert_eq!(diagnosis.state("certificate-expiry"), "skip");
    }
}

#[test]
fn a_certificate_that_expires_soon_is_reported() {
    for (until, state) in [(3, "fail"), (20, "warn"), (40, "pass")] {
        let diagnosis = diagnosis(&server(HOST, (until - 90, until), complete));
        assert_eq!(diagnosis.state("certificate-expiry"), state);
        assert_eq!(of_connection(&diagnosis, "fail").len(), usize::from(state == "fail"));
        let seen = diagnosis.check("certificate-expiry")["seen"].as_str().unwrap();
        assert!(seen.ends_with(&format!("in {until} days")), "{seen}");
    }
}

#[test]
fn a_new_short_lived_certificate_passes() {
    let diagnosis = diagnosis(&server(HOST, (-1, 5), complete));
    assert_eq!(diagnosis.state("certificate-expiry"), "pass");
}

#[test]
fn a_port_that_does_not_speak_tls_is_reported() {
    let server = BrokenServer::http(|_| refusal());
    let url = server.url_at(HOST, "/sdk/jwt").replace("http:", "https:");
    let diagnosis = Diagnosis::of(&url, "", &["--resolve", &format!("{HOST}:{}:127.0.0.1", server.port())]);
    diagnosis.fails(&["tls"], &["TLS 1.2 or 1.3"]);
    assert_eq!(diagnosis.state("certificate-chain"), "skip");
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    let server = BrokenServer::http(|_| refusal());
    let diagnosis = examine(&server, &[]);
    diagnosis.fails(&["tls"], &["https://"]);
    assert!(server.requests().is_empty(), "nothing was sent over the wire");
}

#[test]
fn an_address_that_zendesk_cannot_reach_is_reported() {
    let server = BrokenServer::http(|_| refusal());
    // An IPv4 loopback address in IPv6 form, so that something answers.
    let url = format!("https://[::ffff:127.0.0.1]:{}/jwt", server.port());
    let sdk = Diagnosis::of(&url, "", &["--kind", "sdk"]);
    assert_eq!(sdk.state("dns"), "fail");
    sdk.says("dns", &["not on the public internet", "Zendesk's own servers"]);
    assert_eq!(Diagnosis::of(&url, "", &["--kind", "sso"]).state("dns"), "warn");
}

#[test]
fn a_host_without_an_address_is_reported() {
    // A label of 64 characters is invalid, so the test needs no name server.
    let url = format!("https://{}.example.com/sdk/jwt", "a".repeat(64));
    let diagnosis = Diagnosis::of(&url, "", &[]);
    diagnosis.fails(&["dns"], &["has no address", "DNS zone"]);
}

#[test]
fn a_port_where_nothing_listens_is_reported() {
    // A port that another test used could be in use again.
    let diagnosis = Diagnosis::of("http://127.0.0.1:1/sdk/jwt", "", &[]);
    diagnosis.fails(&["tcp"], &["firewall"]);
}

#[test]
fn a_server_that_does_not_answer_is_reported_after_the_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/sdk/jwt", silent.local_addr().unwrap());
    let diagnosis = Diagnosis::of(&url, "", &["--timeout", "1"]);
    diagnosis.fails(&["unknown-token"], &["no answer within 1 s"]);
}

#[test]
fn an_answer_that_is_not_http_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/sdk/jwt", listener.local_addr().unwrap());
    // The first connection only checks the port.
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2).flatten() {
            let mut stream = stream;
            let mut request = [0; 64];
            if stream.read(&mut request).is_ok_and(|bytes| bytes > 0) {
                stream.write_all(b"SSH-2.0-demo\r\n").ok();
            }
        }
    });
    Diagnosis::of(&url, "", &[]).fails(&["unknown-token"], &["the connection broke"]);
}
