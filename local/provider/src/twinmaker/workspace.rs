//! Workspaces.

use custom_resource::{Provisioned, Request};

use super::properties::{Former, Workspace};
use super::{Error, ServiceError, TwinMaker, is_conflict, tags, text, unless_gone};

impl TwinMaker {
    pub(super) async fn ensure_workspace(&self, request: &Request) -> Result<Provisioned, Error> {
        let wanted: Workspace = request.properties()?;
        let id = &wanted.workspace_id;
        let get = || self.client.get_workspace().workspace_id(id);
        if request.subject()? == Some(id.as_str()) {
            let old = Former::of(request);
            let update = self.client.update_workspace().workspace_id(id);
            let update = update
                .set_description(old.description(wanted.description.as_ref()))
                .role(&wanted.role)
                .s3_location(&wanted.s3_location);
            update.send().await.map_err(ServiceError::from)?;
            let found = get().send().await.map_err(ServiceError::from)?;
            self.tag(found.arn(), &old.tags, &wanted.tags).await?;
        } else {
            let create = self.client.create_workspace().workspace_id(id);
            let create = create
                .set_description(wanted.description.clone())
                .role(&wanted.role)
                .s3_location(&wanted.s3_location)
                .set_tags(tags::to_sdk(&wanted.tags));
            if let Err(error) = create.send().await.map_err(ServiceError::from) {
                if !is_conflict(&error) {
                    return Err(error.into());
                }
                let found = get().send().await.map_err(ServiceError::from)?;
                if !self.is_of_this_creation(found.arn(), found.creation_date_time(), &wanted.tags).await? {
                    return Err(error.into());
                }
            }
        }
        let found = get().send().await.map_err(ServiceError::from)?;
        Ok(Provisioned {
            physical_id: id.clone(),
            attributes: vec![
                ("Arn", found.arn.clone()),
                ("CreationDateTime", text(found.creation_date_time())),
                ("UpdateDateTime", text(found.update_date_time())),
            ],
        })
    }

    pub(super) async fn delete_workspace(&self, request: &Request) -> Result<Provisioned, Error> {
        if let Some(id) = request.existing() {
            let delete = self.client.delete_workspace().workspace_id(id);
            if let Err(error) = delete.send().await {
                unless_gone(error.into())?;
            }
        }
        Ok(request.deleted())
    }
}
