//! Tags of TwinMaker's resources.

use std::collections::{BTreeMap, HashMap};

use super::{Error, ServiceError, TwinMaker};

/// Tags by their keys.
pub(super) type Tags = BTreeMap<String, String>;

pub(super) fn to_sdk(tags: &Tags) -> Option<HashMap<String, String>> {
    (!tags.is_empty()).then(|| tags.clone().into_iter().collect())
}

impl TwinMaker {
    /// Makes the tags of a resource what they should be.
    pub(super) async fn tag(&self, arn: &str, old: &Tags, wanted: &Tags) -> Result<(), Error> {
        let gone: Vec<_> = old.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        if !gone.is_empty() {
            let untag = self.client.untag_resource().resource_arn(arn).set_tag_keys(Some(gone));
            untag.send().await.map_err(ServiceError::from)?;
        }
        let new: Tags = wanted
            .iter()
            .filter(|(key, value)| old.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !new.is_empty() {
            let tag = self.client.tag_resource().resource_arn(arn).set_tags(to_sdk(&new));
            tag.send().await.map_err(ServiceError::from)?;
        }
        Ok(())
    }

    /// The tags of a resource.
    pub(super) async fn tags(&self, arn: &str) -> Result<Tags, Error> {
        let mut found = Tags::new();
        let mut token = None;
        loop {
            let list = self.client.list_tags_for_resource().resource_arn(arn).set_next_token(token);
            let page = list.send().await.map_err(ServiceError::from)?;
            found.extend(page.tags.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}
