//! Whether the time of a refusal tells its reason: a measurement for docs/reliability.md, which has figures.
//!
//!     ZENDESK_JWT_BIN_DIR=target/release \
//!         cargo test --locked --test service measure_refusal_times -- --ignored --nocapture

mod statistics;

use crate::support::server::Server;
use crate::support::users::{self, REMOVED, demo_with};
use crate::support::{Chance, Front, Kind, Setup, logs, now};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use statistics::{Median, Ranks, mann_whitney, median, requests_to_tell_apart};
use std::collections::HashMap;
use std::sync::Arc;

/// Each reason once per round, in an order of chance.
const ROUNDS: usize = 5000;

/// Before the rounds, for caches and connections.
const WARM_UP: usize = 200;

/// The reasons, each with the user who is refused for it. The second is the first again, for another token: what
/// differs between these two is noise.
fn reasons(kind: Kind) -> Vec<(&'static str, Option<Value>)> {
    let others: Vec<_> = Kind::ALL.into_iter().filter(|other| *other != kind).map(audience).collect();
    let unfit = match kind {
        Kind::MessagingToken => ("no external id", json!({ "external_id": REMOVED })),
        Kind::SdkExchange | Kind::SsoRedirect => ("unverified", json!({ "email_verified": false })),
    };
    let changes = [
        ("expired", json!({ "expires_at": now() - 60 })),
        ("expired as well", json!({ "expires_at": now() - 60 })),
        ("suspended", json!({ "suspended": true })),
        ("wrong audience", json!({ "audiences": others })),
        unfit,
    ];
    let known = changes.into_iter().map(|(reason, changes)| (reason, Some(demo_with(&changes))));
    known.chain([("unknown", None)]).collect()
}

fn audience(kind: Kind) -> &'static str {
    match kind {
        Kind::SdkExchange => "sdk",
        Kind::MessagingToken => "messaging",
        Kind::SsoRedirect => "sso",
    }
}

fn token(number: usize) -> String {
    format!("session-{number}")
}

/// A `DynamoDB` that has every answer at hand, so that no store's own work is in what is measured.
fn table(users: &[(&'static str, Option<Value>)]) -> Server {
    let item = |(number, (_, user)): (usize, &(_, Option<Value>))| {
        let token = token(number);
        let answer = user.as_ref().map(|user| json!({ "Item": users::item(&token, user) }));
        answer.map(|answer| (users::token_hash(&token), answer.to_string()))
    };
    let answers: HashMap<_, _> = users.iter().enumerate().filter_map(item).collect();
    let get_item = |State(answers): State<Arc<HashMap<String, String>>>, body: String| async move {
        let asked: Value = serde_json::from_str(&body).unwrap();
        let answer = asked["Key"]["token_hash"]["S"].as_str().and_then(|hash| answers.get(hash)).cloned();
        ([(CONTENT_TYPE, "application/x-amz-json-1.0")], answer.unwrap_or_else(|| "{}".to_owned()))
    };
    Server::of(axum::Router::new().fallback(get_item).with_state(Arc::new(answers)))
}

/// One way to take the time of each request, in microseconds by reason.
struct Times {
    of: &'static str,
    by_reason: Vec<Vec<f64>>,
}

/// The times that the caller sees, and those that the function itself logs.
fn measure(kind: Kind, users: &[(&'static str, Option<Value>)]) -> [Times; 2] {
    let table = table(users);
    let service = Setup::of(kind).with_doubles().env("AWS_ENDPOINT_URL_DYNAMODB", &table.url()).start();
    let events: Vec<_> = (0..users.len()).map(|at| Front::HttpApi.event(&kind.request(&token(at)))).collect();
    for at in 0..WARM_UP {
        service.function.answer_time(events[at % events.len()].clone());
    }
    let written = logs::lines(&service.function.logs()).len();

    let mut chance = Chance::seeded(now());
    let mut order: Vec<_> = (0..users.len()).collect();
    let (mut asked, mut seen) = (Vec::new(), vec![Vec::new(); users.len()]);
    for _ in 0..ROUNDS {
        chance.shuffle(&mut order);
        for &at in &order {
            seen[at].push(service.function.answer_time(events[at].clone()).as_secs_f64() * 1e6);
            asked.push(at);
        }
    }

    let mut logged = vec![Vec::new(); users.len()];
    for (at, line) in asked.iter().zip(&logs::lines(&service.function.logs())[written..]) {
        logged[*at].push(line["duration_ms"].as_f64().unwrap() * 1e3);
    }
    [Times { of: "seen by the caller", by_reason: seen }, Times { of: "logged by the function", by_reason: logged }]
}

#[allow(clippy::print_stdout, reason = "somebody asked for the figures")]
fn report(kind: Kind, reasons: &[&str], Times { of, by_reason }: &Times) {
    println!("\n{}, µs {of}, {ROUNDS} requests for each reason\n", kind.name());
    for (reason, times) in reasons.iter().zip(by_reason) {
        println!("median for {reason:<16} {:8.1}", median(times).value);
    }
    println!("\n| reasons | median difference, µs (95 %) | superiority | p | requests to tell apart |");
    println!("|---|---|---|---|---|");
    for first in 0..reasons.len() {
        for second in first + 1..reasons.len() {
            let (one, other) = (&by_reason[first], &by_reason[second]);
            let differences: Vec<_> = one.iter().zip(other).map(|(one, other)| one - other).collect();
            let Median { value, low, high } = median(&differences);
            let ranks = mann_whitney(one, other);
            let requests = match ranks.p {
                p if p < 0.05 => format!("{:.0}", requests_to_tell_apart(ranks.superiority)),
                _ => "–".into(),
            };
            let pair = format!("{} – {}", reasons[first], reasons[second]);
            let Ranks { superiority, p } = ranks;
            println!("| {pair} | {value:+.1} ({low:+.1} to {high:+.1}) | {superiority:.3} | {p:.4} | {requests} |");
        }
    }
}

#[test]
#[ignore = "prints figures"]
fn measure_refusal_times() {
    for kind in Kind::ALL {
        let users = reasons(kind);
        let reasons: Vec<_> = users.iter().map(|(reason, _)| *reason).collect();
        for times in &measure(kind, &users) {
            report(kind, &reasons, times);
        }
    }
}
