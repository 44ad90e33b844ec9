//! The clients of the bank: who may ask, and for what.

use qbank_proto::Secret;
use sha2::{Digest, Sha256};

use super::tokens::Scopes;
use crate::config::ClientConfig;

/// A client, by its position among them. No client has access to what another has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientIndex(u16);

impl ClientIndex {
    /// The first one: who is meant where the control surface names none.
    pub(crate) const FIRST: Self = Self(0);
}

/// Every client of the bank.
#[derive(Debug)]
pub(crate) struct Clients {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    id: Box<str>,
    secret: Secret,
    scopes: Scopes,
}

impl Clients {
    pub(crate) fn new(configured: &[ClientConfig]) -> Self {
        let known = configured
            .iter()
            .take(usize::from(u16::MAX))
            .map(|client| Known {
                id: client.id.as_str().into(),
                secret: client.secret.clone(),
                scopes: Scopes::of(&client.scopes),
            })
            .collect();
        Self { known }
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = ClientIndex> + use<> {
        let count = u16::try_from(self.known.len()).unwrap_or(u16::MAX);
        (0..count).map(ClientIndex)
    }

    /// The client id, as audit fields name it.
    pub(crate) fn id(&self, client: ClientIndex) -> &str {
        self.known.get(usize::from(client.0)).map(|known| &*known.id).unwrap_or_default()
    }

    pub(crate) fn named(&self, id: &str) -> Option<ClientIndex> {
        self.all().find(|client| self.id(*client) == id)
    }

    /// Whose credentials these are, and the scopes that this client may have. Every
    /// client is compared, so that the time depends on no match.
    pub(crate) fn with_credentials(&self, id: &str, secret: &str) -> Option<(ClientIndex, Scopes)> {
        let mut found = None;
        for (client, known) in self.all().zip(&self.known) {
            if same(id, &known.id) & same(secret, known.secret.expose()) {
                found = Some((client, known.scopes));
            }
        }
        found
    }
}

/// Compares digests, all of them: the time depends on no secret.
fn same(given: &str, known: &str) -> bool {
    let (given, known) = (Sha256::digest(given), Sha256::digest(known));
    given.iter().zip(&known).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
