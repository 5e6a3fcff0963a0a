//! Which Regions there are, and which of them have what the pipeline needs.

use crate::config::{Fault, likely};

/// The [Regions of AWS](https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html),
/// to tell a Region without a service from a misspelt one.
const REGIONS: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// The Regions that have Timestream for `LiveAnalytics`, by its
/// [endpoints](https://docs.aws.amazon.com/general/latest/gr/timestream.html). An environment may have another store.
const TIMESTREAM_REGIONS: [&str; 9] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-east-2",
    "us-gov-west-1",
    "us-west-2",
];

/// The Regions that have `IoT TwinMaker`, by its
/// [endpoints](https://docs.aws.amazon.com/general/latest/gr/iot-twinmaker.html). An environment may do
/// without it.
const TWIN_REGIONS: [&str; 11] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "cn-north-1",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-gov-west-1",
    "us-west-2",
];

/// The Regions whose roots of Amazon RDS are not shipped, beside `lambdas/postgres/certificates`: a consumer would not
/// know a cluster there.
const ROOTLESS_REGIONS: [&str; 11] = [
    "ap-east-2",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "il-central-1",
    "mx-central-1",
    "us-gov-east-1",
    "us-gov-west-1",
];

/// Why a Region cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RegionFault {
    #[error("is {region:?}, which is no Region")]
    Unknown { region: String },
    #[error("is \"{region}\", which does not have Timestream for LiveAnalytics")]
    LacksTimestream { region: String },
    #[error("is \"{region}\", which does not have IoT TwinMaker")]
    LacksTwin { region: String },
    #[error("is \"{region}\", of which the root certificates of Amazon RDS are not shipped")]
    Rootless { region: String },
}

impl Fault for RegionFault {
    fn help(&self) -> String {
        match self {
            Self::Unknown { region } => match likely(region, REGIONS) {
                Some(likely) => format!("did you mean \"{likely}\"?"),
                None => format!("write one of {}", REGIONS.join(", ")),
            },
            Self::LacksTimestream { .. } => {
                let regions = TIMESTREAM_REGIONS.join(", ");
                format!("write `kind = \"postgres\"` under [store], or choose one of {regions}")
            }
            Self::Rootless { .. } => "write `connection = \"data-api\"` under [store]".to_owned(),
            Self::LacksTwin { .. } => {
                let regions = TWIN_REGIONS.join(", ");
                format!("write `enabled = false` under [twin], or choose one of {regions}")
            }
        }
    }
}

/// Checks that a Region exists.
pub(super) fn check(region: &str) -> Result<(), RegionFault> {
    if REGIONS.contains(&region) {
        return Ok(());
    }
    Err(RegionFault::Unknown { region: region.to_owned() })
}

/// Checks that a Region has Timestream.
pub(super) fn check_timestream(region: &str) -> Result<(), RegionFault> {
    if TIMESTREAM_REGIONS.contains(&region) {
        return Ok(());
    }
    Err(RegionFault::LacksTimestream { region: region.to_owned() })
}

/// Checks that a Region has the digital twin's service.
pub(super) fn check_twin(region: &str) -> Result<(), RegionFault> {
    if TWIN_REGIONS.contains(&region) {
        return Ok(());
    }
    Err(RegionFault::LacksTwin { region: region.to_owned() })
}

/// Checks that a cluster of a Region is known to whoever connects to it.
pub(super) fn check_roots(region: &str) -> Result<(), RegionFault> {
    if !ROOTLESS_REGIONS.contains(&region) {
        return Ok(());
    }
    Err(RegionFault::Rootless { region: region.to_owned() })
}

#[cfg(test)]
mod tests {
    use base64::prelude::*;

    use super::{REGIONS, TIMESTREAM_REGIONS, TWIN_REGIONS, check, check_roots, check_timestream};

    /// A root says in its name of which Region it is.
    #[test]
    fn a_region_has_roots_or_is_listed() {
        let lines = postgres::certificates::ROOTS.split("-----BEGIN CERTIFICATE-----").skip(1);
        let roots: Vec<Vec<u8>> = lines
            .map(|root| {
                let (body, _) = root.split_once("-----END").expect("an end");
                BASE64_STANDARD.decode(body.split_whitespace().collect::<String>()).expect("base64")
            })
            .collect();
        for region in REGIONS {
            let name = format!("Amazon RDS {region} Root CA");
            let has = |root: &&Vec<u8>| root.windows(name.len()).any(|part| part == name.as_bytes());
            assert_eq!(roots.iter().any(|root| has(&root)), check_roots(region).is_ok(), "{region}");
        }
    }

    #[test]
    fn a_service_is_in_regions_that_exist() {
        for region in TIMESTREAM_REGIONS.into_iter().chain(TWIN_REGIONS) {
            assert!(REGIONS.contains(&region), "{region}");
        }
    }

    #[test]
    fn a_region_must_exist_and_have_the_store() {
        for (region, fault) in [
            ("eu-central-1", None),
            ("eu-north-1", Some("is \"eu-north-1\", which does not have Timestream for LiveAnalytics")),
            ("eu-centrall-1", Some("is \"eu-centrall-1\", which is no Region")),
        ] {
            let found = check(region).and_then(|()| check_timestream(region)).err();
            assert_eq!(found.map(|fault| fault.to_string()).as_deref(), fault);
        }
    }
}
