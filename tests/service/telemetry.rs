//! Log lines and metrics: one line for each request, without secrets and personal data.

use crate::support::service::MESSAGING_KID;
use crate::support::{EventSource, Fault, Jwt, Kind, Request, Service, Setup, html, logs, now, users};
use serde_json::{Value, json};

const TOKEN: &str = "BD2F35A7621";

fn started(kind: Kind) -> Service {
    let service = Setup::of(kind).with_fakes().start();
    service.aws.put_user(TOKEN, &users::demo());
    service
}

/// Requests with different outcomes for a function without a login page.
fn requests(kind: Kind) -> [Request; 4] {
    let known = kind.request(TOKEN);
    [known.clone(), kind.request("unknown"), kind.request(""), Request::new("PATCH", &known.path)]
}

#[test]
fn each_invocation_writes_one_request_line() {
    for kind in Kind::ALL {
        let service = started(kind);
        for request in requests(kind) {
            let reply = service.reply(&request);
            let line = logs::request_line(&reply.logs);
            assert_eq!(line["request_id"], reply.request_id);
            assert_eq!(line["function"], kind.name());
            let duration = line["duration_ms"].as_f64().expect("a number of milliseconds");
            assert!(duration >= 0.0 && duration <= reply.took.as_secs_f64() * 1000.0 + 1.0, "{duration}");
        }
    }
}

#[test]
fn only_the_first_invocation_is_a_cold_start() {
    let service = started(Kind::SdkExchange);
    let cold =
        [(); 3].map(|()| logs::request_line(&service.reply(&service.kind.request(TOKEN)).logs)["cold_start"].clone());

    assert_eq!(cold, [true, false, false]);
}

#[test]
fn the_warm_up_request_is_neither_logged_nor_counted() {
    for kind in Kind::ALL {
        assert_eq!(started(kind).function.logs(), "");
    }
}

#[test]
fn the_log_names_a_user_by_the_start_of_the_hash_of_the_external_id() {
    for kind in Kind::ALL {
        let service = started(kind);
        let line = logs::request_line(&service.reply(&kind.request(TOKEN)).logs);
        assert_eq!(line["external_id_hash"], users::token_hash("demo-1")[..16]);
    }
}

fn outcome(service: &Service, request: &Request) -> String {
    let line = logs::request_line(&service.reply(request).logs);
    line["outcome"].as_str().expect("a code").to_owned()
}

#[test]
fn each_outcome_has_its_own_code() {
    for kind in Kind::ALL {
        let service = started(kind);
        service.aws.put_user("expired", &users::demo_with(&json!({ "expires_at": now() - 1 })));
        service.aws.put_user("suspended", &users::demo_with(&json!({ "suspended": true })));
        let mut seen: Vec<_> = requests(kind).iter().map(|request| outcome(&service, request)).collect();
        seen.extend(["expired", "suspended"].map(|token| outcome(&service, &kind.request(token))));
        service.aws.dynamodb().fail(Fault::INTERNAL_ERROR);
        seen.push(outcome(&service, &kind.request(TOKEN)));

        assert_eq!(seen[0], "signed");
        assert!(seen.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_')), "{seen:?}");
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "{kind:?}: {seen:?}");
    }
}

#[test]
fn a_request_line_carries_metrics_by_function_and_outcome() {
    for kind in Kind::ALL {
        let service = started(kind);
        for request in requests(kind) {
            let line = logs::request_line(&service.reply(&request).logs);
            let metrics = logs::metric_names(&line);
            let dimensions = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].to_string();
            assert!(dimensions.contains("\"function\""), "{dimensions}");
            let code = line["outcome"].as_str().unwrap();
            assert!(dimensions.contains("\"outcome\"") || metrics.iter().any(|name| name == code), "{line}");
        }
    }
}

#[test]
fn a_refused_user_is_counted_and_a_visitor_without_a_token_is_not() {
    for kind in Kind::ALL {
        let service = started(kind);
        let refusals = |request: &Request| {
            let line = logs::request_line(&service.reply(request).logs);
            logs::metric_names(&line).contains(&"refusals".to_owned()).then(|| line["refusals"].clone())
        };
        assert_eq!(refusals(&kind.request("unknown")), Some(json!(1)), "{kind:?}");
        assert_eq!(refusals(&kind.request(TOKEN)), None, "{kind:?}");
        assert_eq!(refusals(&Request::get(&kind.request("").path)), None, "{kind:?}");
    }
}

#[test]
fn each_stack_can_have_its_own_metrics_namespace() {
    let namespace = |setup: Setup| {
        let service = setup.start();
        let line = logs::request_line(&service.reply(&service.kind.request(TOKEN)).logs);
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().clone();
        directives.iter().map(|directive| directive["Namespace"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let setup = || Setup::of(Kind::SdkExchange);
    assert_eq!(namespace(setup()), ["ZendeskJwt"; 2]);
    assert_eq!(namespace(setup().env("METRICS_NAMESPACE", "ZendeskJwt/staging")), ["ZendeskJwt/staging"; 2]);
}

#[test]
fn a_stack_without_monitoring_has_no_metrics() {
    for kind in Kind::ALL {
        let service = Setup::of(kind).with_fakes().env("METRICS_NAMESPACE", "none").start();
        let line = logs::request_line(&service.reply(&kind.request(TOKEN)).logs);
        assert!(line["_aws"].is_null(), "{line}");
        assert_eq!(line["requests"], 1, "the log has the numbers all the same");
    }
}

#[test]
fn the_log_consists_of_json_lines_at_every_level() {
    for level in ["error", "warn", "info", "debug", "trace"] {
        let service = Setup::of(Kind::SdkExchange).env("LOG_LEVEL", level).start();
        for request in requests(service.kind) {
            logs::request_line(&service.reply(&request).logs);
        }
        logs::lines(&service.function.logs());
    }
}

/// A word that every secret and every personal value below contains.
const MARKER: &str = "canary";

fn marked_user() -> Value {
    json!({
        "external_id": "canary-external-id",
        "name": "Demo canary",
        "email": "canary.address@canary.example",
        "email_verified": true,
        "phone": "+1canary5551234567",
        "organization": "canary organisation",
        "tags": ["canary-tag"],
        "user_fields": { "note": "canary note" },
    })
}

fn marked_secret(kind: Kind) -> String {
    kind.signing_key("canary-secret-0123456789-0123456789").to_string()
}

fn at_trace_level(kind: Kind) -> Setup {
    let setup = Setup::of(kind).with_fakes().env("LOG_LEVEL", "trace").env("SIGNING_KEY_MAX_AGE", "1");
    if kind == Kind::SdkExchange { setup } else { setup.env("SESSION_COOKIE", "session") }
}

fn assert_log_without_marker(service: &Service, case: &str) {
    logs::assert_without(&service.function.logs(), MARKER, &format!("{:?}, {case}", service.kind));
}

#[test]
fn a_sign_in_logs_no_token_user_secret_or_jwt() {
    for kind in Kind::ALL {
        let service = at_trace_level(kind).secret(&marked_secret(kind)).start();
        service.aws.put_user("canary-token", &marked_user());
        for source in EventSource::ALL {
            let answer = service.answer_through(source, &kind.request("canary-token"));
            let jwt = html::hidden_fields(&answer.body).get("jwt").cloned().unwrap_or_else(|| answer.jwt());
            Jwt::verified(&jwt, "canary-secret-0123456789-0123456789");
            for part in jwt.split('.').skip(1) {
                assert!(!service.function.logs().contains(part), "{kind:?}: the log holds a JWT");
            }
        }
        assert_log_without_marker(&service, "signed");
    }
}

#[test]
fn a_session_in_a_cookie_or_header_is_not_logged() {
    for kind in [Kind::MessagingToken, Kind::SsoRedirect] {
        let service = at_trace_level(kind).secret(&marked_secret(kind)).start();
        service.aws.put_user("canary-token", &marked_user());
        let path = kind.request("").path;
        for source in EventSource::ALL {
            service.answer_through(source, &Request::post(&path).cookie("session", "canary-token"));
            service.answer_through(source, &Request::post(&path).bearer("canary-token"));
            service.answer_through(source, &Request::post(&path).bearer("canary unknown,token"));
        }
        assert_log_without_marker(&service, "cookie and bearer");
    }
}

#[test]
fn a_refusal_logs_no_token_or_user() {
    for kind in Kind::ALL {
        let service = at_trace_level(kind).start();
        service.answer(&kind.request("canary-unknown"));
        for (number, changes) in [
            json!({ "expires_at": 1 }),
            json!({ "suspended": true }),
            json!({ "audiences": ["canary"] }),
            json!({ "email_verified": false }),
            json!({ "email": "not an address: canary" }),
            json!({ "name": ["canary"] }),
            json!({ "expires_at": "canary" }),
            json!({ "user_fields": "canary" }),
            json!({ "external_id": "canary".repeat(50) }),
        ]
        .iter()
        .enumerate()
        {
            let mut user = marked_user();
            user.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            service.answer_for(&format!("canary-{number}"), &user);
        }
        assert_log_without_marker(&service, "refused");
    }
}

#[test]
fn the_content_of_a_malformed_request_is_not_logged() {
    for kind in Kind::ALL {
        let service = at_trace_level(kind).start();
        let path = kind.request("").path;
        for source in EventSource::ALL {
            for request in [
                Request::post(&path).form_body("user_token=canary-1&user_token=canary-2"),
                Request::post(&path).form_body(b"user_token=canary\xff"),
                Request::post(&path).form_body("user_token=canary%FF"),
                Request::post(&path).form_body("user_token=".to_owned() + &"canary".repeat(2000)),
                Request::post(&path).body("application/json", r#"{"user_token":"canary"}"#),
                Request::new("DELETE", &format!("{path}?user_token=canary")),
                Request::get(&format!("{path}?user_token=canary")),
                Request::post(&path).header("authorization", "Basic canary"),
                Request::get("/sso/logout?email=canary%40example.com&external_id=canary&kind=error&message=canary"),
            ] {
                service.answer_through(source, &request);
            }
        }
        assert_log_without_marker(&service, "malformed");
    }
}

#[test]
fn an_outage_logs_no_token_user_or_secret() {
    for kind in Kind::ALL {
        let service = at_trace_level(kind).secret(&marked_secret(kind)).start();
        service.aws.put_user("canary-token", &marked_user());
        for fault in [Fault::INTERNAL_ERROR, Fault::ACCESS_DENIED, Fault::ClosedConnection] {
            service.aws.secrets_manager().fail(fault);
            service.answer(&kind.request("canary-token"));
            service.aws.dynamodb().fail(fault);
            service.answer(&kind.request("canary-token"));
            service.aws.dynamodb().recover();
        }
        assert_log_without_marker(&service, "outage");
    }
}

#[test]
fn an_invalid_signing_key_is_not_logged() {
    for kind in Kind::ALL {
        for secret in [
            kind.signing_key("canary789"),
            kind.signing_key("canary"),
            kind.signing_key(" canary-secret-0123456789-0123456789"),
            kind.signing_key("canary-secret-0123456789-0123456789…"),
            json!("canary-secret-0123456789-0123456789"),
            json!({ "kid": MESSAGING_KID, "canary": "canary" }),
            json!({ "kid": ["canary"], "secret": ["canary"] }),
        ] {
            let service = at_trace_level(kind).secret(&secret.to_string()).start();
            service.answer(&kind.request("canary-token"));
            assert_log_without_marker(&service, "refused key");
        }
        let service = at_trace_level(kind).secret("canary: not JSON").start();
        service.answer(&kind.request("canary-token"));
        assert_log_without_marker(&service, "not JSON");
    }
}

#[test]
fn credentials_of_the_function_are_not_logged() {
    let service = at_trace_level(Kind::SdkExchange)
        .env("AWS_SECRET_ACCESS_KEY", "canary+key")
        .env("AWS_SESSION_TOKEN", "canary+session");
    let service = service.start();
    service.answer_for(TOKEN, &users::demo());

    assert_log_without_marker(&service, "credentials");
}

#[test]
fn the_age_of_a_key_that_cannot_be_refreshed_is_a_metric() {
    let service = Setup::of(Kind::SdkExchange).with_fakes().env("SIGNING_KEY_MAX_AGE", "1").start();
    service.aws.put_user(TOKEN, &users::demo());
    service.aws.secrets_manager().fail(Fault::INTERNAL_ERROR);

    let line = logs::request_line(&service.reply(&service.kind.request(TOKEN)).logs);
    let names = logs::metric_names(&line);
    let about_age = |name: &String| name.to_lowercase().contains("key") && name.to_lowercase().contains("age");
    assert!(names.iter().any(about_age), "{names:?}");
}
