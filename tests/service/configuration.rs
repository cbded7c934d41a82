//! Configuration: at start a function names all problems at once, and only those of its own variables.

use crate::support::{Kind, Setup, users};

/// Starts a function that must exit, and checks that it names all of `variables`.
fn assert_named(setup: Setup, removed: &[&str], variables: &[&str]) {
    let exit = setup.expect_exit(removed);
    assert!(!exit.status.success(), "{exit:?}");
    for variable in variables {
        assert!(exit.output.contains(variable), "{variable} is not named: {}", exit.output);
    }
    assert!(!exit.output.contains("panicked"), "{}", exit.output);
}

const OF_EVERY_FUNCTION: [&str; 2] = ["USER_TOKENS_TABLE", "SIGNING_KEY_SECRET_ID"];

#[test]
fn every_function_names_all_missing_variables_at_once() {
    for kind in Kind::ALL {
        assert_named(Setup::of(kind), &OF_EVERY_FUNCTION, &OF_EVERY_FUNCTION);
    }
}

#[test]
fn one_missing_variable_is_the_only_one_named() {
    let exit = Setup::of(Kind::SdkExchange).expect_exit(&["USER_TOKENS_TABLE"]);

    assert!(exit.output.contains("USER_TOKENS_TABLE"), "{}", exit.output);
    for other in ["SIGNING_KEY_SECRET_ID", "ZENDESK_SUBDOMAIN", "MESSAGING_TOKEN_TTL"] {
        assert!(!exit.output.contains(other), "{}", exit.output);
    }
}

#[test]
fn an_empty_required_variable_counts_as_missing() {
    let setup = Setup::of(Kind::SsoRedirect).env("USER_TOKENS_TABLE", "").env("ZENDESK_SUBDOMAIN", "");

    assert_named(setup, &[], &["USER_TOKENS_TABLE", "ZENDESK_SUBDOMAIN"]);
}

#[test]
fn the_sso_function_needs_a_zendesk_subdomain() {
    assert_named(Setup::of(Kind::SsoRedirect), &["ZENDESK_SUBDOMAIN"], &["ZENDESK_SUBDOMAIN"]);
}

/// The address to which the sign-in page of an SSO function with these variables posts.
fn posted_to(variables: &[(&str, &str)]) -> String {
    let setup = variables.iter().fold(Setup::of(Kind::SsoRedirect), |setup, (name, value)| setup.env(name, value));
    let page = setup.start().answer_for("t", &users::demo()).body;
    let (_, after) = page.split_once("action='").unwrap();
    after.split('\'').next().unwrap().to_owned()
}

#[test]
fn a_simulated_zendesk_on_this_machine_replaces_the_subdomain() {
    assert_eq!(posted_to(&[]), "https://acme.zendesk.com/access/jwt");
    for url in ["http://127.0.0.1:3001", "http://localhost:80", "https://[::1]:8443", "https://localhost/"] {
        let origin = url.trim_end_matches('/').trim_end_matches(":80");
        for subdomain in ["", "acme"] {
            let posted = posted_to(&[("ZENDESK_URL", url), ("ZENDESK_SUBDOMAIN", subdomain)]);
            assert_eq!(posted, format!("{origin}/access/jwt"), "{url}");
        }
    }
}

#[test]
fn a_zendesk_url_on_another_machine_is_refused() {
    let elsewhere = [
        "https://acme.zendesk.com",
        "http://192.0.2.1:3001",
        "https://localhost.example.org",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1@example.org",
        "http://user@127.0.0.1:3001",
        "http://127.0.0.1:3001/path",
        "http://0.0.0.0:3001",
        "ftp://127.0.0.1",
        "127.0.0.1:3001",
    ];
    for url in elsewhere {
        let exit = Setup::of(Kind::SsoRedirect).env("ZENDESK_URL", url).expect_exit(&[]);
        assert!(!exit.status.success(), "{url}");
        assert!(
            exit.output.contains("ZENDESK_URL") && exit.output.contains("ZENDESK_SUBDOMAIN instead"),
            "{url}: {exit:?}"
        );
    }
}

#[test]
fn every_problem_of_the_sso_function_is_named_at_once() {
    let setup = Setup::of(Kind::SsoRedirect)
        .env("ZENDESK_SUBDOMAIN", "https://acme.zendesk.com/")
        .env("RETURN_TO_HOSTS", "help.example.com,not a host")
        .env("LOGIN_URL", "login page")
        .env("POST_LOGOUT_URL", "javascript:alert(1)")
        .env("PUBLIC_URL", "/here")
        .env("SESSION_COOKIE", "a cookie;")
        .env("END_SESSION_ON_LOGOUT", "yes")
        .env("BRAND_NAME", &"a".repeat(61))
        .env("BRAND_LOGO_URL", "logo.svg")
        .env("BRAND_COLOR", "teal")
        .env("SUPPORT_URL", "help@example.com")
        .env("SIGNING_KEY_MAX_AGE", "five minutes")
        .env("LOG_LEVEL", "loud");
    let named = [
        "USER_TOKENS_TABLE",
        "ZENDESK_SUBDOMAIN",
        "RETURN_TO_HOSTS",
        "LOGIN_URL",
        "POST_LOGOUT_URL",
        "PUBLIC_URL",
        "SESSION_COOKIE",
        "END_SESSION_ON_LOGOUT",
        "BRAND_NAME",
        "BRAND_LOGO_URL",
        "BRAND_COLOR",
        "SUPPORT_URL",
        "SIGNING_KEY_MAX_AGE",
        "LOG_LEVEL",
    ];

    assert_named(setup, &["USER_TOKENS_TABLE"], &named);
}

/// A character longer than a name can be.
const LONG_NAME: &str = "0123456789012345678901234567890123456789012345678901234567890";

/// Values that the patterns of the template refuse as well, by variable. The first one of each list is valid.
const REFUSED: [(&str, &[&str]); 15] = [
    (
        "CONFIGURATIONS",
        &[
            r#"{"ios":{},"legacy":{"login_url":"https://example.com/{brand_id}"}}"#,
            "ios",
            "[]",
            r#"{"ios":{}"#,
            r#""ios":{}}"#,
            "7",
        ],
    ),
    (
        "ALLOWED_ORIGINS",
        &[
            "https://www.example.com,https://shop.example.com:8443",
            "https://*.example.com",
            "https://www.example.com,https://*.example.com",
            "*",
            "null",
            "https://",
            "http://www.example.com",
            "https://www.example.com/path",
            "https://www.example.com?query",
            "https://www.example.com#fragment",
            "https://user@www.example.com",
            "https://user:pass@www.example.com",
            "https://www.example.com;https://shop.example.com",
            "https://www.example.com https://shop.example.com",
            "https://www.example.com|shop.example.com",
            "https://WWW.example.com",
            "https://www.müller.example",
            "https://www.example.com:",
            "https://www.example.com:99999",
            "https:www.example.com",
            "www.example.com",
            "https://www.example.com,",
        ],
    ),
    (
        "RETURN_TO_HOSTS",
        &[
            "help.acme.example,acme-labs.zendesk.com",
            "*",
            "*.acme.example",
            "help.acme.example;sandbox",
            "help.acme.example sandbox.acme.example",
            "help.acme.example|sandbox.acme.example",
            "help.acme.example,",
            "https://help.acme.example",
            "help.acme.example:8443",
            "help.acme.example/hc",
            "user@help.acme.example",
            "HELP.acme.example",
            "hilfe.müller.example",
            "localhost",
            "help.acme.example.",
            ".acme.example",
            "help..acme.example",
            "help.acme.example'",
            "192.0.2.1",
        ],
    ),
    (
        "LOGIN_URL",
        &[
            "https://www.example.com/login?lang=de&x=a@b",
            "https://user:hunter2@www.example.com/login",
            "https://user@www.example.com/login",
            "https://:hunter2@www.example.com/login",
            "https://user:hunter2@www.example.com:port/login",
            "https://*.example.com/login",
            "https://www.example.com;script-src/login",
            "https://www.example.com,shop.example.com/login",
            "https://www.example.com/log in",
            "https://www.example.com/#/login",
            "https://www.müller.example/login",
            "https:\\\\www.example.com\\login",
            "https:www.example.com/login",
            "HTTPS://www.example.com/login",
            "http://www.example.com/login",
            "ftp://www.example.com/login",
            "/login",
        ],
    ),
    (
        "POST_LOGOUT_URL",
        &[
            "https://www.example.com/bye",
            "https://user:hunter2@www.example.com/bye",
            "https://*.example.com/",
            "https://www.example.com/#/bye",
            "javascript:alert(1)",
        ],
    ),
    (
        "PUBLIC_URL",
        &[
            "https://sso.example.com/zendesk",
            "https://sso.example.com/",
            "https://sso.example.com/zendesk/",
            "https://sso.example.com//zendesk",
            "https://sso.example.com?x",
            "https://sso.example.com#x",
            "https://user:hunter2@sso.example.com",
            "https://*.example.com",
        ],
    ),
    (
        "ZENDESK_SUBDOMAIN",
        &["acme-1", "ACME", "-acme", "acme-", "acme.zendesk.com", "https://acme", "*", "ac me", "acmé"],
    ),
    ("SESSION_COOKIE", &["__Host-session.id_2", "a;b", "a b", "a=b", "a,b", "séance", "a$b", "\"a\""]),
    ("LOG_LEVEL", &["warn", "off", "WARN", "3", "loud"]),
    ("END_SESSION_ON_LOGOUT", &["false", "no", "0", "False"]),
    ("BRAND_NAME", &["Müller & Söhne <GmbH> 株式会社", "a\nb", "a\tb", "a\u{7f}b", LONG_NAME]),
    (
        "BRAND_LOGO_URL",
        &[
            "https://cdn.example.com:8443/logo.svg?v=2",
            "https://user:hunter2@cdn.example.com/logo.svg",
            "https://*.example.com/logo.svg",
            "https://cdn.example.com;script-src/logo.svg",
            "https://cdn.example.com/logo.svg#dark",
            "http://cdn.example.com/logo.svg",
            "data:image/svg+xml,<svg/>",
            "//cdn.example.com/logo.svg",
            "/logo.svg",
        ],
    ),
    ("BRAND_COLOR", &["#17494D", "17494d", "#abc", "#17494d80", "#17494g", "teal", "#17494d; }", "rgb(0,0,0)"]),
    (
        "SUPPORT_URL",
        &[
            "mailto:help+zendesk@example.com",
            "mailto:",
            "mailto:help",
            "mailto:help@example",
            "mailto:@example.com",
            "mailto:help@example.com,other@example.com",
            "mailto:help@example.com?subject=x",
            "mailto:help@exa_mple.com",
            "help@example.com",
            "tel:+15555550100",
            "javascript:alert(1)",
            "http://www.example.com/contact",
            "https://www.example.com/#contact",
        ],
    ),
    ("SIGNING_KEY_MAX_AGE", &["86400", "0", "86401", "-1", "1.5", "5m"]),
];

#[test]
fn what_the_templates_patterns_refuse_is_refused_at_start() {
    for (variable, values) in REFUSED {
        let setup = |value| Setup::of(Kind::SsoRedirect).env(variable, value);
        let (valid, refused) = values.split_first().unwrap();
        setup(valid).start();
        for value in refused {
            let exit = setup(value).expect_exit(&[]);
            assert!(!exit.status.success() && exit.output.contains(variable), "{variable}={value}: {exit:?}");
            assert!(!exit.output.contains("hunter2"), "the log repeats a password: {exit:?}");
        }
    }
}

#[test]
fn the_messaging_function_refuses_the_same_origins() {
    for value in ["https://*.example.com", "*", "null", "https://user:pass@www.example.com"] {
        let setup = Setup::of(Kind::MessagingToken).env("ALLOWED_ORIGINS", value);
        assert_named(setup, &[], &["ALLOWED_ORIGINS"]);
    }
}

#[test]
fn the_lifetime_of_a_messaging_token_is_between_a_minute_and_a_day() {
    for ttl in ["59", "86401", "0", "-300", "5m", "300.5", "99999999999999999999"] {
        let setup = Setup::of(Kind::MessagingToken).env("MESSAGING_TOKEN_TTL", ttl);
        assert_named(setup, &[], &["MESSAGING_TOKEN_TTL"]);
    }
}

#[test]
fn variables_that_lambda_sets_are_named_if_they_are_missing() {
    for kind in Kind::ALL {
        let missing = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let setup = missing.iter().fold(Setup::of(kind), |setup, name| setup.env(name, ""));
        assert_named(setup, &[], &missing);
    }
}

#[test]
fn an_invalid_address_of_aws_is_reported() {
    let setup = Setup::of(Kind::SdkExchange)
        .env("AWS_REGION", "eu-west-1/")
        .env("AWS_ENDPOINT_URL", "localhost:4566")
        .env("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb")
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", "ftp://127.0.0.1")
        .env("AWS_USE_FIPS_ENDPOINT", "yes");
    let named = [
        "AWS_REGION",
        "AWS_ENDPOINT_URL ",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_USE_FIPS_ENDPOINT",
    ];
    assert_named(setup, &[], &named);
}

#[test]
fn an_unreadable_certificate_file_is_reported() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind).env("AWS_CA_BUNDLE", "/no/such/bundle.pem");
        assert_named(setup, &[], &["AWS_CA_BUNDLE", "/no/such/bundle.pem"]);
    }
}

#[test]
fn variables_of_other_functions_are_ignored() {
    let setup = Setup::of(Kind::SdkExchange)
        .env("ZENDESK_SUBDOMAIN", "not / a subdomain")
        .env("MESSAGING_TOKEN_TTL", "soon")
        .env("LOGIN_URL", "nowhere")
        .env("RETURN_TO_HOSTS", "::")
        .env("SESSION_COOKIE", "a cookie;");

    assert_eq!(setup.start().answer_for("t", &users::demo()).status, 200);
}

#[test]
fn an_empty_optional_variable_counts_as_not_set() {
    let optional = [
        "SIGNING_KEY_MAX_AGE",
        "SDK_ALLOWED_CIDRS",
        "RETURN_TO_HOSTS",
        "ZENDESK_URL",
        "LOGIN_URL",
        "POST_LOGOUT_URL",
        "SESSION_COOKIE",
        "END_SESSION_ON_LOGOUT",
        "ALLOWED_ORIGINS",
        "PUBLIC_URL",
        "BRAND_NAME",
        "BRAND_LOGO_URL",
        "BRAND_COLOR",
        "SUPPORT_URL",
        "MESSAGING_TOKEN_TTL",
        "LOG_LEVEL",
        "AWS_CA_BUNDLE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
    ];
    for kind in Kind::ALL {
        let setup = optional.iter().fold(Setup::of(kind), |setup, name| setup.env(name, ""));
        assert_eq!(setup.start().answer_for("t", &users::demo()).status, 200, "{kind:?}");
    }
}

#[test]
fn every_documented_log_level_is_accepted() {
    for level in ["error", "warn", "info", "debug", "trace"] {
        let setup = Setup::of(Kind::SdkExchange).env("LOG_LEVEL", level);
        assert_eq!(setup.start().answer_for("t", &users::demo()).status, 200, "{level}");
    }
}

/// The problems that a function logs about `IDENTITY_PROVIDERS`.
fn problems_of(identity_providers: &str) -> String {
    let exit = Setup::of(Kind::MessagingToken).env("IDENTITY_PROVIDERS", identity_providers).expect_exit(&[]);
    assert!(!exit.status.success(), "{exit:?}");
    exit.output
}

#[test]
fn all_problems_of_the_identity_providers_are_named_at_once_with_their_place() {
    let output = problems_of(
        r#"[
            {"issuer": "http://id.example.com", "audience": [], "audience_": "a", "audiences": ["web"]},
            {"issuer": "https://id.example.com/?a=b", "audience": ["a", 7], "claims": {
                "email": "", "nickname": "name", "tags": "/a~2", "role": {"value": "owner"}, "phone": {"value": 1, "or": 2},
                "external_id": {"value": "1"}, "email_verified": {"value": "yes"}, "locale": 7}},
            {"issuer": "https://id.example.com", "audience": "a"},
            {"issuer": "https://id.example.com", "audience": "a", "audiences": []},
            {"issuer": "https://user@id.example.com"},
            "https://id.example.com"
        ]"#,
    );
    for place in [
        "[0].issuer",
        "[0].audience is",
        "[0].audience_",
        "[0].audiences",
        "[1].issuer",
        "[1].audience is",
        "[1].claims.email is",
        "[1].claims.nickname",
        "[1].claims.tags",
        "[1].claims.role",
        "[1].claims.phone",
        "[1].claims.external_id",
        "[1].claims.email_verified",
        "[1].claims.locale",
        "[3].audiences",
        "[4].issuer",
        "[4].audience is",
        "[5] is",
    ] {
        assert!(output.contains(&format!("IDENTITY_PROVIDERS{place}")), "{place} is not named: {output}");
    }
    assert!(!output.contains("IDENTITY_PROVIDERS[2]"), "{output}");
}

#[test]
fn identity_providers_are_a_list_of_different_issuers() {
    let provider = r#"{"issuer": "https://id.example.com", "audience": "a"}"#;
    assert!(problems_of(&format!("[{provider}, {provider}]")).contains("IDENTITY_PROVIDERS[1].issuer"));
    for text in ["[]", "{}", provider, "null", r#""https://id.example.com""#] {
        assert!(problems_of(text).contains("IDENTITY_PROVIDERS is not a list of providers"), "{text}");
    }
    assert!(problems_of("[{").contains("IDENTITY_PROVIDERS is not JSON"));
    let twice = r#"[{"issuer": "https://id.example.com", "audience": "a", "audience": "b"}]"#;
    assert!(problems_of(twice).contains("IDENTITY_PROVIDERS has a member twice"));
}
