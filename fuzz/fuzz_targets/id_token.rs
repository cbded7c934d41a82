#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zendesk_jwt_fuzz::id_token(data));
