//! A YAML document that keeps the order in which it was written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A piece of the document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Plain(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

pub(crate) fn parse(yaml: &str) -> Result<Node, Box<dyn std::error::Error>> {
    Ok(serde_saphyr::from_str(yaml)?)
}

static NOTHING: Node = Node::Null;

impl Node {
    /// The member of this name, or nothing.
    pub(crate) fn get(&self, name: &str) -> &Self {
        self.find(name).unwrap_or(&NOTHING)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let Self::Map(members) = self { members } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    pub(crate) fn text(&self) -> &str {
        if let Self::Text(text) | Self::Plain(text) = self { text } else { "" }
    }

    /// What a local reference names, or the node itself.
    pub(crate) fn resolved<'a>(&'a self, root: &'a Self) -> &'a Self {
        let Some(reference) = self.find("$ref") else { return self };
        let path = reference.text().trim_start_matches("#/");
        path.split('/').fold(root, |node, name| node.get(name))
    }

    /// The last segment of a local reference.
    pub(crate) fn name(&self) -> Option<&str> {
        self.find("$ref")?.text().rsplit('/').next()
    }

    /// As JSON, indented.
    pub(crate) fn json(&self, indent: usize) -> String {
        let (outer, inner) = ("  ".repeat(indent), "  ".repeat(indent + 1));
        let joined = |parts: Vec<String>, open, close| {
            format!("{open}\n{inner}{}\n{outer}{close}", parts.join(&format!(",\n{inner}")))
        };
        match self {
            Self::Null => "null".into(),
            Self::Plain(text) => text.clone(),
            Self::Text(text) => format!("{text:?}"),
            Self::List(items) => {
                joined(items.iter().map(|it| it.json(indent + 1)).collect(), '[', ']')
            }
            Self::Map(members) => {
                let member =
                    |(name, node): &(String, Self)| format!("{name:?}: {}", node.json(indent + 1));
                joined(members.iter().map(member).collect(), '{', '}')
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a piece of YAML")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    /// The only fractions here are cents.
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Plain(format!("{value:.2}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}
