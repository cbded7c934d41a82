use std::time::{SystemTime, UNIX_EPOCH};

use zendesk_jwt_rules::EpochSeconds;

#[expect(clippy::disallowed_methods, reason = "Zendesk has a clock of its own")]
pub(crate) fn now() -> EpochSeconds {
    EpochSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// 128 random bits in hexadecimal; `None` if the operating system gives no random bytes.
pub(crate) fn random_id() -> Option<String> {
    let mut bits = [0; 16];
    aws_lc_rs::rand::fill(&mut bits).ok()?;
    Some(hex::encode(bits))
}
