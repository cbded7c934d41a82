//! Properties that must hold for any input: one function for each place that reads the input of others. Each function
//! takes any bytes and panics if a property does not hold.
//!
//! `fuzz_targets/` passes these functions to libFuzzer. The tests in `tests/service/hostile` include this file, and run
//! it on `seeds/` and on structured input with the stable compiler.

mod event;
mod form_and_cookies;
mod id_token;
mod inspect;
mod item;
mod keys;
mod return_to;
mod secret;

pub use event::event;
pub use form_and_cookies::{form_and_cookies, request};
pub use id_token::id_token;
pub use inspect::inspect;
pub use item::item;
pub use return_to::{hosts, return_to};
pub use secret::secret;

/// A property.
pub type Target = fn(&[u8]);

/// All targets by name. Each has a folder with this name in `seeds/`.
pub const TARGETS: [(&str, Target); 7] = [
    ("event", event),
    ("form_and_cookies", form_and_cookies),
    ("return_to", return_to),
    ("item", item),
    ("secret", secret),
    ("inspect", inspect),
    ("id_token", id_token),
];
