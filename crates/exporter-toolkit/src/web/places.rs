//! Places for connections, a fixed number of them. When all are taken and one more client comes, the one that has asked
//! for nothing for longest gives up its place: idle and slow clients keep nobody out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::patience::Serving;

/// How long to wait for a place before looking again for a client without a request under way.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// All places.
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// Counts requests of all clients, so that it tells which was before which.
    clock: AtomicU64,
    clients: Mutex<Vec<Arc<Client>>>,
}

struct Client {
    serving: Serving,
    /// When it came, or when its last request began or ended.
    active: AtomicU64,
    leave: Notify,
}

/// A client's place. Dropping it frees it.
pub(super) struct Place {
    places: Arc<Places>,
    client: Arc<Client>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            clock: AtomicU64::new(0),
            clients: Mutex::default(),
        })
    }

    /// Waits for a place. That is short unless every client has a request under way.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if self.free.available_permits() == 0 {
                self.ask_one_to_leave();
            }
            if let Ok(Ok(permit)) = timeout(LOOK_AGAIN, Arc::clone(&self.free).acquire_owned()).await {
                return Place::new(Arc::clone(self), permit);
            }
        }
    }

    fn ask_one_to_leave(&self) {
        let clients = self.lock();
        let quiet = clients.iter().filter(|client| !client.serving.load(Ordering::Relaxed));
        if let Some(client) = quiet.min_by_key(|client| client.active.load(Ordering::Relaxed)) {
            client.leave.notify_one();
        }
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn new(places: Arc<Places>, permit: OwnedSemaphorePermit) -> Self {
        let client = Arc::new(Client {
            serving: Serving::default(),
            active: AtomicU64::new(places.now()),
            leave: Notify::new(),
        });
        places.lock().push(Arc::clone(&client));
        Self {
            places,
            client,
            _permit: permit,
        }
    }

    /// Set while a request of this client is under way.
    pub(super) fn serving(&self) -> Serving {
        Arc::clone(&self.client.serving)
    }

    /// A request of this client begins, or ends.
    pub(super) fn set_serving(&self, serving: bool) {
        self.client.active.store(self.places.now(), Ordering::Relaxed);
        self.client.serving.store(serving, Ordering::Relaxed);
    }

    /// Waits until the place is wanted for someone else.
    pub(super) async fn asked_to_leave(&self) {
        self.client.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().retain(|client| !Arc::ptr_eq(client, &self.client));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_asked(place: &Place) -> bool {
        timeout(Duration::from_millis(1), place.asked_to_leave()).await.is_ok()
    }

    async fn asked(places: &[Place]) -> Vec<bool> {
        let mut asked = Vec::new();
        for place in places {
            asked.push(is_asked(place).await);
        }
        asked
    }

    #[tokio::test(start_paused = true)]
    async fn the_client_that_was_quiet_longest_leaves_for_a_new_one() {
        let all = Places::new(3);
        let mut taken = vec![all.take().await, all.take().await, all.take().await];
        assert_eq!(asked(&taken).await, [false; 3]);
        // The first is being served, and the second was served after the third came.
        taken[0].set_serving(true);
        taken[1].set_serving(true);
        taken[1].set_serving(false);
        let new = tokio::spawn({
            let all = Arc::clone(&all);
            async move { all.take().await }
        });
        tokio::task::yield_now().await;
        assert_eq!(asked(&taken).await, [false, false, true]);
        drop(taken.pop());
        let _new = new.await.unwrap();
        assert_eq!(all.lock().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_leaves_in_the_middle_of_a_request() {
        let all = Places::new(1);
        let only = all.take().await;
        only.set_serving(true);
        let began = tokio::time::Instant::now();
        let new = async {
            all.take().await;
            began.elapsed()
        };
        let answer = async {
            assert!(timeout(Duration::from_secs(5), only.asked_to_leave()).await.is_err());
            only.set_serving(false);
            only.asked_to_leave().await;
            drop(only);
        };
        let (took, ()) = tokio::join!(new, answer);
        assert!(
            (Duration::from_secs(5)..=Duration::from_secs(5) + LOOK_AGAIN).contains(&took),
            "{took:?}"
        );
    }
}
