//! Network faults between a function and AWS or an identity provider. The caller does not notice a single fault. During a lasting fault the
//! function answers 503 in time. After it, the function signs without a restart.
//!
//! Each test tries all [`FAULTS`] with all functions.

use crate::support::faulty_link::{AWS_JSON, Breakage, Ending, FaultyLink, FaultyLinks, Upstream};
use crate::support::service::Reply;
use crate::support::{IdentityProvider, Jwt, Kind, Service, Setup, eventually, logs, users};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The longest `duration_ms` of a request with a single fault.
const HEALS_WITHIN: f64 = 1000.0;

/// The longest `duration_ms` of a request during a lasting fault.
const ANSWERS_WITHIN: f64 = 2600.0;

/// The longest time for the caller, generous because the machine may be busy.
const ANSWERS_WITHIN_AT_MOST: Duration = Duration::from_secs(8);

/// The longest time from the end of an outage until a function without a key has one.
const SOON: Duration = Duration::from_secs(15);

const TOKEN: &str = "BD2F35A7621";

struct Fault {
    name: &'static str,
    breakage: Breakage,
    nature: Nature,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// A retry can succeed, so the function must retry.
    Transient,
    /// A retry fails as well, so the function need not retry.
    Permanent,
}

const fn transient(name: &'static str, breakage: Breakage) -> Fault {
    Fault { name, breakage, nature: Nature::Transient }
}

const fn permanent(name: &'static str, breakage: Breakage) -> Fault {
    Fault { name, breakage, nature: Nature::Permanent }
}

const fn error(status: u16, code: &'static str) -> Breakage {
    Breakage::Error { status, code }
}

const fn answer(status: u16, content_type: &'static str, body: &'static str) -> Breakage {
    Breakage::Answer { status, content_type, body }
}

/// All faults. Those that take long come first, so that none of them runs alone at the end.
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
    // With DynamoDB's media type this would mean that the token is unknown.
    transient("JSON of another media type", answer(200, "text/html", "{}")),
    // The credentials from the environment do not change while the process lives.
    permanent("expired credentials", error(400, "ExpiredTokenException")),
    permanent("unknown credentials", error(400, "UnrecognizedClientException")),
    // Permissions do not change within a second.
    permanent("access denied", error(400, "AccessDeniedException")),
];

/// One function and one fault of one service.
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

/// Runs the test for all functions and all faults of this service.
fn for_all_faults(upstream: Upstream, test: impl Fn(&Cell) + Sync) {
    let cells = FAULTS.iter().flat_map(|fault| Kind::ALL.map(|kind| Cell { kind, upstream, fault }));
    for_all(&cells.collect::<Vec<_>>(), test);
}

/// Runs the test for all cells, several at a time because they mostly wait, and reports all failures.
fn for_all<C: fmt::Display + Sync>(cells: &[C], test: impl Fn(&C) + Sync) {
    const AT_ONCE: usize = 8;
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(cell))) {
                        let message = panic.downcast_ref::<String>().map(String::as_str);
                        let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                        failures.lock().unwrap().push(format!("{cell}: {message}"));
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

/// A function after its cold start, which may have failed to read its key or to connect.
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
    Jwt::verified(&reply.answer.jwt(), service.kind.secret());
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.answer.status, 503, "{}", reply.logs);
    reply.answer.header("retry-after").expect("a Retry-After header").parse::<u32>().expect("seconds");
    assert!(!reply.answer.body.contains("<form"), "{}", reply.answer.body);
    assert!(reply.took < ANSWERS_WITHIN_AT_MOST, "{:?}", reply.took);
}

/// The request's `duration_ms`.
fn duration(reply: &Reply) -> f64 {
    logs::request_line(&reply.logs)["duration_ms"].as_f64().unwrap()
}

/// Repeats the request until it takes no longer than `bound`, because a busy machine can only make it slower.
fn assert_within(bound: f64, ask: impl Fn() -> Reply) {
    let mut durations = Vec::new();
    for _ in 0..8 {
        durations.push(duration(&ask()));
        if durations.last().is_some_and(|duration| *duration <= bound) {
            return;
        }
    }
    panic!("no request within {bound} ms: {durations:?}");
}

fn assert_outage(service: &Service) {
    assert_within(ANSWERS_WITHIN, || {
        let reply = ask(service);
        assert_unavailable(&reply);
        reply
    });
}

/// Waits until the function signs. Until then, each answer must be a 503.
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
fn a_retry_hides_a_single_fault_of_dynamodb() {
    for_all_faults(Upstream::DynamoDb, |cell| {
        let (links, setup) = setup(cell.kind);
        let (service, link) = (started(setup), links.link(cell.upstream));
        assert_within(HEALS_WITHIN, || {
            link.break_once(cell.fault.breakage);
            let reply = ask(&service);
            if cell.fault.nature == Nature::Permanent && reply.answer.status != 200 {
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
fn a_lasting_fault_of_dynamodb_answers_503_in_time_until_it_ends() {
    for_all_faults(Upstream::DynamoDb, |cell| {
        let (links, setup) = setup(cell.kind);
        let (service, link) = (started(setup), links.link(cell.upstream));
        link.break_lastingly(cell.fault.breakage);
        for _ in 0..2 {
            assert_outage(&service);
        }
        assert!(link.broken() >= 2);

        link.repair();
        assert_signed(&service, &ask(&service));
        assert!(service.function.is_alive());
    });
}

#[test]
fn a_retry_hides_a_single_fault_of_secrets_manager_at_cold_start() {
    for_all_faults(Upstream::SecretsManager, |cell| {
        let (links, setup) = setup(cell.kind);
        let link = links.link(cell.upstream);
        link.break_once(cell.fault.breakage);
        let service = started(setup);
        assert_eq!(link.broken(), 1);

        if cell.fault.nature == Nature::Permanent {
            assert_signs_soon(&service);
        } else {
            assert_signed(&service, &ask(&service));
            assert_eq!(failed_reads(&service), 0, "the function read its key twice: {}", service.function.logs());
        }
    });
}

/// How often the function failed to read its key.
fn failed_reads(service: &Service) -> usize {
    service.function.logs().matches("no signing key was read").count()
}

/// Waits until a request, and not only the cold start, has failed to read the key.
fn assert_outage_of_the_first_key(service: &Service) {
    let before = failed_reads(service);
    assert!(before > 0, "the cold start read no key: {}", service.function.logs());
    eventually("reads its key again", SOON, || {
        assert_outage(service);
        (failed_reads(service) > before).then_some(())
    });
}

#[test]
fn a_lasting_fault_of_secrets_manager_at_cold_start_answers_503_in_time_until_it_ends() {
    for_all_faults(Upstream::SecretsManager, |cell| {
        let (links, setup) = setup(cell.kind);
        let link = links.link(cell.upstream);
        link.break_lastingly(cell.fault.breakage);
        let service = started(setup);
        assert_outage_of_the_first_key(&service);

        link.repair();
        assert_signs_soon(&service);
        assert!(service.function.is_alive());
    });
}

#[test]
fn a_function_with_a_key_answers_every_request_during_a_fault_of_secrets_manager() {
    for_all_faults(Upstream::SecretsManager, |cell| {
        let (links, setup) = setup(cell.kind);
        let (service, link) = (started(setup), links.link(cell.upstream));
        link.break_lastingly(cell.fault.breakage);
        eventually("fails to refresh its key", SOON, || {
            let reply = ask(&service);
            assert_signed(&service, &reply);
            logs::request_line(&reply.logs).get("signing_key_failure").map(drop)
        });

        link.repair();
        eventually("refreshes its key again", SOON, || {
            let reply = ask(&service);
            assert_signed(&service, &reply);
            logs::request_line(&reply.logs).get("signing_key_failure").is_none().then_some(())
        });
    });
}

/// A function that trusts a provider, and the faulty link between them.
struct Trusting {
    provider: IdentityProvider,
    link: FaultyLink,
    _links: FaultyLinks,
    setup: Option<Setup>,
}

impl Trusting {
    fn new() -> Self {
        let provider = IdentityProvider::http();
        let (links, setup) = setup(Kind::MessagingToken);
        let link = links.link_to(&provider);
        let setup = provider.trusted_by(setup);
        Self { provider, link, _links: links, setup: Some(setup) }
    }

    fn start(&mut self) -> Service {
        self.setup.take().unwrap().start()
    }

    fn ask(&self, service: &Service) -> Reply {
        service.reply(&service.kind.request(&self.provider.token()))
    }

    /// Waits until the function signs. Until then, each answer must be a 503.
    fn assert_signs_soon(&self, service: &Service) {
        eventually("signs without a restart", SOON, || {
            let reply = self.ask(service);
            if reply.answer.status != 200 {
                assert_unavailable(&reply);
                return None;
            }
            assert_signed(service, &reply);
            Some(())
        });
    }
}

struct FaultOfTheProvider(&'static Fault);

impl fmt::Display for FaultOfTheProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "identity provider, {}", self.0.name)
    }
}

/// Runs the test for all faults of an identity provider. All functions read its keys with the same code.
fn for_all_faults_of_the_provider(test: impl Fn(&'static Fault) + Sync) {
    let cells: Vec<_> = FAULTS.iter().map(FaultOfTheProvider).collect();
    for_all(&cells, |cell| test(cell.0));
}

fn failed_reads_of_the_provider(service: &Service) -> usize {
    service.function.logs().matches("no keys of the identity provider were read").count()
}

#[test]
fn a_retry_hides_a_single_fault_of_the_identity_provider_at_cold_start() {
    for_all_faults_of_the_provider(|fault| {
        let mut trusting = Trusting::new();
        trusting.link.break_once(fault.breakage);
        let service = trusting.start();
        assert_eq!(trusting.link.broken(), 1);
        // A 400 of a provider would be a 400 again.
        let is_retried = !matches!(fault.breakage, Breakage::Error { status: 400, .. });
        if is_retried {
            assert_signed(&service, &trusting.ask(&service));
            assert_eq!(failed_reads_of_the_provider(&service), 0, "{}", service.function.logs());
        } else {
            trusting.assert_signs_soon(&service);
        }
    });
}

#[test]
fn a_lasting_fault_of_the_identity_provider_at_cold_start_answers_503_in_time_until_it_ends() {
    for_all_faults_of_the_provider(|fault| {
        let mut trusting = Trusting::new();
        trusting.link.break_lastingly(fault.breakage);
        let service = trusting.start();
        let before = failed_reads_of_the_provider(&service);
        assert!(before > 0, "the cold start read keys: {}", service.function.logs());
        eventually("reads the keys again", SOON, || {
            assert_within(ANSWERS_WITHIN, || {
                let reply = trusting.ask(&service);
                assert_unavailable(&reply);
                reply
            });
            (failed_reads_of_the_provider(&service) > before).then_some(())
        });

        trusting.link.repair();
        trusting.assert_signs_soon(&service);
        assert!(service.function.is_alive());
    });
}

#[test]
fn a_function_with_the_keys_of_a_provider_answers_every_request_during_its_fault() {
    for_all_faults_of_the_provider(|fault| {
        let mut trusting = Trusting::new();
        let service = trusting.start();
        trusting.link.break_lastingly(fault.breakage);
        eventually("fails to refresh the keys", SOON, || {
            assert_signed(&service, &trusting.ask(&service));
            (failed_reads_of_the_provider(&service) > 0).then_some(())
        });
    });
}

/// One function and one service whose host name does not resolve.
struct UnknownHost {
    kind: Kind,
    upstream: Upstream,
}

impl fmt::Display for UnknownHost {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, {}, a host name that does not resolve", self.kind.name(), self.upstream)
    }
}

#[test]
fn a_host_name_that_does_not_resolve_answers_503_in_time() {
    let cells = Kind::ALL.into_iter().flat_map(|kind| Upstream::ALL.map(|upstream| UnknownHost { kind, upstream }));
    for_all(&cells.collect::<Vec<_>>(), |cell| {
        let (_links, setup) = setup(cell.kind);
        // RFC 6761, section 6.4: names under `invalid` never exist.
        let service = started(setup.env(cell.upstream.variable(), "https://aws.invalid"));
        match cell.upstream {
            Upstream::DynamoDb => assert_outage(&service),
            Upstream::SecretsManager => assert_outage_of_the_first_key(&service),
        }
        assert!(service.function.is_alive());
    });
}

/// A function whose connections end while Lambda has it frozen.
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
fn a_thawed_function_with_dead_connections_signs_at_the_first_request() {
    let cells = Kind::ALL.into_iter().flat_map(|kind| Ending::ALL.map(|ending| Thaw { kind, ending }));
    for_all(&cells.collect::<Vec<_>>(), |cell| {
        let (links, setup) = setup(cell.kind);
        let service = started(setup);
        assert_signed(&service, &ask(&service));

        for _ in 0..2 {
            service.function.freeze();
            let open = links.link(Upstream::DynamoDb).end_connections(cell.ending);
            assert!(open > 0, "the function has no pooled connection");
            links.link(Upstream::SecretsManager).end_connections(cell.ending);
            service.function.thaw();
            assert_signed(&service, &ask(&service));
        }
    });
}
