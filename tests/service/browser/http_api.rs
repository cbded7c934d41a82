//! `https://sso.example.com`: an HTTP API with a custom domain and the function `sso-redirect`.

use super::sites;
use crate::support::{Answer, Fault, Request, Service};
use serde_json::Value;
use std::sync::Mutex;

pub const HOST: &str = "sso.example.com";

pub struct HttpApi {
    service: Service,
    /// Locked during each request, because an execution environment takes one event at a time.
    visits: Mutex<Vec<Visit>>,
}

/// A browser's request to the function, and the answer.
#[derive(Clone, Debug)]
pub struct Visit {
    pub request: Request,
    pub answer: Answer,
}

impl HttpApi {
    pub fn of(service: Service) -> Self {
        Self { service, visits: Mutex::default() }
    }

    pub fn answer(&self, request: &Request) -> Answer {
        match request.path.as_str() {
            // Another application on the same domain.
            "/app" => sites::application(sites::SESSION),
            path if path.starts_with("/sso/") => self.invoke(request),
            _ => sites::not_found(),
        }
    }

    fn invoke(&self, request: &Request) -> Answer {
        let mut visits = self.visits.lock().unwrap();
        let answer = self.service.answer_at(HOST, request);
        visits.push(Visit { request: request.clone(), answer: answer.clone() });
        answer
    }

    /// Stores a user under `token`.
    pub fn put_user(&self, token: &str, user: &Value) {
        self.service.aws.put_user(token, user);
    }

    /// Lets DynamoDB fail from now on.
    pub fn fail_lookups(&self) {
        self.service.aws.dynamodb().fail(Fault::INTERNAL_ERROR);
    }

    /// Lets DynamoDB work again.
    pub fn repair_lookups(&self) {
        self.service.aws.dynamodb().recover();
    }

    /// All requests so far.
    pub fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap().clone()
    }
}
