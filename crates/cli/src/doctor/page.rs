//! The sign-in page as a browser reads it: its form, and the policies that limit it.

use hyper::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use scraper::{ElementRef, Html};
use url::{Position, Url};

use super::report::{Verdict, quoted};
use zendesk_jwt::config::is_loopback;
use zendesk_jwt::jwt::sso;
use zendesk_jwt_simulator::client::Answer;

/// A form that posts a JWT. No `Debug`: it holds the JWT.
pub(super) struct Form {
    method: String,
    /// Empty if the form has none.
    action: String,
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_post(&self) -> bool {
        self.method.eq_ignore_ascii_case("post")
    }

    pub(super) fn target(&self, page: &Url) -> Option<Url> {
        page.join(&self.action).ok().filter(Url::has_host)
    }
}

/// The forms of a page that hold a JWT or lead to Zendesk.
pub(super) fn forms(html: &str) -> Vec<Form> {
    let html = Html::parse_document(html);
    let forms = elements(html.root_element(), &["form"]).map(|form| {
        let attribute = |name| form.value().attr(name).unwrap_or_default().trim().to_owned();
        let fields = elements(form, &["input", "textarea", "button"]).filter_map(|input| {
            let name = input.value().attr("name")?;
            let value = match input.value().name() {
                "textarea" => input.text().collect(),
                _ => input.value().attr("value").unwrap_or_default().to_owned(),
            };
            Some((name.to_owned(), value))
        });
        Form { method: attribute("method"), action: attribute("action"), fields: fields.collect() }
    });
    let has_jwt = |form: &Form| form.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("jwt"));
    forms.filter(|form| has_jwt(form) || form.action.contains(sso::ENDPOINT)).collect()
}

fn elements<'a>(within: ElementRef<'a>, names: &'static [&str]) -> impl Iterator<Item = ElementRef<'a>> {
    within.descendants().filter_map(ElementRef::wrap).filter(|element| names.contains(&element.value().name()))
}

fn meta_policies(html: &str) -> Vec<String> {
    let html = Html::parse_document(html);
    let metas = elements(html.root_element(), &["meta"]).filter(|meta| {
        let equivalent = meta.value().attr("http-equiv").unwrap_or_default();
        equivalent.eq_ignore_ascii_case("content-security-policy")
    });
    metas.filter_map(|meta| meta.value().attr("content").map(str::to_owned)).collect()
}

pub(super) fn method(form: &Form) -> Verdict {
    let seen = format!("the method of the form is {}", quoted(&form.method));
    let remedy =
        "Give the form method=\"post\": a GET puts the JWT into histories and logs, and Zendesk does not accept it.";
    Verdict::fail_unless(form.is_post(), seen, remedy)
}

/// Checks where the form leads, and gives that origin.
pub(super) fn action(form: &Form, page: &Url, subdomain: Option<&str>) -> (Verdict, Option<Url>) {
    let example = subdomain.unwrap_or("SUBDOMAIN");
    let remedy = format!("Give the form action=\"https://{example}.zendesk.com/{}\".", sso::ENDPOINT);
    let Some(action) = form.target(page) else {
        return (Verdict::fail("the form's action is not an address", remedy), None);
    };
    let host = action.host_str().unwrap_or_default();
    let place = &action[Position::BeforeHost..Position::AfterPath];
    let seen = format!("the form leads to {}", quoted(&format!("{}://{place}", action.scheme())));
    let origin = action.join("/").ok();
    let is_endpoint = action.path() == format!("/{}", sso::ENDPOINT);
    if is_loopback(page) && is_loopback(&action) && is_endpoint {
        return (Verdict::pass(format!("{seen}, a simulated Zendesk on this machine")), origin);
    }
    let label = host.strip_suffix(".zendesk.com").filter(|label| !label.is_empty() && !label.contains('.'));
    let reason = match label {
        None => "It must be that host, never one of your own that is mapped to Zendesk.",
        Some(label) if subdomain.is_some_and(|subdomain| !subdomain.eq_ignore_ascii_case(label)) => {
            "This is another account's host."
        }
        Some(_) if action.scheme() != "https" || !is_endpoint => "",
        Some(_) if action.query().is_some() => "Its query stays empty: return_to is a field of the form.",
        Some(_) => return (Verdict::pass(seen), origin),
    };
    (Verdict::fail(seen, format!("{remedy} {reason}").trim_end()), origin.filter(|_| label.is_some()))
}

pub(super) fn fields(form: &Form) -> Verdict {
    let letters = |name: &str| name.replace(|letter: char| !letter.is_ascii_alphabetic(), "").to_ascii_lowercase();
    let problem = |name: &str| {
        let alike = |found: &&str| letters(found) == letters(name) && *found != name;
        let misspelt = form.fields.iter().map(|(found, _)| found.as_str()).find(alike);
        match (form.values(name).count(), misspelt) {
            (1, _) => None,
            (0, Some(misspelt)) => Some(format!("one field is called {}", quoted(misspelt))),
            (0, None) => Some(format!("there is no field `{name}`")),
            (count, _) => Some(format!("there are {count} fields `{name}`")),
        }
    };
    let problems: Vec<String> = ["jwt", "return_to"].into_iter().filter_map(problem).collect();
    if problems.is_empty() {
        return Verdict::pass("the fields are called `jwt` and `return_to`");
    }
    Verdict::fail(
        problems.join("; "),
        "Put the JWT into one field called exactly `jwt`, and Zendesk's return_to into one called exactly `return_to`.",
    )
}

pub(super) fn referrer_policy(answer: &Answer) -> Verdict {
    let remedy = "Send Referrer-Policy: no-referrer, so that no other site learns the page's address.";
    let Some(policy) = answer.header(REFERRER_POLICY) else {
        return Verdict::warn("there is no Referrer-Policy", remedy);
    };
    let is_open = policy.contains("unsafe-url") || policy.contains("no-referrer-when-downgrade");
    Verdict::warn_unless(!is_open, format!("Referrer-Policy is {}", quoted(&policy)), remedy)
}

fn header_policies(answer: &Answer) -> Vec<String> {
    let header = answer.header(CONTENT_SECURITY_POLICY).unwrap_or_default();
    header.split(',').map(str::to_owned).collect()
}

/// Whether browsers may post the form, and follow Zendesk's redirect to a help center (Chrome checks that too).
pub(super) fn form_action(answer: &Answer, form: &Form, page: &Url, help_centers: &[Url]) -> Verdict {
    let policies: Vec<String> = header_policies(answer).into_iter().chain(meta_policies(&answer.body)).collect();
    let lists: Vec<Vec<&str>> = policies.iter().filter_map(|policy| directive(policy, "form-action")).collect();
    let Some(target) = form.target(page) else {
        return Verdict::skip("the form's action is not an address");
    };
    if lists.is_empty() {
        return Verdict::warn(
            "no content security policy limits where the form is posted",
            "Send Content-Security-Policy with form-action for your Zendesk hosts, so that injected markup cannot \
             send the JWT elsewhere.",
        );
    }
    let blocking = |to: &Url| lists.iter().find(|sources| !sources.iter().any(|source| covers(source, to, page)));
    let add = |to: &Url| format!("Add {} to form-action.", to.origin().ascii_serialization());
    if let Some(sources) = blocking(&target) {
        let seen = format!("form-action is {}, so browsers do not post the form", quoted(&sources.join(" ")));
        return Verdict::fail(seen, add(&target));
    }
    if let Some(help_center) = help_centers.iter().find(|help_center| blocking(help_center).is_some()) {
        let host = help_center.host_str().unwrap_or_default();
        let seen = format!("form-action lacks {host}, so Chrome stops Zendesk's redirect to it");
        return Verdict::fail(seen, add(help_center));
    }
    let is_zendesk = |source: &&str| source.contains(".zendesk.com") || source.starts_with('\'');
    let only_zendesk = lists.iter().find(|sources| sources.iter().all(is_zendesk));
    match only_zendesk {
        Some(sources) if help_centers.is_empty() && !is_loopback(&target) => Verdict::warn(
            format!("form-action is {}, which names no help center on a domain of yours", quoted(&sources.join(" "))),
            "If a help center is mapped to a domain of yours, add its host: Chrome stops Zendesk's redirect to any \
             other. Name your help centers with --help-center to check them.",
        ),
        _ => Verdict::pass("form-action of the content security policy covers the form"),
    }
}

/// Whether other pages may frame this one. Browsers ignore this directive in a `<meta>`.
pub(super) fn framing(answer: &Answer) -> Verdict {
    let remedy = "Send Content-Security-Policy with frame-ancestors 'none': sign-in in a frame does not work, and \
                  serves clickjacking only.";
    let policies = header_policies(answer);
    let ancestors = policies.iter().find_map(|policy| directive(policy, "frame-ancestors"));
    let x_frame_options = answer.header(X_FRAME_OPTIONS).unwrap_or_default();
    if let Some(sources) = ancestors {
        let seen = format!("frame-ancestors is {}", quoted(&sources.join(" ")));
        let is_open = sources.iter().any(|source| matches!(*source, "*" | "https:" | "http:"));
        return Verdict::fail_unless(!is_open, seen, remedy);
    }
    if ["deny", "sameorigin"].iter().any(|denied| x_frame_options.eq_ignore_ascii_case(denied)) {
        return Verdict::pass(format!("X-Frame-Options is {}", quoted(&x_frame_options)));
    }
    Verdict::warn("any page may show this one in a frame", remedy)
}

fn directive<'a>(policy: &'a str, name: &str) -> Option<Vec<&'a str>> {
    policy.split(';').find_map(|directive| {
        let mut words = directive.split_whitespace();
        words.next()?.eq_ignore_ascii_case(name).then(|| words.collect())
    })
}

/// Whether a source of a policy allows the form to go to `target` (CSP Level 3, "Does url match expression").
/// Paths in sources are ignored, since nobody writes them for this directive.
fn covers(source: &str, target: &Url, page: &Url) -> bool {
    let source = source.to_ascii_lowercase();
    let is_scheme = |scheme: &str| target.scheme() == scheme || (scheme == "http" && target.scheme() == "https");
    if source == "*" {
        return matches!(target.scheme(), "http" | "https");
    }
    if source == "'self'" {
        return target.origin() == page.origin();
    }
    if let Some(scheme) = source.strip_suffix(':') {
        return is_scheme(scheme);
    }
    // A source without a scheme is for that of the target, and `:*` is for all ports.
    let url = if source.contains("://") { source.clone() } else { format!("{}://{source}", target.scheme()) };
    let Ok(url) = Url::parse(&url.replace(":*", "")) else { return false };
    // The default port of http also stands for that of https.
    let is_same_port = url.port_or_known_default() == target.port_or_known_default() || url.port() == target.port();
    let is_port = source.contains(":*") || is_same_port;
    let (host, found) = (url.host_str().unwrap_or_default(), target.host_str().unwrap_or_default());
    let is_host = match host.strip_prefix("*.") {
        Some(parent) => found.strip_suffix(parent).is_some_and(|labels| labels.len() > 1 && labels.ends_with('.')),
        None => host == found,
    };
    is_scheme(url.scheme()) && is_port && is_host
}
