//! `PostgreSQL` by its own protocol: who is let in, and what becomes of connections.

use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use kinesis_consumer::effect::{Busy, Effect};
use kinesis_consumer::postgres::direct::Settings;

use crate::bench::{Bench, Kind, batch, event, failures};
use crate::cluster::Home;
use crate::services::Faults;

#[tokio::test]
async fn who_is_not_let_in_is_told_what_to_change() {
    let home = Home::new().await;
    let guessed = Credentials::new("test", "guessed", None, None, "test");
    let guessed = SharedCredentialsProvider::new(guessed);
    let roots = || postgres::certificates::ROOTS.to_owned();
    for (settings, expected) in [
        (
            Settings { credentials: guessed, ..home.settings() },
            "needs rds-db:connect on the role sluice_consumer",
        ),
        (Settings { region: "eu-west-1".to_owned(), ..home.settings() }, "PAM authentication failed"),
        (
            Settings { database: "nowhere".to_owned(), ..home.settings() },
            "see that the cluster has this database",
        ),
        (Settings { roots: roots(), ..home.settings() }, "its certificate is of a root"),
    ] {
        let effect = Home::direct(settings).probe().await;
        assert!(matches!(&effect, Effect::Unusable(reason) if reason.contains(expected)), "{effect:?}");
    }
    let nobody = Settings { port: 9, ..home.settings() };
    assert_eq!(Home::direct(nobody).probe().await, Effect::Busy(Busy::Unavailable));

    // What the role may do is what it needs, and what was changed is seen by connections that stand.
    let table = Home::direct(home.settings());
    assert!(matches!(table.probe().await, Effect::Refused(_)));
    home.execute("ALTER FUNCTION sluice.write(json) RENAME TO wrote").await;
    let effect = table.probe().await;
    assert!(
        matches!(&effect, Effect::Unusable(reason) if reason.contains("deploy the store again")),
        "{effect:?}"
    );
    home.execute("ALTER FUNCTION sluice.wrote(json) RENAME TO write").await;
    assert!(matches!(table.probe().await, Effect::Refused(_)), "the next connection finds it");
}

#[tokio::test]
async fn a_batch_outlives_the_connections_that_it_began_with() {
    let bench = Bench::of(Kind::Direct, Faults::default()).await;
    let home = bench.home.as_ref().expect("a database");
    let name = home.name();
    let (read_only, writable) = (
        format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
        format!("ALTER DATABASE {name} RESET default_transaction_read_only"),
    );
    let mut sent = 0;
    for end in [None, Some(Faults { silent: 1.0, ..Faults::default() }), None] {
        // Between two invocations all connections go: with a word of the server, or without one.
        match &end {
            None => home.end_sessions().await,
            Some(faults) => home.faults(faults),
        }
        let batch = batch((sent..sent + 40).map(event));
        let handled = bench.handle_within(&batch, Duration::from_secs(3)).await;
        if end.is_some() {
            assert_eq!(failures(&handled).len(), 40, "nobody answers");
            home.faults(&Faults::default());
            assert_eq!(bench.deliver(&batch, Duration::from_mins(1)).await, 1);
        } else {
            assert_eq!(failures(&handled), Vec::<String>::new());
        }
        sent += 40;
        assert_eq!(bench.rows().await.len(), sent);
    }

    // A writer that has become a reader takes nothing, and its connections are left for those of the new one.
    home.execute(&read_only).await;
    home.end_sessions().await;
    let batch = batch((sent..sent + 40).map(event));
    let handled = bench.handle_within(&batch, Duration::from_secs(1)).await;
    assert_eq!(failures(&handled).len(), 40);
    assert!(handled.metrics.unavailable > 0 && bench.services.held().messages.is_empty());
    home.execute(&writable).await;
    let started = Instant::now();
    assert_eq!(bench.deliver(&batch, Duration::from_mins(1)).await, 1);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(bench.rows().await.len(), sent + 40);
}
