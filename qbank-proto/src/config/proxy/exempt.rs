//! The hosts that are reached without a proxy: `NO_PROXY`, as curl reads it, and besides with
//! ports and with `*.` before a name.

use std::net::IpAddr;

/// The entries of `NO_PROXY`, between commas or white space. One that cannot be read exempts
/// nothing: what is not exempt goes through the proxy.
#[derive(Debug, Clone, Default)]
pub(super) struct Exempt(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    /// This name and its subdomains; in lower case, without a dot at either end.
    Named(String),
    /// The addresses that begin with these bits.
    Network(IpAddr, u32),
}

impl Exempt {
    pub(super) fn parse(list: &str) -> Self {
        if list.trim() == "*" {
            return Self(vec![Entry { hosts: Hosts::All, port: None }]);
        }
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter(|entry| !entry.is_empty()).filter_map(Entry::parse).collect())
    }

    /// Whether a URL's host is reached directly at this port. Names are not resolved.
    pub(super) fn has(&self, host: &str, port: u16) -> bool {
        let bare = bare(host);
        let address = bare.parse::<IpAddr>().ok();
        let name = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
        self.0.iter().filter(|entry| entry.port.is_none_or(|it| it == port)).any(|entry| {
            match (&entry.hosts, address) {
                (Hosts::All, _) => true,
                (Hosts::Named(known), None) => name
                    .strip_suffix(known.as_str())
                    .is_some_and(|before| before.is_empty() || before.ends_with('.')),
                (Hosts::Network(network, bits), Some(address)) => {
                    is_within(address, *network, *bits)
                }
                (Hosts::Named(_), Some(_)) | (Hosts::Network(..), None) => false,
            }
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        // Alone it exempts every host, in a list none: see above.
        if text == "*" {
            return None;
        }
        if let Some((network, bits)) = text.split_once('/') {
            let network = bare(network).parse::<IpAddr>().ok()?;
            let bits = bits.parse().ok().filter(|bits| *bits <= width(network))?;
            return Some(Self { hosts: Hosts::Network(network, bits), port: None });
        }
        // An IPv6 address has colons of its own.
        if let Ok(address) = bare(text).parse::<IpAddr>() {
            return Some(Self { hosts: Hosts::Network(address, width(address)), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let hosts = match bare(host).parse::<IpAddr>() {
            Ok(address) => Hosts::Network(address, width(address)),
            Err(_) => Hosts::Named(name(host)?),
        };
        Some(Self { hosts, port })
    }
}

/// Without what stands for subdomains.
fn name(host: &str) -> Option<String> {
    let name = host.strip_prefix('*').filter(|it| it.starts_with('.')).unwrap_or(host);
    let name = name.trim_start_matches('.');
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// Without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

const fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let differing = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => u128::from(one.to_bits() ^ other.to_bits()),
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() ^ other.to_bits(),
        _ => return false,
    };
    // A shift by all 128 bits leaves nothing to differ.
    differing.checked_shr(width(network) - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_exempts_a_name_with_its_subdomains_an_address_or_a_network() {
        for (list, host, port, exempt) in [
            ("", "bank.example", 443, false),
            ("*", "bank.example", 443, true),
            ("*", "10.0.0.1", 443, true),
            // A name: itself and its subdomains, with or without a dot before it.
            ("bank.example", "bank.example", 443, true),
            ("bank.example", "api.bank.example", 443, true),
            ("bank.example", "otherbank.example", 443, false),
            ("bank.example", "bank.example.evil", 443, false),
            (".bank.example", "bank.example", 443, true),
            (".bank.example", "a.b.bank.example", 443, true),
            (".bank.example", "otherbank.example", 443, false),
            ("*.bank.example", "bank.example", 443, true),
            ("*.bank.example", "api.bank.example", 443, true),
            ("*.bank.example", "otherbank.example", 443, false),
            ("*bank.example", "otherbank.example", 443, false),
            ("api.*.example", "api.bank.example", 443, false),
            ("BANK.Example", "Api.bank.EXAMPLE", 443, true),
            ("bank.example.", "bank.example", 443, true),
            ("bank.example", "bank.example.", 443, true),
            (".", "bank.example", 443, false),
            ("example", "bank.example", 443, true),
            ("*.", "bank.example", 443, false),
            // Lists.
            ("a.example,bank.example", "bank.example", 443, true),
            (" a.example , bank.example ", "bank.example", 443, true),
            ("a.example bank.example", "bank.example", 443, true),
            (",,a.example,,", "bank.example", 443, false),
            ("a.example,*", "bank.example", 443, false),
            (" * ", "bank.example", 443, true),
            // Ports.
            ("bank.example:443", "bank.example", 443, true),
            ("bank.example:443", "api.bank.example", 443, true),
            ("bank.example:443", "bank.example", 8443, false),
            ("bank.example:https", "bank.example", 443, false),
            ("10.0.0.1:443", "10.0.0.1", 443, true),
            ("10.0.0.1:443", "10.0.0.1", 8443, false),
            ("[2001:db8::1]:443", "[2001:db8::1]", 443, true),
            ("[2001:db8::1]:443", "[2001:db8::1]", 8443, false),
            // Addresses, which are no names.
            ("10.0.0.1", "10.0.0.1", 443, true),
            ("0.0.1", "10.0.0.1", 443, false),
            (".0.0.1", "10.0.0.1", 443, false),
            ("10.0.0.1", "10.0.0.1.example", 443, false),
            ("2001:db8::1", "[2001:db8::1]", 443, true),
            ("[2001:DB8:0::1]", "[2001:db8::1]", 443, true),
            ("2001:db8::1", "[2001:db8::2]", 443, false),
            // Networks.
            ("10.0.0.0/8", "10.255.0.1", 443, true),
            ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("10.1.2.3/8", "10.255.0.1", 443, true),
            ("192.168.4.0/22", "192.168.7.255", 443, true),
            ("192.168.4.0/22", "192.168.8.0", 443, false),
            ("10.0.0.1/32", "10.0.0.1", 443, true),
            ("10.0.0.1/32", "10.0.0.2", 443, false),
            ("0.0.0.0/0", "10.0.0.1", 443, true),
            ("0.0.0.0/0", "[2001:db8::1]", 443, false),
            ("0.0.0.0/0", "bank.example", 443, false),
            ("::/0", "[2001:db8::1]", 443, true),
            ("2001:db8::/32", "[2001:db8:ffff::1]", 443, true),
            ("2001:db8::/32", "[2001:db9::1]", 443, false),
            ("2001:db8::1/128", "[2001:db8::1]", 443, true),
            ("10.0.0.0/33", "10.0.0.1", 443, false),
            ("10.0.0.0/-1", "10.0.0.1", 443, false),
            ("10.0.0.0/", "10.0.0.1", 443, false),
            ("bank.example/8", "bank.example", 443, false),
        ] {
            assert_eq!(Exempt::parse(list).has(host, port), exempt, "{list:?}: {host}:{port}");
        }
    }
}
