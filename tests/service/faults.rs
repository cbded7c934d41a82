//! Faults on the way to AWS: one heals unseen, a lasting one is a 503 in time, and none needs a restart.
//!
//! The table [`FAULTS`] is held against each function and each call that it makes. docs/reliability.md
//! tells what is expected of them.

use crate::support::faulty_link::{AWS_JSON, Breakage, Ending, FaultyLinks, Upstream};
use crate::support::service::Reply;
use crate::support::{Jwt, Kind, Service, Setup, eventually, html, logs, users};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Milliseconds by the function's own clock within which one fault heals.
const HEALS_WITHIN: f64 = 1000.0;

/// Milliseconds by the function's own clock within which a lasting fault is answered.
const ANSWERS_WITHIN: f64 = 2600.0;

/// The same as the caller sees it, generous since the machine may be busy.
const ANSWERS_WITHIN_AT_MOST: Duration = Duration::from_secs(8);

/// How soon a function without a key has one after an outage, its pauses included.
const SOON: Duration = Duration::from_secs(15);

const TOKEN: &str = "BD2F35A7621";

struct Fault {
    name: &'static str,
    breakage: Breakage,
    nature: Nature,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// It may be gone when tried again, so it must be.
    Transient,
    /// It will be there when tried again, so that need not be done.
    Stubborn,
}

const fn transient(name: &'static str, breakage: Breakage) -> Fault {
    Fault { name, breakage, nature: Nature::Transient }
}

const fn stubborn(name: &'static str, breakage: Breakage) -> Fault {
    Fault { name, breakage, nature: Nature::Stubborn }
}

const fn error(status: u16, code: &'static str) -> Breakage {
    Breakage::Error { status, code }
}

const fn answer(status: u16, content_type: &'static str, body: &'static str) -> Breakage {
    Breakage::Answer { status, content_type, body }
}

/// Every fault. A cell that waits long stands near the top, so that none is left alone at the end.
const FAULTS: [Fault; 22] = [
    transient("no answer", Breakage::Silence),
    transient("slow body", Breakage::Trickle),
    transient("TLS handshake that never ends", Breakage::SilentHandshake),
    transient("untrusted certificate", Breakage::UntrustedCertificate),
    transient("certificate of another host", Breakage::OtherHostsCertificate),
    transient("plain text for TLS", Breakage::PlainText),
    transient("closed without an answer", Breakage::Closed),
    transient("reset before the answer", Breakage::Reset),
    transient("reset during the answer", Breakage::ResetHalfway),
    transient("truncated body", Breakage::Truncated),
    transient("500", error(500, "InternalServerError")),
    transient("503 of a load balancer", answer(503, "text/html", "<h1>503 Service Unavailable</h1>")),
    transient("throttled", error(400, "ThrottlingException")),
    transient("throughput exceeded", error(400, "ProvisionedThroughputExceededException")),
    transient("malformed JSON", answer(200, AWS_JSON, r#"{"Item": {"token_hash""#)),
    transient("JSON of another shape", answer(200, AWS_JSON, r#"{"Item": {"name": {"S": 1}}}"#)),
    transient("empty body", answer(200, AWS_JSON, "")),
    transient("HTML page", answer(200, "text/html", "<h1>Welcome to this network</h1>")),
    // In DynamoDB's own media type this would say that the token is unknown, which is a refusal.
    transient("JSON of another media type", answer(200, "text/html", "{}")),
    // The credentials are those of the environment, for as long as the process lives.
    stubborn("expired credentials", error(400, "ExpiredTokenException")),
    stubborn("unknown credentials", error(400, "UnrecognizedClientException")),
    // A role does not change within a second.
    stubborn("access denied", error(400, "AccessDeniedException")),
];

/// A function that meets a fault at one of its calls.
struct Cell {
    kind: Kind,
    upstream: Upstream,
    fault: &'static Fault,
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, {}, {}", self.kind.name(), self.upstream, self.fault.name)
    }
}

/// Holds `spec` for all functions and all faults of this call.
fn hold(upstream: Upstream, spec: impl Fn(&Cell) + Sync) {
    let cells = FAULTS.iter().flat_map(|fault| Kind::ALL.map(|kind| Cell { kind, upstream, fault }));
    hold_for_all(&cells.collect::<Vec<_>>(), spec);
}

/// Holds `spec` for all cells, several at once since they mostly wait, and then names each that failed.
fn hold_for_all<C: fmt::Display + Sync>(cells: &[C], spec: impl Fn(&C) + Sync) {
    const AT_ONCE: usize = 8;
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| spec(cell))) {
                        let text = panic.downcast_ref::<String>().map(String::as_str);
                        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                        failures.lock().unwrap().push(format!("{cell}: {text}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} cells failed:\n{}", failures.len(), cells.len(), failures.join("\n"));
}

fn setup(kind: Kind) -> (FaultyLinks, Setup) {
    FaultyLinks::of(Setup::of(kind).with_fakes().env("SIGNING_KEY_MAX_AGE", "1"))
}

/// A function that has a key and both connections, or whatever it got of them.
fn started(setup: Setup) -> Service {
    let service = setup.start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

fn ask(service: &Service) -> Reply {
    service.reply(&service.kind.request(TOKEN))
}

fn assert_signed(service: &Service, reply: &Reply) {
    assert_eq!(reply.answer.status, 200, "{}", reply.logs);
    let token = match reply.answer.media_type() {
        "text/html" => html::hidden_fields(&reply.answer.body)["jwt"].clone(),
        _ => reply.answer.jwt(),
    };
    Jwt::verified(&token, service.kind.secret());
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.answer.status, 503, "{}", reply.logs);
    reply.answer.header("retry-after").expect("when to try again").parse::<u32>().expect("in seconds");
    assert!(!reply.answer.body.contains("<form"), "{}", reply.answer.body);
    assert!(reply.took < ANSWERS_WITHIN_AT_MOST, "{:?}", reply.took);
}

/// Milliseconds from the decoded event to the finished answer.
fn duration(reply: &Reply) -> f64 {
    logs::request_line(&reply.logs)["duration_ms"].as_f64().unwrap()
}

/// Asks until an answer took no longer than `bound`, some times at most: a busy machine only ever adds to it.
fn assert_within(bound: f64, ask: impl Fn() -> Reply) {
    let mut durations = Vec::new();
    for _ in 0..8 {
        durations.push(duration(&ask()));
        if durations.last().is_some_and(|duration| *duration <= bound) {
            return;
        }
    }
    panic!("not within {bound} ms, but {durations:?}");
}

fn assert_outage(service: &Service) {
    assert_within(ANSWERS_WITHIN, || {
        let reply = ask(service);
        assert_unavailable(&reply);
        reply
    });
}

/// Asks until the function has a key again, and takes nothing but an outage for an answer until then.
fn assert_signs_soon(service: &Service) {
    eventually("signs without a restart", SOON, || {
        let reply = ask(service);
        if reply.answer.status != 200 {
            assert_unavailable(&reply);
            return None;
        }
        assert_signed(service, &reply);
        Some(())
    });
}

#[test]
fn one_fault_of_dynamodb_heals_by_retry() {
    hold(Upstream::DynamoDb, |cell| {
        let (links, setup) = setup(cell.kind);
        let (service, link) = (started(setup), links.link(cell.upstream));
        assert_within(HEALS_WITHIN, || {
            link.break_once(cell.fault.breakage);
            let reply = ask(&service);
            if cell.fault.nature == Nature::Stubborn && reply.answer.status != 200 {
                assert_unavailable(&reply);
            } else {
                assert_signed(&service, &reply);
            }
            assert_eq!(link.broken(), 1);
            reply
        });
        assert_signed(&service, &ask(&service));
    });
}

#[test]
fn a_lasting_fault_of_dynamodb_answers_503_in_time_until_it_is_over() {
    hold(Upstream::DynamoDb, |cell| {
        let (links, setup) = setup(cell.kind);
        let (service, link) = (started(setup), links.link(cell.upstream));
        link.break_lastingly(cell.fault.breakage);
        for _ in 0..2 {
            assert_outage(&service);
        }
        assert!(link.broken() >= 2);

        link.mend();
        assert_signed(&service, &ask(&service));
        assert!(service.function.is_alive());
    });
}

#[test]
fn one_fault_of_secrets_manager_at_cold_start_heals_by_retry() {
    hold(Upstream::SecretsManager, |cell| {
        let (links, setup) = setup(cell.kind);
        let link = links.link(cell.upstream);
        link.break_once(cell.fault.breakage);
        let service = started(setup);
        assert_eq!(link.broken(), 1);

        if cell.fault.nature == Nature::Stubborn {
            assert_signs_soon(&service);
        } else {
            assert_signed(&service, &ask(&service));
            assert_eq!(vain_reads(&service), 0, "it took a second read: {}", service.function.logs());
        }
    });
}

/// How often the function tried to read its key in vain.
fn vain_reads(service: &Service) -> usize {
    service.function.logs().matches("no signing key was read").count()
}

/// Asks, after a start without a key, until a request has tried to read it as well.
fn assert_outage_of_the_first_key(service: &Service) {
    let before = vain_reads(service);
    assert!(before > 0, "it was not tried at cold start: {}", service.function.logs());
    eventually("tries to read its key again", SOON, || {
        assert_outage(service);
        (vain_reads(service) > before).then_some(())
    });
}

#[test]
fn a_lasting_fault_of_secrets_manager_at_cold_start_answers_503_in_time_until_it_is_over() {
    hold(Upstream::SecretsManager, |cell| {
        let (links, setup) = setup(cell.kind);
        let link = links.link(cell.upstream);
        link.break_lastingly(cell.fault.breakage);
        let service = started(setup);
        assert_outage_of_the_first_key(&service);

        link.mend();
        assert_signs_soon(&service);
        assert!(service.function.is_alive());
    });
}

#[test]
fn a_fault_of_secrets_manager_costs_no_request_once_there_is_a_key() {
    hold(Upstream::SecretsManager, |cell| {
        let (links, setup) = setup(cell.kind);
        let (service, link) = (started(setup), links.link(cell.upstream));
        link.break_lastingly(cell.fault.breakage);
        eventually("fails to refresh its key", SOON, || {
            let reply = ask(&service);
            assert_signed(&service, &reply);
            logs::request_line(&reply.logs).get("signing_key_failure").map(drop)
        });

        link.mend();
        eventually("refreshes its key again", SOON, || {
            let reply = ask(&service);
            assert_signed(&service, &reply);
            logs::request_line(&reply.logs).get("signing_key_failure").is_none().then_some(())
        });
    });
}

/// A function for which the name of one of its upstreams does not resolve.
struct Nameless {
    kind: Kind,
    upstream: Upstream,
}

impl fmt::Display for Nameless {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, {}, a host name that does not resolve", self.kind.name(), self.upstream)
    }
}

#[test]
fn a_host_name_that_does_not_resolve_answers_503_in_time() {
    let cells = Kind::ALL.into_iter().flat_map(|kind| Upstream::ALL.map(|upstream| Nameless { kind, upstream }));
    hold_for_all(&cells.collect::<Vec<_>>(), |cell| {
        let (_links, setup) = setup(cell.kind);
        // RFC 6761, section 6.4: no such name ever exists.
        let service = started(setup.env(cell.upstream.variable(), "https://aws.invalid"));
        match cell.upstream {
            Upstream::DynamoDb => assert_outage(&service),
            Upstream::SecretsManager => assert_outage_of_the_first_key(&service),
        }
        assert!(service.function.is_alive());
    });
}

/// A function that is frozen, and whose connections end meanwhile.
struct Thaw {
    kind: Kind,
    ending: Ending,
}

impl fmt::Display for Thaw {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, both upstreams, frozen and {:?}", self.kind.name(), self.ending)
    }
}

#[test]
fn a_thawed_function_whose_connections_are_dead_signs_at_the_first_request() {
    let cells = Kind::ALL.into_iter().flat_map(|kind| Ending::ALL.map(|ending| Thaw { kind, ending }));
    hold_for_all(&cells.collect::<Vec<_>>(), |cell| {
        let (links, setup) = setup(cell.kind);
        let service = started(setup);
        assert_signed(&service, &ask(&service));

        for _ in 0..2 {
            service.function.freeze();
            let open = links.link(Upstream::DynamoDb).end_connections(cell.ending);
            assert!(open > 0, "it pools no connection that could be dead");
            links.link(Upstream::SecretsManager).end_connections(cell.ending);
            service.function.thaw();
            assert_signed(&service, &ask(&service));
        }
    });
}
