//! The crowd in front of a door: who holds a connection, since when, and whether they have said what they want.
//!
//! Connections are capped, in all and for each address. When the cap is reached, the oldest of the same address that
//! has not yet sent a complete request head makes room; so a client that opens a thousand sockets and says nothing
//! crowds out only itself.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    pub total: usize,
    /// For each IPv4 address, and for each /64 network of IPv6, since one home has a whole one of these.
    pub per_address: usize,
}

/// One connection, as the crowd sees it.
#[derive(Debug)]
pub struct Guest {
    speechless: AtomicBool,
    leave: Notify,
}

impl Guest {
    /// A complete head has come in: this connection is served.
    pub fn spoke(&self) {
        self.speechless.store(false, Relaxed);
    }

    /// The answer is given; the next head is awaited.
    pub fn fell_silent(&self) {
        self.speechless.store(true, Relaxed);
    }

    /// Resolves when this connection has to make room.
    pub async fn sent_away(&self) {
        self.leave.notified().await;
    }
}

type Guests = BTreeMap<u64, Arc<Guest>>;

#[derive(Default)]
struct State {
    next: u64,
    total: usize,
    by_address: HashMap<IpAddr, Guests>,
}

/// The crowd of one door. Clones share it.
#[derive(Clone)]
pub struct Crowd {
    caps: Caps,
    state: Arc<Mutex<State>>,
}

/// A place in the crowd; dropping it gives it up.
pub struct Place {
    pub guest: Arc<Guest>,
    crowd: Crowd,
    address: IpAddr,
    number: u64,
}

impl Crowd {
    /// Nobody there yet.
    pub fn new(caps: Caps) -> Self {
        Self { caps, state: Arc::default() }
    }

    /// A place for a new connection of `address`, or none when nobody can make room. An address that is `trusted` (a
    /// proxy, in front of many people) is held to the total alone.
    pub fn enter(&self, address: IpAddr, trusted: bool) -> Option<Place> {
        let address = network(address);
        let mut state = self.state();
        let own = state.by_address.get(&address).map_or(0, Guests::len);
        if own >= self.caps.per_address && !trusted && !state.send_away(address) {
            return None;
        }
        if state.total >= self.caps.total && !state.send_away(address) && !state.send_away_from_the_most() {
            return None;
        }
        let guest = Arc::new(Guest { speechless: AtomicBool::new(true), leave: Notify::new() });
        let number = state.next;
        state.next += 1;
        state.total += 1;
        state.by_address.entry(address).or_default().insert(number, guest.clone());
        Some(Place { guest, crowd: self.clone(), address, number })
    }

    /// Like [`Crowd::enter`]; but before it says no, those that are done may leave.
    pub async fn find_room(&self, address: IpAddr, trusted: bool) -> Option<Place> {
        if let Some(place) = self.enter(address, trusted) {
            return Some(place);
        }
        tokio::task::yield_now().await;
        self.enter(address, trusted)
    }

    /// How many connections there are.
    pub fn size(&self) -> usize {
        self.state().total
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The oldest of this address that has not said what it wants leaves.
    fn send_away(&mut self, address: IpAddr) -> bool {
        let Some(guests) = self.by_address.get(&address) else { return false };
        let Some((number, guest)) = guests.iter().find(|(_, guest)| guest.speechless.load(Relaxed)) else {
            return false;
        };
        guest.leave.notify_one();
        let number = *number;
        self.remove(address, number);
        true
    }

    /// The address with the most connections gives one up.
    fn send_away_from_the_most(&mut self) -> bool {
        let speechless = |guests: &Guests| guests.values().filter(|guest| guest.speechless.load(Relaxed)).count();
        let most = self.by_address.iter().max_by_key(|(_, guests)| speechless(guests));
        match most.map(|(address, _)| *address) {
            Some(address) => self.send_away(address),
            None => false,
        }
    }

    fn remove(&mut self, address: IpAddr, number: u64) {
        let Some(guests) = self.by_address.get_mut(&address) else { return };
        if guests.remove(&number).is_some() {
            self.total -= 1;
        }
        if guests.is_empty() {
            self.by_address.remove(&address);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.state().remove(self.address, self.number);
    }
}

/// What counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const CAPS: Caps = Caps { total: 5, per_address: 3 };

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn was_sent_away(place: &Place) -> bool {
        place.guest.sent_away().now_or_never().is_some()
    }

    #[test]
    fn at_its_cap_an_address_gives_up_its_oldest_silent_connection() {
        let crowd = Crowd::new(CAPS);
        let places: Vec<_> = (0..3).map(|_| crowd.enter(address(1), false).unwrap()).collect();
        places[0].guest.spoke();
        let fourth = crowd.enter(address(1), false).unwrap();
        assert_eq!(places.iter().map(was_sent_away).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(crowd.size(), 3);
        places[2].guest.spoke();
        fourth.guest.spoke();
        assert!(crowd.enter(address(1), false).is_none(), "all of them are being served");
        assert!(crowd.enter(address(1), true).is_some(), "a proxy may hold more");
        fourth.guest.fell_silent();
        assert!(crowd.enter(address(1), false).is_some());
        drop((places, fourth));
        assert_eq!(crowd.size(), 0);
    }

    #[test]
    fn at_the_total_the_address_with_the_most_silent_ones_makes_room() {
        let crowd = Crowd::new(CAPS);
        let many: Vec<_> = (0..3).map(|_| crowd.enter(address(1), false).unwrap()).collect();
        let few: Vec<_> = (0..2).map(|_| crowd.enter(address(2), false).unwrap()).collect();
        let new = crowd.enter(address(3), false).unwrap();
        assert!(was_sent_away(&many[0]) && !few.iter().any(was_sent_away));
        for place in many.iter().chain(&few).chain([&new]) {
            place.guest.spoke();
        }
        assert!(crowd.enter(address(4), false).is_none());
        drop(many);
        assert!(crowd.enter(address(4), false).is_some());
    }

    #[test]
    fn one_home_of_ipv6_is_one_address() {
        let crowd = Crowd::new(CAPS);
        let inside = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 1, 2, 3, last]);
        let places: Vec<_> = (0..4).map(|last| crowd.enter(inside(last), false).unwrap()).collect();
        assert!(was_sent_away(&places[0]));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), address(1));
    }
}
