#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zendesk_jwt_fuzz::form_and_cookies(data));
