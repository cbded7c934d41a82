//! The texts of the pages: one table per language, each in its own file.
//!
//! A table with a missing or surplus text does not compile. Texts for administrators are in English only: they quote
//! log codes and Admin Center.

use fluent_langneg::{NegotiationStrategy, negotiate_languages, parse_accepted_languages};
use lambda_http::Request;
use lambda_http::http::header::ACCEPT_LANGUAGE;
use unic_langid::LanguageIdentifier;

use super::number;
use super::return_to::Destination;
use zendesk_jwt_rules::zendesk_errors::Advice;

mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod ko;
mod nl;
mod pt_br;
mod zh_cn;

/// Every language. The first one is for browsers that want none of them.
static ALL: [&Texts; 10] = [
    &en::TEXTS,
    &de::TEXTS,
    &es::TEXTS,
    &fr::TEXTS,
    &it::TEXTS,
    &ja::TEXTS,
    &ko::TEXTS,
    &nl::TEXTS,
    &pt_br::TEXTS,
    &zh_cn::TEXTS,
];

/// A browser lists about ten languages. The header of a hostile client can list thousands.
const MAX_LANGUAGES: usize = 20;

/// The texts in one language.
#[derive(Debug)]
pub(super) struct Texts {
    /// The language's tag (BCP 47). The templates write every language from left to right.
    pub language: &'static str,
    /// Zendesk's ids of the language and its regional variants: <https://support.zendesk.com/api/v2/locales/public.json>
    pub locale_ids: &'static [u64],
    pub continue_button: &'static str,
    pub try_again: &'static str,
    pub go_to_login: &'static str,
    pub contact_support: &'static str,
    pub reference: &'static str,
    pub for_administrators: &'static str,
    pub signing_in: &'static str,
    pub one_moment: &'static str,
    pub to_help_center: &'static str,
    pub to_agent_workspace: &'static str,
    pub reload_hint: &'static str,
    pub sign_in_loop: Notice,
    pub signed_out: Notice,
    pub not_signed_in: Notice,
    pub refused: Notice,
    pub unavailable: Notice,
    pub invalid_request: Notice,
    pub address_not_allowed: Notice,
    pub account_not_set_up: Notice,
    pub used_already: Notice,
    pub took_too_long: Notice,
    pub too_many: Notice,
    pub not_accepted: Notice,
}

/// What happened, and what the person at the browser can do.
#[derive(Debug)]
pub(super) struct Notice {
    pub title: &'static str,
    pub text: &'static str,
}

impl Texts {
    pub(super) fn of_destination(&self, destination: Option<Destination>) -> &'static str {
        match destination {
            Some(Destination::HelpCenter) => self.to_help_center,
            Some(Destination::AgentWorkspace) => self.to_agent_workspace,
            None => self.one_moment,
        }
    }

    pub(super) fn of_advice(&self, advice: Advice) -> &Notice {
        match advice {
            Advice::AskToAllowAddress => &self.address_not_allowed,
            Advice::AskToCheckAccount => &self.account_not_set_up,
            Advice::ClickOnce => &self.used_already,
            Advice::TryAgain => &self.took_too_long,
            Advice::WaitAMinute => &self.too_many,
            Advice::AskForHelp => &self.not_accepted,
        }
    }
}

/// The tag of each language (BCP 47), and Zendesk's `locale_id` of it.
pub fn languages() -> impl Iterator<Item = (&'static str, u64)> {
    ALL.iter().filter_map(|texts| Some((texts.language, *texts.locale_ids.first()?)))
}

/// The languages, ready for negotiation.
#[derive(Debug)]
pub(super) struct Languages(Vec<Language>);

#[derive(Debug)]
struct Language {
    tag: LanguageIdentifier,
    texts: &'static Texts,
}

impl AsRef<LanguageIdentifier> for Language {
    fn as_ref(&self) -> &LanguageIdentifier {
        &self.tag
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag
    }
}

impl Languages {
    pub(super) fn all() -> Self {
        Self(ALL.iter().filter_map(|texts| Some(Language { tag: texts.language.parse().ok()?, texts })).collect())
    }

    /// The texts in the language that Zendesk's `locale_id` names, or else in the one that the browser prefers.
    pub(super) fn choose(&self, request: &Request) -> &'static Texts {
        let locale_id = number(request, "locale_id");
        let of_zendesk = ALL.iter().find(|texts| locale_id.is_some_and(|id| texts.locale_ids.contains(&id)));
        of_zendesk.copied().or_else(|| self.negotiate(request)).unwrap_or(ALL[0])
    }

    fn negotiate(&self, request: &Request) -> Option<&'static Texts> {
        let accepted = request.headers().get(ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut accepted = parse_accepted_languages(accepted);
        accepted.truncate(MAX_LANGUAGES);
        let best = negotiate_languages(&accepted, &self.0, None, NegotiationStrategy::Lookup);
        best.first().map(|language| language.texts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lambda_http::Body;

    use super::*;

    fn chosen(query: &str, accept_language: &str) -> &'static str {
        let request = lambda_http::http::Request::get(format!("https://sso.example.com/sso/login{query}"))
            .header(ACCEPT_LANGUAGE, accept_language);
        Languages::all().choose(&request.body(Body::Empty).unwrap()).language
    }

    #[test]
    fn the_browsers_first_language_with_texts_is_chosen() {
        for (accept_language, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en-GB,en;q=0.9,fr;q=0.8", "en"),
            ("pl-PL,pl;q=0.9,fr;q=0.8,en;q=0.7", "fr"),
            ("pt", "pt-BR"),
            ("pt-BR,pt;q=0.9", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("es-419", "es"),
            ("nl-BE", "nl"),
            ("it-CH", "it"),
            ("ja-JP", "ja"),
            ("ko-KR,ko", "ko"),
            ("zh-CN", "zh-CN"),
            ("zh-Hans-SG", "zh-CN"),
            ("zh", "zh-CN"),
            ("pl,sv", "en"),
            ("*", "en"),
            ("", "en"),
            ("not a language, ;;q=x, é", "en"),
        ] {
            assert_eq!(chosen("", accept_language), language, "{accept_language}");
        }
    }

    #[test]
    fn a_known_locale_id_of_zendesk_decides_before_the_browser() {
        for (query, language) in [
            ("?locale_id=8", "de"),
            ("?locale_id=16", "fr"),
            ("?locale_id=1&return_to=%2Fhc", "en"),
            ("?locale_id=13", "ja"),
            ("?locale_id=-8", "ja"),
            ("?locale_id=", "ja"),
            ("?locale_id=99999999999999999999999", "ja"),
            ("", "ja"),
        ] {
            assert_eq!(chosen(query, "ja"), language, "{query}");
        }
    }

    #[test]
    fn only_the_first_languages_of_a_long_header_are_read() {
        let with_german_at = |place| format!("{}de", "pl,".repeat(place - 1));
        assert_eq!(chosen("", &with_german_at(MAX_LANGUAGES)), "de");
        assert_eq!(chosen("", &with_german_at(MAX_LANGUAGES + 1)), "en");
    }

    #[test]
    fn every_language_has_its_own_tag_and_locale_ids() {
        let tags: BTreeSet<_> = Languages::all().0.iter().map(|language| language.tag.to_string()).collect();
        assert_eq!(tags, ALL.iter().map(|texts| texts.language.to_owned()).collect());
        assert_eq!(tags.len(), ALL.len());
        let ids: Vec<_> = ALL.iter().flat_map(|texts| texts.locale_ids).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}
