//! The document itself: its examples, its error codes, and how it is served.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::customer::Customer;
use crate::described::{YAML, assert_valid, description};

#[path = "../../examples/reference/markdown.rs"]
mod markdown;
#[path = "../../examples/reference/node.rs"]
mod node;
#[path = "../../examples/reference/page.rs"]
mod page;
#[path = "../../examples/reference/schema.rs"]
mod schema;

#[test]
fn the_sandbox_serves_the_description_and_its_page() {
    let mut customer = Customer::new();
    let yaml = customer.control("GET", "/openapi.yaml", "");
    assert_eq!((yaml.status, yaml.header("content-type")), (200, "application/yaml"));
    assert_eq!(yaml.text(), YAML);
    let page = customer.control("GET", "/docs", "");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for path in ["/openapi.yaml", "/docs"] {
        customer.control("POST", path, "").refused(405, "ERR_REQ_002");
    }
}

#[test]
fn the_page_is_made_from_the_description() {
    let made = page::page(&node::parse(YAML).unwrap());
    let kept = fs::read_to_string(root().join("src/control/reference.html")).unwrap();
    assert!(made == kept, "run `cargo run -p qbank-sandbox --example reference`");
    // Self-contained: nothing is loaded from anywhere.
    for loads in ["<script", "<link", "<img", "src=", "url(", "@import"] {
        assert!(!kept.contains(loads), "{loads}");
    }
    for link in kept.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let within = target.strip_prefix('#').map(|id| format!("id=\"{id}\""));
        assert!(
            within.map_or(target == "openapi.yaml", |id| kept.contains(&id)),
            "{target} leads nowhere"
        );
    }
}

#[test]
fn every_example_is_valid() {
    let this = description();
    let mut count = 0;
    visit(&this.root, &mut |node| {
        let schema = &node["schema"];
        if schema.is_null() {
            return;
        }
        let many = node["examples"].as_object().into_iter().flatten();
        let many = many.map(|(_, example)| &example["value"]);
        for example in node.get("example").into_iter().chain(many) {
            assert_valid("an example", &this.validator(schema), example);
            count += 1;
        }
    });
    assert!(count > 30, "{count} examples");
}

/// A mock server takes its headers from the examples, and a pattern alone gives it none.
#[test]
fn every_header_and_parameter_with_a_rule_has_an_example_that_keeps_it() {
    let this = description();
    let mut count = 0;
    visit(&this.root, &mut |node| {
        let headers = node.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.map(|(name, header)| (name.as_str(), header));
        let parameters = node.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let parameters = parameters.map(|it| ("a parameter", it));
        for (name, node) in headers.chain(parameters) {
            let node = this.resolved(node);
            let rules = this.resolved(&node["schema"]);
            if ["pattern", "format", "const", "enum"].iter().all(|it| rules.get(it).is_none()) {
                continue;
            }
            let many = node["examples"].as_object().into_iter().flatten();
            let many = many.map(|(_, example)| &example["value"]);
            let examples: Vec<&Value> = node.get("example").into_iter().chain(many).collect();
            assert!(!examples.is_empty(), "{name} {node} has no example");
            for example in examples {
                assert_valid(name, &this.validator(&node["schema"]), example);
                count += 1;
            }
        }
    });
    assert!(count > 30, "{count} examples");
}

/// Of JSON Schema 2020-12 (Validation, 7.3) and of OpenAPI 3.1 (4.4): what a generator has
/// to know.
const FORMATS: [&str; 24] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "int32",
    "int64",
    "float",
    "double",
    "password",
];

#[test]
fn every_format_is_a_standard_one() {
    visit(&description().root, &mut |node| {
        if let Some(format) = node.get("format").and_then(Value::as_str) {
            assert!(FORMATS.contains(&format), "{format}");
        }
    });
}

/// Whoever pastes the examples one after the other uses a new key for each.
#[test]
fn the_examples_can_be_sent_one_after_the_other() {
    let mut customer = Customer::new();
    let mut keys = BTreeSet::new();
    for it in &description().operations {
        let content = &it.node["requestBody"]["content"]["application/json"]["examples"];
        for (name, body) in content.as_object().into_iter().flatten() {
            let key = it.parameters().into_iter().find(|it| it["name"] == "Idempotency-Key");
            let key = key.unwrap()["examples"][name]["value"].as_str().unwrap().to_owned();
            let path = format!("/v1{}", it.template);
            let response = customer.write(&path, &key, &body["value"].to_string());
            assert!(response.status < 300, "{name}: {}", response.text());
            assert!(keys.insert(key), "{name} has the key of another example");
        }
    }
    assert_eq!(keys.len(), 5);
}

#[test]
fn every_error_code_is_described_and_used() {
    let mut used = BTreeSet::new();
    for path in sources(&root().join("src")) {
        if path.extension().is_some_and(|it| it == "rs") {
            codes(&fs::read_to_string(path).unwrap(), &mut used);
        }
    }
    // Those of the control surface are no part of the bank.
    let control = ["ERR_SBX_002", "ERR_SBX_004", "ERR_SBX_005", "ERR_SBX_006"];
    used.retain(|code| !control.contains(&code.as_str()));
    let mut described = BTreeSet::new();
    codes(YAML, &mut described);
    assert_eq!(described, used);
}

#[test]
fn every_route_of_the_bank_is_described() {
    let source = fs::read_to_string(root().join("src/message/route.rs")).unwrap();
    let (_, paths) = source.split_once("fn of_path").unwrap();
    let (paths, _) = paths.split_once("fn method").unwrap();
    let arms = paths.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
    let routes: BTreeSet<String> = arms
        .map(
            |(path, to)| if to.contains(", id") { format!("/{path}/") } else { format!("/{path}") },
        )
        .collect();
    let described = description().operations.iter().map(|it| it.template.as_str());
    let described: BTreeSet<String> =
        described.map(|path| path.split('{').next().unwrap().to_owned()).collect();
    assert_eq!(described, routes);
}

#[test]
fn nothing_is_described_that_nothing_refers_to() {
    let this = description();
    for (kind, components) in this.root["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}\"");
            let used = YAML.contains(&reference) || kind == "securitySchemes";
            assert!(used, "{reference} is not used");
        }
    }
}

fn codes(text: &str, found: &mut BTreeSet<String>) {
    for rest in text.split("ERR_").skip(1) {
        let code: String = rest
            .chars()
            .take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_')
            .collect();
        // A prefix or a pattern is no code.
        if code.ends_with(|c: char| c.is_ascii_digit()) {
            found.insert(format!("ERR_{code}"));
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn visit(node: &Value, see: &mut impl FnMut(&Value)) {
    match node {
        Value::Object(members) => {
            see(node);
            members.values().for_each(|member| visit(member, see));
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}
