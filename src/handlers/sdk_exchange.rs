//! `sdk-exchange`: Zendesk's servers post a user token and get `{"jwt": "…"}`.
//!
//! <https://developer.zendesk.com/documentation/classic-web-widget-sdks/support-sdk/working-with-the-support-sdk/building-a-dedicated-jwt-endpoint-for-the-support-sdk/>

use std::net::IpAddr;

use ipnet::IpNet;
use lambda_http::{Body, Request, Response};
use serde::Serialize;

use super::{Answer, Chosen, Handler, Issuer, Observed, SigningKeys, UserTokens};
use crate::jwt::Kind;
use crate::jwt::sdk::{Sdk, SdkClaims};
use crate::jwt::signing::Jwt;
use crate::outcome::{Malformed, Outcome};
use crate::web::{self, TokenPlace};
use zendesk_jwt_rules::Configurations;

/// The handler of `sdk-exchange`.
pub struct SdkExchange<T, S> {
    issuer: Issuer<T, S>,
    configurations: Configurations<Settings>,
}

/// The settings of `sdk-exchange`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The networks that requests must come from; `None` accepts requests from anywhere.
    pub allowed_networks: Option<Vec<IpNet>>,
}

#[derive(Serialize)]
struct Exchanged {
    jwt: Jwt,
}

impl<T: UserTokens, S: SigningKeys<Sdk>> SdkExchange<T, S> {
    /// A handler that issues with `issuer`.
    pub fn new(issuer: Issuer<T, S>, configurations: Configurations<Settings>) -> Self {
        Self { issuer, configurations }
    }

    async fn exchange(&self, request: &Request, observed: &mut Observed) -> Result<Response<Body>, Outcome> {
        let Chosen { name, settings } = Chosen::of(&self.configurations, request, "sdk", "jwt")?;
        observed.configuration = name.cloned();
        web::expect_method(request, "POST")?;
        if let Some(networks) = &settings.allowed_networks {
            web::expect_source(request, networks)?;
        }
        let expected = "Send the user token in the form field user_token.";
        let token = web::user_token(request, &[TokenPlace::Form])?.ok_or(Malformed::UserTokenMissing { expected })?;
        // Made before the lookup, so that all refusals take equally long.
        let jti = self.issuer.unique_ids.next()?;
        let authorized = self.issuer.authorize::<Sdk>(&token, Kind::Sdk, name, observed).await?;
        let claims = SdkClaims::of(authorized.user(), self.issuer.clock.now(), jti)?;
        Ok(web::json(&Exchanged { jwt: authorized.key.sign(&claims)? }))
    }
}

impl<T: UserTokens, S: SigningKeys<Sdk>> Handler for SdkExchange<T, S> {
    async fn handle(&self, request: &Request) -> Answer {
        let mut observed = Observed::default();
        let exchanged = self.exchange(request, &mut observed).await;
        Answer::in_json(exchanged, observed)
    }

    fn warm_up_source(&self) -> Option<IpAddr> {
        self.configurations.unnamed.allowed_networks.as_ref()?.first().map(IpNet::addr)
    }
}
