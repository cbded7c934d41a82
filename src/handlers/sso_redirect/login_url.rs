//! The company's login page. Companies whose brands have login pages of their own choose one by a placeholder.

use url::{Origin, Url};
use zendesk_jwt_rules::ConfigurationName;

const BRAND_ID: &str = "{brand_id}";
const CONFIGURATION: &str = "{configuration}";

/// The address of a login page, which can have placeholders in its path and query.
#[derive(Clone, Debug)]
pub struct LoginUrl {
    url: Url,
    /// The address as written, if it has placeholders: the URL parser encodes their braces.
    template: Option<String>,
}

impl LoginUrl {
    /// The placeholders, for an error message.
    pub const PLACEHOLDERS: &str = "{brand_id} and {configuration}";

    /// The address `text`, which the URL parser read as `url`; `None` if another placeholder or brace is in it.
    #[must_use]
    pub fn new(text: &str, url: Url) -> Option<Self> {
        let rest = text.replace(BRAND_ID, "").replace(CONFIGURATION, "");
        let template = (rest != text).then(|| text.to_owned());
        (!rest.contains(['{', '}'])).then_some(Self { url, template })
    }

    /// The address for a user of this brand and configuration. A missing one leaves its place empty.
    #[must_use]
    pub fn of(&self, brand_id: Option<u64>, configuration: Option<&ConfigurationName>) -> Url {
        let Some(template) = &self.template else { return self.url.clone() };
        let brand_id = brand_id.map(|id| id.to_string()).unwrap_or_default();
        let configuration = configuration.map_or("", ConfigurationName::as_str);
        let address = template.replace(BRAND_ID, &brand_id).replace(CONFIGURATION, configuration);
        // Digits, letters and hyphens cannot make an address invalid.
        Url::parse(&address).unwrap_or_else(|_| self.url.clone())
    }

    /// The origin, which has no placeholders.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.url.origin()
    }
}

impl From<Url> for LoginUrl {
    /// An address without placeholders.
    fn from(url: Url) -> Self {
        Self { url, template: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login_url(text: &str) -> Option<LoginUrl> {
        LoginUrl::new(text, Url::parse(text).unwrap())
    }

    #[test]
    fn placeholders_in_path_and_query_are_replaced() {
        let name = ConfigurationName::parse("legacy").unwrap();
        let url = login_url("https://example.com/{configuration}/login?brand={brand_id}&b={brand_id}").unwrap();
        assert_eq!(url.of(Some(7), Some(&name)).as_str(), "https://example.com/legacy/login?brand=7&b=7");
        assert_eq!(url.of(None, None).as_str(), "https://example.com//login?brand=&b=");
        assert_eq!(url.origin().ascii_serialization(), "https://example.com");
        let plain = login_url("https://example.com/login").unwrap();
        assert_eq!(plain.of(Some(7), Some(&name)).as_str(), "https://example.com/login");
    }

    #[test]
    fn other_placeholders_are_refused() {
        for other in ["{brand}", "{}", "{", "}", "{brand_id", "{{brand_id}}", "{Brand_id}", "{brand_id}{x}"] {
            for place in ["/", "/?x="] {
                assert!(login_url(&format!("https://example.com{place}{other}")).is_none(), "{place}{other}");
            }
        }
    }
}
