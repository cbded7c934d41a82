//! Measures whether the time of a refusal reveals its reason. `docs/internals/measurements.md` has results.

use crate::fakes::{Aws, Provider, Transport};
use crate::run::{self, Run};
use crate::support::server::Server;
use crate::support::users::{self, REMOVED, demo_with};
use crate::support::{Kind, now};
use crate::{Program, functions, microseconds, table};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::process::Command;
use std::sync::Arc;

/// Each round has one request for each reason, in random order.
const ROUNDS: usize = 5000;

/// Rounds before the measured ones, for caches and connections.
const WARM_UP_ROUNDS: usize = 30;

/// Prints a table for each function, as Markdown.
pub fn print() {
    for program in functions() {
        measure(&program);
    }
}

/// A reason, with the token and the stored item of a user who is refused for it.
struct Reason {
    name: &'static str,
    token: String,
    item: Option<Value>,
}

/// The reasons. The second repeats the first with another token, so the difference between these two is noise.
fn reasons(kind: Kind, provider: &Provider) -> Vec<Reason> {
    let others: Vec<_> = Kind::ALL.into_iter().filter(|other| *other != kind).map(audience).collect();
    let incomplete = match kind {
        Kind::MessagingToken => ("no external id", json!({ "external_id": REMOVED })),
        Kind::SdkExchange | Kind::SsoRedirect => ("unverified", json!({ "email_verified": false })),
    };
    let changes = [
        ("expired", json!({ "expires_at": now() - 60 })),
        ("expired, another token", json!({ "expires_at": now() - 60 })),
        ("suspended", json!({ "suspended": true })),
        ("wrong audience", json!({ "audiences": others })),
        incomplete,
    ];
    let known = changes.into_iter().map(|(name, changes)| (name, Some(demo_with(&changes))));
    let opaque = known.chain([("unknown", None)]).enumerate().map(|(number, (name, user))| {
        let token = format!("session-{number}");
        let item = user.map(|user| users::item(&token, &user));
        Reason { name, token, item }
    });
    let mut suspended = users::item("", &demo_with(&json!({ "suspended": true, "external_id": "suspended-1" })));
    suspended["token_hash"] = json!({ "S": "user:suspended-1" });
    let (past, later) = (now() - 3600, now() + 24 * 60 * 60);
    let id_tokens = [
        ("ID token: expired", provider.token_of("demo-1", past), None),
        ("ID token: wrong signature", provider.forged_token_of("demo-1", later), None),
        ("ID token: suspended", provider.token_of("suspended-1", later), Some(suspended)),
    ];
    opaque.chain(id_tokens.map(|(name, token, item)| Reason { name, token, item })).collect()
}

fn audience(kind: Kind) -> &'static str {
    match kind {
        Kind::SdkExchange => "sdk",
        Kind::MessagingToken => "messaging",
        Kind::SsoRedirect => "sso",
    }
}

/// A fake DynamoDB with prepared answers, so that its own work is not part of the measurement.
fn user_tokens(reasons: &[Reason]) -> Server {
    let answer = |item: &Value| {
        let key = item["token_hash"]["S"].as_str().unwrap().to_owned();
        (key, json!({ "Item": item }).to_string())
    };
    let answers: HashMap<_, _> = reasons.iter().filter_map(|reason| reason.item.as_ref()).map(answer).collect();
    let get_item = |State(answers): State<Arc<HashMap<String, String>>>, body: String| async move {
        let request: Value = serde_json::from_str(&body).unwrap();
        let answer = request["Key"]["token_hash"]["S"].as_str().and_then(|hash| answers.get(hash)).cloned();
        ([(CONTENT_TYPE, "application/x-amz-json-1.0")], answer.unwrap_or_else(|| "{}".to_owned()))
    };
    Server::of(axum::Router::new().fallback(get_item).with_state(Arc::new(answers)))
}

fn measure(program: &Program) {
    let kind = program.kind;
    let aws = Aws::start(Transport::Tls, 0);
    let reasons = reasons(kind, &aws.provider);
    let user_tokens = user_tokens(&reasons);
    let mut environment = aws.environment(kind);
    environment.push(("IDENTITY_PROVIDERS", aws.provider.configuration()));
    environment.push(("AWS_ENDPOINT_URL_DYNAMODB", user_tokens.url()));
    environment.push(("LOGIN_URL", "https://www.example.com/login".to_owned()));
    let mut run = Run::start(Command::new(&program.binary), kind, &environment);

    let status = if kind == Kind::SsoRedirect { 303 } else { 401 };
    let events: Vec<_> = reasons.iter().map(|reason| run::event(kind, &reason.token)).collect();
    let mut order: Vec<_> = (0..reasons.len()).collect();
    let mut times = vec![Vec::new(); reasons.len()];
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        let random = RandomState::new();
        order.sort_by_cached_key(|at| random.hash_one(at));
        for &at in &order {
            let took = run.invoke_for(status, events[at].clone());
            if round >= WARM_UP_ROUNDS {
                times[at].push(microseconds(took));
            }
        }
    }

    println!("\n| {}, {ROUNDS} requests for each reason | median, µs | against expired, µs (95 %) |", program.name);
    println!("|---|---|---|");
    for (Reason { name, .. }, took) in reasons.iter().zip(&times) {
        let differences = took.iter().zip(&times[0]).map(|(one, other)| one - other).collect();
        let (low, difference, high) = table::median_interval(differences);
        println!("| {name} | {:.1} | {difference:+.1} ({low:+.1} to {high:+.1}) |", table::median(took));
    }
}
