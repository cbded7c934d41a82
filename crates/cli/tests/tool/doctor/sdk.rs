//! Endpoints of the Support SDK.

use super::*;

/// A correct endpoint that signs this header and these claims.
fn good(request: &Request, header: &Value, claims: &Value) -> Answer {
    match user_token(request) {
        _ if request.method != "POST" => answer(405, "text/plain", ""),
        Some(token) if token == USER_TOKEN => {
            answer(200, "application/json", json!({ "jwt": sign(header, claims, SECRET) }).to_string())
        }
        Some(_) => refusal(),
        None => answer(400, "application/problem+json", "{}"),
    }
}

fn is_good(request: &Request) -> bool {
    user_token(request).is_some_and(|token| token == USER_TOKEN)
}

fn diagnosis(server: &BrokenServer) -> Diagnosis {
    let secret = file(SECRET);
    Diagnosis::of(&server.url("/sdk/jwt"), USER_TOKEN, &["--secret-file", path(&secret)])
}

/// The report on an endpoint whose answers are changed.
fn answering(change: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static) -> Diagnosis {
    diagnosis(&BrokenServer::http(move |request| change(request, good(request, &header(), &profile()))))
}

/// The report on an endpoint whose JWTs have a changed header and claims.
fn signing(change: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) -> Diagnosis {
    diagnosis(&BrokenServer::http(move |request| {
        let (mut header, mut claims) = (header(), profile());
        change(&mut header, &mut claims);
        good(request, &header, &claims)
    }))
}

#[test]
fn a_correct_endpoint_passes() {
    let diagnosis = answering(|_, answer| answer);
    assert_eq!((diagnosis.ids("fail"), diagnosis.ids("warn")), (vec![], vec![]), "{:#}", diagnosis.report);
}

#[test]
fn a_redirect_is_reported() {
    let to =
        |location: &'static str| answering(move |_, _| with_header(answer(301, "text/html", ""), "location", location));
    let diagnosis = to("https://www.example.com/sdk/jwt?key=canary");
    diagnosis.fails(
        &["no-redirect", "unknown-token", "good-token"],
        &["301 to `https://www.example.com/sdk/jwt`", "does not follow redirects"],
    );
    assert!(!diagnosis.report.to_string().contains("canary"));
}

#[test]
fn an_unknown_token_that_is_not_refused_with_401_is_reported() {
    answering(
        |request, answer| {
            if user_token(request).is_some_and(|token| !token.is_empty()) { good_for_all() } else { answer }
        },
    )
    .fails(&["unknown-token"], &["200", "401"]);
    for status in [403, 404, 500] {
        let diagnosis = answering(move |_, answer| {
            let is_refusal = answer.status == 401;
            if is_refusal { Answer { status, ..answer } } else { answer }
        });
        let also_failing: &[&str] = if status == 500 { &["unknown-token", "empty-token"] } else { &["unknown-token"] };
        diagnosis.fails(also_failing, &[&status.to_string(), "401"]);
    }
}

fn good_for_all() -> Answer {
    answer(200, "application/json", json!({ "jwt": sign(&header(), &profile(), SECRET) }).to_string())
}

#[test]
fn signing_for_unknown_tokens_is_one_critical_failure_and_dependent_checks_are_skipped() {
    let diagnosis = answering(|request, answer| if request.method == "POST" { good_for_all() } else { answer });
    diagnosis.fails(&["unknown-token"], &["signs a JWT for a user token that it does not know", "401"]);
    assert_eq!(diagnosis.critical(), ["unknown-token"]);
    for id in ["refusals-alike", "odd-characters", "empty-token", "json-body", "get", "refusal-cache", "good-token"] {
        assert_eq!(diagnosis.state(id), "skip", "{id}");
    }
    assert_eq!((diagnosis.state("encoded-token"), diagnosis.state("jwt-signature")), ("skip", "pass"));
}

#[test]
fn an_endpoint_that_reads_json_or_a_multipart_form_is_named() {
    for (media_type, name) in [("application/json", "reads JSON"), ("multipart/form-data", "reads a multipart form")] {
        for refusal_of_forms in [400, 415, 500] {
            let server = BrokenServer::http(move |request| {
                let is_read = request.content_type().is_some_and(|found| found.starts_with(media_type));
                let is_known = String::from_utf8_lossy(&request.body).contains(USER_TOKEN);
                match (is_read, is_known) {
                    (false, _) => answer(refusal_of_forms, "text/plain", ""),
                    (true, false) => refusal(),
                    (true, true) => good_for_all(),
                }
            });
            let diagnosis = diagnosis(&server);
            for id in ["unknown-token", "good-token"] {
                diagnosis.says(id, &[name, "Zendesk sends a form", "application/x-www-form-urlencoded"]);
            }
        }
    }
}

#[test]
fn refusals_that_differ_are_reported() {
    let is_like_a_jwt = |request: &Request| user_token(request).is_some_and(|token| token.starts_with("ey"));
    answering(move |request, answer| if is_like_a_jwt(request) { Answer { status: 403, ..answer } } else { answer })
        .fails(&["refusals-alike"], &["401", "403"]);
    answering(
        move |request, answer| {
            if is_like_a_jwt(request) { Answer { body: "expired".into(), ..answer } } else { answer }
        },
    )
    .warns(&["refusals-alike"], &["different bodies", "request id"]);
}

#[test]
fn a_refusal_that_repeats_the_token_or_shows_a_stack_trace_is_reported() {
    let diagnosis = answering(|request, answer| {
        let token = user_token(request).filter(|_| answer.status == 401).unwrap_or_default();
        let is_refusal = answer.status == 401;
        if is_refusal { Answer { body: format!("unknown token {token}"), ..answer } } else { answer }
    });
    diagnosis.fails(&["refusal-leaks-nothing"], &["repeats the user token"]);

    answering(|_, answer| {
        let is_refusal = answer.status == 401;
        let trace = "Traceback (most recent call last): File \"/var/task/app.py\"";
        if is_refusal { Answer { body: trace.into(), ..answer } } else { answer }
    })
    .fails(&["refusal-leaks-nothing"], &["Traceback", "debug mode"]);
}

#[test]
fn answers_that_caches_may_store_are_reported() {
    answering(|_, answer| with_header(answer, "cache-control", ""))
        .warns(&["refusal-cache", "cache"], &["no Cache-Control", "no-store"]);
}

#[test]
fn an_unknown_token_with_odd_characters_that_is_answered_otherwise_is_reported() {
    answering(|request, answer| {
        let is_odd = user_token(request).is_some_and(|token| token.contains('é'));
        if is_odd { Answer { status: 500, ..answer } } else { answer }
    })
    .fails(&["odd-characters"], &["é was answered with 500"]);
}

#[test]
fn a_form_that_is_not_decoded_is_reported() {
    answering(|request, answer| {
        // Such an endpoint decodes by hand what a form must encode, and nothing else.
        let is_whole = String::from_utf8_lossy(&request.body).contains("%67");
        if is_whole { refusal() } else { answer }
    })
    .fails(&["encoded-token"], &["percent-encoded", "401"]);
}

#[test]
fn requests_without_a_token_that_are_accepted_or_crash_are_reported() {
    answering(|request, answer| {
        let is_empty = user_token(request).is_some_and(|token| token.is_empty());
        if is_empty { Answer { status: 500, ..answer } } else { answer }
    })
    .fails(&["empty-token"], &["500"]);
    answering(
        |request, answer| {
            if request.content_type() == Some("application/json") { good_for_all() } else { answer }
        },
    )
    .fails(&["json-body"], &["200"]);
    answering(|request, answer| if request.method == "GET" { good_for_all() } else { answer })
        .fails(&["get"], &["a GET was answered with 200"]);
}

#[test]
fn a_known_token_that_is_not_answered_with_200_is_reported() {
    for (status, advice) in [(201, "exactly 200"), (401, "that this endpoint knows"), (503, "server's log")] {
        let diagnosis =
            answering(move |request, answer| if is_good(request) { Answer { status, ..answer } } else { answer });
        diagnosis.fails(&["good-token"], &[advice]);
        assert_eq!(diagnosis.state("jwt-algorithm"), "skip");
    }
}

#[test]
fn an_answer_that_is_not_a_json_object_with_the_jwt_is_reported() {
    let answers = |content_type: &'static str, body: fn(&str) -> String| {
        answering(move |request, answer| {
            if !is_good(request) {
                return answer;
            }
            let jwt = answer.json()["jwt"].as_str().unwrap().to_owned();
            with_header(Answer { body: body(&jwt), ..answer }, "content-type", content_type)
        })
    };
    answers("text/html", |jwt| json!({ "jwt": jwt }).to_string()).fails(&["media-type"], &["text/html"]);
    for (body, seen) in [
        ((|jwt| json!({ "JWT": jwt }).to_string()) as fn(&str) -> String, "called `JWT`"),
        (|jwt| json!({ "token": jwt }).to_string(), "called `token`"),
        (|jwt| json!({ "jwt": [jwt] }).to_string(), "not a string"),
        (|jwt| json!([jwt]).to_string(), "not an object"),
        (str::to_owned, "not JSON"),
        (|_| String::new(), "empty"),
    ] {
        answers("application/json", body).fails(&["json"], &[seen, "lower case"]);
    }
}

#[test]
fn what_surrounds_the_jwt_in_an_answer_is_named_and_the_jwt_is_judged() {
    for (body, seen) in [
        (
            (|jwt| json!({ "statusCode": 200, "body": json!({ "jwt": jwt }).to_string() }).to_string())
                as fn(&str) -> String,
            "{statusCode, body} envelope",
        ),
        (|jwt| format!("Warning: old function<br>\n{}", json!({ "jwt": jwt })), "text before the JSON"),
        (|jwt| format!("\u{feff}{}", json!({ "jwt": jwt })), "byte order mark"),
        (|jwt| format!("{}<!-- 3 ms -->", json!({ "jwt": jwt })), "text after the JSON"),
        (|jwt| json!({ "data": { "jwt": jwt } }).to_string(), "no member `jwt`"),
    ] {
        let diagnosis = answering(move |request, answer| {
            let jwt = || answer.json()["jwt"].as_str().unwrap().to_owned();
            if is_good(request) { Answer { body: body(&jwt()), ..answer } } else { answer }
        });
        diagnosis.fails(&["json"], &[seen]);
        assert_eq!(diagnosis.state("jwt-signature"), "pass", "{seen}");
    }
    answering(
        |request, answer| if is_good(request) { with_header(answer, "content-encoding", "gzip") } else { answer },
    )
    .fails(&["json"], &["compressed with gzip", "without compression"]);
    answering(|_, answer| {
        let body = json!({ "statusCode": answer.status, "body": answer.body }).to_string();
        Answer { status: 200, body, ..answer }
    })
    .says("unknown-token", &["200, and with 401 in a {statusCode, body} envelope", "proxy integration"]);
}

#[test]
fn each_broken_rule_of_the_jwt_is_reported_with_its_remedy() {
    signing(|header, _| header["alg"] = "RS256".into()).fails(&["jwt-algorithm"], &["RS256", "HS256"]);
    signing(|header, _| header["typ"] = json!(null)).fails(&["jwt-type"], &["`JWT`"]);
    signing(|_, claims| claims["iat"] = json!(now() * 1000)).fails(&["jwt-not-milliseconds"], &["divide by 1000"]);
    signing(|_, claims| claims["name"] = "".into()).fails(&["jwt-required-claims"], &["`name` is empty"]);
    signing(|_, claims| claims["role"] = "agent".into()).fails(&["jwt-end-users-only"], &["team member"]);
    signing(|_, claims| claims["Name"] = "".into()).warns(&["jwt-keys-lower-case"], &["spell it `name`"]);
}

#[test]
fn a_jti_used_twice_is_reported() {
    signing(|_, claims| claims["jti"] = "0123456789abcdef0123456789abcdef".into())
        .fails(&["jti-changes"], &["same `jti`", "random"]);
}

#[test]
fn a_jwt_signed_earlier_is_reported() {
    signing(|_, claims| claims["iat"] = json!(now() - 60)).warns(&["iat-clock"], &["behind", "new token"]);
    let stale = signing(|_, claims| claims["iat"] = json!(now() - 600));
    stale.fails(&["jwt-iat-fresh"], &["10 minutes ago"]);
    assert_eq!(stale.state("iat-clock"), "warn");
}

#[test]
fn a_wrong_server_clock_is_reported() {
    let off_by = |seconds: u64| {
        answering(move |_, answer| {
            let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(now() - seconds);
            with_header(answer, "date", &httpdate::fmt_http_date(date))
        })
    };
    off_by(600).fails(&["clock"], &["behind", "3 minutes"]);
    assert_eq!(off_by(60).state("clock"), "warn");
}

#[test]
fn a_jwt_signed_with_another_secret_is_reported_with_the_cause() {
    let server = BrokenServer::http(|request| good(request, &header(), &profile()));
    let with = |secret: &str| {
        let secret = file(secret);
        Diagnosis::of(&server.url("/sdk/jwt"), USER_TOKEN, &["--secret-file", path(&secret)])
    };
    with("another-secret-0123456789").fails(&["jwt-signature"], &["Channels > Classic > Mobile SDK"]);
    let as_stored = with(&json!({ "secret": format!("{SECRET}-and-more") }).to_string());
    as_stored.fails(&["jwt-signature"], &["another secret"]);
    assert_eq!(with(&json!({ "secret": SECRET }).to_string()).state("jwt-signature"), "pass");

    let without = Diagnosis::of(&server.url("/sdk/jwt"), USER_TOKEN, &[]);
    assert_eq!((without.state("jwt-signature"), without.ids("fail")), ("skip", vec![]));
}

#[test]
fn an_answer_that_takes_longer_than_a_second_is_reported() {
    let diagnosis = answering(|request, answer| {
        if is_good(request) {
            std::thread::sleep(std::time::Duration::from_millis(1100));
        }
        answer
    });
    assert_eq!((diagnosis.state("speed"), diagnosis.status), ("fail", 1));
    diagnosis.says("speed", &["within a second"]);
}

#[test]
fn without_a_user_token_the_other_checks_are_made() {
    let server = BrokenServer::http(|request| good(request, &header(), &profile()));
    let diagnosis = Diagnosis::of(&server.url("/sdk/jwt"), "", &[]);

    assert_eq!(diagnosis.status, 0);
    for id in ["good-token", "json", "jwt-algorithm", "jwt-signature", "jti-changes"] {
        assert_eq!(diagnosis.state(id), "skip");
        assert!(diagnosis.check(id)["seen"].as_str().unwrap().contains("needs a user token"));
    }
    assert_eq!(diagnosis.state("unknown-token"), "pass");
}
