use std::net::IpAddr;
use std::pin::pin;

use futures::future::{FutureExt, join, join_all};
use futures::poll;
use tokio::task::yield_now;

use super::*;

fn peer(number: u8) -> Peer {
    IpAddr::from([127, 0, 0, number]).into()
}

/// A hash with the lowest cost of bcrypt.
fn hash() -> Hash {
    Hash::new(&bcrypt::hash("right", 4).unwrap()).unwrap()
}

/// One worker; a wrong password keeps its slot for `delay`.
fn checks(delay: Duration) -> Checks {
    Checks {
        workers: Arc::new(Semaphore::new(1)),
        delay,
        ..Checks::default()
    }
}

const LONG: Duration = Duration::from_secs(3600);

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        yield_now().await;
    }
}

#[tokio::test]
async fn only_the_correct_password_is_accepted() {
    let checks = checks(Duration::ZERO);
    let verify = |password| checks.verify(peer(1), hash(), password);
    assert_eq!(verify(b"right").await, PasswordCheck::Accepted);
    assert_eq!(verify(b"wrong").await, PasswordCheck::Rejected);
    assert!(checks.taken.lock().is_empty());
}

#[tokio::test]
async fn a_peer_that_floods_the_queue_keeps_few_slots_and_others_are_next() {
    let checks = checks(Duration::ZERO);
    let busy = checks.workers.acquire().await.unwrap();
    let order = Mutex::new(Vec::new());
    let ask = async |number, password| {
        let verdict = checks.verify(peer(number), hash(), password).await;
        order.lock().unwrap().push((number, verdict));
    };
    let mut flood = pin!(join_all((0..50).map(|_| ask(2, b"wrong"))));
    assert!(poll!(flood.as_mut()).is_pending());
    let refused = vec![(2, PasswordCheck::Busy); 50 - SLOTS];
    assert_eq!(*order.lock().unwrap(), refused);
    order.lock().unwrap().clear();
    let mut good = pin!(ask(1, b"right"));
    assert!(poll!(good.as_mut()).is_pending());
    drop(busy);
    join(good, flood).await;
    let order = order.lock().unwrap();
    let place = order
        .iter()
        .position(|entry| *entry == (1, PasswordCheck::Accepted));
    assert!(place.is_some_and(|place| place <= SLOTS), "{order:?}");
    assert!(checks.taken.lock().is_empty());
}

#[tokio::test]
async fn a_client_that_disconnects_before_its_check_frees_its_slot() {
    let checks = checks(LONG);
    let _busy = checks.workers.acquire().await.unwrap();
    for _ in 0..SLOTS * 2 {
        let waiting = checks.verify(peer(2), hash(), b"wrong");
        assert!(waiting.now_or_never().is_none());
    }
    assert!(checks.taken.lock().is_empty());
}

#[tokio::test]
async fn disconnecting_after_a_wrong_password_does_not_avoid_the_delay() {
    let checks = checks(LONG);
    for _ in 0..SLOTS {
        let mut guess = pin!(checks.verify(peer(2), hash(), b"wrong"));
        assert!(poll!(guess.as_mut()).is_pending());
        until(|| checks.workers.available_permits() == 1).await;
    }
    let again = checks.verify(peer(2), hash(), b"right");
    assert_eq!(again.now_or_never(), Some(PasswordCheck::Busy));
    assert_eq!(
        checks.verify(peer(1), hash(), b"right").await,
        PasswordCheck::Accepted
    );
}
