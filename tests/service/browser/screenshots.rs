//! Screenshots of the pages, for the documents and for reviews of a change:
//! `SCREENSHOTS=docs/images cargo test --test service screenshots -- --ignored`

use super::company;
use super::pages::on_every_page_with;
use std::path::PathBuf;

use crate::support::chromium::WIDTHS;

#[test]
#[ignore = "writes files"]
fn take_screenshots() {
    let folder = PathBuf::from(std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS=folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let long_name = [("BRAND_NAME", company::LONG_NAME), ("BRAND_COLOR", "#1d4ed8")];
    let looks = [
        ("neutral", &[][..], "en"),
        ("brand", &company::BRAND[..], "de"),
        ("brand", &company::BRAND[..], "ja"),
        ("long-name", &long_name[..], "en"),
    ];
    for (look, environment, language) in looks {
        on_every_page_with(environment, language, |world, name| {
            for width in WIDTHS {
                // As high as the page, but at least as high as a usual window.
                world.browser.resize(width, width.min(640));
                let height = world.browser.evaluate("return document.documentElement.scrollHeight");
                world.browser.resize(width, height.as_u64().unwrap().try_into().unwrap());
                for scheme in ["light", "dark"] {
                    world.browser.prefer_colours(scheme);
                    let file = folder.join(format!("{look}-{language}-{name}-{scheme}-{width}.png"));
                    std::fs::write(file, world.browser.screenshot()).unwrap();
                }
            }
        });
    }
}
