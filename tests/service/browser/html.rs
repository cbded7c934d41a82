//! The answers of the fake sites.

use crate::support::Answer;

/// A page with this title and content.
pub fn page(title: &str, content: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <link rel=icon href='data:,'><h1>{title}</h1>{content}"
    );
    answer(200, ("content-type", "text/html; charset=utf-8"), body)
}

pub fn redirect(status: u16, location: &str) -> Answer {
    answer(status, ("location", location), String::new())
}

pub fn not_found() -> Answer {
    answer(404, ("content-type", "application/json"), r#"{"message":"Not Found"}"#.to_owned())
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

fn answer(status: u16, (name, value): (&str, &str), body: String) -> Answer {
    Answer { status, headers: vec![(name.to_owned(), value.to_owned())], body }
}
