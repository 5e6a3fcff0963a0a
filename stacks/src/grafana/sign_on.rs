//! Single sign-on, as variables of
//! [Grafana's generic OAuth](https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-authentication/generic-oauth/).
//!
//! The client's secret is none of them: the container gets it from Secrets Manager when it starts.

use serde_json::{Value, json};

use crate::environment::Oidc;

const PREFIX: &str = "GF_AUTH_GENERIC_OAUTH";

/// What Grafana is told of the provider.
pub(super) fn variables(oidc: &Oidc) -> Vec<Value> {
    let flag = |flag: bool| flag.to_string();
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let settings = [
        ("ENABLED", flag(true)),
        ("NAME", oidc.name.clone()),
        // Who is let in gets an account with the first sign-on.
        ("ALLOW_SIGN_UP", flag(true)),
        ("AUTO_LOGIN", flag(oidc.auto_login)),
        ("CLIENT_ID", oidc.client_id.clone()),
        ("SCOPES", oidc.scopes.join(" ")),
        ("AUTH_URL", oidc.auth_url.clone()),
        ("TOKEN_URL", oidc.token_url.clone()),
        ("API_URL", optional(&oidc.api_url)),
        ("ALLOWED_DOMAINS", oidc.allowed_domains.join(" ")),
        ("ROLE_ATTRIBUTE_PATH", optional(&oidc.role)),
        // Of whom the expression makes no role is not let in.
        ("ROLE_ATTRIBUTE_STRICT", flag(oidc.role.is_some())),
        ("USE_PKCE", flag(true)),
    ];
    let settings = settings.into_iter().filter(|(_, value)| !value.is_empty());
    settings.map(|(name, value)| json!({"Name": format!("{PREFIX}_{name}"), "Value": value})).collect()
}

/// The client's secret, which [ECS fetches](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html)
/// for the container.
pub(super) fn secret(oidc: &Oidc) -> Value {
    let of = match &oidc.secret_field {
        Some(field) => format!("{}:{field}::", oidc.secret),
        None => oidc.secret.clone(),
    };
    json!({"Name": format!("{PREFIX}_CLIENT_SECRET"), "ValueFrom": of})
}
