//! The network that an address belongs to: what is counted, remembered and shown of an address.

use std::net::IpAddr;

use app::model::UserId;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Whoever has one IPv6 address has the 2^64 of its network, so these count as one.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// How a network is shown to the person who used it: `203.0.113.7` or `2001:db8:0:1::/64`.
pub fn shown(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V6(network) => format!("{network}/64"),
        v4 => v4.to_string(),
    }
}

/// The name under which the store remembers that a person logged in from a network. It is a hash,
/// so that nobody can read old addresses there, and another one for each person, so that people who
/// share a network cannot be found by it.
pub fn digest(person: &UserId, address: IpAddr) -> String {
    const BYTES: usize = 12;
    let hash = Sha256::digest(format!("{person} {}", network(address)));
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> IpAddr {
        network(address.parse().unwrap())
    }

    #[test]
    fn an_ipv6_network_is_one_and_an_ipv4_address_is_itself() {
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn it_is_shown_as_people_write_it() {
        assert_eq!(shown("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
        assert_eq!(
            shown("2001:db8:0:1::5".parse().unwrap()),
            "2001:db8:0:1::/64"
        );
    }

    #[test]
    fn what_is_remembered_names_neither_the_network_nor_others_in_it() {
        let (ana, bob): (UserId, UserId) =
            ("0aaaaaaa".parse().unwrap(), "0bbbbbbb".parse().unwrap());
        let home = "2001:db8::1".parse().unwrap();
        assert_eq!(
            digest(&ana, home),
            digest(&ana, "2001:db8::2".parse().unwrap())
        );
        assert_ne!(digest(&ana, home), digest(&bob, home));
        assert_eq!(digest(&ana, home).len(), 16);
    }
}
