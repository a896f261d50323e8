//! How an error looks over HTTP: `application/problem+json`, as RFC 9457 has it.

use app::error::{FieldError, QuadError};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// What is kept of an answer whose place a problem takes.
const KEPT: [HeaderName; 5] = [
    header::ALLOW,
    header::RETRY_AFTER,
    header::SET_COOKIE,
    header::VARY,
    header::WWW_AUTHENTICATE,
];
/// After how many seconds it is worth asking a store again that did not answer.
const RETRY_UNAVAILABLE: u64 = 2;

/// An error as an answer. Handlers return it, and `?` makes it of a [`QuadError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub QuadError);

impl From<QuadError> for Problem {
    fn from(error: QuadError) -> Self {
        Self(error)
    }
}

/// What every call answers over HTTP.
pub type Answer<T> = Result<T, Problem>;

/// The body of an error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemDetails {
    /// Always `about:blank`: `code` says what it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The name of the status.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Stable, for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// What is wrong with which field; for `invalid` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
}

impl From<QuadError> for ProblemDetails {
    fn from(error: QuadError) -> Self {
        Self {
            kind: "about:blank",
            title: status(&error).canonical_reason().unwrap_or("Error"),
            status: error.status(),
            code: error.code(),
            detail: error.to_string(),
            errors: match error {
                QuadError::Invalid { errors } => Some(errors),
                _ => None,
            },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = status(&error);
        let retry_after = match error {
            QuadError::TooManyRequests { retry_after } => Some(retry_after.max(1)),
            QuadError::Unavailable => Some(RETRY_UNAVAILABLE),
            _ => None,
        };
        let mut response = (status, axum::Json(ProblemDetails::from(error))).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            // RFC 9110, 12.5.3: what would have been taken.
            headers.insert(
                header::ACCEPT_ENCODING,
                HeaderValue::from_static("gzip, br"),
            );
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 wants a challenge with every 401. Browsers show no dialog for this one.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// For a program that gets an error of some other kind, such as a page that says so or nothing at
/// all: the same status as a problem. Whatever is no error, or JSON already, stays as it is.
pub fn for_a_program(answer: Response) -> Response {
    let status = answer.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    if !is_error || content_type.is_some_and(super::media::says_json) {
        return answer;
    }
    let error = match status.as_u16() {
        401 => QuadError::NoSession,
        403 => QuadError::Forbidden,
        404 => QuadError::NotFound,
        405 => QuadError::MethodNotAllowed,
        413 => QuadError::TooLarge,
        415 => QuadError::UnsupportedMediaType,
        429 => QuadError::TooManyRequests { retry_after: 1 },
        503 => QuadError::Unavailable,
        500.. => QuadError::Internal,
        _ => QuadError::malformed("The request could not be understood."),
    };
    let details = ProblemDetails {
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        ..ProblemDetails::from(error.clone())
    };
    let mut problem = (status, axum::Json(details)).into_response();
    let headers = problem.headers_mut();
    headers.extend(Problem(error).into_response().headers().clone());
    for name in KEPT {
        let mut values = answer.headers().get_all(&name).iter().cloned();
        if let Some(first) = values.next() {
            headers.insert(&name, first);
            values.for_each(|value| {
                headers.append(&name, value);
            });
        }
    }
    problem
}

fn status(error: &QuadError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(response: Response) -> serde_json::Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn an_error_is_a_problem_document() {
        let response = Problem(QuadError::NoSuchPost).into_response();
        assert_eq!(response.status(), 404);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(
            body(response).await,
            serde_json::json!({
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "code": "no_such_post",
                "detail": "This post does not exist, or it was deleted.",
            })
        );
    }

    #[tokio::test]
    async fn invalid_fields_are_listed() {
        let response = Problem(QuadError::invalid("text", "too_long", "Too long.")).into_response();
        assert_eq!(response.status(), 422);
        let body = body(response).await;
        assert_eq!(
            body["errors"],
            serde_json::json!([{"field": "text", "code": "too_long", "detail": "Too long."}])
        );
        assert_eq!(body["code"], "invalid");
    }

    #[tokio::test]
    async fn a_program_gets_a_problem_in_place_of_a_page() {
        for (status, code) in [
            (400, "malformed"),
            (404, "not_found"),
            (405, "method_not_allowed"),
            (416, "malformed"),
            (500, "internal"),
            (502, "internal"),
            (503, "unavailable"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let page = [
                ("content-type", "text/html"),
                ("allow", "GET"),
                ("etag", "x"),
            ];
            let problem = for_a_program((status, page, "<p>").into_response());
            assert_eq!(problem.status(), status);
            let headers = problem.headers();
            assert_eq!(headers["content-type"], "application/problem+json");
            assert_eq!(headers["allow"], "GET");
            assert!(!headers.contains_key("etag"));
            let body = body(problem).await;
            assert_eq!(
                (&body["status"], &body["code"]),
                (&status.as_u16().into(), &code.into())
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_error_or_json_already_stays() {
        let json = [("content-type", "application/json")];
        for answer in [
            (StatusCode::NOT_FOUND, json, "{}").into_response(),
            (StatusCode::OK, [("content-type", "text/html")], "{}").into_response(),
        ] {
            let (status, headers) = (answer.status(), answer.headers().clone());
            let same = for_a_program(answer);
            assert_eq!((same.status(), same.headers()), (status, &headers));
            assert_eq!(body(same).await, serde_json::json!({}));
        }
    }

    #[test]
    fn whoever_should_come_back_is_told_when() {
        let busy = Problem(QuadError::TooManyRequests { retry_after: 0 }).into_response();
        assert_eq!(busy.headers()["retry-after"], "1");
        let away = Problem(QuadError::Unavailable).into_response();
        assert_eq!(
            (away.status().as_u16(), &away.headers()["retry-after"]),
            (503, &"2".parse().unwrap())
        );
        let login = Problem(QuadError::NoSession).into_response();
        assert_eq!(login.headers()["www-authenticate"], "Bearer");
    }
}
