//! The tasks that belong to the server and to no request.

use tokio_util::task::TaskTracker;

use crate::pulse::{Pulse, Pulses};

/// Starts tasks, each under a name and with a pulse, and waits for their end.
#[derive(Default)]
pub(super) struct Tasks {
    tracker: TaskTracker,
    pulses: Pulses,
}

impl Tasks {
    /// Starts a task, which keeps its pulse until it ends.
    pub(super) fn spawn<F>(&self, name: &'static str, task: impl FnOnce(Pulse) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(task(self.pulses.watch(name)));
    }

    /// How they are.
    pub(super) fn pulses(&self) -> Pulses {
        self.pulses.clone()
    }

    /// Waits until all have ended. None is started any more.
    pub(super) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
