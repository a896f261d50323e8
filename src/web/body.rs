//! A body of JSON: its media type, its compression, its bound, and what stands before it.

use std::convert::Infallible;

use app::error::QuadError;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_ENCODING, header::CONTENT_TYPE},
    response::Response,
};
use tower::{ServiceExt, service_fn};
use tower_http::decompression::{DecompressionBody, RequestDecompression};

use super::media;

/// The mark that some programs write before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the body of a request that must be JSON, plain or compressed. Both what comes and what it
/// is inflated to are within the bound of every body. Errors: 400 `malformed`, 413 `too_large`,
/// 415 `unsupported_media_type`.
pub async fn json<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, QuadError> {
    let headers = request.headers();
    if !headers.get(CONTENT_TYPE).is_some_and(media::says_json) {
        return Err(QuadError::UnsupportedMediaType);
    }
    let body = match coding(headers)? {
        None => taken(request, state).await?,
        Some(coding) => inflated(request, coding, state).await?,
    };
    Ok(without_mark(body))
}

/// What follows the mark, where there is one.
pub fn without_mark(body: Bytes) -> Bytes {
    if body.starts_with(MARK) {
        body.slice(MARK.len()..)
    } else {
        body
    }
}

async fn taken<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, QuadError> {
    let unread = |rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => QuadError::TooLarge,
        _ => QuadError::malformed("The body could not be read."),
    };
    Bytes::from_request(request, state).await.map_err(unread)
}

/// The one coding of a body; `None` where it is plain. Errors: 415 for what is not known here, and
/// for one coding upon another.
fn coding(headers: &HeaderMap) -> Result<Option<HeaderValue>, QuadError> {
    let mut coding = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value
            .to_str()
            .map_err(|_| QuadError::UnsupportedMediaType)?;
        for name in value.split(',').map(str::trim) {
            let known = match name.to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => HeaderValue::from_static("gzip"),
                "br" => HeaderValue::from_static("br"),
                _ => return Err(QuadError::UnsupportedMediaType),
            };
            if coding.replace(known).is_some() {
                return Err(QuadError::UnsupportedMediaType);
            }
        }
    }
    Ok(coding)
}

/// The body is taken whole first, and inflated only as far as it may be long.
async fn inflated<S: Send + Sync>(
    request: Request,
    coding: HeaderValue,
    state: &S,
) -> Result<Bytes, QuadError> {
    // The bound is among them.
    let extensions = request.extensions().clone();
    let packed = taken(request, state).await?;
    let mut request = Request::new(Body::from(packed));
    request.headers_mut().insert(CONTENT_ENCODING, coding);
    let give_back = service_fn(
        |request: axum::http::Request<DecompressionBody<Body>>| async {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        },
    );
    let answer = RequestDecompression::new(give_back).oneshot(request).await;
    let Ok(answer) = answer;
    let mut request = Request::new(Body::new(answer.into_body()));
    *request.extensions_mut() = extensions;
    taken(request, state).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, extract::DefaultBodyLimit, routing::post};
    use tower_http::compression::Compression;

    const LIMIT: usize = 10_000;

    /// How long the body is that arrives, or why none does.
    async fn answer(request: Request) -> Result<String, u16> {
        let app = Router::new()
            .route(
                "/",
                post(|request: Request| async move {
                    match json(request, &()).await {
                        Ok(body) => Ok(body),
                        Err(error) => Err(StatusCode::from_u16(error.status()).unwrap()),
                    }
                }),
            )
            .layer(DefaultBodyLimit::max(LIMIT));
        let response = app.oneshot(request).await.unwrap();
        match response.status() {
            StatusCode::OK => {
                let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
                Ok(String::from_utf8(body.unwrap().to_vec()).unwrap())
            }
            status => Err(status.as_u16()),
        }
    }

    async fn packed(coding: &str, text: &str) -> Vec<u8> {
        let text = text.to_owned();
        let plain = service_fn(move |_: Request| {
            let text = text.clone();
            async move { Ok::<_, Infallible>(Response::new(Body::from(text))) }
        });
        let request = Request::get("/")
            .header("accept-encoding", coding)
            .body(Body::empty())
            .unwrap();
        let answer = Compression::new(plain).oneshot(request).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_ENCODING], coding);
        let body = axum::body::to_bytes(Body::new(answer.into_body()), 1 << 20).await;
        body.unwrap().to_vec()
    }

    fn sent(codings: &[&str], body: impl Into<Body>) -> Request {
        let mut request = Request::post("/").header(CONTENT_TYPE, "application/json");
        for coding in codings {
            request = request.header(CONTENT_ENCODING, *coding);
        }
        request.body(body.into()).unwrap()
    }

    fn text(length: usize) -> String {
        format!("{{{}}}", " ".repeat(length - 2))
    }

    #[tokio::test]
    async fn a_body_is_taken_plain_or_compressed() {
        let text = text(9_000);
        for (header, coding) in [
            (&["gzip"][..], "gzip"),
            (&["GZIP"], "gzip"),
            (&["x-gzip"], "gzip"),
            (&["br"], "br"),
            (&["identity, br"], "br"),
            (&["identity", "gzip"], "gzip"),
        ] {
            let body = packed(coding, &text).await;
            assert!(body.len() < 1_000);
            assert_eq!(answer(sent(header, body)).await.as_ref(), Ok(&text));
        }
        for plain in [&[][..], &["identity"], &[""], &["identity, identity"]] {
            assert_eq!(answer(sent(plain, text.clone())).await.as_ref(), Ok(&text));
        }
    }

    #[tokio::test]
    async fn what_is_not_known_is_refused_whatever_it_holds() {
        for codings in [
            &["deflate"][..],
            &["zstd"],
            &["compress"],
            &["gzip, gzip"],
            &["gzip", "br"],
            &["gzip;q=1"],
            &["*"],
        ] {
            assert_eq!(answer(sent(codings, "{}")).await, Err(415), "{codings:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_compressed_as_it_says_is_malformed() {
        let whole = packed("gzip", &text(500)).await;
        for body in [b"{}".to_vec(), whole[..whole.len() - 9].to_vec()] {
            assert_eq!(answer(sent(&["gzip"], body)).await, Err(400));
        }
        assert_eq!(
            answer(sent(&["br"], &b"\xff\xff\xff\xff{}"[..])).await,
            Err(400)
        );
    }

    #[tokio::test]
    async fn the_bound_holds_before_and_after_inflating() {
        for coding in ["gzip", "br"] {
            let fits = packed(coding, &text(LIMIT)).await;
            assert!(answer(sent(&[coding], fits)).await.is_ok(), "{coding}");
            for length in [LIMIT + 1, 4 << 20] {
                let bomb = packed(coding, &text(length)).await;
                assert!(bomb.len() < LIMIT);
                assert_eq!(answer(sent(&[coding], bomb)).await, Err(413), "{coding}");
            }
            let long = vec![0; LIMIT + 1];
            assert_eq!(answer(sent(&[coding], long)).await, Err(413), "{coding}");
        }
        assert_eq!(answer(sent(&[], text(LIMIT + 1))).await, Err(413));
    }

    #[tokio::test]
    async fn one_mark_before_the_json_is_passed_over() {
        for (body, read) in [
            ("\u{feff}{}", "{}"),
            ("\u{feff}\u{feff}{}", "\u{feff}{}"),
            (" \u{feff}{}", " \u{feff}{}"),
            ("\u{feff}", ""),
        ] {
            assert_eq!(answer(sent(&[], body)).await.as_deref(), Ok(read));
        }
        let body = packed(
            "gzip",
            "\u{feff}{\"a\": 1, \"b\": \"                    \"}",
        )
        .await;
        assert!(
            answer(sent(&["gzip"], body))
                .await
                .unwrap()
                .starts_with('{')
        );
    }
}
