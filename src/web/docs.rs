//! The page on which one reads the OpenAPI document and tries its calls.
//!
//! It is Swagger UI, which lies in the program and not on somebody else's server: a page on which
//! people enter tokens loads nothing from elsewhere.

use std::sync::Arc;

use app::error::QuadError;
use axum::{
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::{extract::Path, problem::Answer};

/// Where the page finds what it shows; `start.js` says so too.
const DOCUMENT: &str = "/api/v1/openapi.json";

const PAGE: &str = include_str!("docs/page.html");
const START: &str = include_str!("docs/start.js");
const FIT: &str = include_str!("docs/fit.css");

/// Stricter than that of the other pages: nothing in the page itself may run or paint, no form
/// goes anywhere, and there is no WebAssembly. The pictures in the style are `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page.
pub async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, PAGE).into_response()
}

/// What the page is made of, and nothing else of what Swagger UI comes with.
pub async fn file(Path(name): Path<String>) -> Answer<Response> {
    match name.as_str() {
        "start.js" => Ok(own("text/javascript; charset=utf-8", START)),
        "fit.css" => Ok(own("text/css; charset=utf-8", FIT)),
        "swagger-ui.css" | "swagger-ui-bundle.js" => {
            let found = utoipa_swagger_ui::serve(&name, Arc::new(Config::from(DOCUMENT)));
            let file = found.ok().flatten().ok_or(QuadError::NotFound)?;
            Ok(foreign(file))
        }
        _ => Err(QuadError::NotFound.into()),
    }
}

fn own(content_type: &'static str, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")];
    (headers, text).into_response()
}

/// It is stored compressed, and goes out as it is stored: every browser can read that.
fn foreign(file: SwaggerFile<'static>) -> Response {
    let headers = [
        (CONTENT_TYPE, file.content_type.as_str()),
        (CACHE_CONTROL, "max-age=86400"),
    ];
    let mut response = (headers, file.bytes).into_response();
    if file.gzpipped {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(CONTENT_ENCODING, gzip);
    }
    response
}
