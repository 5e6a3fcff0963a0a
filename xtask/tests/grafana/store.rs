//! The stores that dashboards ask, each a real one, with what the consumer makes of the events of simulated devices.

mod postgres;
mod timestream;

use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use device_simulator::{Fleet, Traits};
use serde_json::Value;
use telemetry::{Arrival, Decoder, Model, Record};
use tokio::sync::Mutex;

use crate::plugin::Page;

/// The time of all data, in milliseconds: an hour that ends now.
pub const SPAN: i64 = 3_600_000;
/// The time between two rounds of events, in milliseconds.
const ROUND: i64 = 30_000;
pub const DEVICES: u32 = 8;

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Timestream,
    Postgres,
}

/// What a column holds, as Grafana tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Number,
    Text,
    Truth,
    Time,
    Other,
}

/// What a query is answered with.
#[derive(Debug)]
pub struct Answer {
    /// Name and type of each column.
    pub columns: Vec<(String, Type)>,
    /// What is null is empty.
    pub rows: Vec<Vec<String>>,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Timestream, Self::Postgres];

    /// What it is called in an environment, and the id of its data source.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timestream => "timestream",
            Self::Postgres => "postgres",
        }
    }

    /// The plugin of its data source.
    pub const fn plugin(self) -> &'static str {
        match self {
            Self::Timestream => "grafana-timestream-datasource",
            Self::Postgres => "grafana-postgresql-datasource",
        }
    }

    /// What its plugin sends of the target of a panel, or of the query of an alert.
    pub fn query(self, target: &Value) -> &str {
        let member = match self {
            Self::Timestream => "rawQuery",
            Self::Postgres => "rawSql",
        };
        target[member].as_str().unwrap_or_else(|| panic!("no {member}: {target}"))
    }

    /// The instant some seconds ago, as its queries write it.
    pub fn ago(self, seconds: u64) -> String {
        match self {
            Self::Timestream => format!("ago({seconds}s)"),
            Self::Postgres => format!("now() - interval '{seconds} seconds'"),
        }
    }

    /// What follows `FROM` for every record, as a person writes it.
    pub const fn records(self) -> &'static str {
        match self {
            Self::Timestream => "$__database.$__table",
            Self::Postgres => "sluice.telemetry",
        }
    }

    /// A query as it would be sent at a moment, in milliseconds since 1970.
    pub fn at(self, moment: i64, sql: &str) -> String {
        match self {
            Self::Timestream => sql
                .replace("ago(5m)", &format!("from_milliseconds({})", moment - 300_000))
                .replace("ago(300s)", &format!("from_milliseconds({})", moment - 300_000))
                .replace("now()", &format!("from_milliseconds({moment})")),
            Self::Postgres => sql.replace("now()", &format!("to_timestamp({moment} / 1000.0)")),
        }
    }
}

/// A server of a store. It ends with its last table.
#[derive(Debug)]
enum Server {
    Timestream(timestream::Server),
    Postgres(postgres::Server),
}

/// An empty table of a model, in a database of its own.
#[derive(Debug)]
pub struct Table {
    kind: Kind,
    model: Model,
    database: String,
    way: Way,
    /// When it was made, in milliseconds since 1970.
    pub now: i64,
    _server: Arc<Server>,
}

#[derive(Debug)]
enum Way {
    Timestream(timestream::Way),
    Postgres(postgres::Way),
}

/// The name of every table, which is that of the shipped environments.
const TABLE: &str = "telemetry";

/// The servers that tests share, as long as one of them has a table, and how many databases there were.
static SERVERS: Mutex<([Weak<Server>; 2], u32)> = Mutex::const_new(([Weak::new(), Weak::new()], 0));

impl Table {
    pub async fn new(kind: Kind, model: &Model) -> Self {
        // One after the other: the roles of a server are those of all its databases.
        let (servers, count) = &mut *SERVERS.lock().await;
        let shared = &mut servers[kind as usize];
        let server = shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(match kind {
                Kind::Timestream => Server::Timestream(timestream::Server::start()),
                Kind::Postgres => Server::Postgres(postgres::Server::start()),
            });
            *shared = Arc::downgrade(&server);
            server
        });
        *count += 1;
        let database = format!("grafana_{count}");
        let way = match &*server {
            Server::Timestream(server) => Way::Timestream(server.table(&database, TABLE).await),
            Server::Postgres(server) => Way::Postgres(server.table(&database, TABLE, model).await),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let now = i64::try_from(now).expect("a time");
        Self { kind, model: model.clone(), database, way, now, _server: server }
    }

    /// One with events of a fleet. Some come from the future.
    pub async fn filled(kind: Kind, model: &Model) -> Self {
        let table = Self::new(kind, model).await;
        table.send(Traits { devices: DEVICES, future_chance: 0.02, ..Traits::default() }, SPAN).await;
        table
    }

    /// Writes what the consumer makes of the events of a fleet in the last `span` milliseconds, and returns it.
    pub async fn send(&self, traits: Traits, span: i64) -> Vec<Record> {
        let mut fleet = Fleet::new(self.model.clone(), traits, 7);
        let limits = match self.kind {
            Kind::Timestream => ::timestream::LIMITS,
            Kind::Postgres => ::postgres::LIMITS,
        };
        let decoder = Decoder::new(&self.model, limits);
        let mut records = Vec::new();
        let mut number = 0_u64;
        for time in (self.now - span..self.now).step_by(usize::try_from(ROUND).expect("a step")) {
            for event in fleet.round(time * 1_000) {
                number += 1;
                let sequence = number.to_string();
                let arrival =
                    Arrival { time_ms: time, sequence_number: &sequence, partition_key: &event.key };
                let event = decoder.decode(&event.payload, arrival);
                assert!(event.rejection.is_none(), "{:?}", event.rejection);
                records.extend(event.records);
            }
        }
        match &self.way {
            Way::Timestream(way) => way.write(&records).await,
            Way::Postgres(way) => way.write(&records).await,
        }
        records
    }

    /// What Grafana is answered, or why not.
    pub async fn run(&self, sql: &str) -> Result<Answer, String> {
        let answer = match &self.way {
            Way::Timestream(way) => way.run(sql).await,
            Way::Postgres(way) => way.run(sql).await.map_err(|failure| failure.to_string()),
        };
        answer.map_err(|error| format!("{error}\n{sql}"))
    }

    /// A page with the whole time of the data, and one of its devices.
    pub fn page(&self) -> Page<'_> {
        Page {
            kind: self.kind,
            database: &self.database,
            table: TABLE,
            from: self.now - SPAN,
            to: self.now + 60_000,
            interval: 60_000,
            variables: vec![("device", "device-0003")],
        }
    }
}

impl Answer {
    pub fn count(&self, kind: Type) -> usize {
        self.columns.iter().filter(|(_, one)| *one == kind).count()
    }

    /// Whether the first column is the time, and goes up.
    pub fn is_series(&self) -> bool {
        let named = self.columns.first() == Some(&("time".to_owned(), Type::Time));
        named && self.rows.iter().map(|row| &row[0]).is_sorted()
    }
}
