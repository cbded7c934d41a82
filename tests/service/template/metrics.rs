//! The metrics that alarms and dashboard use, and the metrics that exist.

use super::document::{resources, text};
use crate::support::identity_provider::{DISCOVERY, IdentityProvider};
use crate::support::{Fault, Kind, Request, Service, Setup, eventually, logs, now, users};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use zendesk_jwt::outcome::Dependency;

/// One time series of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    pub dimensions: BTreeMap<String, String>,
}

/// A `SEARCH` of the dashboard: all metrics of this name with these dimensions.
#[derive(Debug)]
pub struct Search {
    pub namespace: String,
    pub name: String,
    pub dimensions: BTreeSet<String>,
    pub outcomes: Vec<String>,
}

impl Search {
    /// Reads `SEARCH('{"namespace",dimension,…} MetricName="…" outcome="…"', 'Sum')`.
    fn read(expression: &str) -> Self {
        let (_, search) = expression.split_once("SEARCH('{").expect(expression);
        let (schema, terms) = search.split_once('}').unwrap();
        let mut schema = schema.split(',').map(|part| part.trim_matches('"').to_owned());
        let namespace = schema.next().unwrap();
        let (_, terms) = terms.split_once("MetricName=").unwrap();
        let mut quoted = terms.split('"').skip(1).step_by(2).map(str::to_owned);
        let name = quoted.next().unwrap();
        Self { namespace, name, dimensions: schema.collect(), outcomes: quoted.collect() }
    }

    /// Whether a metric exists for each outcome that the search names.
    pub fn finds(&self, metrics: &BTreeSet<Metric>) -> bool {
        let is_meant = |metric: &&Metric| {
            (&metric.namespace, &metric.name) == (&self.namespace, &self.name)
                && metric.dimensions.keys().eq(&self.dimensions)
        };
        let same: Vec<_> = metrics.iter().filter(is_meant).collect();
        let has = |outcome| same.iter().any(|metric| metric.dimensions.get("outcome") == Some(outcome));
        !same.is_empty() && self.outcomes.iter().all(has)
    }
}

/// The metrics of an alarm.
pub fn of_alarm(alarm: &Value) -> Vec<Metric> {
    let properties = &alarm["Properties"];
    if properties["MetricName"].is_string() {
        return vec![of_statistic(properties)];
    }
    let queries = properties["Metrics"].as_array().unwrap().iter();
    queries
        .filter(|query| query["MetricStat"].is_object())
        .map(|query| of_statistic(&query["MetricStat"]["Metric"]))
        .collect()
}

fn of_statistic(metric: &Value) -> Metric {
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
    Metric {
        namespace: text(&metric["Namespace"]),
        name: text(&metric["MetricName"]),
        dimensions: dimensions.map(|it| (text(&it["Name"]), text(&it["Value"]))).collect(),
    }
}

/// The widgets of the dashboard.
pub fn widgets(template: &Value) -> Vec<Value> {
    let body = text(&resources(template, "AWS::CloudWatch::Dashboard")[0].1["Properties"]["DashboardBody"]);
    // The one parameter that is a number in the JSON.
    let body = body.replace("${SigningKeyAgeAlarm}", "3600");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    body["widgets"].as_array().unwrap().clone()
}

/// The widgets' metrics by name, and their searches.
pub fn of_widgets(widgets: &[Value]) -> (Vec<Metric>, Vec<Search>) {
    let (mut metrics, mut searches) = (Vec::new(), Vec::new());
    for line in widgets.iter().flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten()) {
        let line = line.as_array().unwrap();
        if let Some(expression) = line[0]["expression"].as_str() {
            searches.push(Search::read(expression));
            continue;
        }
        let words: Vec<_> = line.iter().filter_map(Value::as_str).collect();
        let pairs = words[2..].chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned()));
        let (namespace, name) = (words[0].to_owned(), words[1].to_owned());
        metrics.push(Metric { namespace, name, dimensions: pairs.collect() });
    }
    (metrics, searches)
}

/// The metrics of the template's log filters.
pub fn of_filters(template: &Value) -> BTreeSet<Metric> {
    let filters = resources(template, "AWS::Logs::MetricFilter");
    let made = filters.iter().flat_map(|(_, filter)| filter["Properties"]["MetricTransformations"].as_array().unwrap());
    made.map(|made| Metric {
        namespace: text(&made["MetricNamespace"]),
        name: text(&made["MetricName"]),
        dimensions: BTreeMap::new(),
    })
    .collect()
}

const TOKEN: &str = "BD2F35A7621";

/// All metrics that the functions emit in this namespace, for all kinds of request.
pub fn emitted(namespace: &str) -> BTreeSet<Metric> {
    Kind::ALL.into_iter().flat_map(|kind| emitted_by(kind, namespace)).collect()
}

/// The metrics of outcomes that no request can cause from outside: the crypto library fails.
pub fn without_cause(existing: &BTreeSet<Metric>) -> BTreeSet<Metric> {
    let outcome = Dependency::Signature.code();
    let signed = existing.iter().filter(|metric| metric.dimensions.get("outcome").is_some_and(|it| it == "signed"));
    let of_outcome = |mut metric: Metric| {
        metric.dimensions.insert("outcome".to_owned(), outcome.to_owned());
        metric
    };
    signed.cloned().map(of_outcome).collect()
}

fn setup(kind: Kind, namespace: &str) -> Setup {
    Setup::of(kind).with_fakes().env("METRICS_NAMESPACE", namespace).env("SESSION_COOKIE", "session")
}

fn emitted_by(kind: Kind, namespace: &str) -> BTreeSet<Metric> {
    let service = setup(kind, namespace).start();
    service.aws.put_user(TOKEN, &users::demo());
    let signed_in = service.answer(&kind.request(TOKEN));
    let guard = signed_in.values("set-cookie").next().and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
    for request in requests(kind) {
        // Errors of Zendesk count only after a sign-in.
        let follows_sign_in = request.path == "/sso/logout";
        service.reply(&if follows_sign_in { request.header("cookie", guard) } else { request });
    }
    service.aws.put_user("malformed", &users::demo_with(&json!({ "expires_at": null })));
    service.reply(&kind.request("malformed"));
    service.aws.dynamodb().fail(Fault::ACCESS_DENIED);
    service.reply(&kind.request(TOKEN));
    let mut seen = counted(&service);

    for setup in [setup(kind, namespace).without_secret(), setup(kind, namespace).secret("{}")] {
        let service = setup.start();
        service.aws.put_user(TOKEN, &users::demo());
        service.reply(&kind.request(TOKEN));
        seen.extend(counted(&service));
    }

    let provider = IdentityProvider::http();
    provider.answer_instead(DISCOVERY, 404, "text/plain", "");
    let service = provider.trusted_by(setup(kind, namespace)).start();
    service.reply(&kind.request(&provider.token()));
    seen.extend(counted(&service));

    let service = setup(kind, namespace).env("SIGNING_KEY_MAX_AGE", "1").start();
    service.aws.put_user(TOKEN, &users::demo());
    service.aws.secrets_manager().fail(Fault::ACCESS_DENIED);
    eventually("a newer key cannot be read", Duration::from_secs(20), || {
        let line = logs::request_line(&service.reply(&kind.request(TOKEN)).logs);
        line.get("signing_key_failure").map(drop)
    });
    seen.extend(counted(&service));
    seen
}

fn counted(service: &Service) -> BTreeSet<Metric> {
    let lines = logs::lines(&service.function.logs());
    lines.iter().filter(|line| line["_aws"].is_object()).flat_map(of_line).collect()
}

/// The metrics of a line in CloudWatch's embedded metric format.
fn of_line(line: &Value) -> Vec<Metric> {
    logs::metric_names(line);
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
    let metrics = directives.flat_map(|directive| {
        let names = directive["Dimensions"][0].as_array().unwrap().iter().map(text);
        let dimensions: BTreeMap<_, _> = names.map(|name| (name.clone(), text(&line[&name]))).collect();
        let namespace = text(&directive["Namespace"]);
        directive["Metrics"].as_array().unwrap().iter().map(move |metric| Metric {
            namespace: namespace.clone(),
            name: text(&metric["Name"]),
            dimensions: dimensions.clone(),
        })
    });
    metrics.collect()
}

/// Requests for every outcome except outages.
fn requests(kind: Kind) -> Vec<Request> {
    let known = kind.request(TOKEN);
    let path = &known.path;
    let mut requests = vec![
        known.clone(),
        kind.request("unknown"),
        kind.request(""),
        Request::post(path).form_body("user_token=1&user_token=2"),
        Request::post(path).form_body("user_token=%FF"),
        Request::post(path).form_body("user_token=".to_owned() + &"1".repeat(9000)),
        Request::post(path).body("application/json", json!({ "user_token": TOKEN }).to_string()),
        Request::new("PATCH", path),
        Request::get("/elsewhere"),
        Request::new("OPTIONS", path)
            .header("origin", "https://www.example.com")
            .header("access-control-request-method", "POST"),
    ];
    if kind == Kind::SsoRedirect {
        let returned = [
            "Invalid signature",
            "Invalid JWT token",
            "Something new",
            "Please use one of the options below to sign in to Zendesk.",
            "not allowed to sign up",
            "User creation failed",
            "jti already used",
            "too old",
            "Too many",
        ];
        requests.extend(returned.map(|message| {
            let query: String = form_urlencoded::byte_serialize(message.as_bytes()).collect();
            Request::get(&format!("/sso/logout?kind=error&message={query}"))
        }));
        requests.extend([
            Request::get("/sso/login?return_to=https%3A%2F%2Fwww.example.org%2F").cookie("session", TOKEN),
            Request::get("/sso/login").header("sec-fetch-dest", "iframe"),
            Request::get("/sso/login"),
            Request::get("/sso/logout"),
            known.clone().header("origin", "https://www.example.org"),
        ]);
        // A browser with too many recent sign-ins.
        let moments = [now(); 3].map(|moment| moment.to_string()).join(".");
        requests.push(known.cookie("__Host-zendesk-sign-ins", &moments));
    }
    requests
}
