//! The reference page: one file, no script, nothing from elsewhere.

use std::fmt::Write as _;

use super::markdown::{blocks, escaped, inline};
use super::node::Node;
use super::schema;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole page.
pub(crate) fn page(root: &Node) -> String {
    let info = root.get("info");
    let title = info.get("title").text();
    let operations: Vec<Operation<'_>> = Operation::all(root, "paths");
    let webhooks: Vec<Operation<'_>> = Operation::all(root, "webhooks");

    let mut nav = String::new();
    for tag in root.get("tags").items() {
        let name = tag.get("name").text();
        let _ = writeln!(nav, "<li>{}\n<ul>", escaped(name));
        for it in operations.iter().chain(&webhooks).filter(|it| it.tag() == name) {
            let (id, summary) = (it.id(), escaped(it.node.get("summary").text()));
            let _ = writeln!(nav, "<li><a href=\"#{id}\">{summary}</a></li>");
        }
        nav.push_str("</ul></li>\n");
    }

    let mut main = blocks(info.get("description").text());
    main.push_str("<h2 id=\"authentication\">Authentication</h2>\n");
    main.push_str(&scopes(root));
    for tag in root.get("tags").items() {
        let name = tag.get("name").text();
        let _ = writeln!(main, "<h2>{}</h2>", escaped(name));
        main.push_str(&blocks(tag.get("description").text()));
        for it in operations.iter().chain(&webhooks).filter(|it| it.tag() == name) {
            main.push_str(&it.section(root));
        }
    }
    main.push_str("<h2 id=\"schemas\">Schemas</h2>\n");
    for (name, node) in root.get("components").get("schemas").members() {
        main.push_str(&schema::section(name, node));
    }
    let summary = inline(info.get("summary").text());
    format!(
        "<!DOCTYPE html>\n<!-- Made from openapi.yaml: cargo run -p qbank-sandbox --example reference -->\n\
         <html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} reference</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the reference</a>\n\
         <nav aria-label=\"Operations\">\n<p><strong>{title}</strong></p>\n<ul>\n{nav}\
         <li><a href=\"#authentication\">Authentication</a></li>\n\
         <li><a href=\"#schemas\">Schemas</a></li>\n\
         <li><a href=\"openapi.yaml\">openapi.yaml</a></li>\n</ul>\n</nav>\n\
         <main id=\"main\">\n<h1>{title}</h1>\n<p>{summary}</p>\n{main}</main>\n</body>\n</html>\n"
    )
}

/// A request or a webhook.
struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    item: &'a Node,
    node: &'a Node,
}

impl<'a> Operation<'a> {
    fn all(root: &'a Node, section: &str) -> Vec<Self> {
        root.get(section)
            .members()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.members().iter();
                methods
                    .filter(|(method, _)| METHODS.contains(&method.as_str()))
                    .map(move |(method, node)| Self { path, method, item, node })
            })
            .collect()
    }

    fn id(&self) -> &str {
        self.node.get("operationId").text()
    }

    fn tag(&self) -> &str {
        self.node.get("tags").items().first().map(Node::text).unwrap_or_default()
    }

    fn section(&self, root: &Node) -> String {
        let node = self.node;
        let mut html = format!(
            "<section id=\"{}\">\n<h3>{}</h3>\n<p class=\"call\"><strong>{}</strong> <code>{}</code></p>\n",
            self.id(),
            escaped(node.get("summary").text()),
            self.method.to_uppercase(),
            escaped(self.path),
        );
        for scheme in node.get("security").items() {
            for (_, scopes) in scheme.members() {
                for scope in scopes.items() {
                    let _ = writeln!(html, "<p>Scope <code>{}</code></p>", scope.text());
                }
            }
        }
        html.push_str(&blocks(node.get("description").text()));
        html.push_str(&self.parameters(root));
        if let Some(body) = node.find("requestBody") {
            html.push_str("<h4>Body</h4>\n");
            html.push_str(&content(body.resolved(root)));
        }
        html.push_str("<h4>Responses</h4>\n");
        for (status, response) in node.get("responses").members() {
            html.push_str(&response_block(status, response.resolved(root), root));
        }
        if let Some(other) = self.item.find("x-any-other-method") {
            html.push_str(&response_block("405", other.resolved(root), root));
        }
        html.push_str("</section>\n");
        html
    }

    fn parameters(&self, root: &Node) -> String {
        let shared = self.item.get("parameters").items().iter();
        let all: Vec<&Node> =
            shared.chain(self.node.get("parameters").items()).map(|it| it.resolved(root)).collect();
        if all.is_empty() {
            return String::new();
        }
        let mut html = String::from(
            "<table>\n<thead><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr></thead>\n<tbody>",
        );
        for it in all {
            let _ = writeln!(
                html,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                it.get("name").text(),
                if it.get("required").text() == "true" { " <em>required</em>" } else { "" },
                it.get("in").text(),
                schema::kind(it.get("schema")),
                inline(it.get("description").text().trim()) + &examples(it),
            );
        }
        html + "</tbody>\n</table>\n"
    }
}

/// The values to paste.
fn examples(parameter: &Node) -> String {
    let many = parameter.get("examples").members().iter().map(|(_, it)| it.get("value"));
    let all = parameter.find("example").into_iter().chain(many);
    let all: Vec<String> = all.map(|it| format!("<code>{}</code>", escaped(it.text()))).collect();
    if all.is_empty() { String::new() } else { format!("<br>{}", all.join("<br>")) }
}

/// One status, closed until it is asked for unless it is the good one.
fn response_block(status: &str, response: &Node, root: &Node) -> String {
    let open = if status.starts_with('2') { " open" } else { "" };
    let summary = inline(response.get("description").text());
    let mut html =
        format!("<details{open}>\n<summary><strong>{status}</strong> {summary}</summary>\n");
    for (name, header) in response.get("headers").members() {
        let header = header.resolved(root);
        let _ = writeln!(
            html,
            "<p><code>{name}</code>: {}</p>",
            inline(header.get("description").text())
        );
    }
    html.push_str(&content(response));
    html + "</details>\n"
}

/// Media types, schemas and examples.
fn content(node: &Node) -> String {
    let mut html = String::new();
    for (media, body) in node.get("content").members() {
        let kind = schema::kind(body.get("schema"));
        let _ = writeln!(html, "<p><code>{media}</code>: {kind}</p>");
        let examples = body.get("examples").members().iter().map(|(_, it)| it.get("value"));
        for example in body.find("example").into_iter().chain(examples) {
            let _ = writeln!(html, "<pre tabindex=\"0\">{}</pre>", escaped(&example.json(0)));
        }
    }
    html
}

fn scopes(root: &Node) -> String {
    let oauth2 = root.get("components").get("securitySchemes").get("oauth2");
    let flow = oauth2.get("flows").get("clientCredentials");
    let mut html = format!(
        "<p>OAuth 2.0 client credentials at <code>{}</code>; then <code>Authorization: Bearer …</code> \
         on every call.</p>\n<table>\n<thead><tr><th>Scope</th><th>Allows to</th></tr></thead>\n<tbody>",
        flow.get("tokenUrl").text()
    );
    for (scope, what) in flow.get("scopes").members() {
        let _ = writeln!(html, "<tr><td><code>{scope}</code></td><td>{}</td></tr>", what.text());
    }
    html + "</tbody>\n</table>\n"
}

const STYLE: &str = include_str!("style.css");
