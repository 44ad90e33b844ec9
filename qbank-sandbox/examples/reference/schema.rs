//! Schemas as tables of their members.

use std::fmt::Write as _;

use super::markdown::{blocks, escaped, inline};
use super::node::Node;

/// A named schema: what it is, and its members.
pub(crate) fn section(name: &str, schema: &Node) -> String {
    let mut html = format!("<section id=\"schema-{name}\">\n<h3>{name}</h3>\n");
    html.push_str(&blocks(schema.get("description").text()));
    let members = schema.get("properties").members();
    if members.is_empty() {
        let _ = writeln!(html, "<p>{}</p>", kind(schema));
    } else {
        html.push_str(
            "<table>\n<thead><tr><th>Member</th><th>Type</th><th></th></tr></thead>\n<tbody>",
        );
        let required = schema.get("required").items();
        for (member, schema) in members {
            let must = required.iter().any(|it| it.text() == member);
            let _ = writeln!(
                html,
                "<tr><td><code>{member}</code>{}</td><td>{}</td><td>{}</td></tr>",
                if must { " <em>required</em>" } else { "" },
                kind(schema),
                inline(schema.get("description").text()),
            );
        }
        html.push_str("</tbody>\n</table>\n");
    }
    if !schema.get("oneOf").items().is_empty() {
        let options: Vec<String> = schema
            .get("oneOf")
            .items()
            .iter()
            .flat_map(|option| option.get("required").items())
            .map(|member| format!("<code>{}</code>", member.text()))
            .collect();
        let _ = writeln!(html, "<p>Exactly one of {}.</p>", options.join(" and "));
    }
    html.push_str("</section>\n");
    html
}

/// What a value is, in a few words.
pub(crate) fn kind(schema: &Node) -> String {
    if let Some(name) = schema.name() {
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for many in ["anyOf", "oneOf"] {
        if let Some(options) = schema.find(many) {
            let options: Vec<String> = options.items().iter().map(kind).collect();
            return options.join(" or ");
        }
    }
    let types = schema.get("type");
    let mut words = vec![match types.items() {
        [] => escaped(types.text()),
        several => several.iter().map(Node::text).collect::<Vec<_>>().join(" or "),
    }];
    if let Some(items) = schema.find("items") {
        words.push(format!("of {}", kind(items)));
    }
    for (name, value) in schema.members() {
        let value = match value {
            Node::List(items) => items.iter().map(Node::text).collect::<Vec<_>>().join(", "),
            other => other.text().to_owned(),
        };
        let value = escaped(&value);
        words.push(match name.as_str() {
            "format" => value,
            "const" => format!("<code>{value}</code>"),
            "enum" => format!("one of <code>{value}</code>"),
            "x-extensible-enum" => format!("such as <code>{value}</code>"),
            "pattern" => format!("matching <code>{value}</code>"),
            "minLength" => format!("at least {value} characters"),
            "maxLength" => format!("at most {value} characters"),
            "exclusiveMinimum" => format!("more than {value}"),
            "maximum" => format!("at most {value}"),
            "multipleOf" => format!("a multiple of {value}"),
            _ => continue,
        });
    }
    words.retain(|word| !word.is_empty());
    words.join(", ")
}
