//! Whom a cluster's certificate has to be from.

/// The roots of Amazon RDS as PEM, by which whoever connects to a cluster knows it
/// ([bundle for all Regions](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html)). Where
/// they are from, and of which Regions, is beside them.
pub const ROOTS: &str = include_str!("../certificates/global-bundle.pem");
