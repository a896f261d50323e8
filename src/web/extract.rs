//! What handlers take from a request, with our errors where it is not there.

use std::{error::Error, fmt, marker::PhantomData};

use app::{
    error::QuadError,
    model::{Handle, PostId, RoomName, UserId},
};
use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{PathRejection, QueryRejection},
    },
    http::request::Parts,
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{body, problem::Problem};

/// A JSON body. Errors: 400 `malformed`, 413 `too_large`, 415 `unsupported_media_type`, and 422
/// `invalid` with the field that is missing or of another type.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = body::json(request, state).await?;
        let Object(value) = read(&body)?;
        Ok(Self(value))
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, QuadError> {
    let mut source = serde_json::Deserializer::from_slice(json);
    let read = serde_path_to_error::deserialize(&mut source);
    let value = read.map_err(|error| match error.inner().classify() {
        serde_json::error::Category::Data => {
            named(&error.path().to_string(), &error.inner().to_string())
        }
        _ => no_json(),
    })?;
    // One value a body: what follows it would be ignored silently.
    source.end().map_err(|_| no_json())?;
    Ok(value)
}

/// The body is none at all.
pub fn no_json() -> QuadError {
    QuadError::malformed("The body is not valid JSON.")
}

/// What is written as an object. A list would be taken for one as well, and an empty one for
/// everything that may be left out.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The query of the URL. Errors: 422 `invalid` with the field.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem(query_error(&rejection))),
        }
    }
}

/// The one variable part of a path. Errors: those of [`Segment::parse`].
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

/// What can stand in a path.
pub trait Segment: Sized {
    /// Reads it. Errors: 404 where nothing can be called that.
    fn parse(segment: String) -> Result<Self, QuadError>;
}

impl<T: Segment, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<String>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(segment)) => Ok(Self(T::parse(segment)?)),
            Err(rejection) => Err(path_error(&rejection)),
        }
    }
}

fn path_error(rejection: &PathRejection) -> Problem {
    match rejection {
        PathRejection::FailedToDeserializePathParams(_) => {
            QuadError::malformed("The path is not valid UTF-8.").into()
        }
        rejection => {
            tracing::error!(%rejection, "a route does not have the parts that are read");
            QuadError::Internal.into()
        }
    }
}

impl Segment for String {
    fn parse(segment: String) -> Result<Self, QuadError> {
        Ok(segment)
    }
}

impl Segment for PostId {
    fn parse(segment: String) -> Result<Self, QuadError> {
        segment.parse()
    }
}

impl Segment for RoomName {
    /// No room has a name that cannot be one.
    fn parse(segment: String) -> Result<Self, QuadError> {
        segment.parse().map_err(|_| QuadError::NoSuchRoom)
    }
}

/// The two variable parts of a path: `/…/{a}/…/{b}`.
#[derive(Debug, Clone)]
pub struct Paths<A, B>(pub A, pub B);

impl<A: Segment, B: Segment, S: Send + Sync> FromRequestParts<S> for Paths<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path((a, b))) => Ok(Self(A::parse(a)?, B::parse(b)?)),
            Err(rejection) => Err(path_error(&rejection)),
        }
    }
}

impl Segment for UserId {
    fn parse(segment: String) -> Result<Self, QuadError> {
        segment.parse()
    }
}

impl Segment for Handle {
    /// Nobody has a handle that cannot be one.
    fn parse(segment: String) -> Result<Self, QuadError> {
        segment.parse().map_err(|_| QuadError::NoSuchUser)
    }
}

fn query_error(rejection: &QueryRejection) -> QuadError {
    shape_error::<serde::de::value::Error>(rejection)
}

/// Finds which field does not have the shape that it must, in serde's own words.
fn shape_error<E: Error + 'static>(rejection: &(dyn Error + 'static)) -> QuadError {
    let mut cause = Some(rejection);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<serde_path_to_error::Error<E>>() {
            return named(&error.path().to_string(), &error.inner().to_string());
        }
        cause = error.source();
    }
    QuadError::malformed("The request is not of the form that this call takes.")
}

fn named(path: &str, reason: &str) -> QuadError {
    let missing = |prefix: &str| reason.strip_prefix(prefix)?.split('`').next();
    if let Some(field) = missing("missing field `") {
        let field = below(path, field);
        return QuadError::invalid(&field, "required", "This field is missing.");
    }
    if let Some(field) = missing("unknown field `").or_else(|| missing("duplicate field `")) {
        let field = below(path, field);
        return QuadError::invalid(
            &field,
            "format",
            "This field is unknown here, or there twice.",
        );
    }
    // A list where an object belongs has places, but no fields.
    if path == "." || path.is_empty() || path.starts_with('[') {
        return QuadError::malformed("The request is not of the form that this call takes.");
    }
    // The place in the body helps nobody who has the field's name.
    let reason = reason.split(" at line ").next().unwrap_or_default();
    QuadError::invalid(path, "format", reason)
}

fn below(path: &str, field: &str) -> String {
    match path.rsplit_once('.') {
        // A path that ends with the field itself, as it does for one that is there twice.
        _ if path == field || path == "." || path.is_empty() => field.to_owned(),
        Some((_, last)) if last == field => path.to_owned(),
        _ => format!("{path}.{field}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::{NewAccount, PostQuery};
    use axum::{
        Router,
        body::Body,
        extract::DefaultBodyLimit,
        routing::{get, post},
    };
    use tower::ServiceExt;

    async fn answer(request: Request) -> (u16, serde_json::Value) {
        let app = Router::new()
            .route("/json", post(|Json(_): Json<NewAccount>| async {}))
            .route("/query", get(|Query(_): Query<PostQuery>| async {}))
            .route("/post/{id}", get(|Path(_): Path<PostId>| async {}))
            .route("/user/{id}", get(|Path(_): Path<UserId>| async {}))
            .route(
                "/handle/{id}",
                get(|Path(handle): Path<Handle>| async move { handle.to_string() }),
            )
            .layer(DefaultBodyLimit::max(1000));
        let response = app.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn json(content_type: &str, body: &str) -> (u16, serde_json::Value) {
        let request = Request::post("/json")
            .header("content-type", content_type)
            .body(Body::from(body.to_owned()));
        answer(request.unwrap()).await
    }

    async fn get_of(path: &str) -> (u16, serde_json::Value) {
        answer(Request::get(path).body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn bodies_that_cannot_be_read() {
        let large = format!(r#"{{"handle":"{}"}}"#, "a".repeat(2000));
        let deep = "[".repeat(500);
        for (content_type, body, status, code) in [
            ("text/plain", "{}", 415, "unsupported_media_type"),
            ("application/json", "", 400, "malformed"),
            ("application/json", "{", 400, "malformed"),
            (
                "application/json",
                r#"{"handle":"a","password":"b"} {}"#,
                400,
                "malformed",
            ),
            ("application/json", &deep, 400, "malformed"),
            ("application/json", "[]", 400, "malformed"),
            ("application/json", "7", 400, "malformed"),
            ("application/json", &large, 413, "too_large"),
            (
                "application/json; charset=utf-8",
                r#"{"handle":"a","password":"b"}"#,
                200,
                "",
            ),
            (
                "application/json ; charset=\"utf-8\"",
                "\u{feff}{\"handle\":\"a\",\"password\":\"b\"}",
                200,
                "",
            ),
            (
                "application/vnd.quad+json",
                r#"{"handle":"a","password":"b"}"#,
                200,
                "",
            ),
            ("application/json", "\u{feff}", 400, "malformed"),
            ("application/json", "\u{feff}\u{feff}{}", 400, "malformed"),
        ] {
            let (got, problem) = json(content_type, body).await;
            assert_eq!(
                (got, problem["code"].as_str().unwrap_or("")),
                (status, code),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn fields_of_another_shape_are_named() {
        for (body, field, code) in [
            (r#"{"handle":"a"}"#, "password", "required"),
            (r#"{"handle":5,"password":"b"}"#, "handle", "format"),
            (r#"{"handle":"a","password":null}"#, "password", "format"),
            (
                r#"{"handle":"a","handle":"b","password":"b"}"#,
                "handle",
                "format",
            ),
            (
                r#"{"handle":"a","password":"b","name":[1]}"#,
                "name",
                "format",
            ),
        ] {
            let (status, problem) = json("application/json", body).await;
            assert_eq!(
                (status, problem["code"].as_str()),
                (422, Some("invalid")),
                "{body}"
            );
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
            assert_eq!(problem["errors"][0]["code"], code, "{problem}");
            assert!(
                !problem["errors"][0]["detail"]
                    .as_str()
                    .unwrap()
                    .contains("line"),
                "{problem}"
            );
        }
    }

    #[tokio::test]
    async fn queries() {
        assert_eq!(get_of("/query?limit=5&order=trending").await.0, 200);
        for (query, field) in [
            ("limit=x", "limit"),
            ("limit=-1", "limit"),
            ("order=best", "order"),
            ("author=9", "author"),
        ] {
            let (status, problem) = get_of(&format!("/query?{query}")).await;
            assert_eq!(
                (status, &problem["errors"][0]["field"]),
                (422, &field.into()),
                "{query} {problem}"
            );
        }
    }

    #[tokio::test]
    async fn paths_that_name_nothing_are_not_found() {
        for (path, status, code) in [
            ("/post/0abcdefg.1", 200, ""),
            ("/post/0abcdefg.01", 404, "no_such_post"),
            ("/post/%F0", 400, "malformed"),
            ("/user/ana", 404, "no_such_user"),
            ("/handle/Ana", 200, ""),
            ("/handle/-", 404, "no_such_user"),
        ] {
            let (got, problem) = get_of(path).await;
            assert_eq!(
                (got, problem["code"].as_str().unwrap_or("")),
                (status, code),
                "{path}"
            );
        }
    }
}
