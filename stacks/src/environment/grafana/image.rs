//! The image of the container: the same tomorrow, wherever it comes from.

use serde::{Serialize, Serializer};

use crate::config::{Fault, Section};

/// The image where a file names none: Grafana 13.2.3, the newest patch of its minor version when this was
/// written, by the digest of its index, which has one image for arm64 and one for x86.
pub const IMAGE: &str =
    "grafana/grafana@sha256:b28bae15e219c998fb0e0424ed724930cc61b1f61fb404d47c862f9a23f9e572";

/// Longest name of an image, in characters.
const MAX_IMAGE: usize = 255;

/// An image that is the same tomorrow: by digest, or by a version of three numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(String);

/// A repository of Elastic Container Registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The Region of the registry.
    pub region: String,
    /// The account of the registry.
    pub account: String,
    /// The name.
    pub name: String,
}

impl Image {
    /// As Docker writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what a name means stays: it ends with a digest, or with a version of three numbers.
    pub fn is_pinned(image: &str) -> bool {
        if let Some((_, digest)) = image.split_once('@') {
            let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            return digest
                .strip_prefix("sha256:")
                .is_some_and(|hash| hash.len() == 64 && hash.bytes().all(hex));
        }
        let name = image.rsplit('/').next().unwrap_or_default();
        name.split_once(':').is_some_and(|(_, tag)| is_version(tag))
    }

    /// The private repository of ECR that it is in, if it is in one: its
    /// [address](https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html) says account and
    /// Region. Whoever starts the container has to be allowed to read it.
    pub fn repository(&self) -> Option<Repository> {
        let (host, path) = self.0.split_once('/')?;
        let mut parts = host.splitn(5, '.');
        let (account, dkr, ecr, region, domain) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_registry = account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && dkr == "dkr"
            && ecr == "ecr"
            && matches!(domain, "amazonaws.com" | "amazonaws.com.cn");
        let name = path.split(['@', ':']).next().unwrap_or(path);
        is_registry.then(|| Repository {
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl Default for Image {
    fn default() -> Self {
        Self(IMAGE.to_owned())
    }
}

impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Whether a text is a version of three numbers.
pub(crate) fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(number)
}

/// Why an image cannot be used.
#[derive(Debug, thiserror::Error)]
enum ImageFault {
    #[error("is \"{image}\", which is no name of an image")]
    Name { image: String },
    #[error("is \"{image}\", which may mean another image tomorrow")]
    Floating { image: String },
}

impl Fault for ImageFault {
    fn help(&self) -> String {
        let digest = "write its digest, as in \"registry.example.com/grafana@sha256:…\"; \
            `docker buildx imagetools inspect IMAGE` prints it";
        match self {
            Self::Name { .. } => digest.into(),
            Self::Floating { .. } => format!("{digest}. A version of three numbers is accepted too"),
        }
    }
}

/// Reads `image`.
pub(super) fn read(section: &Section<'_>) -> Option<Image> {
    let image = section.text_like("image", "the name of an image, with its digest");
    let image = image.check(|image| check(image)).optional()?;
    Some(image.map_or_else(Image::default, Image))
}

fn check(image: &str) -> Result<(), ImageFault> {
    let owned = || image.to_owned();
    let named = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let starts = image.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    // The service takes a tag or a digest, not both.
    let both = image
        .split_once('@')
        .is_some_and(|(name, _)| name.rsplit('/').next().is_some_and(|last| last.contains(':')));
    if !starts || both || image.len() > MAX_IMAGE || !image.chars().all(named) {
        return Err(ImageFault::Name { image: owned() });
    }
    if Image::is_pinned(image) { Ok(()) } else { Err(ImageFault::Floating { image: owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_the_same_is_pinned() {
        let hash = "0123456789abcdef".repeat(4);
        for (image, expected) in [
            (IMAGE.to_owned(), true),
            (format!("a@sha256:{hash}"), true),
            (format!("registry.example.com:5000/a/b@sha256:{hash}"), true),
            ("grafana/grafana:13.2.3".to_owned(), true),
            ("registry:5000/grafana:13.2.3".to_owned(), true),
            (format!("a@sha256:{}", &hash[1..]), false),
            (format!("a@sha256:{}", hash.to_uppercase()), false),
            (format!("a@sha512:{hash}"), false),
            (format!("a:13.2.3@sha256:{hash}"), false),
            ("grafana/grafana".to_owned(), false),
            ("grafana/grafana:latest".to_owned(), false),
            ("grafana/grafana:13.2".to_owned(), false),
            ("registry:5000/grafana".to_owned(), false),
            ("grafana grafana:1.2.3".to_owned(), false),
            ("${A}:1.2.3".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(check(&image).is_ok(), expected, "{image}");
        }
    }

    #[test]
    fn an_address_of_ecr_names_its_repository() {
        let of = |image: &str| {
            let repository = Image(image.to_owned()).repository()?;
            Some((repository.region, repository.account, repository.name))
        };
        let expected =
            |name: &str| Some(("eu-central-1".to_owned(), "111122223333".to_owned(), name.to_owned()));
        for (image, name) in [
            ("111122223333.dkr.ecr.eu-central-1.amazonaws.com/grafana:13.2.3", Some("grafana")),
            ("111122223333.dkr.ecr.eu-central-1.amazonaws.com/team/grafana@sha256:0", Some("team/grafana")),
            ("111122223333.dkr.ecr.eu-central-1.example.com/grafana:13.2.3", None),
            ("11112222333.dkr.ecr.eu-central-1.amazonaws.com/grafana:13.2.3", None),
            ("public.ecr.aws/grafana/grafana:13.2.3", None),
            ("grafana/grafana:13.2.3", None),
        ] {
            assert_eq!(of(image), name.and_then(expected), "{image}");
        }
    }
}
