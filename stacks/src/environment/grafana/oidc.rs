//! `[grafana.oidc]`: people sign in where they sign in to everything else.
//!
//! The names are those of [Grafana's generic OAuth](https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-authentication/generic-oauth/).
//! The client's secret is never written down: the container gets it from Secrets Manager.

use serde::Serialize;

use super::Entrance;
use super::entrance::Owner;
use super::secret;
use crate::config::{Fault, Section};

/// A provider of `OpenID` Connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Oidc {
    /// What the button says.
    pub name: String,
    /// Id of Grafana at the provider.
    pub client_id: String,
    /// ARN of the secret of Secrets Manager that holds the client's secret.
    pub secret: String,
    /// The field of that secret, where it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_field: Option<String>,
    /// Where people sign in.
    pub auth_url: String,
    /// Where Grafana gets a token.
    pub token_url: String,
    /// Where Grafana asks who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Domains of addresses that may sign in. Empty: whoever the provider lets in.
    pub allowed_domains: Vec<String>,
    /// What makes a role of what the provider tells, in `JMESPath`. `None`: everybody is a viewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether Grafana asks for no password of its own.
    pub auto_login: bool,
}

/// Why it cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum OidcFault {
    #[error("needs HTTPS: a provider sends people back to an address of https")]
    Plain,
    #[error("is \"{url}\", which is no address of https on port 443")]
    Url { url: String },
    #[error("is {text:?}, in which Grafana would look for something else")]
    Text { text: String },
    #[error("is \"{domain}\", which is no domain")]
    Domain { domain: String },
    #[error("has no `openid`, without which nobody is told who signs in")]
    Scopes,
}

impl Fault for OidcFault {
    fn help(&self) -> String {
        match self {
            Self::Plain => "add `hosted_zone` or `certificate` with `domain` to [grafana], or remove it".into(),
            Self::Url { .. } => "write it as in \"https://login.example.com/oauth2/authorize\"; the container reaches nothing but port 443".into(),
            Self::Text { .. } => "write it without `$` and line ends, and not empty".into(),
            Self::Domain { .. } => "write the part behind the @, such as \"example.com\"".into(),
            Self::Scopes => "write [\"openid\", \"email\", \"profile\"], or leave it out".into(),
        }
    }
}

/// Reads the table, if there is one.
#[expect(clippy::option_option, reason = "whether it is sound, and whether it is there")]
pub(super) fn read(
    section: &Section<'_>,
    entrance: Option<&Entrance>,
    owner: Option<&Owner>,
) -> Option<Option<Oidc>> {
    if section.has("oidc") && entrance == Some(&Entrance::Plain) {
        section.add("oidc", OidcFault::Plain);
    }
    let read = section.optional_table("oidc", |section| read_table(section, owner))?;
    Some(read.filter(|_| entrance != Some(&Entrance::Plain)))
}

fn read_table(section: &Section<'_>, owner: Option<&Owner>) -> Option<Oidc> {
    let text = |name, expected: &str| section.text_like(name, expected).check(|text| check_text(text));
    let url = |name| {
        let key = section.text_like(name, "an address such as \"https://login.example.com/oauth2/token\"");
        key.check(|url| check_url(url))
    };
    let name = text("name", "what the button says").or("single sign-on".into());
    let client_id = text("client_id", "the id of Grafana at the provider").required();
    let secret = section.text_like("secret", "the ARN of a secret");
    let secret = secret.check(|arn| secret::check(arn, owner)).required();
    let secret_field = text("secret_field", "the field of a secret that is JSON").optional();
    let (auth_url, token_url) = (url("auth_url").required(), url("token_url").required());
    let api_url = url("api_url").optional();
    let scopes = read_scopes(section);
    let allowed_domains = read_domains(section);
    let role =
        text("role", "JMESPath, such as \"contains(groups[*], 'admin') && 'Admin' || 'Viewer'\"").optional();
    let auto_login = section.flag("auto_login").or(false);
    Some(Oidc {
        name: name?,
        client_id: client_id?,
        secret: secret?,
        secret_field: secret_field?,
        auth_url: auth_url?,
        token_url: token_url?,
        api_url: api_url?,
        scopes: scopes?,
        allowed_domains: allowed_domains?,
        role: role?,
        auto_login: auto_login?,
    })
}

fn read_scopes(section: &Section<'_>) -> Option<Vec<String>> {
    let written = section.list("scopes", "a list of scopes, such as [\"openid\", \"email\"]")?;
    if !section.has("scopes") {
        return Some(["openid", "email", "profile"].map(str::to_owned).into());
    }
    let mut scopes = Vec::new();
    for (spot, scope) in &written {
        match check_text(scope) {
            Ok(()) if !scope.contains([' ', ',']) => scopes.push(scope.clone()),
            _ => section.add_at(spot, OidcFault::Text { text: scope.clone() }),
        }
    }
    if scopes.len() == written.len() && !scopes.iter().any(|scope| scope == "openid") {
        section.add("scopes", OidcFault::Scopes);
        return None;
    }
    (scopes.len() == written.len()).then_some(scopes)
}

fn read_domains(section: &Section<'_>) -> Option<Vec<String>> {
    let written = section.list("allowed_domains", "a list of domains, such as [\"example.com\"]")?;
    let plain = |domain: &str| {
        domain.contains('.') && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    };
    let mut sound = true;
    for (spot, domain) in written.iter().filter(|(_, domain)| !plain(domain)) {
        section.add_at(spot, OidcFault::Domain { domain: domain.clone() });
        sound = false;
    }
    sound.then(|| written.into_iter().map(|(_, domain)| domain).collect())
}

/// Grafana reads `$` in its settings as the beginning of a variable.
fn check_text(text: &str) -> Result<(), OidcFault> {
    let refused = text.trim().is_empty() || text.contains('$') || text.chars().any(char::is_control);
    if refused { Err(OidcFault::Text { text: text.to_owned() }) } else { Ok(()) }
}

/// The group of the container lets nothing out but port 443.
fn check_url(url: &str) -> Result<(), OidcFault> {
    let host = |rest: &str| rest.split(['/', '?']).next().unwrap_or_default().to_owned();
    let sound = url.strip_prefix("https://").map(host).is_some_and(|host| {
        let name = host.strip_suffix(":443").unwrap_or(&host);
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    });
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && b != b'$');
    if sound && plain { Ok(()) } else { Err(OidcFault::Url { url: url.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_https() {
        for (url, expected) in [
            ("https://login.example.com/oauth2/authorize", true),
            ("https://login.example.com:443/a?b=c", true),
            ("https://login.example.com", true),
            ("https://login.example.com:8443/a", false),
            ("http://login.example.com/a", false),
            ("https:///a", false),
            ("https://user@login.example.com/a", false),
            ("https://login.example.com/${A}", false),
            ("https://login.example.com/a b", false),
            ("login.example.com", false),
            ("", false),
        ] {
            assert_eq!(check_url(url).is_ok(), expected, "{url}");
        }
    }
}
