//! What counts as consent, and what does not.

use super::*;

#[test]
fn consent_names_a_resource_with_or_without_its_stack() {
    let consent = Consent::to(&["Table".to_owned(), "lake.Bucket".to_owned()]);
    let table = [
        ("store", "Table", true),
        ("lake", "Bucket", true),
        ("store", "Bucket", false),
        ("lake", "Stream", false),
    ];
    for (stack, logical_id, expected) in table {
        assert_eq!(consent.covers(stack, logical_id), expected, "{stack}.{logical_id}");
    }
}

#[test]
fn what_keeps_data_takes_its_name() {
    let wrong =
        || Err(Declined::WrongName { doing: Doing::Destroy, expected: "prod".into(), given: "Prod".into() });
    let said = |confirm, yes| Said { confirm, yes };
    for (guard, said, expected) in [
        (Guard::Nothing, said(None, false), Ok(Settled::Agreed)),
        (Guard::Answer, said(None, false), Ok(Settled::Ask)),
        (Guard::Answer, said(None, true), Ok(Settled::Agreed)),
        (Guard::Name, said(None, false), Ok(Settled::Ask)),
        (Guard::Name, said(None, true), Ok(Settled::Ask)),
        (Guard::Name, said(Some("prod"), false), Ok(Settled::Agreed)),
        (Guard::Answer, said(Some("prod"), false), Ok(Settled::Agreed)),
        (Guard::Name, said(Some("Prod"), true), wrong()),
        (Guard::Answer, said(Some("Prod"), true), wrong()),
        (Guard::Nothing, said(Some("Prod"), true), wrong()),
    ] {
        assert_eq!(guard.settle(Doing::Destroy, "prod", said), expected, "{guard:?} {said:?}");
    }
}

#[test]
fn only_the_right_answer_agrees() {
    let environment = || "prod".to_owned();
    for (guard, answer, expected) in [
        (Guard::Name, Some("prod"), Ok(Settled::Agreed)),
        (
            Guard::Name,
            Some("y"),
            Err(Declined::WrongName { doing: Doing::Destroy, expected: environment(), given: "y".into() }),
        ),
        (Guard::Name, Some(""), Err(Declined::ByPerson)),
        (Guard::Name, None, Err(Declined::NameNeeded { environment: environment() })),
        (Guard::Answer, Some("y"), Ok(Settled::Agreed)),
        (Guard::Answer, Some("Y"), Ok(Settled::Agreed)),
        (Guard::Answer, Some("yes please"), Err(Declined::ByPerson)),
        (Guard::Answer, Some(""), Err(Declined::ByPerson)),
        (
            Guard::Answer,
            None,
            Err(Declined::NobodyToAsk { doing: Doing::Destroy, environment: environment() }),
        ),
    ] {
        assert_eq!(guard.answered(Doing::Destroy, "prod", answer), expected, "{guard:?} {answer:?}");
    }
    for doing in [Doing::Deploy, Doing::CleanUp, Doing::Prepare] {
        let nobody = || Err(Declined::NobodyToAsk { doing, environment: environment() });
        assert_eq!(Guard::Name.answered(doing, "prod", None), nobody());
        assert_eq!(Guard::Answer.answered(doing, "prod", None), nobody());
        let wrong = Guard::Name.answered(doing, "prod", Some("y")).expect_err("another name");
        assert_eq!(wrong.hint(), None, "only `destroy` takes `--confirm`");
    }
    let wrong = Guard::Name.answered(Doing::Deploy, "prod", Some("y")).expect_err("another name");
    assert_eq!(
        wrong.to_string(),
        "nothing was deployed: the environment is `prod`, and the name given is `y`"
    );
    let hints = [
        Declined::NameNeeded { environment: environment() },
        Declined::WrongName { doing: Doing::Destroy, expected: environment(), given: "x".into() },
    ];
    for declined in hints {
        assert_eq!(declined.exit(), Exit::Declined);
        assert!(declined.hint().is_some_and(|hint| hint.contains("--confirm prod")));
    }
}
