//! Whether the server lives, whether it can serve, and how it does.

use app::error::QuadError;
use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use metrics_exporter_prometheus::PrometheusHandle;

use super::problem::{Answer, ProblemDetails};
use crate::server::Shared;

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers, what is published comes back, and no task of the server is stuck.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 503, body = ProblemDetails)))]
pub async fn ready(State(shared): State<Shared>) -> Answer<&'static str> {
    if shared.live.is_draining() {
        return Err(QuadError::Unavailable.into());
    }
    let stuck = shared.live.pulses.stuck();
    if !stuck.is_empty() {
        tracing::error!(tasks = ?stuck, "tasks are stuck or have ended; start this server anew");
        return Err(QuadError::Unavailable.into());
    }
    shared
        .service
        .store()
        .ping()
        .await
        .map_err(QuadError::from)?;
    if shared.live.broker.proves().await {
        Ok("ready\n")
    } else {
        Err(QuadError::Unavailable.into())
    }
}

/// Counters and gauges in Prometheus' text format. Not at the public address: `QUAD_METRICS_ADDR` says where.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    servers((url = "http://127.0.0.1:9464", description = "QUAD_METRICS_ADDR, for those who run the server.")),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 404, body = ProblemDetails, description = "At the public address.")))]
pub async fn metrics(State(metrics): State<PrometheusHandle>) -> Response {
    let text = metrics.render();
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}
