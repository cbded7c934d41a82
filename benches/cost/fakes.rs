//! Fakes of DynamoDB and Secrets Manager, with or without TLS, which count connections and calls.

use crate::server::{RecordedRequest, Reply, Server};
use crate::support::identity_provider::{AUDIENCE, ProviderKey};
use crate::support::jwt::signed;
use crate::support::server::tls;
use crate::support::{Kind, now, users};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, RwLock};
use tempfile::NamedTempFile;

const TABLE: &str = "user-tokens";

/// How the functions reach AWS: over TLS as in Lambda, or in plain text to count instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Tls,
    PlainText,
}

/// The AWS account of a measurement.
pub struct Aws {
    dynamodb: Server,
    secrets_manager: Server,
    transport: Transport,
    roots: Roots,
    state: Arc<State>,
    pub provider: Provider,
}

/// An identity provider over TLS, and an ID token of it.
pub struct Provider {
    server: Server,
    key: ProviderKey,
    pub token: String,
}

#[derive(Default)]
struct State {
    token_hashes: RwLock<HashSet<String>>,
    lookups: AtomicUsize,
    other_calls: AtomicUsize,
}

/// Calls and connections so far.
#[derive(Clone, Copy)]
pub struct Counts {
    pub lookups: usize,
    pub other_calls: usize,
    pub connections: usize,
}

impl Aws {
    /// A table with this many user tokens, from `token 0`.
    pub fn start(transport: Transport, tokens: usize) -> Self {
        let state = Arc::<State>::default();
        *state.token_hashes.write().unwrap() = (0..tokens).map(|number| users::token_hash(&token(number))).collect();
        let roots = Roots::new();
        let tls = (transport == Transport::Tls).then(|| Arc::clone(&roots.server));
        let (table, secrets) = (Arc::clone(&state), Arc::clone(&state));
        let dynamodb = Server::start(tls.clone(), move |request| Some(table.get_item(request)));
        let secrets_manager = Server::start(tls, move |request| Some(secrets.get_secret_value(request)));
        let provider = Provider::start(Arc::clone(&roots.server));
        Self { dynamodb, secrets_manager, transport, roots, state, provider }
    }

    /// The variables of a function that uses these fakes.
    pub fn environment(&self, kind: Kind) -> Vec<(&'static str, String)> {
        let url = |server: &Server| match self.transport {
            // A name and not an address, so that each start resolves a name, as with AWS.
            Transport::Tls => format!("https://localhost:{}", server.port()),
            Transport::PlainText => format!("http://127.0.0.1:{}", server.port()),
        };
        let mut variables = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", url(&self.dynamodb)),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", url(&self.secrets_manager)),
            ("USER_TOKENS_TABLE", TABLE.to_owned()),
            ("SIGNING_KEY_SECRET_ID", kind.name().to_owned()),
        ];
        if self.transport == Transport::Tls {
            let path = |file: &NamedTempFile| file.path().to_str().unwrap().to_owned();
            variables.push(("AWS_CA_BUNDLE", path(&self.roots.ours)));
            // The SDK's default client reads only this variable, and then does not use the system's roots.
            variables.push(("SSL_CERT_FILE", path(&self.roots.system_and_ours)));
        }
        variables
    }

    pub fn counts(&self) -> Counts {
        Counts {
            lookups: self.state.lookups.load(Ordering::Relaxed),
            other_calls: self.state.other_calls.load(Ordering::Relaxed),
            connections: self.dynamodb.connections() + self.secrets_manager.connections(),
        }
    }
}

impl Provider {
    fn start(tls: Arc<ServerConfig>) -> Self {
        let key = ProviderKey::new("RS256", "key-1");
        let keys = json!({ "keys": [key.jwk()] });
        let server = Server::start(Some(tls), move |request| {
            let issuer = format!("https://{}", request.header("host").unwrap_or_default());
            let is_keys = request.target().ends_with("/keys");
            let discovery = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") });
            Some(ok(if is_keys { &keys } else { &discovery }, "1.0"))
        });
        let mut provider = Self { server, key, token: String::new() };
        provider.token = provider.token_of("demo-1", now() + 24 * 60 * 60);
        provider
    }

    /// An ID token of this user.
    pub fn token_of(&self, external_id: &str, expires_at: u64) -> String {
        self.signed_with(external_id, expires_at, |message| self.key.sign(message))
    }

    /// The same with a signature of nobody.
    pub fn forged_token_of(&self, external_id: &str, expires_at: u64) -> String {
        self.signed_with(external_id, expires_at, |_| vec![7; 256])
    }

    fn signed_with(&self, external_id: &str, expires_at: u64, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let claims = json!({
            "iss": Self::issuer(&self.server), "aud": AUDIENCE, "sub": external_id, "exp": expires_at,
            "name": "Demo User", "email": "demo.user@example.com", "email_verified": true,
        });
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key.id });
        signed(&header.to_string(), &claims.to_string(), sign)
    }

    fn issuer(server: &Server) -> String {
        format!("https://localhost:{}", server.port())
    }

    /// The value of `IDENTITY_PROVIDERS`.
    pub fn configuration(&self) -> String {
        let audiences = ["sdk", "messaging", "sso"];
        json!([{ "issuer": Self::issuer(&self.server), "audience": AUDIENCE, "audiences": audiences }]).to_string()
    }
}

/// A user token in the table.
pub fn token(number: usize) -> String {
    format!("token {number}")
}

impl State {
    fn get_item(&self, request: &RecordedRequest) -> Reply {
        assert_eq!(request.header("x-amz-target"), Some("dynamodb_20120810.getitem"));
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let hash = body["Key"]["token_hash"]["S"].as_str().unwrap();
        let known = self.token_hashes.read().unwrap().contains(hash);
        let item = known.then(|| {
            let mut item = demo_item().clone();
            item["token_hash"]["S"] = hash.into();
            json!({ "Item": item })
        });
        ok(&item.unwrap_or_else(|| json!({})), "1.0")
    }

    fn get_secret_value(&self, request: &RecordedRequest) -> Reply {
        assert_eq!(request.header("x-amz-target"), Some("secretsmanager.getsecretvalue"));
        self.other_calls.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let kind = *Kind::ALL.iter().find(|kind| body["SecretId"] == kind.name()).unwrap();
        let value = json!({
            "ARN": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{}-a1b2c3", kind.name()),
            "Name": kind.name(),
            "SecretString": kind.signing_key(kind.secret()).to_string(),
            "VersionId": "00000000-0000-4000-8000-000000000001",
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": 1_790_000_000.0,
        });
        ok(&value, "1.1")
    }
}

/// The item of `make run`'s Demo User, without its token.
fn demo_item() -> &'static Value {
    static ITEM: OnceLock<Value> = OnceLock::new();
    ITEM.get_or_init(|| users::item("", &users::demo()))
}

fn ok(body: &Value, version: &str) -> Reply {
    let headers = format!(
        "content-type: application/x-amz-json-{version}\r\n\
         x-amzn-requestid: 0VQFNN8EVKAHMJ2DOBVTPKPRP7VV4KQNSO5AEMVJF66Q9ASUAAJG\r\n\
         date: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
    );
    Reply { status: "200 OK", headers, body: body.to_string() }
}

/// Two files of trusted roots, the test's own and the system's with it, and a server with a certificate of that root.
struct Roots {
    ours: NamedTempFile,
    system_and_ours: NamedTempFile,
    server: Arc<ServerConfig>,
}

impl Roots {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&key).unwrap();
        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = server.signed_by(&server_key, &Issuer::new(authority, key)).unwrap();
        let mut config = tls(vec![certificate.der().clone()], server_key);
        // Both AWS services choose HTTP/1.1.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
        let body = BASE64_STANDARD.encode(root.der());
        let root = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        Self { ours: file(&root), system_and_ours: file(&(system + &root)), server: Arc::new(config) }
    }
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}
