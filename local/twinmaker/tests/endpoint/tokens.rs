//! Tokens of connectors are opaque to clients, and good for the question that they continue.

use aws_sdk_iottwinmaker::operation::get_property_value_history::builders::GetPropertyValueHistoryFluentBuilder;
use serde_json::json;

use crate::{
    client::{Fixture, WORKSPACE, told},
    lambda::Answer,
};

const SECRET: &str = "{\"after\":\"2022-08-25T00:00:02Z\",\"table\":\"telemetry\"}";

fn question(fixture: &Fixture) -> GetPropertyValueHistoryFluentBuilder {
    fixture
        .client
        .get_property_value_history()
        .workspace_id(WORKSPACE)
        .selected_properties("RPM")
        .start_time("2022-08-25T00:00:00Z")
        .end_time("2022-08-25T00:00:05Z")
}

#[tokio::test]
async fn a_connectors_token_is_sealed_on_its_way_out_and_opened_on_its_way_back() {
    let mut fixture = Fixture::with_mixer().await;
    fixture.create_mixer("mixer-2", "item_A002").await;
    let page = |token: &str| Answer::Json(json!({ "propertyValues": [], "nextToken": token }));
    fixture.lambda.answers([page(SECRET), page("")]);
    let of =
        |fixture: &Fixture, entity: &str| question(fixture).entity_id(entity).component_name("telemetry");
    let first = of(&fixture, "mixer-1").send().await.expect("a page");
    let token = first.next_token.expect("a token");
    for part in ["after", "2022", "telemetry", "mixer"] {
        assert!(!token.contains(part), "{token}");
    }

    // The key outlives the process.
    let path = fixture.state.path().to_owned();
    fixture.process.kill();
    fixture.process = crate::process::start(&path, fixture.lambda.url());
    fixture.client = crate::client::client(&fixture.process.url());

    fixture.lambda.asked();
    for (what, question) in [
        ("another entity", of(&fixture, "mixer-2")),
        ("a component type", question(&fixture).component_type_id("mixer")),
    ] {
        let error = question.next_token(&token).send().await.expect_err(what).into_service_error();
        assert!(error.is_validation_exception(), "{what}");
        assert_eq!(told(&error).1, "The nextToken is not valid for this request.");
    }
    for made_up in [SECRET.to_owned(), String::new(), token.to_lowercase(), token[1..].to_owned()] {
        let outcome = of(&fixture, "mixer-1").next_token(&made_up).send().await;
        assert!(outcome.expect_err(&made_up).into_service_error().is_validation_exception(), "{made_up}");
    }
    assert_eq!(fixture.lambda.asked(), [], "nothing of that reaches the connector");

    let last = of(&fixture, "mixer-1").next_token(&token).send().await.expect("the next page");
    assert_eq!(last.next_token, None, "an empty token is none");
    let [(_, event)] = fixture.lambda.asked().try_into().expect("one invocation");
    assert_eq!(event["nextToken"], SECRET);
}
