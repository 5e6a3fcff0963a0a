//! Component types.

use aws_sdk_iottwinmaker::operation::get_component_type::GetComponentTypeOutput;
use custom_resource::{Provisioned, Request};

use super::properties::{ComponentType, Former};
use super::{
    Error, PAUSE, SEPARATOR, ServiceError, TwinMaker, is_conflict, settled, tags, text, unless_gone,
};

impl TwinMaker {
    pub(super) async fn ensure_component_type(&self, request: &Request) -> Result<Provisioned, Error> {
        let wanted: ComponentType = request.properties()?;
        let (workspace, id) = (wanted.workspace_id.as_str(), wanted.component_type_id.as_str());
        let physical_id = format!("{workspace}{SEPARATOR}{id}");
        let definitions = wanted.definitions()?;
        let functions = wanted.functions()?;
        if request.subject()? == Some(physical_id.as_str()) {
            let old = Former::of(request);
            let update = self.client.update_component_type().workspace_id(workspace).component_type_id(id);
            let update = update
                .set_description(old.description(wanted.description.as_ref()))
                .set_is_singleton(wanted.is_singleton.map(|is_singleton| is_singleton.0))
                .set_extends_from(Some(wanted.extends_from.clone()))
                .set_functions(Some(functions))
                .set_property_definitions(Some(definitions));
            update.send().await.map_err(ServiceError::from)?;
            let found = self.active_component_type(workspace, id).await?;
            self.tag(found.arn(), &old.tags, &wanted.tags).await?;
        } else {
            let create = self.client.create_component_type().workspace_id(workspace).component_type_id(id);
            let create = create
                .set_description(wanted.description.clone())
                .set_is_singleton(wanted.is_singleton.map(|is_singleton| is_singleton.0))
                .set_extends_from(Some(wanted.extends_from.clone()))
                .set_functions(Some(functions))
                .set_property_definitions(Some(definitions))
                .set_tags(tags::to_sdk(&wanted.tags));
            if let Err(error) = create.send().await.map_err(ServiceError::from) {
                if !is_conflict(&error) {
                    return Err(error.into());
                }
                let found = self.active_component_type(workspace, id).await?;
                if !self.is_of_this_creation(found.arn(), found.creation_date_time(), &wanted.tags).await? {
                    return Err(error.into());
                }
            }
        }
        let found = self.active_component_type(workspace, id).await?;
        let state = found.status.as_ref().and_then(|status| status.state());
        Ok(Provisioned {
            physical_id,
            attributes: vec![
                ("Arn", found.arn().to_owned()),
                ("CreationDateTime", text(found.creation_date_time())),
                ("UpdateDateTime", text(found.update_date_time())),
                ("IsAbstract", found.is_abstract().unwrap_or_default().to_string()),
                ("IsSchemaInitialized", found.is_schema_initialized().unwrap_or_default().to_string()),
                ("Status.State", state.map(ToString::to_string).unwrap_or_default()),
            ],
        })
    }

    async fn active_component_type(
        &self,
        workspace: &str,
        id: &str,
    ) -> Result<GetComponentTypeOutput, Error> {
        loop {
            let get = self.client.get_component_type().workspace_id(workspace).component_type_id(id);
            let found = get.send().await.map_err(ServiceError::from)?;
            if settled(&format!("the component type {id}"), found.status())? {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn delete_component_type(&self, request: &Request) -> Result<Provisioned, Error> {
        if let Some((workspace, id)) = request.existing().and_then(|id| id.split_once(SEPARATOR)) {
            let delete = self.client.delete_component_type().workspace_id(workspace).component_type_id(id);
            let mut outcome = delete.send().await.map(drop).map_err(ServiceError::from);
            // It is gone when it is not found any more.
            while outcome.is_ok() {
                tokio::time::sleep(PAUSE).await;
                let get = self.client.get_component_type().workspace_id(workspace).component_type_id(id);
                outcome = get.send().await.map(drop).map_err(ServiceError::from);
            }
            outcome.or_else(unless_gone)?;
        }
        Ok(request.deleted())
    }
}
