//! The company on the pages of sign-in: options of `local`, and fields of the workbench.

use url::Url;

use zendesk_jwt::config;
use zendesk_jwt::handlers::sso_redirect::brand::{Brand, Color, Name};
use zendesk_jwt_simulator::web;

/// The names of the variables, as fields of a form.
pub(super) const FIELDS: [(&str, &str); 4] = [
    ("BRAND_NAME", "Acme"),
    ("BRAND_LOGO_URL", "https://www.example.com/logo.svg"),
    ("BRAND_COLOR", "#17494d"),
    ("SUPPORT_URL", "mailto:help@example.com"),
];

/// What the pages of sign-in show of the company.
#[derive(Debug, clap::Args)]
pub(super) struct BrandArguments {
    /// The company's name on the pages of sign-in
    #[arg(long, value_name = "NAME", env = "BRAND_NAME", value_parser = Name::parse)]
    brand_name: Option<Name>,

    /// The address of the company's logo
    #[arg(long, value_name = "URL", env = "BRAND_LOGO_URL", value_parser = config::web_address)]
    brand_logo_url: Option<Url>,

    /// The colour of buttons, such as #17494d
    #[arg(long, value_name = "COLOR", env = "BRAND_COLOR", value_parser = Color::parse)]
    brand_color: Option<Color>,

    /// The company's support page, or mailto: and an e-mail address
    #[arg(long, value_name = "URL", env = "SUPPORT_URL", value_parser = config::support_url)]
    support_url: Option<Url>,
}

impl BrandArguments {
    pub(super) fn brand(&self) -> Brand {
        let Self { brand_name, brand_logo_url, brand_color, support_url } = self;
        Brand::new(brand_name.clone(), brand_logo_url.as_ref(), *brand_color, support_url.clone())
    }
}

/// Reads a brand from a query. An empty field counts as not set, and without any field there is no brand.
pub(super) fn of_query(query: &[u8]) -> Result<Option<Brand>, String> {
    fn read<T>(query: &[u8], name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
        let value = web::field(query, name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        value.map(|value| parse(&value).map_err(|problem| format!("{name} {problem}"))).transpose()
    }
    if FIELDS.iter().all(|(name, _)| web::field(query, name).is_none()) {
        return Ok(None);
    }
    let name = read(query, "BRAND_NAME", Name::parse)?;
    let logo_url = read(query, "BRAND_LOGO_URL", config::web_address)?;
    let color = read(query, "BRAND_COLOR", Color::parse)?;
    let support_url = read(query, "SUPPORT_URL", config::support_url)?;
    Ok(Some(Brand::new(name, logo_url.as_ref(), color, support_url)))
}
