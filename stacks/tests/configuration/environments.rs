//! `environments/*.toml`, and what `--set` lays over them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stacks::environment::{
    Architecture, Consumer, Environment, Grafana, LOCAL_ACCOUNT, LogLevel, OnDelete, StreamMode, Target,
    likely, name, parse,
};

use crate::{shipped, snapshot_each};

/// The least that an environment on AWS says.
const LEAST: &str = "target = 'aws'\nregion = 'eu-west-1'\naccount = '123456789012'\n";

fn set(overrides: &[(&str, &str)]) -> Vec<(String, String)> {
    overrides.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn shipped_environment(name: &str, overrides: &[(&str, &str)]) -> Environment {
    let file = format!("environments/{}.toml", name::split(name).0);
    parse(name, &file, &shipped(&file), &set(overrides)).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_broken_environment_is_told_all_of_its_problems() {
    snapshot_each("environments", |file, text| parse("dev", file, text, &[]).unwrap_err().to_string());
}

#[test]
fn the_shipped_environments_are_what_they_are_for() {
    let [local, dev, prod] = ["local", "dev", "prod"].map(|name| shipped_environment(name, &[]));
    let preview = shipped_environment("preview-12", &[]);
    let gist = |environment: &Environment| {
        (environment.target, environment.on_delete, environment.architecture, environment.stream.mode)
    };
    assert_eq!(gist(&local), (Target::Local, OnDelete::Delete, None, StreamMode::Provisioned { shards: 1 }));
    let one_shard = StreamMode::Provisioned { shards: 1 };
    assert_eq!(gist(&dev), (Target::Aws, OnDelete::Delete, Some(Architecture::Arm64), one_shard));
    assert_eq!(gist(&preview), gist(&dev));
    assert_eq!((&preview.grafana, preview.topic_prefix.as_deref()), (&Grafana::None, Some("preview-12")));
    assert_eq!(gist(&prod), (Target::Aws, OnDelete::Retain, Some(Architecture::Arm64), StreamMode::OnDemand));
    assert_eq!(
        [&local, &dev, &preview, &prod].map(|environment| environment.simulator.enabled),
        [false, true, true, false]
    );
    assert_eq!((local.account.as_str(), local.lake.buffer_seconds), (LOCAL_ACCOUNT, 1));
    for environment in [local, dev, preview, prod] {
        match &environment.consumer {
            Consumer::Lambda(consumer) => assert!(
                consumer.max_age_seconds < environment.stream.retention_hours * 3_600,
                "{}",
                environment.name
            ),
            Consumer::Flink(consumer) => {
                assert_eq!((environment.name.as_str(), consumer.autoscaling), ("prod", true));
            }
        }
    }
}

#[test]
fn the_least_environment_gets_every_default() {
    let environment = parse("dev", "dev.toml", LEAST, &[]).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let json = serde_json::to_string_pretty(&environment).unwrap();
    settings.bind(|| insta::assert_snapshot!("defaults", json));
}

#[test]
fn names_are_derived_from_the_environment() {
    for (name, text, file, stack, database) in [
        ("dev2", LEAST.to_owned(), "dev2", "sluice-dev2-ingest", "sluice_dev2"),
        ("preview-12", instances(), "preview", "sluice-preview-12-ingest", "sluice_preview_12"),
    ] {
        let environment = parse(name, "x.toml", &text, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!((environment.file_name(), environment.stack_name("ingest").as_str()), (file, stack));
        assert_eq!((environment.database().as_str(), environment.table()), (database, "telemetry"));
    }
}

#[test]
fn a_name_must_fit_into_physical_names() {
    for (name, sound) in [
        ("d", true),
        ("dev2", true),
        ("abcdefghijklmnop", true),
        ("abcdefghijklmnopq", false),
        ("", false),
        ("Dev", false),
        ("1dev", false),
        ("-dev", false),
        ("my-dev", false),
        ("bootstrap", false),
        ("artifacts", false),
        ("my_dev", false),
        ("dév", false),
    ] {
        assert_eq!(parse(name, "x.toml", LEAST, &[]).is_ok(), sound, "{name:?}");
    }
    let problems = parse("Dev", "Dev.toml", LEAST, &[]).unwrap_err().to_string();
    assert!(problems.contains("\nDev.toml: the environment's name is \"Dev\""), "{problems}");
}

/// The least that an environment with instances says.
fn instances() -> String {
    format!("{LEAST}instances = true\ntopic_prefix = 'site/preview'\n")
}

#[test]
fn an_environment_is_deployed_as_instances_or_as_itself() {
    let plain = LEAST.to_owned();
    let apart = format!("{LEAST}instances = true\n");
    for (name, text, expected) in [
        ("preview-1", instances(), Ok(Some("site/preview-1"))),
        ("preview-12345678", instances(), Ok(Some("site/preview-12345678"))),
        ("p-abcdefgh", instances(), Ok(Some("site/preview-abcdefgh"))),
        ("preview", plain.clone(), Ok(None)),
        (
            "preview",
            instances(),
            Err("x.toml:4:13: `instances` is true: environment `preview` is deployed as instances"),
        ),
        ("preview-1", plain, Err("x.toml: environment `preview` has no instances, and `1` would be one")),
        ("preview-", instances(), Err("x.toml: the instance is \"\"")),
        ("preview-A", instances(), Err("x.toml: the instance is \"A\"")),
        ("preview-1-2", instances(), Err("x.toml: the instance is \"1-2\"")),
        ("p-123456789", instances(), Err("x.toml: the instance is \"123456789\"")),
        ("preview0-12345678", instances(), Err("which is longer than 16 characters")),
        ("preview-1", apart, Err("x.toml: `topic_prefix` is missing")),
    ] {
        match (parse(name, "x.toml", &text, &[]), expected) {
            (Ok(environment), Ok(prefix)) => {
                assert_eq!(environment.topic_prefix.as_deref(), prefix, "{name}");
            }
            (Err(problems), Err(expected)) => {
                let problems = problems.to_string();
                assert!(
                    problems.contains(expected) && problems.contains("has a problem"),
                    "{name}: {problems}"
                );
            }
            (found, expected) => panic!("{name}: {found:?} instead of {expected:?}"),
        }
    }
}

/// Whoever only looks at an environment need not name an instance.
#[test]
fn an_instance_stands_for_all() {
    let on = set(&[("instances", "true")]);
    let off = set(&[("instances", "false")]);
    for (text, overrides, expected) in [
        (LEAST.to_owned(), &[][..], "preview"),
        (instances(), &[], "preview-1"),
        (LEAST.to_owned(), &on, "preview-1"),
        (instances(), &off, "preview"),
        ("instances = tru".to_owned(), &[], "preview"),
    ] {
        assert_eq!(name::sample("preview", &text, overrides), expected, "{text} {overrides:?}");
    }
}

#[test]
fn an_environment_expires_on_a_day() {
    let wrong = |day: &str| Err(format!("`expires` is {day:?}, which is no day"));
    for (day, expected) in [
        ("'2026-11-30'", Ok("2026-11-30")),
        ("2026-11-30", Ok("2026-11-30")),
        ("'2026-11-31'", wrong("2026-11-31")),
        ("'3d'", wrong("3d")),
        ("2026-11-30T10:00:00Z", wrong("2026-11-30T10:00:00Z")),
    ] {
        match (parse("dev", "x", LEAST, &set(&[("expires", day)])), expected) {
            (Ok(environment), Ok(expected)) => {
                assert_eq!(environment.expires.map(|day| day.to_string()).as_deref(), Some(expected));
            }
            (Err(problems), Err(expected)) => assert!(problems.to_string().contains(&expected), "{problems}"),
            (found, expected) => panic!("{day}: {found:?} instead of {expected:?}"),
        }
    }
    assert_eq!(parse("dev", "x", LEAST, &[]).unwrap().expires, None);
}

#[test]
fn an_override_is_read_as_the_file_would_be() {
    let environment = shipped_environment(
        "dev",
        &[
            ("account", "012345678901"),
            ("on_delete", "retain"),
            ("stream.shards", "3"),
            ("simulator.anomaly_chance", "1"),
            ("simulator.enabled", "false"),
            ("logs.level", "'WARN'"),
            ("tags.cost", "42"),
            ("tags.\"example.com/owner\"", "a team = us"),
            ("store.magnetic_days", "1"),
            ("store.magnetic_days", "2"),
        ],
    );
    assert_eq!((environment.account.as_str(), environment.on_delete), ("012345678901", OnDelete::Retain));
    assert_eq!(environment.stream.mode, StreamMode::Provisioned { shards: 3 });
    assert!(
        !environment.simulator.enabled && environment.simulator.anomaly_chance.to_bits() == 1_f64.to_bits()
    );
    assert_eq!((environment.logs.level, environment.store.magnetic_days), (LogLevel::Warn, 2));
    let tags = [("cost", "42"), ("example.com/owner", "a team = us"), ("project", "sluice")];
    assert_eq!(environment.tags, BTreeMap::from(tags.map(|(key, value)| (key.into(), value.into()))));
    // An account without a leading zero is a number to TOML, and an account all the same.
    assert_eq!(shipped_environment("dev", &[("account", "444455556666")]).account, "444455556666");
}

#[test]
fn an_override_can_only_replace_what_exists() {
    let overrides = set(&[
        ("consumer.batch-size", "10"),
        ("stream.retention_hours", "1h"),
        ("logs.retention_days", "8"),
        ("region.name", "x"),
        ("not a path", "1"),
        ("a = 1\nb", "2"),
        ("", "1"),
        ("simulater.enabled", "true"),
        ("store.memory_hours", "99999999999999999999"),
        ("simulator.anomaly_chance", "nan"),
    ]);
    let problems =
        parse("dev", "environments/dev.toml", &shipped("environments/dev.toml"), &overrides).unwrap_err();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("overrides", problems);
    });
}

#[test]
fn a_prefix_of_topics_moves_the_model() {
    let model = |topic: &str, device: &str| {
        let text = format!("topic = '{topic}'\n[device]\n{device}\n[[measure]]\nname = 'x'\ntype = 'double'");
        stacks::model::parse("telemetry.toml", &text).unwrap()
    };
    let by_field = "field = 'id'";
    let by_topic = "dimension = 'id'\ntopic_segment = 2";
    let long = "y".repeat(250);
    for (prefix, topic, device, expected) in [
        (None, "dt/+/measures", by_topic, Ok(("dt/+/measures", Some(2)))),
        (Some("dev"), "dt/+/measures", by_field, Ok(("dev/dt/+/measures", None))),
        (Some("dev"), "dt/+/measures", by_topic, Ok(("dev/dt/+/measures", Some(3)))),
        (Some("a/b/c/d"), "dt/+/x/y", by_topic, Ok(("a/b/c/d/dt/+/x/y", Some(6)))),
        (Some("dev"), "#", by_field, Ok(("dev/#", None))),
        (
            Some("dev"),
            "$aws/things/+/shadow/update/accepted",
            by_field,
            Err(
                "`topic_prefix` cannot stand before the model's topic \"$aws/things/+/shadow/update/accepted\": every environment of the account would take its messages",
            ),
        ),
        (
            Some("a/b/c/d/e/f/g"),
            "dt/+",
            by_topic,
            Err(
                "`topic_prefix` makes \"a/b/c/d/e/f/g/dt/+\" of the model's topic, which has 9 levels, but at most 8 are allowed",
            ),
        ),
        (Some(long.as_str()), "dt/+/x", by_topic, Err("is 257 bytes long, but at most 256 are allowed")),
    ] {
        let overrides: Vec<_> = prefix.map(|prefix| ("topic_prefix", prefix)).into_iter().collect();
        let environment = parse("dev", "x", LEAST, &set(&overrides)).unwrap();
        match (environment.place("x.toml", model(topic, device)), expected) {
            (Ok(placed), Ok((topic, segment))) => {
                assert_eq!(
                    (placed.kinds[0].topic.as_str(), placed.kinds[0].device.topic_segments.first().copied()),
                    (topic, segment)
                );
            }
            (Err(problems), Err(expected)) => {
                let text = problems.to_string();
                assert!(
                    text.starts_with("x.toml has a problem\nx.toml: ") && text.contains(expected),
                    "{text}"
                );
            }
            (found, expected) => panic!("{prefix:?} {topic}: {found:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn a_prefix_of_topics_leaves_room_for_the_model() {
    for (prefix, fault) in [
        ("site/dev", None),
        ("a/b/c/d/e/f/g", None),
        ("a/b/c/d/e/f/g/h", Some("`topic_prefix` has 9 levels, but at most 8 are allowed")),
        ("dev/+", Some("`topic_prefix` has `+` in it, but stands for certain levels only")),
        ("dev/", Some("`topic_prefix` has an empty level, 2")),
    ] {
        let found = parse("dev", "x", LEAST, &set(&[("topic_prefix", prefix)])).err();
        let messages: Vec<_> =
            found.iter().flat_map(|found| &found.problems).map(stacks::config::Problem::message).collect();
        assert_eq!(messages, Vec::from_iter(fault), "{prefix}");
    }
}

/// The messages about an environment of these keys.
fn messages(overrides: &[(&str, &str)]) -> Vec<String> {
    let found = parse("dev", "x", LEAST, &set(overrides)).err();
    found.iter().flat_map(|found| &found.problems).map(stacks::config::Problem::message).collect()
}

#[test]
fn a_flink_consumer_keeps_to_the_limits_of_its_service() {
    let many = |parallelism: u32, per_kpu: u32, kpus: u32| {
        format!(
            "`consumer.parallelism` is {parallelism}, which takes {kpus} Kinesis Processing Units of {per_kpu} tasks each"
        )
    };
    for (key, value, fault) in [
        ("parallelism", "64", None),
        ("parallelism", "65", Some(many(65, 1, 65))),
        ("parallelism", "256", Some(many(256, 1, 256))),
        ("parallelism", "257", Some("`consumer.parallelism` cannot be 257".to_owned())),
        ("parallelism", "0", Some("`consumer.parallelism` cannot be 0".to_owned())),
        ("parallelism_per_kpu", "8", None),
        ("parallelism_per_kpu", "9", Some("`consumer.parallelism_per_kpu` cannot be 9".to_owned())),
        ("autoscaling", "1", Some("`consumer.autoscaling` cannot be 1".to_owned())),
        ("buffer_mb", "256", None),
        ("buffer_mb", "1", Some("`consumer.buffer_mb` cannot be 1".to_owned())),
        ("checkpoint_seconds", "3600", None),
        ("checkpoint_seconds", "0", Some("`consumer.checkpoint_seconds` cannot be 0".to_owned())),
    ] {
        let key = format!("consumer.{key}");
        assert_eq!(
            messages(&[("consumer.kind", "flink"), (&key, value)]),
            Vec::from_iter(fault),
            "{key} = {value}"
        );
    }
    let dense =
        [("consumer.kind", "flink"), ("consumer.parallelism", "256"), ("consumer.parallelism_per_kpu", "4")];
    assert_eq!(messages(&dense), Vec::<String>::new());
}

#[test]
fn a_consumer_takes_the_keys_of_its_own_kind() {
    let text = |consumer: &str| format!("{LEAST}[consumer]\n{consumer}");
    let messages = |text: &str, overrides: &[(&str, &str)]| -> Vec<String> {
        let found = parse("dev", "x", text, &set(overrides)).err();
        found.iter().flat_map(|found| &found.problems).map(stacks::config::Problem::message).collect()
    };
    let mixed = "batch_size = 10\nparallelism = 2\n";
    let of_flink =
        "`consumer.parallelism` has no meaning with `kind = \"lambda\"`: it is a key of kind `flink`";
    let of_lambda =
        "`consumer.batch_size` has no meaning with `kind = \"flink\"`: it is a key of kind `lambda`";
    assert_eq!(messages(&text(mixed), &[]), [of_flink]);
    assert_eq!(messages(&text(&format!("{mixed}kind = 'flink'")), &[]), [of_lambda]);
    // What a file says about its own kind does not stand in the way of another one for a run…
    assert_eq!(messages(&text("batch_size = 10"), &[("consumer.kind", "flink")]), Vec::<String>::new());
    // …but what is said for that run does.
    let both = [("consumer.kind", "flink"), ("consumer.batch_size", "10")];
    assert_eq!(messages(&text("batch_size = 10"), &both), [of_lambda]);
    // Of a kind that nobody knows, no key is wrong.
    let unknown = messages(&text(&format!("{mixed}kind = 'spark'")), &[]);
    assert_eq!(unknown, ["`consumer.kind` cannot be \"spark\""]);
}

/// A model that no application could be told is refused before anything is deployed.
#[test]
fn a_model_that_a_job_cannot_be_told_is_refused() {
    let measures = |count: usize| -> String {
        let measure = |n| format!("[[measure]]\nname = 'm{n}_{}'\ntype = 'double'\n", "x".repeat(200));
        (0..count).map(measure).collect()
    };
    let model = |count| {
        let text = format!("topic = 'dt/+'\n[device]\nfield = 'id'\n{}", measures(count));
        stacks::model::parse("telemetry.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let flink = parse("dev", "x", LEAST, &set(&[("consumer.kind", "flink")])).unwrap();
    let lambda = parse("dev", "x", LEAST, &[]).unwrap();
    assert!(flink.place("x.toml", model(200)).is_ok());
    assert!(lambda.place("x.toml", model(254)).is_ok());
    let problems = flink.place("x.toml", model(254)).unwrap_err().to_string();
    let expected = "x.toml: `consumer.kind` is \"flink\", but the model takes 5";
    assert!(problems.contains(expected) && problems.contains("kind = \"lambda\""), "{problems}");
}

#[test]
fn one_invocation_can_send_what_is_simulated() {
    let many = |devices: u32, events: u32| {
        format!(
            "`simulator.devices` are {devices} with {events} events a minute each, more than one invocation sends"
        )
    };
    for (devices, events_per_minute, fault) in [
        ("60000", "1", None),
        ("100", "600", None),
        ("101", "600", Some(many(101, 600))),
        ("60000", "600", Some(many(60_000, 600))),
    ] {
        let overrides =
            set(&[("simulator.devices", devices), ("simulator.events_per_minute", events_per_minute)]);
        let found = parse("dev", "x", LEAST, &overrides).err();
        let messages: Vec<_> =
            found.iter().flat_map(|found| &found.problems).map(stacks::config::Problem::message).collect();
        assert_eq!(messages, Vec::from_iter(fault), "{devices} {events_per_minute}");
    }
}

#[test]
fn events_have_a_folder_of_their_own() {
    let results =
        "`lake.prefix` is \"athena-results/x\", but the bucket keeps `athena-results` for results of queries";
    let errors =
        "`lake.prefix` is \"delivery-errors\", but the bucket keeps `delivery-errors` for failed deliveries";
    let partition =
        "`lake.prefix` is \"raw/datehour=1\", in which `datehour=` would be taken for a partition";
    for (prefix, fault) in [
        ("telemetry", None),
        ("raw/athena-results", None),
        ("athena-results-2", None),
        ("datehour", None),
        ("athena-results/x", Some(results)),
        ("delivery-errors", Some(errors)),
        ("raw/datehour=1", Some(partition)),
    ] {
        let found = parse("dev", "x", LEAST, &set(&[("lake.prefix", prefix)])).err();
        let messages: Vec<_> =
            found.iter().flat_map(|found| &found.problems).map(stacks::config::Problem::message).collect();
        assert_eq!(messages, Vec::from_iter(fault), "{prefix}");
    }
}

#[test]
fn a_misspelt_environment_has_a_likely_name() {
    let existing = ["dev".to_owned(), "local".to_owned(), "prod".to_owned()];
    assert_eq!(likely("porduction", &existing), Some("prod"));
    assert_eq!(likely("staging", &existing), None);
}

proptest! {
    #[test]
    fn any_text_and_override_is_answered(text in "(?s).{0,100}", key in "(?s).{0,20}", value in "(?s).{0,20}") {
        let problems = parse("dev", "x", &text, &[(key, value)]).unwrap_err();
        prop_assert!(!problems.to_string().is_empty());
    }

    #[test]
    fn any_edit_of_a_shipped_environment_is_answered(
        at in 0_usize..1_500,
        cut in 0_usize..40,
        paste in "[a-z0-9.=\"'\\[\\]{}#+\\n ]{0,12}",
    ) {
        let text = shipped("environments/dev.toml");
        let (from, to) = (at.min(text.len()), (at + cut).min(text.len()));
        let edited = [&text[..from], &paste, &text[to..]].concat();
        prop_assert!(parse("dev", "x", &edited, &[]).map_or_else(|found| !found.problems.is_empty(), |_| true));
    }

    #[test]
    fn any_override_of_a_number_is_taken_exactly_within_its_limits(hours in any::<i64>()) {
        let found = parse("dev", "x", LEAST, &set(&[("store.memory_hours", &hours.to_string())]));
        prop_assert_eq!(found.is_ok(), (1..=8_766).contains(&hours));
    }
}

/// A container is handed its dashboards in a text of limited size.
#[test]
fn names_are_columns_of_the_store_that_is_chosen() {
    let model = format!(
        "topic = 'a/+'\ndevice = {{ field = 'id' }}\n[[measure]]\nname = 'version'\ntype = 'double'\n\
         [[measure]]\nname = '{}'\nfield = 'v'\ntype = 'double'\n",
        "v".repeat(64)
    );
    let model =
        stacks::model::parse("telemetry.toml", &model).unwrap_or_else(|problems| panic!("{problems}"));
    let place = |kind: &str| {
        let environment = parse("dev", "x", LEAST, &set(&[("twin.enabled", "false"), ("store.kind", kind)]));
        environment.unwrap().place("x.toml", model.clone()).err().map(|problems| problems.to_string())
    };
    assert_eq!(place("timestream"), None);
    let problems = place("postgres").expect("names that are no columns");
    for fault in ["is \"version\", a column that every table", "is 64 bytes long"] {
        assert!(problems.contains(fault), "{problems}");
    }
}

#[test]
fn as_many_dashboards_as_a_task_takes() {
    let kind = |n: usize| {
        let measure = |m| {
            format!(
                "[[kind.measure]]\nname = 'm{n}_{m}'\ntype = 'double'\nnormal = {{ min = 0, max = {m} }}\n"
            )
        };
        let measures: Vec<String> = (0..7).map(measure).collect();
        let measures = measures.concat();
        format!("[[kind]]\nname = 'k{n}'\ntopic = 'k{n}/+'\ndevice = {{ field = 'id' }}\n{measures}")
    };
    let model = |count: usize| {
        let text: String = (0..count).map(kind).collect();
        stacks::model::parse("telemetry.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let place = |count: usize, grafana: &[(&str, &str)]| {
        let environment = parse("dev", "x", LEAST, &set(&[&[("twin.enabled", "false")], grafana].concat()));
        environment.unwrap().place("x.toml", model(count)).err().map(|problems| problems.to_string())
    };
    let container = &[("grafana.kind", "container"), ("grafana.networks", "['10.0.0.0/8']")];
    assert_eq!(place(14, container), None);
    let problems = place(90, container).expect("too many");
    assert!(
        problems.contains("x.toml: `grafana.kind` is \"container\", but the dashboards of the model are"),
        "{problems}"
    );
    assert_eq!(place(90, &[]), None);
}
