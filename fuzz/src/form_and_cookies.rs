//! The places of a user token in a request: the form, `Authorization: Bearer` and a cookie.

use lambda_http::http::{HeaderName, HeaderValue, Method, header};
use lambda_http::{Body, Request};
use zendesk_jwt::outcome::Malformed;
use zendesk_jwt::user::UserToken;
use zendesk_jwt::web::{MAX_BODY_BYTES, TokenPlace, cookie, user_token};

/// The name of the cookie.
pub const COOKIE: &str = "session";

/// A request has one user token, or none, or is malformed for one of four reasons. The first place with a token counts.
///
/// The data is a request as in HTTP/1.1 without CRs: a method, headers, an empty line and the body.
pub fn form_and_cookies(data: &[u8]) {
    let request = request(data);
    let places = TokenPlace::all(Some(COOKIE));
    let alone = places.iter().map(|place| found(&request, &[*place])).find(|found| *found != Ok(None));
    assert_eq!(found(&request, &places), alone.unwrap_or(Ok(None)));

    let body: &[u8] = request.body();
    let of_form = found(&request, &[TokenPlace::Form]);
    if request.method() != Method::POST || body.is_empty() {
        assert_eq!(of_form, Ok(None), "the request posts no form");
    } else if body.len() > MAX_BODY_BYTES {
        assert_eq!(of_form, Err(Malformed::TooLarge));
    } else if let Ok(Some(_)) = of_form {
        assert!(body.len() > "user_token=".len() && request.headers().contains_key(header::CONTENT_TYPE));
    }
    if let Ok(Some(hash)) = found(&request, &[TokenPlace::Cookie(COOKIE)]) {
        assert_eq!(cookie(&request, COOKIE).map(|value| UserToken::parse(value).unwrap().hash()), Some(hash));
    }
}

/// The hash of the user token.
fn found(request: &Request, places: &[TokenPlace<'_>]) -> Result<Option<String>, Malformed> {
    let token = user_token(request, places);
    if let Err(malformed) = token {
        let expected = [Malformed::UserTokenRepeated, Malformed::NotUtf8, Malformed::TooLarge, Malformed::MediaType];
        assert!(expected.contains(&malformed), "{malformed:?}");
    }
    Ok(token?.map(|token| token.hash()))
}

/// The request in these bytes. Lines that are not a header are ignored.
pub fn request(data: &[u8]) -> Request {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut request = Request::new(Body::Binary(body.to_vec()));
    *request.method_mut() = lines.next().and_then(|line| Method::from_bytes(line).ok()).unwrap_or_default();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            request.headers_mut().append(name, value);
        }
    }
    request
}
