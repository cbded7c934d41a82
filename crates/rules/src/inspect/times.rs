//! The rules about `iat` and `exp`, both in seconds since 1970.

use serde_json::Value;

use super::facts::{Facts, described, joined};

/// How far `iat` may be from Zendesk's clock, in seconds (*Enabling JWT single sign-on*, JWT attributes).
const WINDOW: u128 = 3 * 60;
/// The longest lifetime without advice against it, in seconds.
const ONE_DAY: i128 = 24 * 60 * 60;
/// Seconds reach this number in the year 5138; milliseconds reached it in 1973.
const SURELY_MILLISECONDS: i128 = 100_000_000_000;

pub(super) fn whole_seconds(facts: &Facts<'_>) -> Option<String> {
    let wrong = ["iat", "exp"].into_iter().filter_map(|claim| {
        let found = match facts.claim(claim)? {
            value if integer(value).is_some() => return None,
            Value::Number(number) => format!("`{number}`, with a fraction or exponent"),
            other => described(Some(other)).to_owned(),
        };
        let now = facts.now;
        Some(format!("`{claim}` is {found}: send a whole number of seconds, such as {now}"))
    });
    joined(wrong)
}

pub(super) fn not_milliseconds(facts: &Facts<'_>) -> Option<String> {
    let wrong = ["iat", "exp"].into_iter().filter_map(|claim| {
        let value = integer(facts.claim(claim)?)?;
        (value >= SURELY_MILLISECONDS)
            .then(|| format!("`{claim}` is {value}, which is milliseconds or finer: divide by 1000 and round down"))
    });
    joined(wrong)
}

pub(super) fn iat_fresh(facts: &Facts<'_>) -> Option<String> {
    let (iat, age) = seconds_and_age(facts, "iat")?;
    let side = if age.is_negative() { "in the future" } else { "ago" };
    let distance = span(age);
    (age.unsigned_abs() > WINDOW).then(|| {
        format!("`iat` is {iat}, {distance} {side}: sign a new token each time, by a synchronised clock, in UTC.")
    })
}

pub(super) fn exp_ahead(facts: &Facts<'_>) -> Option<String> {
    let (exp, age) = seconds_and_age(facts, "exp")?;
    let late = span(age);
    (age >= 0).then(|| {
        format!("`exp` is {exp}, {late} ago: fetch a new token whenever Zendesk asks for one, and do not store it.")
    })
}

pub(super) fn exp_short(facts: &Facts<'_>) -> Option<String> {
    let found = match seconds_and_age(facts, "exp") {
        None if facts.claim("exp").is_some() => return None,
        None => "missing, so a leaked token never expires".to_owned(),
        Some((_, age)) if -age <= ONE_DAY => return None,
        Some((_, age)) => format!("{} ahead, and a leaked token is valid until then", span(age)),
    };
    Some(format!("`exp` is {found}: set it a few minutes ahead."))
}

/// The claim, if it is a number of seconds, and the seconds that have passed since then.
fn seconds_and_age(facts: &Facts<'_>, claim: &str) -> Option<(i128, i128)> {
    let value = integer(facts.claim(claim)?)?;
    (value < SURELY_MILLISECONDS).then(|| (value, i128::from(facts.now) - value))
}

/// A JSON integer; a float is not one, even without a fraction.
fn integer(value: &Value) -> Option<i128> {
    let small = value.as_i64().map(i128::from);
    small.or_else(|| value.as_u64().map(i128::from))
}

/// A length of time in the largest unit of which it has at least 2.
fn span(seconds: i128) -> String {
    let seconds = seconds.unsigned_abs();
    let units = [(86_400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds")];
    let fitting = units.into_iter().find(|(unit, _)| seconds >= 2 * unit);
    let (unit, name) = fitting.unwrap_or((1, "seconds"));
    format!("{} {name}", seconds / unit)
}
