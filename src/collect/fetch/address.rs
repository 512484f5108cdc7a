//! Which addresses may be asked.

use ipnet::IpNet;
use std::sync::LazyLock;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Anybody's.
    Public,
    /// This machine's, its network's, or set apart for special use.
    Private,
    /// No single host's: many, or none.
    Nobody,
}

/// Networks of the registries of special addresses (RFC 6890 and what followed) that no public service is in.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
];

/// Networks of which no address is one host's.
const NOBODY: &[&str] = &["0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8"];

/// A list as networks.
fn networks(list: &[&str]) -> Vec<IpNet> {
    list.iter().filter_map(|text| text.parse().ok()).collect()
}

static NETWORKS: LazyLock<[(Standing, Vec<IpNet>); 2]> =
    LazyLock::new(|| [(Standing::Nobody, networks(NOBODY)), (Standing::Private, networks(PRIVATE))]);

/// What kind of address `ip` is. One that holds an address of the older kind is what that one is.
pub fn standing(ip: IpAddr) -> Standing {
    let ip = match ip {
        IpAddr::V6(v6) => inner(v6).map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    let found = NETWORKS.iter().find(|(_, networks)| networks.iter().any(|n| n.contains(&ip)));
    found.map_or(Standing::Public, |(standing, _)| *standing)
}

/// The address of the older kind that `ip` stands for: mapped, translated (NAT64) or tunnelled (6to4).
fn inner(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        // `::a.b.c.d`, long out of use; `::` and `::1` are their own.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_lists_is_one() {
        assert_eq!(networks(PRIVATE).len() + networks(NOBODY).len(), PRIVATE.len() + NOBODY.len());
    }

    #[test]
    fn addresses_that_are_not_public_are_known_in_every_guise() {
        let all = |text: &str| text.split(' ').map(|ip| standing(ip.parse().unwrap())).collect::<Vec<_>>();
        let private = "127.0.0.1 127.9.9.9 10.1.2.3 172.31.0.1 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 ::1 \
                       fe80::1 fd00:ec2::254 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 2002:7f00:1:: \
                       ::127.0.0.1 2001::1 fec0::1";
        let private = private.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(all(&private).iter().all(|s| *s == Standing::Private), "{:?}", all(&private));
        let nobody = "0.0.0.0 0.1.2.3 224.0.0.1 255.255.255.255 :: ff02::1 ::ffff:0.0.0.0 ::ffff:224.0.0.1";
        assert!(all(nobody).iter().all(|s| *s == Standing::Nobody), "{:?}", all(nobody));
        let public = "1.1.1.1 172.32.0.1 192.169.0.1 100.128.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808";
        assert!(all(public).iter().all(|s| *s == Standing::Public), "{:?}", all(public));
    }
}
