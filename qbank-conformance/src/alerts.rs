//! A bank that asks for a client certificate, reads a payment all the same, and then sends a
//! TLS alert: the driver must not take the alert for a refusal of the certificate, after which
//! nothing was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{ConnectionTrafficSecrets, RootCertStore, ServerConfig, ServerConnection};

type Broken = Box<dyn std::error::Error + Send + Sync>;

/// What comes before the alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Nothing at all.
    Nothing,
    /// A session ticket, after the handshake.
    Ticket,
    /// The response to the payment, in one write with the alert.
    Response,
    /// The response to a read, on the same connection: see [`AlertingBank::wants_a_read`].
    Read,
}

/// What comes before an alert, and the alert's number. After each of them the payment may have
/// been made.
pub const IN_DOUBT: [(Before, u8); 9] = [
    (Before::Nothing, 40),
    (Before::Nothing, 49),
    (Before::Nothing, 51),
    (Before::Ticket, 45),
    (Before::Ticket, 116),
    (Before::Response, 45),
    (Before::Response, 116),
    (Before::Read, 49),
    (Before::Read, 116),
];

/// A bank at a free port of this machine, for one connection.
#[derive(Debug)]
pub struct AlertingBank {
    port: u16,
    ca: String,
    before: Before,
}

impl AlertingBank {
    /// Starts it. It ends with its connection, or when none came in ten seconds.
    pub fn start(before: Before, alert: u8) -> Result<Self, Broken> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let config = Arc::new(config(&ca, usize::from(before == Before::Ticket))?);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        std::thread::spawn(move || {
            let Ok((stream, _)) = listener.accept() else { return };
            let limit = Some(Duration::from_secs(10));
            if stream.set_read_timeout(limit).and(stream.set_write_timeout(limit)).is_ok() {
                // What broke shows at the client.
                let _ = serve(stream, &config, before, alert);
            }
        });
        Ok(Self { port, ca: ca.pem(), before })
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/v1", self.port)
    }

    /// The root of its certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca
    }

    /// Whether the client reads its accounts before it pays.
    pub fn wants_a_read(&self) -> bool {
        self.before == Before::Read
    }
}

fn config(ca: &CertifiedIssuer<'_, KeyPair>, tickets: usize) -> Result<ServerConfig, Broken> {
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, ca)?;
    let provider = Arc::new(CryptoProvider {
        cipher_suites: vec![provider::cipher_suite::TLS13_AES_128_GCM_SHA256],
        ..provider::default_provider()
    });
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone())?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    config.send_tls13_tickets = tickets;
    config.enable_secret_extraction = true;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn serve(
    mut stream: TcpStream,
    config: &Arc<ServerConfig>,
    before: Before,
    alert: u8,
) -> Result<(), Broken> {
    let mut connection = ServerConnection::new(Arc::clone(config))?;
    let mut request = Vec::new();
    while !holds(&request, b"\"amount\"") {
        connection.complete_io(&mut stream)?;
        let mut bytes = [0; 4096];
        if let Ok(length) = connection.reader().read(&mut bytes) {
            request.extend_from_slice(bytes.get(..length).unwrap_or_default());
        }
        if request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n") {
            request.clear();
            connection.writer().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")?;
            while connection.wants_write() {
                connection.write_tls(&mut stream)?;
            }
        }
    }
    let (sequence, secrets) = connection.dangerous_extract_secrets()?.tx;
    let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else {
        return Err("the only cipher suite is AES-128-GCM".into());
    };
    let records: &[(u8, &[u8])] = match before {
        Before::Response => &[(APPLICATION_DATA, ACCEPTED), (ALERT, &[FATAL, alert])],
        _ => &[(ALERT, &[FATAL, alert])],
    };
    let mut bytes = Vec::new();
    for (number, (kind, data)) in (sequence..).zip(records) {
        bytes.extend(record(key.as_ref(), iv.as_ref(), number, *kind, data)?);
    }
    stream.write_all(&bytes)?;
    // Until the client is gone: a reset could lose the alert.
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

const APPLICATION_DATA: u8 = 23;
const ALERT: u8 = 21;
const FATAL: u8 = 2;
const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\n\
    Location: /v1/payments/5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11\r\nContent-Length: 0\r\n\r\n";

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A record of TLS 1.3 (RFC 8446 §5.2), since rustls sends no alert that one asks it for.
fn record(key: &[u8], iv: &[u8], number: u64, kind: u8, data: &[u8]) -> Result<Vec<u8>, Broken> {
    let unusable = |_| "AES-128-GCM cannot be used";
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).map_err(unusable)?);
    let mut nonce: [u8; 12] = iv.try_into()?;
    for (byte, part) in nonce.iter_mut().skip(4).zip(number.to_be_bytes()) {
        *byte ^= part;
    }
    let mut inner = [data, &[kind]].concat();
    let length = u16::try_from(inner.len() + AES_128_GCM.tag_len())?;
    let mut record = vec![APPLICATION_DATA, 3, 3];
    record.extend_from_slice(&length.to_be_bytes());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag =
        key.seal_in_place_separate_tag(nonce, Aad::from(&record), &mut inner).map_err(unusable)?;
    record.extend_from_slice(&inner);
    record.extend_from_slice(tag.as_ref());
    Ok(record)
}
