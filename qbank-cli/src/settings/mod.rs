//! What the global options come to: each setting is that of its option, or else of its
//! variable, or else of the profile. This order stands here and nowhere else. A variable is
//! read where its setting is used, so that a bad one is no obstacle to what does without it.

mod command;
mod file;
mod place;
mod profile;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use qbank_proto::Secret;

use self::profile::Profile;
use crate::args::{Global, OnConflict, Output, Transport};
use crate::failure::Failure;
use crate::input;

pub(crate) use self::profile::Limits;

/// The options of this run, and the profile that stands behind them.
pub(crate) struct Settings {
    options: Global,
    profile: Profile,
}

/// A value, and who gave it: an option, a variable or a key of the profile.
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) name: &'static str,
}

/// Who can give a setting.
struct Names {
    option: &'static str,
    variable: &'static str,
    profile: &'static str,
}

const BASE_URL: Names = Names {
    option: "--base-url",
    variable: "QBANK_BASE_URL",
    profile: "`base-url` in the profile",
};
const TOKEN_URL: Names = Names {
    option: "--token-url",
    variable: "QBANK_TOKEN_URL",
    profile: "`token-url` in the profile",
};
const CLIENT_ID: Names = Names {
    option: "--client-id",
    variable: "QBANK_CLIENT_ID",
    profile: "`client-id` in the profile",
};
const CLIENT_SECRET: Names = Names {
    option: "--client-secret-file",
    variable: "QBANK_CLIENT_SECRET",
    profile: "`client-secret-file` in the profile",
};
const SCOPES: Names =
    Names { option: "--scope", variable: "QBANK_SCOPES", profile: "`scopes` in the profile" };
const CA_FILE: Names =
    Names { option: "--ca-file", variable: "QBANK_CA_FILE", profile: "`ca-file` in the profile" };
const CLIENT_CERTIFICATE: Names = Names {
    option: "--client-certificate-file",
    variable: "QBANK_CLIENT_CERTIFICATE_FILE",
    profile: "`client-certificate-file` in the profile",
};
const CLIENT_KEY: Names = Names {
    option: "--client-key-file",
    variable: "QBANK_CLIENT_KEY_FILE",
    profile: "`client-key-file` in the profile",
};
const TRANSPORT: Names = Names {
    option: "--transport",
    variable: "QBANK_TRANSPORT",
    profile: "`transport` in the profile",
};

/// Where the client secret is.
enum ClientSecret {
    File(PathBuf),
    Value(Secret),
}

impl Settings {
    /// Reads the profile that `--profile` or `QBANK_PROFILE` names, or else `default`.
    pub(crate) fn load(options: Global) -> Result<Self, Failure> {
        let name = match &options.profile {
            Some(name) => Some(Given { value: name.clone(), name: "--profile" }),
            None => {
                input::text("QBANK_PROFILE")?.map(|value| Given { value, name: "QBANK_PROFILE" })
            }
        };
        Ok(Self { options, profile: file::profile(name.as_ref())? })
    }

    /// Without a profile.
    pub(crate) fn of_options(options: Global) -> Self {
        Self { options, profile: Profile::default() }
    }

    pub(crate) fn base_url(&self) -> Result<Option<String>, Failure> {
        self.text(&BASE_URL, |it| it.base_url.clone())
    }

    pub(crate) fn token_url(&self) -> Result<Option<String>, Failure> {
        self.text(&TOKEN_URL, |it| it.token_url.clone())
    }

    pub(crate) fn client_id(&self) -> Result<Option<String>, Failure> {
        self.text(&CLIENT_ID, |it| it.client_id.clone())
    }

    /// From a file, the variable, or what a command of the profile prints.
    pub(crate) fn client_secret(&self) -> Result<Option<Secret>, Failure> {
        match self.client_secret_source()? {
            Some(Given { value: ClientSecret::File(path), name }) => {
                input::secret(&path, name).map(Some)
            }
            Some(Given { value: ClientSecret::Value(secret), .. }) => Ok(Some(secret)),
            None => self.profile.client_secret_command.as_deref().map(command::secret).transpose(),
        }
    }

    fn client_secret_source(&self) -> Result<Option<Given<ClientSecret>>, Failure> {
        self.resolve(
            &CLIENT_SECRET,
            |it| it.client_secret_file.clone().map(ClientSecret::File),
            |name| Ok(input::variable(name)?.map(ClientSecret::Value)),
        )
    }

    /// Several in one text are separated by white space.
    pub(crate) fn scopes(&self) -> Result<Vec<String>, Failure> {
        let some = |scopes: &Vec<String>| (!scopes.is_empty()).then(|| scopes.clone());
        let variable = |name: &str| Ok(input::text(name)?.map(|scopes| vec![scopes]));
        let scopes = self.resolve(&SCOPES, |it| some(&it.scopes), variable)?;
        Ok(scopes.map(|scopes| scopes.value).unwrap_or_default())
    }

    pub(crate) fn token_parameters(&self) -> Vec<(String, String)> {
        let some =
            |it: &Global| (!it.token_parameters.is_empty()).then(|| it.token_parameters.clone());
        self.chosen(some).unwrap_or_default()
    }

    pub(crate) fn ca_file(&self) -> Result<Option<Given<PathBuf>>, Failure> {
        self.resolve(&CA_FILE, |it| it.ca_file.clone(), input::path)
    }

    pub(crate) fn ca_file_only(&self) -> bool {
        self.options.ca_file_only || self.profile.options.ca_file_only
    }

    pub(crate) fn client_certificate_file(&self) -> Result<Option<Given<PathBuf>>, Failure> {
        self.resolve(&CLIENT_CERTIFICATE, |it| it.client_certificate_file.clone(), input::path)
    }

    pub(crate) fn client_key_file(&self) -> Result<Option<Given<PathBuf>>, Failure> {
        self.resolve(&CLIENT_KEY, |it| it.client_key_file.clone(), input::path)
    }

    /// None where a variable names one: the drivers read those, with the exceptions of
    /// `NO_PROXY`.
    pub(crate) fn proxy(&self) -> Option<&str> {
        let variables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match (&self.options.proxy, &self.profile.options.proxy) {
            (None, Some(proxy)) if !variables.iter().any(is_set) => Some(proxy),
            (proxy, _) => proxy.as_deref(),
        }
    }

    pub(crate) fn transport(&self) -> Result<Transport, Failure> {
        let variable = |name: &str| {
            let parsed = input::text(name)?.map(|text| Transport::from_str(&text, false));
            let refused = |_| Failure::usage(format!("{name} must be blocking or hyper"));
            parsed.transpose().map_err(refused)
        };
        let transport = self.resolve(&TRANSPORT, |it| it.transport, variable)?;
        Ok(transport.map_or(Transport::Blocking, |transport| transport.value))
    }

    pub(crate) fn connect_timeout(&self) -> Option<Duration> {
        self.chosen(|it| it.connect_timeout)
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.chosen(|it| it.timeout)
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.chosen(|it| it.deadline)
    }

    pub(crate) fn max_retries(&self) -> Option<u32> {
        self.chosen(|it| it.max_retries)
    }

    pub(crate) fn on_conflict(&self) -> OnConflict {
        self.chosen(|it| it.on_conflict).unwrap_or(OnConflict::FollowOwn)
    }

    pub(crate) fn output(&self) -> Option<Output> {
        self.chosen(|it| it.output)
    }

    /// The profile's limits for payment runs; an option of the run goes before each.
    pub(crate) fn limits(&self) -> Limits {
        self.profile.limits
    }

    /// The files with secrets. A variable that cannot be read is an error where it is used.
    pub(crate) fn secret_files(&self) -> Vec<Given<PathBuf>> {
        let secret = match self.client_secret_source() {
            Ok(Some(Given { value: ClientSecret::File(value), name })) => {
                Some(Given { value, name })
            }
            _ => None,
        };
        secret.into_iter().chain(self.client_key_file().ok().flatten()).collect()
    }

    /// By option, or else by variable, or else by profile.
    fn resolve<T>(
        &self,
        names: &Names,
        of: impl Fn(&Global) -> Option<T>,
        variable: impl FnOnce(&str) -> Result<Option<T>, Failure>,
    ) -> Result<Option<Given<T>>, Failure> {
        let given = |value, name| Some(Given { value, name });
        if let Some(value) = of(&self.options) {
            return Ok(given(value, names.option));
        }
        if let Some(value) = variable(names.variable)? {
            return Ok(given(value, names.variable));
        }
        Ok(of(&self.profile.options).and_then(|value| given(value, names.profile)))
    }

    fn text(
        &self,
        names: &Names,
        of: impl Fn(&Global) -> Option<String>,
    ) -> Result<Option<String>, Failure> {
        Ok(self.resolve(names, of, input::text)?.map(|given| given.value))
    }

    /// What no variable gives.
    fn chosen<T>(&self, of: impl Fn(&Global) -> Option<T>) -> Option<T> {
        of(&self.options).or_else(|| of(&self.profile.options))
    }
}
