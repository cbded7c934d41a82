//! Reading requests: user token, form, cookies, query, address and source.

use std::borrow::Cow;
use std::net::IpAddr;

use cookie::Cookie;
use ipnet::IpNet;
use lambda_http::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use lambda_http::http::{HeaderValue, Method};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use percent_encoding::{percent_decode, percent_decode_str};
use url::Url;

use crate::outcome::{Malformed, Refused};
use crate::user::{InvalidUserToken, UserToken};

/// The longest accepted body, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024;

/// A place where a request can carry its user token.
#[derive(Clone, Copy, Debug)]
pub enum TokenPlace<'a> {
    /// The field `user_token` of a posted form.
    Form,
    /// `Authorization: Bearer` (RFC 6750, section 2.1).
    Bearer,
    /// The cookie of this name. Its value is the token itself, without any decoding.
    Cookie(&'a str),
}

impl<'a> TokenPlace<'a> {
    /// All places, in the order in which they are read; the cookie only if it has a name.
    pub fn all(cookie: Option<&'a str>) -> Vec<Self> {
        [Self::Form, Self::Bearer].into_iter().chain(cookie.map(Self::Cookie)).collect()
    }
}

/// The user token in the first of `places` that has one, or `None`.
///
/// # Errors
/// If a place holds several tokens, the form cannot be read, or the token is too long.
pub fn user_token(request: &Request, places: &[TokenPlace<'_>]) -> Result<Option<UserToken>, Malformed> {
    for place in places {
        let found = match place {
            TokenPlace::Form => {
                let tokens = form(request)?.filter(|(name, _)| name == "user_token");
                only_one(tokens.map(|(_, value)| value.into_owned()))?
            }
            TokenPlace::Bearer => only_one(bearer_tokens(request))?,
            TokenPlace::Cookie(name) => only_value(cookies(request, name))?,
        };
        match found.map(UserToken::parse) {
            Some(Ok(token)) => return Ok(Some(token)),
            Some(Err(InvalidUserToken::TooLong)) => return Err(Malformed::TooLarge),
            Some(Err(InvalidUserToken::Empty)) | None => {}
        }
    }
    Ok(None)
}

/// Refuses methods that are not in `allow`, a list as in the header `Allow`: `GET, POST`.
///
/// # Errors
/// If the request has another method.
pub fn expect_method(request: &Request, allow: &'static str) -> Result<(), Malformed> {
    let allowed = allow.split(", ").any(|method| method == request.method().as_str());
    if allowed { Ok(()) } else { Err(Malformed::Method { allow }) }
}

/// Refuses requests from outside `networks`.
///
/// # Errors
/// If the source address is outside all of them, or unknown.
pub fn expect_source(request: &Request, networks: &[IpNet]) -> Result<(), Refused> {
    let is_allowed = |address: IpAddr| networks.iter().any(|network| network.contains(&address));
    if source_address(request).is_some_and(is_allowed) { Ok(()) } else { Err(Refused::SourceAddressNotAllowed) }
}

/// Refuses what a browser fetches for a script, an image or a frame (Fetch Metadata, `Sec-Fetch-Dest`), or before the
/// user opens it (`Sec-Purpose: prefetch`; older browsers send `Purpose`).
///
/// # Errors
/// If the answer would not become the page in the browser's window.
pub fn expect_page(request: &Request) -> Result<(), Malformed> {
    let values = |name: &str| request.headers().get_all(name).into_iter();
    let is_page = values("sec-fetch-dest").all(|destination| destination == "document");
    let is_prefetch = |purpose: &HeaderValue| {
        let purpose = purpose.as_bytes().to_ascii_lowercase();
        purpose.split(|byte| b";, ".contains(byte)).any(|word| word == b"prefetch")
    };
    let is_prefetched = values("sec-purpose").chain(values("purpose")).any(is_prefetch);
    if is_page && !is_prefetched { Ok(()) } else { Err(Malformed::NotAPage) }
}

/// The value of the first cookie of this name.
pub fn cookie(request: &Request, name: &str) -> Option<String> {
    cookies(request, name).next()
}

/// Lambda's id of this invocation; empty outside Lambda.
pub fn request_id(request: &Request) -> &str {
    request.lambda_context_ref().map_or("", |context| &context.request_id)
}

/// The caller's address as API Gateway or the function URL reports it.
///
/// A load balancer reports the address only in the header `X-Forwarded-For`, which the caller can forge.
fn source_address(request: &Request) -> Option<IpAddr> {
    let reported = match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
        _ => None,
    };
    reported?.parse().ok()
}

/// The fields of a posted form in their order; empty if the request has no body.
fn form(request: &Request) -> Result<form_urlencoded::Parse<'_>, Malformed> {
    let body: &[u8] = request.body();
    if request.method() != Method::POST || body.is_empty() {
        return Ok(form_urlencoded::parse(b""));
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(Malformed::TooLarge);
    }
    if !is_form(request) {
        return Err(Malformed::MediaType);
    }
    // The form parser replaces bytes that are not UTF-8, which would change the token.
    if percent_decode(body).decode_utf8().is_err() {
        return Err(Malformed::NotUtf8);
    }
    Ok(form_urlencoded::parse(body))
}

/// The address that the client used, without its query, if the host is known.
///
/// `lambda_http` puts the stage into the URI, though a client that uses a custom domain does not.
pub fn address(request: &Request) -> Option<Url> {
    let reported = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            context.domain_name.as_deref().zip(Some(request.raw_http_path()))
        }
        Some(RequestContext::ApiGatewayV1(context)) => context.domain_name.as_deref().zip(context.path.as_deref()),
        _ => None,
    };
    let uri = request.uri();
    // `sam local` reports the domain `localhost`, without the port.
    let address = match reported.filter(|(domain, _)| domain.contains('.')) {
        Some((domain, path)) => format!("https://{domain}{path}"),
        None if uri.host().is_some() => uri.to_string(),
        // With a load balancer's multi-value headers, `lambda_http` leaves the host out of the URI.
        None => format!("https://{}{uri}", request.headers().get(HOST)?.to_str().ok()?),
    };
    let mut address = Url::parse(&address).ok()?;
    address.set_query(None);
    Some(address)
}

/// The segment of the path between `before` and `after`, if the path ends with these three, as in `/sdk/ios/jwt`.
///
/// The path can begin with the stage of a REST API or the base path of a custom domain. `/sdk/sdk/jwt` is `/sdk/jwt`
/// below such a base path.
pub fn segment_between<'a>(request: &'a Request, before: &str, after: &str) -> Option<Cow<'a, str>> {
    let mut segments = request.uri().path().rsplit('/').filter(|segment| !segment.is_empty());
    let mut next = || Some(percent_decode_str(segments.next()?).decode_utf8_lossy());
    let (last, between, first) = (next()?, next()?, next()?);
    (last == after && first == before && between != before).then_some(between)
}

/// The first value of a query parameter. Bytes that are not UTF-8 are replaced.
pub fn query_value(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| value.parse::<mime::Mime>().ok())
        .is_some_and(|media_type| media_type.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.essence_str())
}

fn bearer_tokens(request: &Request) -> impl Iterator<Item = String> {
    request.headers().get_all(AUTHORIZATION).into_iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    })
}

/// The values of the cookies of this name. Pairs that are not cookies, or not UTF-8, are skipped one by one, because
/// other applications of the same domain can set them.
fn cookies<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let headers = request.headers().get_all(COOKIE).into_iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let cookies = pairs.filter_map(|pair| Cookie::parse(std::str::from_utf8(pair).ok()?).ok());
    cookies.filter(move |cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// The value of a cookie. A browser sends a cookie twice if a parent domain has set it as well.
fn only_value(mut values: impl Iterator<Item = String>) -> Result<Option<String>, Malformed> {
    let first = values.next();
    if values.all(|value| Some(value) == first) { Ok(first) } else { Err(Malformed::UserTokenRepeated) }
}

fn only_one(mut values: impl Iterator<Item = String>) -> Result<Option<String>, Malformed> {
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Malformed::UserTokenRepeated),
        (first, None) => Ok(first),
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;
    use lambda_http::http::header::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn request(header: HeaderName, value: &str, body: &str) -> Request {
        let request = lambda_http::http::Request::post("https://example.com/").header(header, value);
        request.body(Body::from(body)).unwrap()
    }

    fn posted(body: &str) -> Request {
        request(CONTENT_TYPE, "application/x-www-form-urlencoded", body)
    }

    fn hash(request: &Request, places: &[TokenPlace<'_>]) -> Option<String> {
        user_token(request, places).unwrap().map(|token| token.hash())
    }

    proptest! {
        #[test]
        fn a_form_carries_any_text_unchanged(text in "\\PC{1,200}|[\u{0}-\u{20}&=+%;\u{10FFFF}]{1,50}") {
            let body = form_urlencoded::Serializer::new(String::new())
                .append_pair("other", &text).append_pair("user_token", &text).finish();
            let sent = UserToken::parse(text).unwrap().hash();
            prop_assert_eq!(hash(&posted(&body), &[TokenPlace::Form]), Some(sent));
        }

        #[test]
        fn reading_a_form_never_panics(body in any::<Vec<u8>>()) {
            let mut request = posted("");
            *request.body_mut() = Body::Binary(body);
            user_token(&request, &[TokenPlace::Form]).ok();
        }

        #[test]
        fn reading_a_cookie_never_panics(value in "[\\x20-\\x7E]{0,100}") {
            user_token(&request(COOKIE, &value, ""), &[TokenPlace::Cookie("session")]).ok();
        }
    }

    #[test]
    fn the_configuration_is_the_segment_before_the_last() {
        let between = |path: &str| {
            let request = lambda_http::http::Request::get(format!("https://example.com{path}"));
            let request = request.body(Body::Empty).unwrap();
            segment_between(&request, "sdk", "jwt").map(Cow::into_owned)
        };
        for path in ["/sdk/ios/jwt", "/prod/sdk/ios/jwt", "/sdk/ios/jwt/", "/sdk//ios/jwt", "/sdk/i%6Fs/jwt"] {
            assert_eq!(between(path).as_deref(), Some("ios"), "{path}");
        }
        for path in ["/", "/sdk/jwt", "/prod/sdk/jwt", "/sdk/sdk/jwt", "/sso/ios/jwt", "/sdk/ios/jwt/x", "/sdk/a/b/jwt"]
        {
            assert_eq!(between(path), None, "{path}");
        }
        assert_eq!(between("/sdk/%2F/jwt").as_deref(), Some("/"));
    }

    #[test]
    fn the_form_is_read_before_the_bearer_token_and_the_cookie_last() {
        let mut all = posted("user_token=form");
        all.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer bearer"));
        all.headers_mut().insert(COOKIE, HeaderValue::from_static("session=cookie"));
        let places = TokenPlace::all(Some("session"));
        for place in ["form", "bearer", "cookie"] {
            assert_eq!(hash(&all, &places), Some(UserToken::parse(place).unwrap().hash()));
            match place {
                "form" => *all.body_mut() = Body::Empty,
                _ => drop(all.headers_mut().remove(AUTHORIZATION)),
            }
        }
    }

    #[test]
    fn two_different_cookies_or_bearer_tokens_are_refused() {
        let twice = request(COOKIE, "session=a; session=b", "");
        assert_eq!(user_token(&twice, &[TokenPlace::Cookie("session")]).unwrap_err(), Malformed::UserTokenRepeated);
        let mut twice = request(AUTHORIZATION, "Bearer a", "");
        twice.headers_mut().append(AUTHORIZATION, HeaderValue::from_static("bearer b"));
        assert_eq!(user_token(&twice, &[TokenPlace::Bearer]).unwrap_err(), Malformed::UserTokenRepeated);
    }
}
