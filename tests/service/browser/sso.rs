//! Signing in and out: Zendesk → login page → our page → Zendesk, and back to the page that was asked for.

use super::world::{World, in_a_browser};
use super::{sites, zendesk};
use crate::support::Request;

/// The first header of this name.
fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers_named(name).next()
}

/// The path and status of every request to the function.
fn visits(world: &World) -> Vec<(String, u16)> {
    world.http_api.visits().into_iter().map(|visit| (visit.request.path, visit.answer.status)).collect()
}

#[test]
fn a_visitor_of_the_agent_interface_returns_to_it_signed_in() {
    in_a_browser(|world| {
        world.browser.open("https://acme.zendesk.com/agent/tickets/1");
        world.arrives_at("https://acme.zendesk.com/agent/tickets/1");

        let post = world.zendesk.only_post();
        let jwt = post.field("jwt").unwrap();
        let fields = [
            ("jwt", jwt),
            ("return_to", "https://acme.zendesk.com/agent/tickets/1"),
            ("brand_id", "360000000001"),
            ("locale_id", "1"),
            ("timestamp", "1795168800"),
        ];
        assert_eq!(post.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(post.jwt().claim("name"), "Demo User");
        let login = ("/sso/login".to_owned(), 303);
        assert_eq!(visits(world), [login, ("/sso/login".to_owned(), 200)], "the browser visited the login page");
    });
}

#[test]
fn the_browser_itself_posts_the_form_with_the_jwt() {
    in_a_browser(|world| {
        world.log_in();
        world.browser.open(&zendesk::remote_login("/hc/en-us"));
        world.arrives_at("https://acme.zendesk.com/hc/en-us");

        let request = world.zendesk.only_post().request;
        assert_eq!((request.method.as_str(), request.query.as_str()), ("POST", ""), "the JWT is not in the address");
        assert_eq!(request.content_type(), Some("application/x-www-form-urlencoded"));
        assert_eq!(header(&request, "sec-fetch-mode"), Some("navigate"));
        assert_eq!(header(&request, "sec-fetch-dest"), Some("document"));
        assert_eq!(header(&request, "referer"), None, "Zendesk does not learn the address of our page");
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
fn the_visitor_returns_to_every_kind_of_page() {
    in_a_browser(|world| {
        world.log_in();
        for (return_to, page) in [
            ("/hc/en-us", "https://acme.zendesk.com/hc/en-us"),
            (
                "/hc/requests/new?subject=Tea%20%26%20milk&x=a+b#top",
                "https://acme.zendesk.com/hc/requests/new?subject=Tea%20%26%20milk&x=a+b#top",
            ),
            // With host mapping, Zendesk redirects to another host after the post.
            ("https://help.example.com/hc/de?page=2", "https://help.example.com/hc/de?page=2"),
        ] {
            world.browser.open(&zendesk::remote_login(return_to));
            world.arrives_at(page);
        }
    });
}

#[test]
fn without_query_parameters_only_the_jwt_is_posted() {
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
        let left = world.browser.cookies().into_iter().filter(|cookie| cookie["name"] == sites::COOKIE);
        assert_eq!(left.count(), 0, "the cookie is gone, though its domain is that of the whole company");
    });
}
