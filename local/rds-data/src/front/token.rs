//! Tokens of IAM, which roles have in place of a password.
//!
//! A [token](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.Connecting.html) is a
//! signed request of the action `connect`, without its scheme: it names the host, the port and the role, and is as good
//! for a quarter of an hour. The only credentials that are known here are those of every local service.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// The key of every local service, and what it is signed with.
const KEY: &str = "test";

/// For how long a token is good at most.
const LIFETIME: Duration = Duration::from_mins(15);

/// How far ahead the clock of whoever made it may be.
const AHEAD: Duration = Duration::from_mins(5);

/// What a token has to be for.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    /// The names of the host.
    pub hosts: &'a [&'a str],
    /// The port.
    pub port: u16,
    /// The role.
    pub user: &'a str,
    /// The Region.
    pub region: &'a str,
}

/// Why a token is refused. Whoever sent it is told nothing of it, as on AWS.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// It is no token.
    #[error("it is no token: it has no {0}")]
    Form(&'static str),
    /// It is for something else.
    #[error("it is for the {what} {named}")]
    Other {
        /// What it names.
        what: &'static str,
        /// By which name.
        named: String,
    },
    /// Its time is over, or has not come.
    #[error("it is of {0}, and good for a quarter of an hour")]
    Expired(String),
    /// It was signed by somebody else, or changed since.
    #[error("its signature is not that of the key {0}")]
    Signature(String),
}

/// Checks a token at this time.
pub fn check(token: &str, purpose: Purpose<'_>, now: Timestamp) -> Result<(), Refusal> {
    let (authority, query) = token.split_once("/?").ok_or(Refusal::Form("query"))?;
    let parameters: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    let get = |name: &'static str| parameters.get(name).map(AsRef::as_ref).ok_or(Refusal::Form(name));
    let other = |what, named: &str| Err(Refusal::Other { what, named: named.to_owned() });
    if !purpose.hosts.iter().any(|host| authority == format!("{host}:{}", purpose.port)) {
        return other("host", authority);
    }
    let (action, user) = (get("Action")?, get("DBUser")?);
    if action != "connect" {
        return other("action", action);
    }
    if user != purpose.user {
        return other("role", user);
    }
    let date = get("X-Amz-Date")?;
    let made = instant(date).ok_or(Refusal::Form("X-Amz-Date"))?;
    let lifetime = get("X-Amz-Expires")?.parse().map_err(|_| Refusal::Form("X-Amz-Expires"))?;
    let lifetime = Duration::from_secs(lifetime).min(LIFETIME);
    if now < made - AHEAD || now > made + lifetime {
        return Err(Refusal::Expired(date.to_owned()));
    }
    let scope: Vec<&str> = get("X-Amz-Credential")?.split('/').collect();
    let [key, _, region, "rds-db", "aws4_request"] = scope[..] else {
        return Err(Refusal::Form("X-Amz-Credential"));
    };
    if region != purpose.region {
        return other("Region", region);
    }
    let session = parameters.get("X-Amz-Security-Token").map(ToString::to_string);
    let credentials = Credentials::new(KEY, KEY, session, None, "local");
    let expires = get("X-Amz-Expires")?.parse().map_or(LIFETIME, Duration::from_secs);
    let signature = signature(authority, user, region, &credentials, made.into(), expires);
    if key != KEY || signature.is_none_or(|signature| get("X-Amz-Signature") != Ok(signature.as_str())) {
        return Err(Refusal::Signature(key.to_owned()));
    }
    Ok(())
}

/// The signature of a token, where there can be one.
fn signature(
    authority: &str,
    user: &str,
    region: &str,
    credentials: &Credentials,
    time: SystemTime,
    expires: Duration,
) -> Option<String> {
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(expires);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(time)
        .settings(settings)
        .build()
        .ok()?;
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "connect")
        .append_pair("DBUser", user)
        .finish();
    let url = format!("https://{authority}/?{query}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::empty()).ok()?;
    let (_, signature) = sign(request, &parameters.into()).ok()?.into_parts();
    Some(signature)
}

/// `20261130T150942Z` as an instant.
fn instant(date: &str) -> Option<Timestamp> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What boto3 made at 2026-11-30T15:00:00Z, without a session and with one.
    const TOKEN: &str = "localhost:40123/?Action=connect&DBUser=sluice_consumer&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
        X-Amz-Credential=test%2F20261130%2Fus-east-1%2Frds-db%2Faws4_request&X-Amz-Date=20261130T150000Z&\
        X-Amz-Expires=900&X-Amz-SignedHeaders=host&\
        X-Amz-Signature=1eafc0ae87afb1043c464d8b7576d657bbac357733d3b0e03e6ee8ddba253019";
    const OF_SESSION: &str = "localhost:40123/?Action=connect&DBUser=sluice_consumer&\
        X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20261130%2Fus-east-1%2Frds-db%2Faws4_request&\
        X-Amz-Date=20261130T150000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&\
        X-Amz-Security-Token=AQo%2F%2B%3Dx&\
        X-Amz-Signature=cac433679c792de7ca1dfbeffe598b60083394384c5f8b7c78cb12dd48ed4775";

    #[test]
    fn a_token_is_good_for_what_it_names_and_for_its_time() {
        let purpose = Purpose {
            hosts: &["127.0.0.1", "localhost"],
            port: 40_123,
            user: "sluice_consumer",
            region: "us-east-1",
        };
        let other = |what, named: &str| Err(Refusal::Other { what, named: named.to_owned() });
        let expired = || Err(Refusal::Expired("20261130T150000Z".to_owned()));
        let forged = || Err(Refusal::Signature("test".to_owned()));
        let longer = TOKEN.replace("Expires=900", "Expires=9000");
        let delayed = TOKEN.replace("T150000Z", "T150100Z");
        let (renamed, theirs) =
            (TOKEN.replace("sluice_consumer", "sluice"), TOKEN.replace("=test%2F", "=AKID%2F"));
        for (token, purpose, at, expected) in [
            (TOKEN, purpose, "15:00:01", Ok(())),
            (OF_SESSION, purpose, "15:14:59", Ok(())),
            (TOKEN, purpose, "15:15:01", expired()),
            (TOKEN, purpose, "14:54:59", expired()),
            (TOKEN, Purpose { user: "sluice", ..purpose }, "15:00:01", other("role", "sluice_consumer")),
            (TOKEN, Purpose { port: 1, ..purpose }, "15:00:01", other("host", "localhost:40123")),
            (TOKEN, Purpose { hosts: &["db"], ..purpose }, "15:00:01", other("host", "localhost:40123")),
            (TOKEN, Purpose { region: "eu-west-1", ..purpose }, "15:00:01", other("Region", "us-east-1")),
            (&renamed, Purpose { user: "sluice", ..purpose }, "15:00:01", forged()),
            (&longer, purpose, "15:00:01", forged()),
            (&delayed, purpose, "15:00:01", forged()),
            (&theirs, purpose, "15:00:01", Err(Refusal::Signature("AKID".to_owned()))),
            ("correct horse", purpose, "15:00:01", Err(Refusal::Form("query"))),
            ("localhost:40123/?Action=connect", purpose, "15:00:01", Err(Refusal::Form("DBUser"))),
        ] {
            let now = format!("2026-11-30T{at}Z").parse().expect("a time");
            assert_eq!(check(token, purpose, now), expected, "{at} {purpose:?} {token}");
        }
    }
}
