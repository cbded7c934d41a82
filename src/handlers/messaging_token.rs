//! `messaging-token`: the company's site or app fetches the JWT that logs its visitor in to messaging.
//!
//! <https://developer.zendesk.com/documentation/zendesk-web-widget-sdks/sdks/web/enabling_auth_visitors/>, "Requesting the JWT"

use lambda_http::{Body, Request, Response};
use serde::Serialize;

use super::{Answer, Chosen, Handler, Issuer, Observed, SigningKeys, UserTokens};
use crate::jwt::messaging::{Messaging, MessagingClaims};
use crate::jwt::signing::Jwt;
use crate::jwt::{EpochSeconds, Kind};
use crate::outcome::{Malformed, Outcome};
use crate::web::{self, TokenPlace};
use zendesk_jwt_rules::Configurations;

/// The handler of `messaging-token`.
pub struct MessagingToken<T, S> {
    issuer: Issuer<T, S>,
    configurations: Configurations<Settings>,
}

/// The settings of `messaging-token`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a JWT is valid, in seconds. The widget fetches a new one when it has expired.
    pub token_ttl: u64,
    /// The name of the cookie that can carry the user token.
    pub session_cookie: Option<String>,
    /// The origins whose pages may fetch their visitor's JWT.
    pub allowed_origins: Vec<String>,
}

#[derive(Serialize)]
struct Issued {
    jwt: Jwt,
    expires_at: EpochSeconds,
}

impl<T: UserTokens, S: SigningKeys<Messaging>> MessagingToken<T, S> {
    /// A handler that issues with `issuer`.
    pub fn new(issuer: Issuer<T, S>, configurations: Configurations<Settings>) -> Self {
        Self { issuer, configurations }
    }

    async fn issue(
        &self,
        request: &Request,
        Chosen { name, settings }: Chosen<'_, Settings>,
        observed: &mut Observed,
    ) -> Result<Response<Body>, Outcome> {
        web::expect_method(request, "POST")?;
        let places = TokenPlace::all(settings.session_cookie.as_deref());
        let token = web::user_token(request, &places)?.ok_or(Malformed::UserTokenMissing {
            expected: "Send the user token in the form field user_token, as Authorization: Bearer, or in the session cookie.",
        })?;
        let authorized = self.issuer.authorize::<Messaging>(&token, Kind::Messaging, name, observed).await?;
        let latest = self.issuer.clock.now().plus(settings.token_ttl);
        let expires_at = authorized.record.expires_at.map_or(latest, |token_expires_at| token_expires_at.min(latest));
        let claims = MessagingClaims::of(authorized.user(), expires_at)?;
        Ok(web::json(&Issued { jwt: authorized.key.sign(&claims)?, expires_at }))
    }
}

impl<T: UserTokens, S: SigningKeys<Messaging>> Handler for MessagingToken<T, S> {
    async fn handle(&self, request: &Request) -> Answer {
        let mut observed = Observed::default();
        let chosen = match Chosen::of(&self.configurations, request, "messaging", "jwt") {
            Ok(chosen) => chosen,
            Err(unknown) => return Answer::in_json(Err(unknown.into()), observed),
        };
        observed.configuration = chosen.name.cloned();
        let allowed_origins = &chosen.settings.allowed_origins;
        let answer = if web::is_preflight(request) {
            Answer { outcome: Outcome::Preflight, response: web::preflight(), observed }
        } else {
            let issued = self.issue(request, chosen, &mut observed).await;
            Answer::in_json(issued, observed)
        };
        let response = web::with_cors(answer.response, request, allowed_origins);
        Answer { response, ..answer }
    }
}
