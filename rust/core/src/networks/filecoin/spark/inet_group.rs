//! The subnets of participants.
//!
//! In: a client's IP address. Out: the subnet that its measurements are grouped by. Rule: Filecoin, C1.
//! Invariant: all IPv6 clients share one subnet, but for those whose address holds an IPv4 one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// The group of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InetGroup {
    /// The network of 256 IPv4 addresses that starts here.
    V4(Ipv4Addr),
    /// Any IPv6 address.
    V6,
}

impl InetGroup {
    /// The group of this address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4(Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl fmt::Display for InetGroup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(network) => write!(out, "{network}/24"),
            Self::V6 => out.write_str("ipv6"),
        }
    }
}
