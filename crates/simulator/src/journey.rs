use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A sign-in has fewer steps. Only a redirect loop reaches this limit.
const MAX_STEPS: usize = 20;

/// The steps of the latest sign-in. All clones share them, so the company's side can add its own.
#[derive(Clone, Default)]
pub struct Journey(Arc<Mutex<Vec<Step>>>);

/// One request of the browser, and the answer.
#[derive(Clone)]
pub struct Step {
    /// What happened, as a sentence.
    pub title: String,
    /// The request line, or several lines with the fields of a form.
    pub sent: String,
    pub received: String,
    /// Whether this was Zendesk's answer to a JWT.
    pub is_end: bool,
}

impl Step {
    /// A step of the company's site.
    pub fn of_company(title: &str, sent: String, received: String) -> Self {
        Self { title: title.to_owned(), sent, received, is_end: false }
    }
}

impl Journey {
    /// Adds a step. After the end of a sign-in, the step is the first one of the next.
    pub fn add(&self, step: Step) {
        let mut steps = self.steps_now();
        if steps.last().is_some_and(|last| last.is_end) || steps.len() == MAX_STEPS {
            steps.clear();
        }
        steps.push(step);
    }

    pub(super) fn begin(&self, step: Step) {
        *self.steps_now() = vec![step];
    }

    pub(super) fn forget(&self) {
        self.steps_now().clear();
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        self.steps_now().clone()
    }

    fn steps_now(&self) -> MutexGuard<'_, Vec<Step>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `Location` line of an answer, with the parameters below it.
pub fn located(target: &str) -> String {
    let (address, query) = target.split_once('?').unwrap_or((target, ""));
    format!("\nLocation: {address}{}", listed(query.as_bytes()))
}

/// The parameters of an address or the fields of a form, one in a line.
pub(super) fn listed(query: &[u8]) -> String {
    let fields = form_urlencoded::parse(query).map(|(name, value)| {
        let shown: String = value.chars().take(200).collect();
        let cut = if shown.len() < value.len() { "…" } else { "" };
        format!("\n{name}: {shown}{cut}")
    });
    fields.collect()
}
