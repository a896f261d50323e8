//! What every request meets first, and every answer last.
//!
//! A plain service around the router, and no layer of it: layers of a router are cloned and boxed
//! again for every route and request, which a like would feel.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use app::error::QuadError;
use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{self, CONNECTION},
    },
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tower::Service;

use super::{
    bounded_body::BodyFate,
    bounds, media,
    problem::{self, Problem},
};
use crate::{
    audit::{self, Asking},
    security::{
        headers::ResponseHeaders,
        origin::{Head, OriginRule},
    },
};

/// Refuses what is too large and what comes from other sites, answers a panic as any other fault of
/// ours, gives programs their errors as JSON, and completes the headers of every answer.
#[derive(Clone)]
pub struct Front<S> {
    inner: S,
    origin: Arc<OriginRule>,
    headers: Arc<ResponseHeaders>,
}

impl<S> Front<S> {
    /// In front of `inner`.
    pub fn new(inner: S, origin: Arc<OriginRule>, headers: Arc<ResponseHeaders>) -> Self {
        Self {
            inner,
            origin,
            headers,
        }
    }
}

impl<S> Service<Request> for Front<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let headers = self.headers.clone();
        let fate = request.extensions().get::<BodyFate>().cloned();
        let is_program =
            media::is_for_programs(request.uri().path()) || media::prefers_json(request.headers());
        let head = Head::of(&request);
        let asking = Asking {
            address: self.origin.client(head),
            method: head.method.clone(),
            uri: head.uri.clone(),
            by: OnceLock::new(),
        };
        let answer = if let Err(error) = bounds::check(&request) {
            Err(Problem(error))
        } else if let Err(error) = self.origin.check(head) {
            audit::origin_refused(&asking, &origins(head.headers));
            Err(Problem(error))
        } else {
            Ok(self.inner.call(request))
        };
        let allowed = answer.is_ok();
        Box::pin(audit::within(asking, async move {
            let mut response = match answer {
                // The request dies with the panic, and nothing is shared with it but what tolerates
                // that: no lock of ours stays poisoned.
                Ok(answer) => match AssertUnwindSafe(answer).catch_unwind().await {
                    Ok(response) => response?,
                    Err(_) => Problem(QuadError::Internal).into_response(),
                },
                Err(problem) => problem.into_response(),
            };
            // Whoever read the body only knows that it failed.
            if let Some(error) = fate.and_then(|fate| fate.error()) {
                response = Problem(error).into_response();
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            if allowed && response.status() == StatusCode::FORBIDDEN {
                audit::access_refused(None);
            }
            if is_program {
                response = problem::for_a_program(response);
            }
            // A socket is no document.
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                headers.complete(response.headers_mut());
            }
            Ok(response)
        }))
    }
}

/// What a request says of where it is from, for the log.
fn origins(headers: &HeaderMap) -> String {
    let sent = headers.get_all(header::ORIGIN).iter();
    let sent: Vec<_> = sent
        .map(|origin| String::from_utf8_lossy(origin.as_bytes()))
        .collect();
    sent.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::client_addr::TrustedProxies;
    use app::cookie::CookiePolicy;
    use axum::{
        Router,
        body::Body,
        http::header::{CACHE_CONTROL, ORIGIN, X_CONTENT_TYPE_OPTIONS},
        routing::get,
    };
    use tower::ServiceExt;

    async fn fails() -> &'static str {
        panic!("on purpose")
    }

    async fn answer(path: &str, origin: Option<&str>) -> Response {
        let proxies = TrustedProxies::default();
        let rule = OriginRule::new(None, proxies.clone(), CookiePolicy { secure: false });
        let router = Router::new()
            .route("/", get(|| async { ([(CACHE_CONTROL, "max-age=60")], "") }))
            .route("/panic", get(fails));
        let headers = ResponseHeaders::new(None, proxies);
        let mut request = Request::get(path).header("host", "localhost");
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let request = request.body(Body::empty()).unwrap();
        let front = Front::new(router, Arc::new(rule), Arc::new(headers));
        front.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn every_answer_is_complete_and_keeps_its_own() {
        let found = answer("/", None).await;
        assert_eq!(found.headers()[CACHE_CONTROL], "max-age=60");
        for other in [
            answer("/nothing", None).await,
            answer("/", Some("http://evil.example")).await,
        ] {
            assert_eq!(other.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }

    #[tokio::test]
    async fn a_panic_is_answered() {
        assert_eq!(answer("/panic", None).await.status(), 500);
    }

    #[tokio::test]
    async fn another_site_is_refused() {
        assert_eq!(answer("/", Some("http://localhost")).await.status(), 200);
        assert_eq!(answer("/", Some("http://evil.example")).await.status(), 403);
    }
}
