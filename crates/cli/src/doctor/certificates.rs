//! The certificates that a server sent, with a verdict for each kind of fault.

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore};
use std::time::Duration;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
use x509_parser::prelude::FromDer;

use super::report::{Report, State, Verdict};
use zendesk_jwt::jwt::{Clock, SystemClock};
use zendesk_jwt_simulator::client::Handshake;

const DAY: i64 = 24 * 60 * 60;

/// A certificate with fewer days left should have been renewed, or is urgent. If it lives shorter than three months,
/// a third and a tenth of its life count instead.
const RENEWED_BY: i64 = 30 * DAY;
const URGENT_BY: i64 = 7 * DAY;

pub(super) const CHECKS: [&str; 4] =
    ["certificate-chain", "certificate-name", "certificate-dates", "certificate-expiry"];

/// Checks chain, name and dates, and says whether Zendesk and browsers accept the server now.
pub(super) fn examine(handshake: &Handshake, roots: &RootCertStore, report: &mut Report) -> bool {
    let chain = &handshake.certificates;
    let parsed = chain.iter().filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1));
    let parsed: Vec<X509Certificate<'_>> = parsed.collect();
    let (Some(leaf), Some((end_entity, intermediates))) = (parsed.first(), chain.split_first()) else {
        let remedy = "Install a certificate for this host name together with its chain.";
        report.add("certificate-chain", Verdict::fail("no certificate that can be read", remedy));
        report.skip(&CHECKS[1..], "no certificate");
        return false;
    };
    let now = i64::try_from(SystemClock.now().0).unwrap_or(i64::MAX);
    let verdicts = [
        ("certificate-chain", trusted(end_entity, intermediates, &parsed, leaf, roots, now)),
        ("certificate-name", named(end_entity, leaf, &handshake.name)),
        ("certificate-dates", in_force(&parsed, now)),
    ];
    let is_trusted = verdicts.iter().all(|(_, verdict)| !verdict.is_fail());
    report.add_all(verdicts);
    report.add("certificate-expiry", expiry(leaf, now));
    is_trusted
}

/// Whether the chain leads to a trusted root, at a time when the server's certificate is in force.
fn trusted(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    parsed: &[X509Certificate<'_>],
    leaf: &X509Certificate<'_>,
    roots: &RootCertStore,
    now: i64,
) -> Verdict {
    let (from, to) = (leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp());
    let at = UnixTime::since_unix_epoch(Duration::from_secs(now.min(to).max(from).unsigned_abs()));
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let verified = ParsedCertificate::try_from(end_entity)
        .and_then(|leaf| verify_server_cert_signed_by_trust_anchor(&leaf, roots, intermediates, at, algorithms));
    match verified {
        Ok(()) => Verdict::pass(match parsed.len() {
            1 => "1 certificate from the server leads to a trusted root".to_owned(),
            count => format!("{count} certificates from the server lead to a trusted root"),
        }),
        Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => unknown_issuer(parsed, leaf),
        Err(error) => Verdict::fail(
            error.to_string(),
            "Get a certificate for a TLS server from a public certificate authority, and install it with its chain.",
        ),
    }
}

/// Names the missing certificate: the issuer of the last one in the chain.
fn unknown_issuer(parsed: &[X509Certificate<'_>], leaf: &X509Certificate<'_>) -> Verdict {
    let issuer_of = |certificate: &X509Certificate<'_>| {
        parsed.iter().find(|issuer| issuer.subject().as_raw() == certificate.issuer().as_raw())
    };
    let last = parsed.iter().fold(leaf, |last, _| issuer_of(last).unwrap_or(last));
    let is_self_signed = last.issuer().as_raw() == last.subject().as_raw();
    let (subject, issuer) = (last.subject(), last.issuer());
    if is_self_signed && last.tbs_certificate.serial == leaf.tbs_certificate.serial {
        return Verdict::fail(
            format!("the certificate of {subject} is signed by itself"),
            "Get a certificate from a public certificate authority, such as AWS Certificate Manager or Let's Encrypt.",
        );
    }
    if is_self_signed {
        return Verdict::fail(
            format!("the chain ends in {subject}, which Mozilla and Zendesk do not trust"),
            "Get a certificate from a public certificate authority. --ca-file makes only this tool trust another one.",
        );
    }
    let url = issuer_url(last).map(|url| format!(" (from {url})")).unwrap_or_default();
    Verdict::fail(
        format!(
            "the chain is not complete: the server did not send the certificate of {issuer}, which issued {subject}"
        ),
        format!(
            "Make the server send the intermediate certificate {issuer}{url} after its own, often in a file called \
             fullchain.pem. Browsers may fetch it by themselves; Zendesk does not."
        ),
    )
}

/// The address of the issuer's certificate (RFC 5280, section 4.2.2.1).
fn issuer_url<'a>(certificate: &X509Certificate<'a>) -> Option<&'a str> {
    certificate.extensions().iter().find_map(|extension| {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else {
            return None;
        };
        access.iter().find_map(|description| match &description.access_location {
            GeneralName::URI(url) if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS => Some(*url),
            _ => None,
        })
    })
}

fn named(end_entity: &CertificateDer<'_>, leaf: &X509Certificate<'_>, name: &ServerName<'_>) -> Verdict {
    let verified = ParsedCertificate::try_from(end_entity).and_then(|leaf| verify_server_name(&leaf, name));
    let host = name.to_str();
    match verified {
        Ok(()) => Verdict::pass(format!("the certificate is for {host}")),
        Err(_) => Verdict::fail(
            format!("the certificate is for {}, not for {host}", names(leaf)),
            format!("Install a certificate with {host} among its subject alternative names."),
        ),
    }
}

fn names(leaf: &X509Certificate<'_>) -> String {
    let alternative = leaf.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
    let names: Vec<String> = names
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            other => other.to_string(),
        })
        .collect();
    match names.as_slice() {
        [] => "no name at all".to_owned(),
        names if names.len() > 5 => format!("{} and {} more names", names[..5].join(", "), names.len() - 5),
        names => names.join(", "),
    }
}

fn in_force(parsed: &[X509Certificate<'_>], now: i64) -> Verdict {
    for certificate in parsed {
        let (subject, validity) = (certificate.subject(), certificate.validity());
        let (from, to) = (validity.not_before, validity.not_after);
        if now > to.timestamp() {
            return Verdict::fail(
                format!("the certificate of {subject} expired on {}", to.to_datetime().date()),
                "Renew it, and automate the renewal.",
            );
        }
        if now < from.timestamp() {
            return Verdict::fail(
                format!("the certificate of {subject} is good from {} on", from.to_datetime().date()),
                "Set the clock of this machine, or of the one that made the certificate; or install the earlier one.",
            );
        }
    }
    Verdict::pass("all certificates are in force")
}

fn expiry(leaf: &X509Certificate<'_>, now: i64) -> Verdict {
    let validity = leaf.validity();
    let (from, to) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    if !(from..=to).contains(&now) {
        return Verdict::skip("see certificate-dates");
    }
    let (life, left) = (to - from, to - now);
    let days = match left / DAY {
        0 => format!("{} hours", left / 3600),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let seen = format!("the certificate expires on {}, in {days}", validity.not_after.to_datetime().date());
    let state = match left {
        _ if left < URGENT_BY.min(life / 10) => State::Fail,
        _ if left < RENEWED_BY.min(life / 3) => State::Warn,
        _ => State::Pass,
    };
    Verdict::new(state, seen, "Renew it now, and automate the renewal.")
}
