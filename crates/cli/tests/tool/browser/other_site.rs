//! A page of another origin, in the browser of a person who runs `zendesk-jwt local`.

use crate::local::Local;
use crate::support::chromium::{Chromium, Programs};
use crate::support::eventually;
use crate::support::server::Server;
use axum::Router;
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_mins(1);

const TABLE: &str = "zendesk-jwt-user-tokens";

/// Tries every way in which a page can send a request, and returns what it could read.
const ATTACK: &str = r"
    const [port, table] = [PORT, 'TABLE'];
    const paths = ['/', '/users', '/faults', '/inspect', '/login', '/hc', '/sdk', '/messaging', '/sdk/jwt', '/messaging/jwt'];
    const amz = (operation) => ({ 'x-amz-target': `DynamoDB_20120810.${operation}`, 'content-type': 'application/x-amz-json-1.0' });
    const form = (fields) => new URLSearchParams(fields);
    const requests = [
        ...paths.map((path) => [path, {}]),
        ...paths.map((path) => [path, { method: 'POST', body: form({ user_token: 'BD2F35A7621' }) }]),
        ...paths.map((path) => [path, { credentials: 'include' }]),
        ['/', { method: 'POST', headers: amz('Scan'), body: JSON.stringify({ TableName: table }) }],
        ['/', { method: 'POST', headers: amz('PutItem'), body: JSON.stringify({ TableName: table, Item: { token_hash: { S: 'evil' } } }) }],
        ['/', { method: 'POST', body: JSON.stringify({ TableName: table }) }],
        ['/faults/switch', { method: 'POST', body: form({ fault: 'clock-ahead', on: 'true' }) }],
        ['/users/add', { method: 'POST', body: form({ name: 'Evil', external_id: 'evil', audience: 'sso' }) }],
        ['/messaging/identities', { method: 'POST', body: form({ email: 'demo@example.com', external_id: 'evil' }) }],
        ['/simulator/next-error', { method: 'POST', body: form({ message: 'User is invalid: Phone: is invalid' }) }],
    ];
    const attempts = requests.flatMap(([path, options]) => ['cors', 'no-cors'].map(async (mode) => {
        try {
            const response = await fetch(`http://127.0.0.1:${port}${path}`, { mode, ...options });
            const text = await response.text();
            return text && `${mode} ${path}: ${text}`;
        } catch {
            return '';
        }
    }));
    return Promise.all(attempts).then((read) => read.filter(Boolean))";

#[test]
fn a_page_of_another_origin_reads_and_changes_nothing_on_any_port() {
    let Some(programs) = Programs::find() else { return };
    let local = Local::start(&[]);
    let other_site = Server::of(Router::new().fallback(async || axum::response::Html("<title>Another site</title>")));
    let browser = Chromium::on_this_machine(&programs, &json!({}));
    // With the session cookie, requests of the other site have all that a browser can add.
    browser.open(&format!("{}/login", local.url()));
    browser.click("button[value=BD2F35A7621]");
    let help_center = format!("{}/hc", local.aws("Zendesk"));
    // Without the wait, the log-in could replace the other site.
    eventually("the user is logged in", WITHIN, || (browser.address() == help_center).then_some(()));
    let table = || {
        let (status, body) = local.call("DynamoDB", "DynamoDB_20120810.Scan", &json!({ "TableName": TABLE }));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let before = table();

    browser.open(&other_site.url());
    let ports = local.listening_ports();
    assert_eq!(ports.len(), 2);
    for port in ports {
        let script = ATTACK.replace("PORT", &port.to_string()).replace("TABLE", TABLE);
        assert_eq!(browser.evaluate(&script), json!([]), "port {port}");
    }

    assert_eq!(table(), before);
    browser.open(&format!("{}/faults", local.url()));
    assert!(!browser.text().contains("set now"));
    browser.open(&help_center);
    assert_eq!(browser.evaluate("return document.getElementById('next-error').value"), "");
    browser.open(&format!("{}/messaging", local.aws("Zendesk")));
    browser.click("#log-in");
    eventually("the address still belongs to the user", WITHIN, || {
        browser.text().contains("✓ authenticated").then_some(())
    });
}
