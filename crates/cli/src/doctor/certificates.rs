//! The certificates that a server sent, each fault told on its own.

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

use super::report::{Group, Report, Verdict};
use zendesk_jwt::jwt::{Clock, SystemClock};

/// A day, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// The remaining days at which a certificate should have been renewed, and those at which it is urgent. Of a
/// certificate that lives shorter than three months, a third and a tenth of its life.
const RENEWED_BY: i64 = 30 * DAY;
const URGENT_BY: i64 = 7 * DAY;

/// Checks chain, name and dates, and says whether Zendesk and browsers trust the server now.
pub(super) fn examine(
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    roots: &RootCertStore,
    report: &mut Report,
) -> bool {
    let connection = Group::Connection;
    let parsed: Vec<X509Certificate<'_>> =
        chain.iter().filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1)).collect();
    let (Some(leaf), Some(end_entity)) = (parsed.first(), chain.first()) else {
        let remedy = "Install a certificate for this host name together with its chain.";
        report.add(connection, "certificate-chain", Verdict::fail("no certificate that can be read", remedy));
        let others = ["certificate-name", "certificate-dates", "certificate-expiry"];
        report.skip(connection, others, "no certificate");
        return false;
    };
    let now = i64::try_from(SystemClock.now().0).unwrap_or(i64::MAX);
    let verdicts = [
        ("certificate-chain", trusted(end_entity, chain, &parsed, roots, now)),
        ("certificate-name", named(end_entity, leaf, name)),
        ("certificate-dates", in_force(&parsed, now)),
    ];
    let is_trusted = verdicts.iter().all(|(_, verdict)| !verdict.is_fail());
    for (id, verdict) in verdicts {
        report.add(connection, id, verdict);
    }
    match expiry(leaf, now) {
        Some(verdict) => report.add(connection, "certificate-expiry", verdict),
        None => report.skip(connection, ["certificate-expiry"], "see certificate-dates"),
    }
    is_trusted
}

/// Whether the chain leads to a trusted root, at a time when the server's certificate is in force.
fn trusted(
    end_entity: &CertificateDer<'_>,
    chain: &[CertificateDer<'_>],
    parsed: &[X509Certificate<'_>],
    roots: &RootCertStore,
    now: i64,
) -> Verdict {
    let validity = parsed.first().map(|leaf| leaf.validity());
    let within = validity.map_or(now, |validity| {
        let (from, to) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        now.min(to).max(from)
    });
    let at = UnixTime::since_unix_epoch(Duration::from_secs(within.unsigned_abs()));
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let verified = ParsedCertificate::try_from(end_entity).and_then(|leaf| {
        verify_server_cert_signed_by_trust_anchor(&leaf, roots, chain.get(1..).unwrap_or_default(), at, algorithms)
    });
    match verified {
        Ok(()) => Verdict::pass(format!("{} from the server lead to a trusted root", counted(parsed.len()))),
        Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => unknown_issuer(parsed),
        Err(error) => Verdict::fail(
            error.to_string(),
            "Get a certificate for a TLS server from a public certificate authority, and install it with its chain.",
        ),
    }
}

fn counted(certificates: usize) -> String {
    if certificates == 1 { "1 certificate".to_owned() } else { format!("{certificates} certificates") }
}

/// Names what is missing: the issuer that nobody sent of the last certificate that follows from the first.
fn unknown_issuer(parsed: &[X509Certificate<'_>]) -> Verdict {
    let Some(leaf) = parsed.first() else {
        return Verdict::fail("no certificate", "Install a certificate for this host name together with its chain.");
    };
    let mut last = leaf;
    for _ in parsed {
        let issuer = parsed.iter().find(|certificate| certificate.subject().as_raw() == last.issuer().as_raw());
        match issuer {
            Some(issuer) if issuer.subject().as_raw() != last.subject().as_raw() => last = issuer,
            _ => break,
        }
    }
    let is_self_signed = last.issuer().as_raw() == last.subject().as_raw();
    let subject = last.subject();
    if is_self_signed && last.tbs_certificate.serial == leaf.tbs_certificate.serial {
        return Verdict::fail(
            format!("the certificate of {subject} is signed by itself"),
            "Get a certificate from a public certificate authority, for example from AWS Certificate Manager or \
             Let's Encrypt.",
        );
    }
    if is_self_signed {
        return Verdict::fail(
            format!("the chain ends in {subject}, which Mozilla and so Zendesk do not trust"),
            "Get a certificate from a public certificate authority; --ca-file lets this tool alone trust another.",
        );
    }
    let fetch = issuer_url(last).map(|url| format!(", which is at {url}")).unwrap_or_default();
    Verdict::fail(
        format!("the chain is not complete: nobody sent the certificate of {}, which issued {subject}", last.issuer()),
        format!(
            "Let the server send the intermediate certificate {}{fetch}, after its own (often in a file called \
             fullchain.pem). Browsers may fetch it by themselves; Zendesk does not.",
            last.issuer()
        ),
    )
}

/// Where the issuer's certificate is to be had (RFC 5280, section 4.2.2.1).
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
        Ok(()) => Verdict::pass(format!("it is for {host}")),
        Err(_) => Verdict::fail(
            format!("it is for {}, not for {host}", names(leaf)),
            format!("Install a certificate that has {host} among its subject alternative names."),
        ),
    }
}

/// The names that the certificate is for.
fn names(leaf: &X509Certificate<'_>) -> String {
    let alternative = leaf.subject_alternative_name().ok().flatten();
    let names: Vec<String> = alternative
        .iter()
        .flat_map(|extension| &extension.value.general_names)
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
    let renew = "Renew it, and see that the renewal runs by itself.";
    for certificate in parsed {
        let validity = certificate.validity();
        let (from, to) = (validity.not_before, validity.not_after);
        if now > to.timestamp() {
            let date = to.to_datetime().date();
            return Verdict::fail(format!("the certificate of {} expired on {date}", certificate.subject()), renew);
        }
        if now < from.timestamp() {
            let date = from.to_datetime().date();
            return Verdict::fail(
                format!("the certificate of {} is good from {date} on", certificate.subject()),
                "Set the clock of this machine, or of the one that made the certificate; or install the earlier one.",
            );
        }
    }
    Verdict::pass("all certificates are in force")
}

/// How long the server's certificate has yet; nothing when it is not in force.
fn expiry(leaf: &X509Certificate<'_>, now: i64) -> Option<Verdict> {
    let validity = leaf.validity();
    let (from, to) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    if !(from..=to).contains(&now) {
        return None;
    }
    let (life, left) = (to - from, to - now);
    let seen = format!("it expires on {}, in {}", validity.not_after.to_datetime().date(), days(left));
    let remedy = "Renew it now, and see that the renewal runs by itself.";
    Some(if left < URGENT_BY.min(life / 10) {
        Verdict::fail(seen, remedy)
    } else if left < RENEWED_BY.min(life / 3) {
        Verdict::warn(seen, remedy)
    } else {
        Verdict::pass(seen)
    })
}

fn days(seconds: i64) -> String {
    match seconds / DAY {
        0 => format!("{} hours", seconds / 3600),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
