//! Tokens of IAM, which a role of the database has for a password
//! ([IAM database authentication](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html)):
//! a signed request without its scheme. The client of RDS makes the same, and is forty times as large.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningError, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_sigv4::sign::v4::signing_params::BuildError;
use form_urlencoded::Serializer;
use postgres::schema::CONSUMER;

/// For how long a token is good, at most. A session that has begun with one goes on.
const LIFETIME: Duration = Duration::from_mins(15);

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Parameters(#[from] BuildError),
    #[error(transparent)]
    Signature(#[from] SigningError),
}

/// A token of `now` for the role of consumers on a host.
pub(super) fn token(
    host: &str,
    port: u16,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, Error> {
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(LIFETIME);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()?;
    // No letter of it has to be escaped.
    let address = format!("{host}:{port}/?");
    let unsigned = format!("{address}Action=connect&DBUser={CONSUMER}");
    let url = format!("https://{unsigned}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::empty())?;
    let (signed, _) = sign(request, &parameters.into())?.into_parts();
    Ok(Serializer::for_suffix(unsigned, address.len()).extend_pairs(signed.params()).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// boto3 made the same of the same.
    #[test]
    fn a_token_is_that_of_the_client_of_rds() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_903);
        let session = Some("AQo/+=x".to_owned());
        for (session, expected) in [
            (None, "&X-Amz-Signature=1eafc0ae87afb1043c464d8b7576d657bbac357733d3b0e03e6ee8ddba253019"),
            (
                session,
                "&X-Amz-Security-Token=AQo%2F%2B%3Dx&X-Amz-Signature=cac433679c792de7ca1dfbeffe598b60083394384c5f8b7c78cb12dd48ed4775",
            ),
        ] {
            let credentials = Credentials::new("test", "test", session, None, "test");
            let token = token("localhost", 40_123, "us-east-1", credentials, now).expect("a token");
            let (rest, end) = expected.rsplit_once('&').expect("a signature");
            assert!(
                token.starts_with("localhost:40123/?Action=connect&DBUser=sluice_consumer&X-Amz-Algorithm="),
                "{token}"
            );
            assert!(token.contains(rest) && token.contains(end), "{token}");
        }
    }
}
