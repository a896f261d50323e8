//! Whether the server's own tasks do their work. A task that waits for something which never comes
//! would otherwise be noticed by nobody: the server answers, and what that task is for stands still.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// A task that is busy with one piece of work for longer than this is stuck. All that tasks wait for has
/// a shorter time limit.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// The tasks that are watched. Clones are of the same ones.
#[derive(Clone, Default)]
pub struct Pulses(Arc<Mutex<Vec<Arc<Watched>>>>);

struct Watched {
    name: &'static str,
    /// Since when it is busy; `None` while it has nothing to do.
    busy: Mutex<Option<Instant>>,
    ended: AtomicBool,
    /// It was meant to end.
    done: AtomicBool,
}

/// A task's own handle. It ends with the task.
pub struct Pulse(Arc<Watched>);

impl Pulses {
    /// Watches a task from now on.
    pub fn watch(&self, name: &'static str) -> Pulse {
        let watched = Arc::new(Watched {
            name,
            busy: Mutex::default(),
            ended: AtomicBool::new(false),
            done: AtomicBool::new(false),
        });
        lock(&self.0).push(watched.clone());
        Pulse(watched)
    }

    /// The names of the tasks that are stuck, or have ended.
    pub fn stuck(&self) -> Vec<&'static str> {
        let is_stuck = |task: &&Arc<Watched>| {
            let busy = lock(&task.busy).is_some_and(|since| since.elapsed() > STUCK_AFTER);
            busy || task.ended.load(Ordering::Relaxed)
        };
        let tasks = lock(&self.0);
        tasks
            .iter()
            .filter(is_stuck)
            .map(|task| task.name)
            .collect()
    }
}

impl Pulse {
    /// Holds the pulse of a task of which only its end is noticed.
    pub async fn of(self, task: impl Future<Output = ()>) {
        task.await;
    }

    /// The same for a task that has an end.
    pub async fn until_done(self, task: impl Future<Output = ()>) {
        task.await;
        self.0.done.store(true, Ordering::Relaxed);
    }

    /// Does one piece of work, for which the task is busy.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        *lock(&self.0.busy) = Some(Instant::now());
        let done = work.await;
        *lock(&self.0.busy) = None;
        done
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let done = self.0.done.load(Ordering::Relaxed);
        self.0.ended.store(!done, Ordering::Relaxed);
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_waits_for_work_is_well_and_one_that_does_not_end_its_work_is_stuck() {
        let pulses = Pulses::default();
        let (idle, busy) = (pulses.watch("idle"), pulses.watch("busy"));
        idle.during(async {}).await;
        let stuck = tokio::spawn(async move { busy.during(pending::<()>()).await });
        tokio::time::sleep(STUCK_AFTER / 2).await;
        assert_eq!(pulses.stuck(), [""; 0]);
        tokio::time::sleep(STUCK_AFTER).await;
        assert_eq!(pulses.stuck(), ["busy"]);
        stuck.abort();
        drop(stuck.await);
        drop(idle);
        pulses.watch("done").until_done(async {}).await;
        assert_eq!(pulses.stuck(), ["idle", "busy"]);
    }
}
