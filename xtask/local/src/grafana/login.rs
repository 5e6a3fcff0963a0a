//! How Grafana reaches PostgreSQL: a place, and the password of its role, which is in the emulator's Secrets Manager.

use std::collections::BTreeMap;

use serde::Deserialize;
use session::{Endpoints, Explain};

use crate::ready;

/// A place, and a password. Debugging shows none.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Where PostgreSQL is.
    pub host: String,
    /// Its port.
    pub port: String,
    /// The password of Grafana's role.
    pub password: String,
}

/// Why Grafana cannot reach PostgreSQL.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoLogin {
    /// The stack says nothing of it.
    #[error("the stack of the store has no output `{0}`, by which Grafana would find it")]
    Output(&'static str),
    /// The emulator does not say it, or something else.
    #[error("the emulator does not say the password of Grafana's role, which is in {0}")]
    Secret(String),
}

impl Explain for NoLogin {
    fn hint(&self) -> Option<String> {
        Some("`cargo xtask destroy` and `deploy` make both anew".to_owned())
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Login {
    /// That for a store, by the outputs of its stack.
    pub async fn of(
        outputs: &BTreeMap<String, String>,
        endpoints: &Endpoints,
        region: &str,
    ) -> Result<Self, NoLogin> {
        let output = |name: &'static str| outputs.get(name).cloned().ok_or(NoLogin::Output(name));
        let (host, port, secret) = (output("ReadEndpoint")?, output("Port")?, output("GrafanaLoginArn")?);
        let password = password(&endpoints.aws, region, &secret).await;
        Ok(Self { host, port, password: password.ok_or(NoLogin::Secret(secret))? })
    }
}

/// The password in a secret of the emulator, which looks at no signature.
async fn password(endpoint: &str, region: &str, secret: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        secret_string: String,
    }
    #[derive(Deserialize)]
    struct Secret {
        password: String,
    }
    let port = endpoint.rsplit(':').next()?.parse().ok()?;
    let scope = format!("AWS4-HMAC-SHA256 Credential=test/20000101/{region}/secretsmanager/aws4_request");
    let headers = [
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "secretsmanager.GetSecretValue"),
        ("Authorization", &scope),
    ];
    let wanted = serde_json::json!({"SecretId": secret}).to_string();
    let answer = ready::ask(port, "POST /", &headers, &wanted).await?;
    let Answer { secret_string } = serde_json::from_str(&answer).ok()?;
    serde_json::from_str(&secret_string).ok().map(|Secret { password }| password)
}
