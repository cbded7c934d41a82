//! The floor of `make bench`: a `lambda_http` function that answers a constant.

use lambda_http::lambda_runtime::Error;
use lambda_http::{Body, Request, Response, service_fn};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_http::run(service_fn(|_: Request| async {
        Ok::<_, Error>(Response::new(Body::from(r#"{"jwt":"constant"}"#)))
    })))
}
