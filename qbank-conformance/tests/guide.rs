//! The guide's code is the compiled example's: each excerpt that it includes is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::path::Path;

#[test]
fn every_excerpt_of_the_guide_is_in_the_example() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/guides");
    let guide = std::fs::read_to_string(guides.join("write-a-transport.md")).unwrap();
    let mut excerpts = 0;
    for rest in guide.split("{{#include ").skip(1) {
        let (path, anchor) = rest.split_once("}}").unwrap().0.split_once(':').unwrap();
        let code = std::fs::read_to_string(guides.join(path)).unwrap();
        let of = |mark: &str| code.lines().position(|line| line == format!("// {mark}: {anchor}"));
        let (begin, end) = (of("ANCHOR"), of("ANCHOR_END"));
        assert!(begin.is_some() && begin < end, "{path} has no excerpt {anchor}");
        excerpts += 1;
    }
    assert!(excerpts >= 10, "{excerpts} excerpts");
}
