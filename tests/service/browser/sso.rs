//! Signing in and out: Zendesk → login page → our page → Zendesk, and back to the page that was asked for.

use super::world::{World, in_a_browser};
use super::{company, zendesk};
use crate::support::Request;

/// What the JWT endpoint was asked, as far as the browser says how the request came about.
fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers_named(name).next()
}

/// The path and status of everything that the function was asked.
fn visits(world: &World) -> Vec<(String, u16)> {
    world.front_door.visits().into_iter().map(|visit| (visit.request.path, visit.answer.status)).collect()
}

#[test]
fn a_visitor_of_the_agent_interface_comes_back_to_it_signed_in() {
    in_a_browser(|world| {
        world.browser.open("https://acme.zendesk.com/agent/tickets/1");
        world.arrives_at("https://acme.zendesk.com/agent/tickets/1");

        let post = world.zendesk.only_post();
        let jwt = post.field("jwt").unwrap();
        let fields = [
            ("jwt", jwt),
            ("return_to", "https://acme.zendesk.com/agent/tickets/1"),
            ("brand_id", "360000000001"),
            ("locale_id", "8"),
            ("timestamp", "1795168800"),
        ];
        assert_eq!(post.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(post.jwt().claim("name"), "Demo User");
        let login = ("/sso/login".to_owned(), 303);
        assert_eq!(visits(world), [login, ("/sso/login".to_owned(), 200)], "the login page was on the way");
    });
}

#[test]
fn the_jwt_comes_in_a_form_that_the_browser_itself_posts() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.arrives_at("https://acme.zendesk.com/hc/en-us");

        let request = world.zendesk.only_post().request;
        assert_eq!((request.method.as_str(), request.query.as_str()), ("POST", ""), "no JWT in an address");
        assert_eq!(request.content_type(), Some("application/x-www-form-urlencoded"));
        assert_eq!(header(&request, "sec-fetch-mode"), Some("navigate"));
        assert_eq!(header(&request, "sec-fetch-dest"), Some("document"));
        assert_eq!(header(&request, "referer"), None, "where the visitor comes from is nobody's business");
    });
}

#[test]
fn a_visitor_with_a_session_sees_no_login_page() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.arrives_at("https://acme.zendesk.com/hc/en-us");

        assert_eq!(visits(world), [("/sso/login".to_owned(), 200)]);
    });
}

#[test]
fn every_kind_of_page_is_come_back_to() {
    in_a_browser(|world| {
        world.log_in();
        for (return_to, page) in [
            ("/hc/en-us", "https://acme.zendesk.com/hc/en-us"),
            (
                "/hc/requests/new?subject=Tea%20%26%20milk&x=a+b#top",
                "https://acme.zendesk.com/hc/requests/new?subject=Tea%20%26%20milk&x=a+b#top",
            ),
            // Host mapping: Zendesk sends the browser on to another host after the post.
            ("https://help.example.com/hc/de?page=2", "https://help.example.com/hc/de?page=2"),
        ] {
            world.browser.open(&zendesk::remote_login(return_to));
            world.arrives_at(page);
        }
    });
}

#[test]
fn a_login_address_without_anything_posts_nothing_but_the_jwt() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open("https://sso.example.com/sso/login");
        world.arrives_at("https://acme.zendesk.com/hc");

        assert_eq!(world.zendesk.only_post().field_names(), ["jwt"]);
    });
}

#[test]
fn signing_out_of_zendesk_ends_the_session_on_the_companys_site() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open("https://acme.zendesk.com/access/logout");
        world.arrives_at("https://www.example.com/bye");

        world.reads("signed out");
        let left = world.browser.cookies().into_iter().filter(|cookie| cookie["name"] == company::COOKIE);
        assert_eq!(left.count(), 0, "the cookie was set for the company's whole domain");
    });
}
