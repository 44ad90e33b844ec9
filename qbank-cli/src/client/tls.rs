//! The certificates that the options and the environment name.

use std::path::PathBuf;

use qbank_proto::{Error, Secret};

use crate::args::Global;
use crate::failure::Failure;
use crate::input;

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
    pub(super) fn of(global: &Global) -> Result<Self, Failure> {
        let named = named(global.ca_file.as_ref(), "--ca-file", "QBANK_CA_FILE")?;
        if global.ca_file_only && named.is_none() {
            return Err(Failure::usage("--ca-file-only needs --ca-file or QBANK_CA_FILE"));
        }
        let roots = named.map(|(path, name)| input::pem(&path, name)).transpose()?;
        Ok(Self { roots, roots_only: global.ca_file_only, client: client(global)? })
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

fn client(global: &Global) -> Result<Option<Client>, Failure> {
    let chain = named(
        global.client_certificate_file.as_ref(),
        "--client-certificate-file",
        "QBANK_CLIENT_CERTIFICATE_FILE",
    )?;
    let key = named(global.client_key_file.as_ref(), "--client-key-file", "QBANK_CLIENT_KEY_FILE")?;
    match (chain, key) {
        (None, None) => Ok(None),
        (Some((chain, chain_name)), Some((key, key_name))) => Ok(Some(Client {
            chain: input::pem(&chain, chain_name)?,
            key: input::secret(&key, key_name)?,
            chain_name,
            key_name,
        })),
        (Some((_, name)), None) => Err(Failure::usage(format!(
            "{name} needs a key: give --client-key-file or set QBANK_CLIENT_KEY_FILE; both may be \
             the same file, but not standard input"
        ))),
        (None, Some((_, name))) => Err(Failure::usage(format!(
            "{name} needs a certificate: give --client-certificate-file or set \
             QBANK_CLIENT_CERTIFICATE_FILE; both may be the same \
             file, but not standard input"
        ))),
    }
}

/// The file of an option, or else of a variable, and the name of either.
fn named(
    option: Option<&PathBuf>,
    option_name: &'static str,
    variable: &'static str,
) -> Result<Option<(PathBuf, &'static str)>, Failure> {
    match option {
        Some(path) => Ok(Some((path.clone(), option_name))),
        None => Ok(input::path(variable)?.map(|path| (path, variable))),
    }
}
