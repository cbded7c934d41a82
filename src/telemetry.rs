//! The log and the metrics: JSON lines on standard output.
//!
//! Each request writes one line at every [`LOG_LEVEL`](crate::config), because CloudWatch reads the metrics from it:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
//!
//! No line holds anything secret or personal. The line of a request has only the fields below. The other lines are
//! events of this crate. An event of a dependency could quote a request, so only its place in the code is logged.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::handlers::Answer;
use crate::jwt::{Clock, SystemClock};
use crate::outcome::{Dependency, Outcome, Severity};
use zendesk_jwt_rules::ConfigurationName;

/// The default of [`METRICS_NAMESPACE`](crate::config).
pub const NAMESPACE: &str = "ZendeskJwt";

/// The value of [`METRICS_NAMESPACE`](crate::config) for log lines without metrics, which cost money.
const NO_METRICS: &str = "none";

/// Counts requests, by function and outcome.
pub const REQUESTS: &str = "requests";

/// Counts errors of Zendesk that follow a sign-in of this service, by function and outcome. `requests` also counts those
/// that anyone can cause by opening the remote logout URL.
pub const ZENDESK_ERRORS: &str = "zendesk_errors";

/// Counts refused users, by function. A browser without a user token does not count.
pub const REFUSALS: &str = "refusals";

/// The duration of requests in milliseconds, by function.
pub const DURATION: &str = "duration_ms";

/// The seconds since the signing key in use was read, by function.
pub const SIGNING_KEY_AGE: &str = "signing_key_age_seconds";

/// Counts requests signed with an old key because no valid newer one could be read, by function.
pub const SIGNING_KEY_FAILURES: &str = "signing_key_failures";

/// Counts `return_to` addresses outside Zendesk, by function.
pub const RETURN_TO_DROPPED: &str = "return_to_dropped";

/// The log line of one request.
pub struct RequestReport<'a> {
    /// The namespace of the metrics.
    pub namespace: &'a str,
    /// The function that answered.
    pub function: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
    /// Whether this is the first request of the process.
    pub cold_start: bool,
    /// The answer.
    pub answer: &'a Answer,
    /// The time from the decoded event to the finished answer.
    pub duration: Duration,
}

impl RequestReport<'_> {
    /// Writes the line.
    pub fn write(&self) {
        write_line(&self.line(SystemClock.since_epoch()));
    }

    /// Formats the line but does not write it. Logs a failed call of DynamoDB.
    pub fn warm_up(&self) {
        serde_json::to_vec(&self.line(SystemClock.since_epoch())).ok();
        if let Outcome::Unavailable(cause) = &self.answer.outcome
            && cause.dependency == Dependency::UserTokens
        {
            tracing::warn!(function = self.function, %cause, "DynamoDB gave no answer at cold start");
        }
    }

    /// The line at `now` (the time since 1970), without its line end.
    #[must_use]
    pub fn text(&self, now: Duration) -> String {
        serde_json::to_string(&self.line(now)).unwrap_or_default()
    }

    fn line(&self, now: Duration) -> RequestLine<'_> {
        let Answer { outcome, response, observed } = self.answer;
        let facts = outcome.facts();
        RequestLine {
            timestamp: timestamp(now),
            level: facts.severity,
            message: "request",
            function: self.function,
            configuration: observed.configuration.as_ref(),
            request_id: self.request_id,
            cold_start: self.cold_start,
            outcome: facts.code,
            detail: outcome.detail(),
            status: response.status().as_u16(),
            external_id_hash: observed.external_id_hash.as_deref(),
            user_token: observed.user_token,
            refusals: outcome.refuses_a_user().then_some(1),
            return_to_dropped: observed.return_to_dropped.then_some(1),
            zendesk_errors: observed.follows_our_sign_in.then_some(1),
            duration_ms: milliseconds(self.duration),
            lookup_ms: observed.lookup.map(milliseconds),
            signing_key_age_seconds: observed.signing_key_age,
            signing_key_failures: observed.signing_key_failure.map(|_| 1),
            signing_key_failure: observed.signing_key_failure,
            requests: 1,
            aws: (self.namespace != NO_METRICS).then(|| EmbeddedMetrics::new(now, self)),
        }
    }
}

/// Writes the line of an invocation that is not an HTTP request, at every log level. `event` shows no values.
pub fn write_other_invocation(function: &'static str, request_id: &str, event: &str) {
    write_line(&serde_json::json!({
        "timestamp": timestamp(SystemClock.since_epoch()),
        "level": "INFO",
        "message": "not an HTTP request",
        "function": function,
        "request_id": request_id,
        "event": event,
    }));
}

#[derive(Serialize)]
struct RequestLine<'a> {
    timestamp: String,
    level: Severity,
    message: &'static str,
    function: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<&'a ConfigurationName>,
    request_id: &'a str,
    cold_start: bool,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusals: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to_dropped: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zendesk_errors: Option<u8>,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_key_age_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_key_failures: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_key_failure: Option<&'static str>,
    requests: u8,
    #[serde(rename = "_aws", skip_serializing_if = "Option::is_none")]
    aws: Option<EmbeddedMetrics<'a>>,
}

/// Names the members of the line that are metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EmbeddedMetrics<'a> {
    timestamp: u128,
    cloud_watch_metrics: [MetricDirective<'a>; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDirective<'a> {
    namespace: &'a str,
    dimensions: [&'static [&'static str]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

impl<'a> EmbeddedMetrics<'a> {
    /// Names only the metrics for which the line has a value: CloudWatch refuses others.
    fn new(now: Duration, report: &RequestReport<'a>) -> Self {
        let Answer { outcome, observed, .. } = report.answer;
        let metric = |name, unit, has_value: bool| has_value.then_some(Metric { name, unit });
        let by_function = [
            metric(REFUSALS, "Count", outcome.refuses_a_user()),
            metric(DURATION, "Milliseconds", true),
            metric(SIGNING_KEY_AGE, "Seconds", observed.signing_key_age.is_some()),
            metric(SIGNING_KEY_FAILURES, "Count", observed.signing_key_failure.is_some()),
            metric(RETURN_TO_DROPPED, "Count", observed.return_to_dropped),
        ];
        let directive =
            |dimensions, metrics| MetricDirective { namespace: report.namespace, dimensions: [dimensions], metrics };
        let by_outcome =
            [metric(REQUESTS, "Count", true), metric(ZENDESK_ERRORS, "Count", observed.follows_our_sign_in)];
        Self {
            timestamp: now.as_millis(),
            cloud_watch_metrics: [
                directive(&["function", "outcome"], by_outcome.into_iter().flatten().collect()),
                directive(&["function"], by_function.into_iter().flatten().collect()),
            ],
        }
    }
}

/// Writes the process's events from `level` on, and its panics, to standard output.
pub fn start(level: LevelFilter) {
    let lines = Lines { clock: SystemClock, sink: |line: &Map<_, _>| write_line(line) };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(level));
    // Fails only on a second call, and then the first subscriber stays.
    tracing::subscriber::set_global_default(subscriber).ok();
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic may quote a secret.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: the process panicked");
    }));
}

/// A layer that passes each line that [`start`] would write to `sink`, without its line end.
pub fn lines<S: Subscriber>(clock: impl Clock + 'static, sink: impl Fn(String) + 'static) -> impl Layer<S> {
    Lines { clock, sink: move |line: &Map<_, _>| sink(serde_json::to_string(line).unwrap_or_default()) }
}

struct Lines<C, F> {
    clock: C,
    sink: F,
}

impl<S: Subscriber, C: Clock + 'static, F: Fn(&Map<String, Value>) + 'static> Layer<S> for Lines<C, F> {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut fields = Fields(Map::new());
        if metadata.target().starts_with(env!("CARGO_CRATE_NAME")) {
            event.record(&mut fields);
        } else if *metadata.level() <= Level::WARN {
            let place = format!("{}:{}", metadata.target(), metadata.line().unwrap_or_default());
            fields.0.insert("message".to_owned(), "a dependency logged something".into());
            fields.0.insert("place".to_owned(), place.into());
        } else {
            return;
        }
        fields.0.insert("timestamp".to_owned(), timestamp(self.clock.since_epoch()).into());
        fields.0.insert("level".to_owned(), metadata.level().as_str().into());
        (self.sink)(&fields.0);
    }
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

/// Writes the line at once, so that the lines of two threads do not mix.
fn write_line(line: &impl Serialize) {
    if let Ok(mut bytes) = serde_json::to_vec(line) {
        bytes.push(b'\n');
        // If standard output is closed, there is no other place for an error.
        std::io::stdout().lock().write_all(&bytes).ok();
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// RFC 3339 in UTC with milliseconds, as in Lambda's own lines.
fn timestamp(since_epoch: Duration) -> String {
    let moment = (time::OffsetDateTime::UNIX_EPOCH + since_epoch).truncate_to_millisecond();
    moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use lambda_http::Response;

    use super::*;
    use crate::handlers::Observed;
    use crate::outcome::Refused;

    fn line(outcome: Outcome, observed: Observed) -> Value {
        let answer = Answer { outcome, response: Response::default(), observed };
        let report = RequestReport {
            namespace: NAMESPACE,
            function: "sdk-exchange",
            request_id: "request-1",
            cold_start: true,
            answer: &answer,
            duration: Duration::from_micros(1234),
        };
        serde_json::to_value(report.line(Duration::from_millis(1_639_608_035_500))).unwrap()
    }

    #[test]
    fn every_named_metric_and_dimension_has_a_value_in_the_line() {
        let everything = Observed {
            signing_key_age: Some(7),
            signing_key_failure: Some("signing_key_refused"),
            return_to_dropped: true,
            follows_our_sign_in: true,
            ..Observed::default()
        };
        for (outcome, observed) in
            [(Outcome::Signed, Observed::default()), (Refused::UserTokenUnknown.into(), everything)]
        {
            let line = line(outcome, observed);
            for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
                for name in directive["Metrics"].as_array().unwrap().iter().map(|metric| &metric["Name"]) {
                    assert!(line[name.as_str().unwrap()].is_number(), "{name}");
                }
                for dimension in directive["Dimensions"][0].as_array().unwrap() {
                    assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension}");
                }
            }
        }
    }

    #[test]
    fn a_line_has_time_outcome_and_duration() {
        let line = line(Outcome::Signed, Observed::default());
        assert_eq!(line["timestamp"], "2021-12-15T22:40:35.5Z");
        assert_eq!(line["outcome"], "signed");
        assert_eq!(line["duration_ms"], 1.234);
        assert_eq!(line["_aws"]["Timestamp"], 1_639_608_035_500_u64);
    }
}
