//! The company's site and a foreign one, and the answers of all fake sites.

use crate::support::{Answer, Request};

/// `https://www.example.com`: the company's site. Its login page sets the session cookie.
pub const COMPANY: &str = "www.example.com";

/// `https://cdn.example.com`, with the company's logo.
pub const LOGO_HOST: &str = "cdn.example.com";
pub const LOGO_URL: &str = "https://cdn.example.com/logo.svg";
/// A brand with everything. White text is not readable on the colour.
pub const BRAND: [(&str, &str); 4] = [
    ("BRAND_NAME", "Acme Robotics"),
    ("BRAND_LOGO_URL", LOGO_URL),
    ("BRAND_COLOR", "#f59e0b"),
    ("SUPPORT_URL", "https://www.example.com/contact"),
];
/// The longest name that the function accepts.
pub const LONG_NAME: &str = "Acme International Household Appliances & Robotics Group AG.";

/// The session cookie. It holds the user token, and its domain is that of the whole company.
pub const COOKIE: &str = "acme_session";
pub const SESSION: &str = "session-7f3a";

/// `https://evil.example.org`: a page that tries to sign its visitors in as another user.
pub const ATTACKER: &str = "evil.example.org";

/// The attacker has an account, so the service knows this user token.
pub const ATTACKERS_SESSION: &str = "session-of-an-attacker";

pub fn attacker(request: &Request) -> Answer {
    match request.path.as_str() {
        "/" => application(ATTACKERS_SESSION),
        _ => not_found(),
    }
}

pub fn company(request: &Request) -> Answer {
    match request.path.as_str() {
        "/login" => log_in(request),
        "/bye" => page("See you", if has_session(request) { "signed in" } else { "signed out" }),
        "/app" => application(SESSION),
        _ => not_found(),
    }
}

/// A logo that is wider than a phone.
pub fn logo() -> Answer {
    let image = "<svg xmlns='http://www.w3.org/2000/svg' width='480' height='96' viewBox='0 0 480 96'>\
        <circle cx='48' cy='48' r='40' fill='#c2410c'/><path d='M28 66 48 24l20 42z' fill='#fff'/>\
        <text x='110' y='66' font-family='sans-serif' font-size='44' font-weight='700' fill='#1f2933'>Acme Robotics</text></svg>";
    Answer::new(200, &[("content-type", "image/svg+xml")], image)
}

/// Signs the visitor in without a password.
fn log_in(request: &Request) -> Answer {
    let mut query = form_urlencoded::parse(request.query.as_bytes());
    let Some((_, return_to)) = query.find(|(name, _)| name == "return_to") else {
        return page("Account", "");
    };
    let cookie = format!("{COOKIE}={SESSION}; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax");
    with_header(redirect(303, &return_to), "set-cookie", &cookie)
}

fn has_session(request: &Request) -> bool {
    request.headers_named("cookie").any(|cookies| cookies.contains(COOKIE))
}

/// A page with this title and content.
pub fn page(title: &str, content: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <link rel=icon href='data:,'><h1>{title}</h1>{content}"
    );
    Answer::new(200, &[("content-type", "text/html; charset=utf-8")], body)
}

pub fn redirect(status: u16, location: &str) -> Answer {
    Answer::new(status, &[("location", location)], "")
}

pub fn not_found() -> Answer {
    Answer::new(404, &[("content-type", "application/json")], r#"{"message":"Not Found"}"#)
}

pub fn with_header(mut answer: Answer, name: &str, value: &str) -> Answer {
    answer.headers.push((name.to_owned(), value.to_owned()));
    answer
}

/// A page of an application that has the user token and signs its visitor in with a form.
pub fn application(user_token: &str) -> Answer {
    let script = format!(
        "<button id=help>Help</button><script>
        document.getElementById('help').addEventListener('click', () => {{
          const form = document.createElement('form');
          form.method = 'post';
          form.action = 'https://{}/sso/login?return_to=%2Fhc%2Fen-us';
          form.innerHTML = '<input type=hidden name=user_token>';
          form.elements.user_token.value = '{user_token}';
          document.body.append(form);
          form.submit();
        }});
        </script>",
        super::http_api::HOST
    );
    page("An application", &script)
}
