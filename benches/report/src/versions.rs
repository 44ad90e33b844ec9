//! The versions of what was measured, from the lock file.

const LOCK: &str = include_str!("../../Cargo.lock");

const SHOWN: [&str; 18] = [
    "async-stripe",
    "criterion",
    "hmac",
    "http",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "qbank-proto",
    "reqwest",
    "ring",
    "rustls",
    "serde",
    "serde_json",
    "sha2",
    "standardwebhooks",
    "tokio",
    "ureq",
    "uuid",
];

/// Each crate with its versions: of some there are two, for a peer.
pub(crate) fn versions() -> String {
    let of = |name: &str| {
        let start = format!("name = \"{name}\"\nversion = \"");
        let found = LOCK.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
        format!("{name} {}", found.collect::<Vec<_>>().join(" and "))
    };
    SHOWN.map(of).join(" · ")
}
