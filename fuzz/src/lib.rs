//! What must hold of hostile input: one function for each place that reads what others wrote. Each takes any bytes
//! and panics when a promise is broken.
//!
//! `fuzz_targets/` hands these functions to libFuzzer. The tests in `tests/service/hostile` include this very
//! file: they run it over `seeds/` and over structured input, on the stable compiler.

mod event;
mod form_and_cookies;
mod inspect;
mod item;
mod keys;
mod return_to;
mod secret;
mod soundness;

pub use event::event;
pub use form_and_cookies::{form_and_cookies, request};
pub use inspect::inspect;
pub use item::item;
pub use return_to::{hosts, return_to};
pub use secret::secret;

/// A function of this library.
pub type Target = fn(&[u8]);

/// Every target with its name, which is also the name of its folder in `seeds/`.
pub const TARGETS: [(&str, Target); 6] = [
    ("event", event),
    ("form_and_cookies", form_and_cookies),
    ("return_to", return_to),
    ("item", item),
    ("secret", secret),
    ("inspect", inspect),
];
