//! The company on the pages: its name, logo, colour and support contact.

use url::Url;

/// The longest name of a company, in characters.
const MAX_NAME_CHARACTERS: usize = 60;

/// The colours of templates/base.html on which a button stands, in light and in dark, and those of its quiet text.
const CARDS: [Color; 2] = [Color([0xff, 0xff, 0xff]), Color([0x20, 0x26, 0x2c])];
const QUIET_TEXTS: [Color; 2] = [Color([0x52, 0x60, 0x6d]), Color([0xb8, 0xc2, 0xcc])];

const WHITE: Color = Color([0xff, 0xff, 0xff]);
const BLACK: Color = Color([0, 0, 0]);

/// The least contrast of text (WCAG 2.2, success criterion 1.4.3).
const TEXT_CONTRAST: f64 = 4.5;

/// The least contrast of a button with its surroundings (WCAG 2.2, success criterion 1.4.11).
const BUTTON_CONTRAST: f64 = 3.0;

/// The company on the pages. Without a brand the pages are neutral.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    pub(super) name: Option<String>,
    pub(super) logo: Option<Logo>,
    pub(super) support_url: Option<Url>,
    /// CSS that replaces the neutral colours, or an empty text.
    pub(super) colors: String,
}

impl Brand {
    /// A brand of these parts.
    #[must_use]
    pub fn new(name: Option<Name>, logo_url: Option<&Url>, color: Option<Color>, support_url: Option<Url>) -> Self {
        Self {
            name: name.map(|name| name.0),
            logo: logo_url.map(Logo::new),
            support_url,
            colors: color.map(Color::css).unwrap_or_default(),
        }
    }
}

/// The company's logo.
#[derive(Clone, Debug)]
pub(super) struct Logo {
    pub url: String,
    /// The source of the policy `img-src`.
    pub origin: String,
}

impl Logo {
    fn new(url: &Url) -> Self {
        Self { url: url.to_string(), origin: url.origin().ascii_serialization() }
    }
}

/// The company's name: up to 60 characters, without control characters.
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// What is expected, if `text` is too long or has a control character.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = text.chars().count() <= MAX_NAME_CHARACTERS && !text.chars().any(char::is_control);
        let problem = || format!("should be at most {MAX_NAME_CHARACTERS} characters without line breaks");
        fits.then(|| Self(text.to_owned())).ok_or_else(problem)
    }
}

/// A colour in sRGB: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

impl Color {
    /// Reads a colour such as `#17494d`.
    ///
    /// # Errors
    /// What is expected, if `text` is not `#` and six hex digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut channels = [0; 3];
        let digits = text.strip_prefix('#').unwrap_or_default();
        let problem = |_| format!("is `{text}`: it should be # and six hex digits, such as #17494d");
        hex::decode_to_slice(digits, &mut channels).map_err(problem)?;
        Ok(Self(channels))
    }

    /// The variables of templates/base.html for buttons of this colour.
    fn css(self) -> String {
        let text = if self.contrast(WHITE) >= TEXT_CONTRAST { WHITE } else { BLACK };
        let edge = |scheme: usize| {
            let stands_out = self.contrast(CARDS[scheme]) >= BUTTON_CONTRAST;
            if stands_out { self } else { QUIET_TEXTS[scheme] }
        };
        let [light, dark] = [0, 1].map(|scheme| edge(scheme).hex());
        format!(
            ":root{{--accent:{};--on-accent:{};--edge:{light}}}\
             @media(prefers-color-scheme:dark){{:root{{--edge:{dark}}}}}",
            self.hex(),
            text.hex()
        )
    }

    fn hex(self) -> String {
        format!("#{}", hex::encode(self.0))
    }

    /// The contrast ratio of WCAG 2.2.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The relative luminance of WCAG 2.2.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            value if value <= 0.04045 => value / 12.92,
            value => ((value + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrasts_are_those_of_wcag() {
        let contrast = |a, b| Color::parse(a).unwrap().contrast(Color::parse(b).unwrap());
        for (a, b, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#767676", "#ffffff", 4.54),
            ("#777777", "#ffffff", 4.48),
            ("#ff0000", "#FFFFFF", 4.0),
        ] {
            assert!((contrast(a, b) - expected).abs() < 0.005, "{a} on {b}: {}", contrast(a, b));
        }
    }

    proptest! {
        #[test]
        fn the_text_of_a_button_has_enough_contrast_in_every_colour(channels: [u8; 3]) {
            let color = Color(channels);
            let css = color.css();
            let text = if css.contains("--on-accent:#ffffff") { WHITE } else { BLACK };
            prop_assert!(color.contrast(text) >= TEXT_CONTRAST, "{css}");
        }

        #[test]
        fn a_button_stands_out_from_its_card_in_every_colour(channels: [u8; 3]) {
            let css = Color(channels).css();
            let edges = css.split("--edge:").skip(1).map(|rest| Color::parse(&rest[..7]).unwrap());
            for (edge, card) in edges.zip(CARDS) {
                prop_assert!(edge.contrast(card) >= BUTTON_CONTRAST, "{css}");
            }
        }
    }

    #[test]
    fn the_colours_of_the_template_are_known_here() {
        let template = include_str!("../../../templates/base.html");
        let values =
            |name: &str| -> Vec<_> { template.split(&format!("--{name}:")).skip(1).map(|rest| &rest[..7]).collect() };
        assert_eq!(values("card"), CARDS.map(Color::hex));
        assert_eq!(values("quiet"), QUIET_TEXTS.map(Color::hex));
    }
}
