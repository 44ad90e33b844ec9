//! A token that is fetched when it is needed and kept until shortly before its end.

use std::time::{Duration, Instant};

use bench_core::Failure;
use reqwest::Client;
use serde::Deserialize;
use tokio::sync::Mutex;

#[derive(Default)]
pub(crate) struct Token(Mutex<Option<(String, Instant)>>);

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Token {
    pub(crate) async fn get(&self, http: &Client, base: &str) -> Result<String, Failure> {
        // Held while it is fetched: others wait for it.
        let mut held = self.0.lock().await;
        if let Some((token, until)) = &*held
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "bench"),
            ("client_secret", "bench-secret"),
        ];
        let answer = http.post(format!("{base}/token")).form(&form).send().await?;
        let granted: Granted = answer.error_for_status()?.json().await?;
        let lifetime = Duration::from_secs(granted.expires_in.saturating_sub(60));
        *held = Some((granted.access_token.clone(), Instant::now() + lifetime));
        Ok(granted.access_token)
    }

    /// Forgets the token that was refused, unless there is another by now.
    pub(crate) async fn forget(&self, refused: &str) {
        self.0.lock().await.take_if(|(token, _)| token == refused);
    }
}
