//! The certificates that the settings name.

use qbank_proto::{Error, Secret};

use crate::failure::Failure;
use crate::input;
use crate::settings::{Given, Settings};

/// Whom to trust, and what to show to a server that wants a certificate.
pub(super) struct Certificates {
    pub(super) roots: Option<Vec<u8>>,
    pub(super) roots_only: bool,
    pub(super) client: Option<Client>,
}

/// A client certificate with its key, and who named them.
pub(super) struct Client {
    pub(super) chain: Vec<u8>,
    pub(super) key: Secret,
    chain_name: &'static str,
    key_name: &'static str,
}

impl Certificates {
    pub(super) fn of(settings: &Settings) -> Result<Self, Failure> {
        let named = settings.ca_file()?;
        if settings.ca_file_only() && named.is_none() {
            return Err(Failure::usage("--ca-file-only needs --ca-file or QBANK_CA_FILE"));
        }
        let roots = named.map(|given| input::pem(&given.value, given.name)).transpose()?;
        Ok(Self { roots, roots_only: settings.ca_file_only(), client: client(settings)? })
    }
}

impl Client {
    /// A refusal, by the name of the option or the variable.
    pub(super) fn named(&self, error: Error) -> Error {
        match error.input_field() {
            Some("client certificate") => error.with_input_field(self.chain_name),
            Some("client key") => error.with_input_field(self.key_name),
            _ => error,
        }
    }
}

fn client(settings: &Settings) -> Result<Option<Client>, Failure> {
    let chain = settings.client_certificate_file()?;
    let key = settings.client_key_file()?;
    match (chain, key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => Ok(Some(Client {
            chain: input::pem(&chain.value, chain.name)?,
            key: input::secret(&key.value, key.name)?,
            chain_name: chain.name,
            key_name: key.name,
        })),
        (Some(Given { name, .. }), None) => Err(Failure::usage(format!(
            "{name} needs a key: give --client-key-file or set QBANK_CLIENT_KEY_FILE; both may be \
             the same file, but not standard input"
        ))),
        (None, Some(Given { name, .. })) => Err(Failure::usage(format!(
            "{name} needs a certificate: give --client-certificate-file or set \
             QBANK_CLIENT_CERTIFICATE_FILE; both may be the same \
             file, but not standard input"
        ))),
    }
}
