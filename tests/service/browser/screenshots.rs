//! Screenshots of the pages, for the documents and for reviews of a change:
//! `SCREENSHOTS=docs/images cargo test --test service screenshots -- --ignored`

use super::pages::{on_every_page, prefer_colours};
use std::path::PathBuf;

use crate::support::chromium::WIDTHS;

#[test]
#[ignore = "writes files"]
fn take_screenshots() {
    let folder = PathBuf::from(std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS=folder"));
    std::fs::create_dir_all(&folder).unwrap();
    on_every_page(|world, name| {
        for width in WIDTHS {
            // As high as the page, but at least as high as a usual window.
            world.browser.resize(width, width.min(640));
            let height = world.browser.evaluate("return document.documentElement.scrollHeight");
            world.browser.resize(width, height.as_u64().unwrap().try_into().unwrap());
            for scheme in ["light", "dark"] {
                prefer_colours(world, scheme);
                std::fs::write(folder.join(format!("{name}-{scheme}-{width}.png")), world.browser.screenshot())
                    .unwrap();
            }
        }
    });
}
