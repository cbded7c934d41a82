//! `secret check --ask-zendesk`: whether the stored SSO secret is the one that Zendesk has.

use url::Url;

use crate::aws::{Clients, SigningKeySecret};
use crate::problem::{Problem, said, usage_error};
use crate::users::{email_address, external_id};
use crate::zendesk::{self, Outcome, Post, RETURN_TO};
use zendesk_jwt::config;
use zendesk_jwt::jwt::signing::{SigningKey, SigningKeyProblem};
use zendesk_jwt::jwt::sso::{self, CustomRole, SsoClaims};
use zendesk_jwt::jwt::{Clock as _, JtiSource as _, RandomJti, SystemClock};
use zendesk_jwt::user::{Email, EmailAddress, ExternalId, Name, User};
use zendesk_jwt_rules::{ConfigurationName, Kind};
use zendesk_jwt_simulator::Client;

#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    #[command(flatten)]
    pub(super) options: zendesk::Options,

    /// The Zendesk account to ask, such as acme for acme.zendesk.com
    #[arg(long, value_name = "NAME", value_parser = |text: &str| said(config::zendesk_origin(text)))]
    zendesk_subdomain: Option<Url>,

    /// A simulated Zendesk on this machine, to ask instead
    #[arg(long, value_name = "URL", value_parser = |text: &str| said(config::simulated_zendesk(text)))]
    #[arg(conflicts_with = "zendesk_subdomain")]
    zendesk_url: Option<Url>,

    /// The e-mail address of the user that Zendesk creates or updates: a test user, and not an agent
    #[arg(long, value_name = "ADDRESS", value_parser = email_address)]
    email: Option<EmailAddress>,

    /// The name of that user [default: zendesk-jwt test]
    #[arg(long, value_parser = |text: &str| Name::parse(text).ok_or("a name is not blank"))]
    name: Option<Name>,

    /// Your own id of that user
    #[arg(long, value_name = "ID", value_parser = external_id)]
    external_id: Option<ExternalId>,
}

impl Ask {
    /// Signs for the user that the operator names, and asks Zendesk once.
    pub(super) async fn zendesk(
        &self,
        clients: &Clients,
        secret_id: String,
        configuration: Option<&ConfigurationName>,
    ) -> Result<Outcome, Problem> {
        let Some(zendesk) = self.zendesk_subdomain.as_ref().or(self.zendesk_url.as_ref()) else {
            usage_error("name the account that --ask-zendesk asks: --zendesk-subdomain NAME");
        };
        let Some(email) = self.email.clone() else {
            usage_error("name the test user that --ask-zendesk signs for: --email ADDRESS");
        };
        let failed = |error: &dyn std::fmt::Display| Problem(format!("Zendesk was not asked: {error}"));
        let value = SigningKeySecret::new(clients, secret_id).read().await?;
        let keys = SigningKey::parse_all(&value);
        let missing = || failed(&SigningKeyProblem::missing(Kind::Sso, configuration));
        let key = keys.get(configuration).ok_or_else(missing)?.as_ref().map_err(|problem| failed(problem))?;
        // Role, tags and organisations stay out, so that the user keeps those in Zendesk.
        let user = User {
            external_id: self.external_id.clone(),
            name: self.name.clone().or_else(|| Name::parse("zendesk-jwt test")),
            email: Some(Email::new(email, true)),
            ..User::default()
        };
        let jti = RandomJti.next().map_err(|error| failed(&error))?;
        let claims = SsoClaims::of(&user, SystemClock.now(), jti, CustomRole::Optional);
        let claims = claims.map_err(|_| failed(&"the user cannot have an SSO JWT"))?;
        let jwt = key.sign(&claims).map_err(|error| failed(&error))?;
        let fields = [("jwt", jwt.as_str()), ("return_to", RETURN_TO)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = zendesk.join(sso::ENDPOINT).map_err(|error| failed(&error))?;
        let post = Post { url: &url, fields: &fields, help_centers: &[] };
        self.options.permit(&post, None).map_err(|not_posted| failed(&not_posted.reason))?;
        let client = Client::new(None).map_err(|error| failed(&error))?;
        Ok(post.outcome(client.post(post.request()).await))
    }
}
