//! `/metrics`, at an address of its own: what it tells is for those who run the server.

use std::{net::SocketAddr, sync::Arc};

use app::error::QuadError;
use axum::{Router, response::IntoResponse, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{StartError, accept::Door, caps::Caps, connection::Manner};
use crate::{
    config::MetricsAddr,
    security::client_addr::TrustedProxies,
    web::{health, problem::Problem},
};

/// Connections at once. There are few who ask.
const MOST: usize = 64;

/// Listens for whoever asks for metrics. The usual address may be taken by another server of this
/// machine, which then goes on without; one that was named must be free.
pub(super) async fn listen(address: MetricsAddr) -> Result<Option<TcpListener>, StartError> {
    let (address, named) = match address {
        MetricsAddr::Off => return Ok(None),
        MetricsAddr::Usual => (MetricsAddr::USUAL.parse().ok(), false),
        MetricsAddr::At(address) => (Some(address), true),
    };
    let Some(address): Option<SocketAddr> = address else {
        return Ok(None);
    };
    match TcpListener::bind(address).await {
        Ok(listener) => {
            if let Ok(address) = listener.local_addr() {
                tracing::info!("Metrics are at http://{address}/metrics");
            }
            Ok(Some(listener))
        }
        Err(error) if named => Err(StartError::Metrics(address, error)),
        Err(error) => {
            tracing::warn!(
                event = "metrics_off",
                "there are no metrics: {address} cannot be had ({error}); QUAD_METRICS_ADDR names another"
            );
            Ok(None)
        }
    }
}

/// Answers whoever asks, until `stop`.
pub(super) async fn serve(
    listener: TcpListener,
    metrics: PrometheusHandle,
    manner: Manner,
    stop: CancellationToken,
) {
    let app = Router::new()
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem(QuadError::NotFound).into_response())
        .method_not_allowed_fallback(async || Problem(QuadError::MethodNotAllowed).into_response())
        .with_state(metrics);
    let door = Door {
        listener,
        caps: Arc::new(Caps::of(MOST, None, TrustedProxies::default())),
        manner,
    };
    let connections = TaskTracker::new();
    let serving = door.serve(app, connections.clone(), stop.clone());
    stop.run_until_cancelled(serving).await;
    connections.close();
    connections.wait().await;
}
