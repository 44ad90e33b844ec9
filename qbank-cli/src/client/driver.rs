//! The same machine over either driver.

use qbank_blocking::Ureq;
use qbank_hyper::Hyper;
use qbank_proto::{
    Blocking, Driver, Entropy, Error, ListDriver, ListEndpoint, Machine, Now, Reply,
};
use tokio::runtime::{Builder, Runtime};

use super::tls::Certificates;
use crate::args::Transport;
use crate::failure::Failure;
use crate::settings::Settings;

/// The client of every command.
pub(crate) type Client = qbank_proto::Client<EitherDriver>;

/// Either driver; a call over hyper blocks on a runtime of its own.
#[derive(Debug, Clone)]
pub(crate) enum EitherDriver {
    Blocking(Ureq),
    Hyper(Hyper, &'static Runtime),
}

impl Driver for EitherDriver {
    type Flavor = Blocking;

    fn drive<M>(&self, machine: M) -> M::Output
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        match self {
            Self::Blocking(driver) => driver.drive(machine),
            Self::Hyper(driver, runtime) => runtime.block_on(driver.drive(machine)),
        }
    }

    fn entropy(&self) -> Entropy {
        match self {
            Self::Blocking(driver) => driver.entropy(),
            Self::Hyper(driver, _) => driver.entropy(),
        }
    }

    fn now(&self) -> Now {
        match self {
            Self::Blocking(driver) => driver.now(),
            Self::Hyper(driver, _) => driver.now(),
        }
    }
}

impl ListDriver for EitherDriver {
    type List<L: ListEndpoint> = List<L>;

    fn open<L, M>(&self, opening: M) -> Result<List<L>, Error>
    where
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        match self {
            Self::Blocking(driver) => driver.open(opening).map(List::Blocking),
            Self::Hyper(driver, runtime) => {
                let list = runtime.block_on(driver.open(opening))?;
                Ok(List::Hyper(list, runtime))
            }
        }
    }
}

/// A list over either driver.
pub(crate) enum List<L: ListEndpoint> {
    Blocking(qbank_blocking::List<L>),
    Hyper(qbank_hyper::List<L>, &'static Runtime),
}

impl<L: ListEndpoint> List<L> {
    pub(crate) fn reply(&self) -> &Reply<()> {
        match self {
            Self::Blocking(list) => list.reply(),
            Self::Hyper(list, _) => list.reply(),
        }
    }
}

impl<L: ListEndpoint> Iterator for List<L> {
    type Item = Result<L::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Blocking(list) => list.next(),
            Self::Hyper(list, runtime) => runtime.block_on(list.next()),
        }
    }
}

/// The driver that was chosen, with its certificates and its proxy.
pub(crate) fn choose(settings: &Settings) -> Result<EitherDriver, Failure> {
    let certificates = Certificates::of(settings)?;
    match settings.transport()? {
        Transport::Blocking => {
            let mut builder = Ureq::builder();
            if let Some(pem) = &certificates.roots {
                builder = if certificates.roots_only {
                    builder.only_root_certificates(pem)?
                } else {
                    builder.root_certificates(pem)?
                };
            }
            if let Some(client) = &certificates.client {
                let key = client.key.expose().as_bytes();
                let given = builder.client_certificate(&client.chain, key);
                builder = given.map_err(|error| client.named(error))?;
            }
            if let Some(url) = settings.proxy() {
                builder = builder.proxy(url)?;
            }
            Ok(EitherDriver::Blocking(builder.build()))
        }
        Transport::Hyper => {
            let mut builder = Hyper::builder();
            if let Some(pem) = &certificates.roots {
                builder = if certificates.roots_only {
                    builder.only_root_certificates(pem)?
                } else {
                    builder.root_certificates(pem)?
                };
            }
            if let Some(client) = &certificates.client {
                let key = client.key.expose().as_bytes();
                let given = builder.client_certificate(&client.chain, key);
                builder = given.map_err(|error| client.named(error))?;
            }
            if let Some(url) = settings.proxy() {
                builder = builder.proxy(url)?;
            }
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime
                .map_err(|error| Failure::Local(format!("cannot start a runtime: {error}")))?;
            // Leaked until the process ends: dropping it would wait for what cannot be
            // cancelled, such as a name lookup.
            Ok(EitherDriver::Hyper(builder.build(), Box::leak(Box::new(runtime))))
        }
    }
}
