//! A function with its AWS: the start of nearly every test.

use super::{Answer, Aws, EventSource, Exit, Function, Kind, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The secrets of the tests. Each is raw text, as in Zendesk's Admin Center.
pub const SDK_SECRET: &str = "sdk+secret/with=signs_0123456789abcdef0123456789ab";
pub const MESSAGING_SECRET: &str = "messagingSecret-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";
pub const MESSAGING_KID: &str = "app_5f0e1d2c3b4a59687766554433221100";
pub const SSO_SECRET: &str = "ssoSecret.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Kind {
    pub fn secret(self) -> &'static str {
        match self {
            Self::SdkExchange => SDK_SECRET,
            Self::MessagingToken => MESSAGING_SECRET,
            Self::SsoRedirect => SSO_SECRET,
        }
    }

    /// The value in Secrets Manager for this function and `secret`.
    pub fn signing_key(self, secret: &str) -> Value {
        match self {
            Self::MessagingToken => json!({ "kid": MESSAGING_KID, "secret": secret }),
            _ => json!({ "secret": secret }),
        }
    }

    /// The value in Secrets Manager with further keys: the name and the shared secret of each configuration.
    pub fn signing_keys(self, named: &[(&str, &str)]) -> Value {
        let mut value = self.signing_key(self.secret());
        value["configurations"] =
            named.iter().map(|(name, secret)| ((*name).to_owned(), self.signing_key(secret))).collect();
        value
    }

    /// The path of this function's JWTs in a configuration. An empty name stands for the unnamed one.
    pub fn path(self, configuration: &str) -> String {
        let (product, page) = match self {
            Self::SdkExchange => ("sdk", "jwt"),
            Self::MessagingToken => ("messaging", "jwt"),
            Self::SsoRedirect => ("sso", "login"),
        };
        let separator = if configuration.is_empty() { "" } else { "/" };
        format!("/{product}{separator}{configuration}/{page}")
    }

    /// A request that this function answers with a JWT if `token` is stored.
    pub fn request(self, token: &str) -> Request {
        self.request_in("", token)
    }

    /// A request of a configuration.
    pub fn request_in(self, configuration: &str, token: &str) -> Request {
        Request::post(&self.path(configuration)).form(&[("user_token", token)])
    }

    /// The name of this function's secret in Zendesk's Admin Center.
    pub fn admin_center_screen(self) -> &'static str {
        match self {
            Self::SdkExchange => "Mobile SDK",
            Self::MessagingToken => "End user authentication",
            Self::SsoRedirect => "Single sign-on",
        }
    }
}

/// A function that is not started yet, with its variables and its secret.
pub struct Setup {
    kind: Kind,
    aws: Aws,
    environment: BTreeMap<String, String>,
    secret: Option<String>,
}

impl Setup {
    /// A function with a valid signing key and only the required variables.
    pub fn of(kind: Kind) -> Self {
        let setup = Self {
            kind,
            aws: Aws::new(),
            environment: BTreeMap::new(),
            secret: Some(kind.signing_key(kind.secret()).to_string()),
        };
        if kind == Kind::SsoRedirect { setup.env("ZENDESK_SUBDOMAIN", "acme") } else { setup }
    }

    /// Uses the fakes of AWS even if the environment names another AWS. Only fakes record requests and can fail.
    pub fn with_fakes(mut self) -> Self {
        self.aws = Aws::fakes();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The value in Secrets Manager, unchanged.
    pub fn secret(mut self, value: &str) -> Self {
        self.secret = Some(value.to_owned());
        self
    }

    pub fn without_secret(mut self) -> Self {
        self.secret = None;
        self
    }

    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    pub fn start(self) -> Service {
        if let Some(secret) = &self.secret {
            self.aws.set_secret(secret);
        }
        let function = Function::start(self.kind, &self.variables(&[]));
        Service { kind: self.kind, aws: self.aws, function }
    }

    /// Starts the function without the variables in `removed`, and waits until it ends.
    pub fn expect_exit(self, removed: &[&str]) -> Exit {
        Function::expect_exit(self.kind, &self.variables(removed))
    }

    fn variables(&self, removed: &[&str]) -> Vec<(String, String)> {
        let aws = self.aws.environment().into_iter();
        let own = self.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        aws.chain(own).filter(|(name, _)| !removed.contains(&name.as_str())).collect()
    }
}

/// A running function and its AWS.
pub struct Service {
    pub kind: Kind,
    pub aws: Aws,
    pub function: Function,
}

/// An answer, and the function's log of that request.
pub struct Reply {
    pub answer: Answer,
    pub request_id: String,
    pub logs: String,
    pub took: Duration,
}

impl Service {
    /// Sends a request through an HTTP API.
    pub fn answer(&self, request: &Request) -> Answer {
        self.answer_through(EventSource::HttpApi, request)
    }

    pub fn answer_through(&self, source: EventSource, request: &Request) -> Answer {
        self.reply_through(source, request).answer
    }

    pub fn reply(&self, request: &Request) -> Reply {
        self.reply_through(EventSource::HttpApi, request)
    }

    pub fn reply_through(&self, source: EventSource, request: &Request) -> Reply {
        for token in request.user_tokens() {
            self.aws.canaries.remember(&token);
        }
        self.reply_to_event(source, source.event(request))
    }

    /// Sends a request through an HTTP API with the custom domain `host`.
    pub fn answer_at(&self, host: &str, request: &Request) -> Answer {
        let mut event = EventSource::HttpApi.event(request);
        event["requestContext"]["domainName"] = host.into();
        self.reply_to_event(EventSource::HttpApi, event).answer
    }

    /// Sends an event, reads the answer as `source` does, and checks its security headers.
    pub fn reply_to_event(&self, source: EventSource, event: Value) -> Reply {
        let invocation = self.function.invoke(event);
        let response = invocation.outcome.unwrap_or_else(|error| panic!("{error}\n{}", invocation.logs));
        let answer = source.answer(&response);
        answer.assert_security_headers();
        if answer.status >= 400 {
            self.aws.canaries.assert_absent(&answer.body, "the body of an error");
        }
        Reply { answer, request_id: invocation.request_id, logs: invocation.logs, took: invocation.took }
    }

    /// Stores a user under `token` and sends the function's request for that user.
    pub fn answer_for(&self, token: &str, user: &Value) -> Answer {
        self.aws.put_user(token, user);
        self.answer(&self.kind.request(token))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.aws.canaries.assert_absent(&self.function.logs(), "the log");
        }
    }
}
