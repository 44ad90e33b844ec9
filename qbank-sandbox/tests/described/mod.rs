//! Holds what the bank responses, and what it is asked, against its description.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use http::{HeaderMap, Method};
use jsonschema::Validator;
use serde_json::{Value, json};

pub(crate) const YAML: &str = include_str!("../../openapi.yaml");

static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

/// The description, as far as tests ask it.
pub(crate) struct Description {
    pub(crate) root: Value,
    /// Whose objects have no more members than are described, and whose enumerations
    /// are closed: the sandbox sends nothing that is not described.
    strict: Value,
    pub(crate) operations: Vec<Operation>,
    built: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// One method of one path.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Such as `/balances/{accountId}`.
    pub(crate) template: String,
    pub(crate) item: Value,
    pub(crate) node: Value,
}

pub(crate) fn description() -> &'static Description {
    &DESCRIPTION
}

/// Panics if a response is not described. The control
/// surface is not described.
#[track_caller]
pub(crate) fn check_response(
    method: &str,
    path: &str,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) {
    let Some(path) = path.strip_prefix("/v1") else { return };
    if method == "OPTIONS" {
        return;
    }
    let path = path.split('?').next().unwrap_or_default();
    let this = description();
    let response = match this.at(path) {
        None => {
            assert_eq!(status, 404, "{method} {path} is not described, but got a response");
            this.root["components"]["responses"]["NotFound"].clone()
        }
        Some(it) if it.method != *method => {
            assert_eq!(status, 405, "{method} {path} is not described, but got a response");
            this.resolved(&it.item["x-any-other-method"]).clone()
        }
        Some(it) => {
            let response = &it.node["responses"][status.to_string()];
            assert!(!response.is_null(), "{method} {path}: {status} is not described");
            this.resolved(response).clone()
        }
    };
    let what = format!("{method} {path}: {status}");
    this.check_headers(&what, &response, headers);
    let media = headers.get("content-type").map(|value| value.to_str().unwrap());
    match (media, &response["content"]) {
        (None, Value::Null) => assert!(body.is_empty(), "{what}: a body that is not described"),
        (Some(media), content) => {
            let schema = &content[media]["schema"];
            assert!(!schema.is_null(), "{what}: {media} is not described");
            let value: Value = serde_json::from_slice(body).unwrap();
            assert_valid(&what, &this.strict_validator(schema), &value);
        }
        (None, _) => panic!("{what}: there is no body"),
    }
}

/// Whether a request is one that the description allows; panics if not.
#[track_caller]
pub(crate) fn check_request(
    request: &http::Request<bytes::Bytes>,
    base: &str,
) -> &'static Operation {
    let this = description();
    let path = request.uri().path().strip_prefix(base).unwrap();
    let it = this.at(path).unwrap_or_else(|| panic!("{path} is not described"));
    assert_eq!(it.method, request.method(), "{path}");
    let mut queries: Vec<_> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).collect();
    for parameter in it.parameters() {
        let parameter = this.resolved(&parameter).clone();
        let name = parameter["name"].as_str().unwrap();
        let value = match parameter["in"].as_str().unwrap() {
            "header" => request.headers().get(name).map(|it| it.to_str().unwrap().to_owned()),
            "query" => {
                let at = queries.iter().position(|(known, _)| known == name);
                at.map(|at| queries.remove(at).1.into_owned())
            }
            _ => Some(path.rsplit('/').next().unwrap().to_owned()),
        };
        let Some(value) = value else {
            assert_ne!(parameter["required"], true, "{path}: {name} is missing");
            continue;
        };
        let validator = this.validator(&parameter["schema"]);
        assert_valid(&format!("{path}: {name}"), &validator, &json!(value));
    }
    assert!(queries.is_empty(), "{path}: {queries:?} is not described");
    let content = &it.node["requestBody"]["content"];
    if content.is_null() {
        assert!(request.body().is_empty(), "{path}: a body that is not described");
        return it;
    }
    let media = request.headers()["content-type"].to_str().unwrap();
    let value = match media {
        "application/json" => serde_json::from_slice(request.body()).unwrap(),
        _ => form_urlencoded::parse(request.body())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    };
    let validator = this.validator(&content[media]["schema"]);
    assert_valid(path, &validator, &value);
    it
}

#[track_caller]
pub(crate) fn assert_valid(what: &str, validator: &Validator, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?} in {value}");
}

impl Description {
    fn read() -> Self {
        let root: Value = serde_saphyr::from_str(YAML).unwrap();
        let mut strict = root.clone();
        for schema in strict["components"]["schemas"].as_object_mut().unwrap().values_mut() {
            tighten(schema);
        }
        let mut operations = Vec::new();
        for (template, item) in root["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(node) = item.get(method) {
                    operations.push(Operation {
                        method: method.to_uppercase().parse().unwrap(),
                        template: template.clone(),
                        item: item.clone(),
                        node: node.clone(),
                    });
                }
            }
        }
        Self { root, strict, operations, built: Mutex::default() }
    }

    /// The operation of a path; a plain one comes before one with an id in it.
    fn at(&self, path: &str) -> Option<&Operation> {
        let plain = self.operations.iter().find(|it| it.template == path);
        plain.or_else(|| {
            let (folder, _) = path.rsplit_once('/')?;
            self.operations.iter().find(|it| {
                let parts = it.template.rsplit_once('/');
                parts.is_some_and(|(known, last)| known == folder && last.starts_with('{'))
            })
        })
    }

    pub(crate) fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"].as_str() {
            Some(reference) => self.root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => node,
        }
    }

    /// Of what may be sent.
    pub(crate) fn validator(&self, schema: &Value) -> Arc<Validator> {
        self.build("", &self.root, schema)
    }

    /// Of what the sandbox sends.
    fn strict_validator(&self, schema: &Value) -> Arc<Validator> {
        self.build("strict", &self.strict, schema)
    }

    /// To build one takes longer than most tests, so they are kept.
    fn build(&self, name: &str, root: &Value, schema: &Value) -> Arc<Validator> {
        let mut built = self.built.lock().unwrap();
        let made = built.entry(format!("{name} {schema}")).or_insert_with(|| {
            let mut document = schema.clone();
            document["components"] = root["components"].clone();
            document["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
            Arc::new(jsonschema::options().should_validate_formats(true).build(&document).unwrap())
        });
        Arc::clone(made)
    }

    #[track_caller]
    fn check_headers(&self, what: &str, response: &Value, headers: &HeaderMap) {
        let none = serde_json::Map::new();
        let described = response["headers"].as_object().unwrap_or(&none);
        for (name, header) in described {
            let header = self.resolved(header);
            let Some(value) = headers.get(name) else {
                assert_ne!(header["required"], true, "{what}: {name} is missing");
                continue;
            };
            let validator = self.validator(&header["schema"]);
            assert_valid(&format!("{what}: {name}"), &validator, &json!(value.to_str().unwrap()));
        }
        for name in headers.keys().map(http::HeaderName::as_str) {
            let known = described.keys().any(|known| known.eq_ignore_ascii_case(name));
            let usual = name.starts_with("access-control-")
                || ["content-type", "content-length", "connection"].contains(&name);
            assert!(known || usual, "{what}: {name} is not described");
        }
    }
}

impl Operation {
    pub(crate) fn parameters(&self) -> Vec<Value> {
        [&self.item, &self.node]
            .into_iter()
            .filter_map(|node| node["parameters"].as_array())
            .flatten()
            .cloned()
            .collect()
    }

    pub(crate) fn id(&self) -> &str {
        self.node["operationId"].as_str().unwrap()
    }

    /// The scope that it needs; the token itself needs none.
    pub(crate) fn scope(&self) -> Option<&str> {
        self.node["security"][0]["oauth2"][0].as_str()
    }
}

/// No members and no values but those that are described.
fn tighten(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(values) = members.remove("x-extensible-enum") {
        members.insert("enum".into(), values);
    }
    if members.contains_key("properties") {
        members.entry("additionalProperties").or_insert(false.into());
    }
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(tighten);
    }
}
